"""From what a client sent to values: names and modifiers resolved, uploads named, what nobody may write left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..rules.request import Actor
from ..schema.collection import Collection
from ..schema.fields import AutodateField, Field, FileField, Modifier, PasswordField, TextField
from ..values import ReceivedFile, text_of
from .remembered import remembered

NOT_FIELDS = frozenset(("expand",))


@dataclass(frozen=True, slots=True)
class Setter:
    """What one key of a payload does to one field."""

    field: Field
    how: Literal["set", "keep", "autogenerate"] | Modifier

    def apply(self, current: Any, raw: Any) -> Any:
        """The field's value after it."""
        match self.how:
            case "set":
                return self.field.coerce(raw)
            case "keep":
                return current
            case "autogenerate":
                assert isinstance(self.field, TextField)
                return self.field.autogenerate(text_of(raw))
            case modifier:
                return self.field.modify(modifier, current, raw)


@remembered
def setters(collection: Collection) -> dict[str, Setter]:
    """Every key of a payload that means something: fields' names, alone and with their modifiers."""
    table: dict[str, Setter] = {}
    for field in collection.fields:
        for key, setter in _keys(field):
            table.setdefault(key, setter)
    return table


def _keys(field: Field) -> list[tuple[str, Setter]]:
    forms: dict[Modifier, str] = {"append": f"{field.name}+", "prepend": f"+{field.name}", "subtract": f"{field.name}-"}
    keys = [(key, Setter(field, how)) for how, key in forms.items() if how in field.modifiers]
    if isinstance(field, TextField):
        keys.append((f"{field.name}:autogenerate", Setter(field, "autogenerate")))
    return [(field.name, Setter(field, "keep" if isinstance(field, AutodateField) else "set")), *keys]


@remembered
def blank(collection: Collection) -> Mapping[str, Any]:
    """The values of a record that was given none. Not to be changed."""
    return {field.name: field.zero() for field in collection.fields}


@dataclass(frozen=True, slots=True)
class Draft:
    """A payload resolved on the values of a record.

    `body` is what rules read as `@request.body.*`; `values` the new values by field, of the fields
    that were spoken of; `files` the uploads among them, which a field may have dropped again.
    """

    body: Mapping[str, Any]
    values: Mapping[str, Any]


def resolve(collection: Collection, payload: Mapping[str, Any], current: Mapping[str, Any], actor: Actor) -> Draft:
    """Applies the payload, shorter keys first, so that `n` is set before `n+` is added to it.

    What is said of hidden fields by others than superusers is left out without a word, but for the password.
    """
    known = setters(collection)
    body: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for key in sorted(payload, key=len):
        setter, raw = known.get(key), payload[key]
        if setter is None:
            body[key] = _without_files(raw)
        elif actor.superuser or _open(setter.field, collection):
            field = setter.field
            given = raw if isinstance(field, FileField) else _without_files(raw)
            values[field.name] = setter.apply(values.get(field.name, current[field.name]), given)
    for name, value in values.items():
        body[name] = told(collection, name, value)
    return Draft(body, {name: value for name, value in values.items() if name not in NOT_FIELDS})


def _open(field: Field, collection: Collection) -> bool:
    """May anybody whom the rules admit write it?"""
    return not field.hidden or (collection.is_auth and field.name == "password")


def told(collection: Collection, name: str, value: Any) -> Any:
    """A value as rules read it in the body: a password is plain, an upload says its name and size."""
    field = collection.field(name)
    if isinstance(field, PasswordField) or field is None:
        return value
    if isinstance(field, FileField):
        return [_told_file(item) for item in value] if isinstance(value, list) else _told_file(value)
    return field.export(value)


def _told_file(item: str | ReceivedFile) -> Any:
    if isinstance(item, ReceivedFile):
        return {"name": item.stored, "originalName": item.name, "size": item.size}
    return item


def _without_files(raw: Any) -> Any:
    """Uploads count for file fields only."""
    if isinstance(raw, list):
        return [item for item in raw if not isinstance(item, ReceivedFile)]
    return None if isinstance(raw, ReceivedFile) else raw

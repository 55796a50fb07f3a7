"""From what a client sent to values: names and modifiers resolved, uploads named, what nobody may write left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from ..rules.request import Actor
from ..schema.collection import Collection
from ..schema.fields import AutodateField, Field, FileField, Modifier, PasswordField, TextField
from ..values import ReceivedFile, text_of
from .remembered import remembered

How = Literal["set", "keep", "autogenerate"] | Modifier


@dataclass(frozen=True, slots=True)
class Setter:
    """What one key of a payload does to the field of a name; where `guarded`, for superusers only.

    With `coerce` the value is what that makes of what was given, whatever it was before.
    """

    name: str
    field: Field
    how: How
    guarded: bool
    takes_files: bool
    coerce: Callable[[Any], Any] | None

    @classmethod
    def of(cls, field: Field, how: How, guarded: bool) -> Setter:
        """That of a field."""
        return cls(field.name, field, how, guarded, isinstance(field, FileField), field.coerce if how == "set" else None)

    def apply(self, current: Any, raw: Any) -> Any:
        """The field's value after it, where there is no `coerce`."""
        match self.how:
            case "keep":
                return current
            case "autogenerate":
                assert isinstance(self.field, TextField)
                return self.field.autogenerate(text_of(raw))
            case modifier:
                assert modifier != "set"
                return self.field.modify(modifier, current, raw)


@remembered
def setters(collection: Collection) -> dict[str, Setter]:
    """Every key of a payload that means something: fields' names, alone and with their modifiers."""
    table: dict[str, Setter] = {}
    for field in collection.fields:
        guarded = field.hidden and not (collection.is_auth and field.name == "password")
        for key, how in _keys(field):
            table.setdefault(key, Setter.of(field, how, guarded))
    return table


def _keys(field: Field) -> list[tuple[str, How]]:
    forms: dict[Modifier, str] = {"append": f"{field.name}+", "prepend": f"+{field.name}", "subtract": f"{field.name}-"}
    keys: list[tuple[str, How]] = [(field.name, "keep" if isinstance(field, AutodateField) else "set")]
    if isinstance(field, TextField):
        keys.append((f"{field.name}:autogenerate", "autogenerate"))
    return keys + [(key, how) for how, key in forms.items() if how in field.modifiers]


@remembered
def blank(collection: Collection) -> Mapping[str, Any]:
    """The values of a record that was given none. Not to be changed."""
    return {field.name: field.zero() for field in collection.fields}


@dataclass(frozen=True)
class Draft:
    """A payload resolved on the values of a record: new values of the fields that were spoken of, and what was none of them."""

    collection: Collection
    values: Mapping[str, Any]
    rest: Mapping[str, Any]

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """What rules read as `@request.body.*`."""
        return {**self.rest, **{name: told(self.collection.by_name[name], value) for name, value in self.values.items()}}


def resolve(collection: Collection, payload: Mapping[str, Any], current: Mapping[str, Any], actor: Actor) -> Draft:
    """Applies the payload, shorter keys first, so that `n` is set before `n+` is added to it.

    What is said of hidden fields by others than superusers is left out without a word, but for the password.
    """
    known, superuser = setters(collection), actor.superuser
    values: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for key in sorted(payload, key=len):
        setter, raw = known.get(key), payload[key]
        if setter is None:
            rest[key] = _without_files(raw)
        elif superuser or not setter.guarded:
            name, given = setter.name, raw if setter.takes_files else _without_files(raw)
            if setter.coerce:
                values[name] = setter.coerce(given)
            else:
                values[name] = setter.apply(values[name] if name in values else current[name], given)
    return Draft(collection, values, rest)


def told(field: Field, value: Any) -> Any:
    """A value as rules read it in the body: a password is plain, an upload says its name and size."""
    if isinstance(field, PasswordField):
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
    kind = type(raw)
    if kind is list:
        return [item for item in raw if not isinstance(item, ReceivedFile)]
    return None if kind is ReceivedFile else raw

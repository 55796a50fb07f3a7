"""What all records of one collection have in common, worked out once so that reading and showing them is quick."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..store.query import Bindable
from ..values import bool_of, text_of
from .fields import BoolField, Field, FileField, JSONField, PasswordField

Shown = tuple[str, str | None, Field | None]
"""A key of an answer, its constant value if it has one, its field if it has one."""


@dataclass(frozen=True, slots=True)
class Template:
    """How a record is shown: `keys` in their order, with the values all records have alike; `own` are those it has values of itself."""

    keys: dict[str, Any]
    own: tuple[str, ...]
    files: tuple[FileField, ...]

    @classmethod
    def of(cls, shown: Iterable[Shown]) -> Template:
        """That of the keys of an answer."""
        own = [(name, field) for name, fixed, field in shown if fixed is None and field]
        files = tuple(field for _, field in own if isinstance(field, FileField))
        return cls({name: fixed for name, fixed, _ in shown}, tuple(name for name, _ in own), files)


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """`decoders` only for columns whose stored value is not the value; `shown` and `templates` without and with hidden fields."""

    decoders: tuple[tuple[str, Callable[[Any], Any]], ...]
    encoders: tuple[tuple[str, Callable[[Any], Bindable] | None], ...]
    shown: Mapping[bool, tuple[Shown, ...]]
    templates: Mapping[bool, Template]


def make_plan(fields: Iterable[Field], collection_id: str, collection_name: str, *, auth: bool, view: bool = False) -> RecordPlan:
    """The plan for records of a collection; what a `view` gives may be of any type, whatever its field."""
    fields = tuple(fields)
    constants: list[Shown] = [("collectionId", collection_id, None), ("collectionName", collection_name, None), ("expand", None, None)]
    visible = [field for field in fields if not (auth and field.name in ("password", "tokenKey"))]
    shown = {hidden: _keys(constants, [field for field in visible if hidden or not field.hidden]) for hidden in (False, True)}
    return RecordPlan(
        tuple(_decoders(fields, view)),
        tuple((field.name, _encoder(field)) for field in fields),
        shown,
        {hidden: Template.of(keys) for hidden, keys in shown.items()},
    )


def _decoders(fields: Iterable[Field], view: bool) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    for field in fields:
        if view:
            yield field.name, partial(_seen, _decoder_of_any(field))
        elif field.decode:
            yield field.name, field.decode


def _decoder_of_any(field: Field) -> Callable[[Any], Any]:
    if isinstance(field, BoolField):
        return _truth
    return field.coerce if isinstance(field, JSONField) else field.decode or field.coerce


def _truth(stored: Any) -> bool:
    """Of numbers only 1 is true, for PocketBase reads views as texts."""
    return bool_of(text_of(stored))


def _seen(decode: Callable[[Any], Any], stored: Any) -> Any:
    """A blob is the text its bytes make."""
    return decode(stored.decode(errors="replace") if isinstance(stored, bytes) else stored)


def _encoder(field: Field) -> Callable[[Any], Bindable] | None:
    return None if type(field).to_store is Field.to_store else field.to_store


def _keys(constants: list[Shown], fields: list[Field]) -> tuple[Shown, ...]:
    own: list[Shown] = [(field.name, "" if isinstance(field, PasswordField) else None, field) for field in fields]
    return tuple(sorted(own + constants, key=lambda shown: shown[0]))

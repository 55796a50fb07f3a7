"""From a row of a file to what a write takes: columns become fields, and what would be misread is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ...errors import FieldError
from ...schema.collection import Collection
from ...schema.fields import (
    AutodateField,
    BoolField,
    DateField,
    Field,
    FileField,
    GeoPointField,
    JSONField,
    ListField,
    NumberField,
    PasswordField,
    TextField,
)
from ...values import datetime_text, json_text, parse_json
from .formats import Format

NOT_RECORDS = frozenset({"collectionId", "collectionName", "expand"})
"""Columns of answers that say nothing of the record itself."""
UNKNOWN_FIELD = FieldError("validation_unknown_field", "There is no such field.")
NO_NUMBER = FieldError("validation_not_a_number", "This is no number.")
NO_BOOL = FieldError("validation_invalid_bool", "This is neither true nor false.")
NO_DATE = FieldError("validation_invalid_date", "This is no date.")
NO_POINT = FieldError("validation_invalid_geo_point", 'This is no point; one is {"lon": 13.4, "lat": 52.5}.')
NO_SCALAR = FieldError("validation_invalid_type", "This must not be a list or an object.")
NO_ITEMS = FieldError("validation_invalid_type", "This must not be an object.")

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_BOOLS = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}

Payload = dict[str, Any]
Errors = dict[str, FieldError]
Checked = tuple[FieldError | None, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """How a column fills a field: what it is called in a write (None where it is left out), and how a value is read.

    Without `read` it cannot be imported, without `field` there is no such one. Where `skips` nothing said is nothing written.
    """

    target: str | None
    field: Field | None = None
    read: Callable[[Any], Checked] | None = None
    skips: bool = False


class Columns:
    """How the columns of a file fill a collection's fields. `mapping` renames columns; to "" it leaves them out."""

    def __init__(self, collection: Collection, mapping: Mapping[str, str], format: Format) -> None:
        self.collection, self.mapping, self._csv = collection, mapping, format == "csv"
        self.left_out: set[str] = set()
        """Columns seen whose fields cannot be imported: files, and the dates the server makes."""
        self._known: dict[str, Column] = {}

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Those columns that fill no field."""
        return [name for name in names if (column := self._column(name)).target is not None and column.field is None]

    def disputed(self, names: Iterable[str]) -> list[str]:
        """The fields that several columns fill."""
        counts = Counter(target for name in names if (target := self._column(name).target) is not None)
        return [target for target, count in counts.items() if count > 1]

    def payload(self, values: Mapping[str, Any]) -> tuple[Payload, Errors]:
        """What is to be written, and what is wrong with the row by itself."""
        found: Payload = {}
        errors: Errors = {}
        for name, raw in values.items():
            column = self._known.get(name) or self._column(name)
            target = column.target
            if target is None or (column.skips and (raw is None or raw == "")):
                continue
            if column.read is None:
                self._cannot(column, name, errors)
                continue
            error, value = column.read(raw)
            if error:
                errors[target] = error
            else:
                found[target] = value
        if self.collection.is_auth and "password" in found:
            found.setdefault("passwordConfirm", found["password"])
        return found, errors

    def _cannot(self, column: Column, name: str, errors: Errors) -> None:
        if column.field:
            self.left_out.add(name)
        else:
            errors[column.target or ""] = UNKNOWN_FIELD

    def _column(self, name: str) -> Column:
        column = self._known.get(name)
        if column is None:
            column = self._known[name] = self._found(name)
        return column

    def _found(self, name: str) -> Column:
        target = self.mapping.get(name, name)
        if not target or (target in NOT_RECORDS and self.collection.field(target) is None):
            return Column(None)
        confirmed = target == "passwordConfirm" and self.collection.is_auth
        field = self.collection.field("password" if confirmed else target)
        if field is None or isinstance(field, FileField | AutodateField):
            return Column(target, field)
        return Column(target, field, reader_of(field, table=self._csv), _is_secret(field))


def _is_secret(field: Field) -> bool:
    """Passwords and texts that make themselves are not emptied by an import."""
    return isinstance(field, PasswordField) or (isinstance(field, TextField) and bool(field.autogenerate_pattern))


def reader_of(field: Field, *, table: bool) -> Callable[[Any], Checked]:
    """What gives the value for a write, or why the field would misread it. In a table all values are texts."""
    if isinstance(field, JSONField):
        return lambda raw: (None, _json_value(raw, table))
    check = next((check for kind, check in _CHECKS if isinstance(field, kind)), _scalar)
    stripped = table and not isinstance(field, TextField)

    def read(raw: Any) -> Checked:
        if raw is None or raw == "":
            return None, raw
        return check(raw.strip() if stripped and isinstance(raw, str) else raw)

    return read


def _json_value(raw: Any, table: bool) -> Any:
    """A text in JSON data stays a text, also where it looks like JSON; in a table every value is written as JSON."""
    if table:
        return None if raw == "" else raw
    return json_text(raw) if isinstance(raw, str) else raw


def _scalar(raw: Any) -> Checked:
    return NO_SCALAR if isinstance(raw, list | dict) else None, raw


def _number(raw: Any) -> Checked:
    fine = _NUMBER.fullmatch(raw) and isfinite(float(raw)) if isinstance(raw, str) else isinstance(raw, int | float)
    return None if fine else NO_NUMBER, raw


def _bool(raw: Any) -> Checked:
    if isinstance(raw, str):
        found = _BOOLS.get(raw.lower())
        return (NO_BOOL if found is None else None), found
    return None if isinstance(raw, bool) or raw in (0, 1) else NO_BOOL, raw


def _date(raw: Any) -> Checked:
    return None if datetime_text(raw) else NO_DATE, raw


def _point(raw: Any) -> Checked:
    try:
        point = parse_json(raw) if isinstance(raw, str) else raw
    except ValueError:
        return NO_POINT, raw
    fine = isinstance(point, dict) and all(_is_number(point.get(key, 0)) for key in ("lon", "lat"))
    return None if fine else NO_POINT, point


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _list(raw: Any) -> Checked:
    return NO_ITEMS if isinstance(raw, dict) else None, raw


_CHECKS: tuple[tuple[type[Field], Callable[[Any], Checked]], ...] = (
    (NumberField, _number),
    (BoolField, _bool),
    (DateField, _date),
    (GeoPointField, _point),
    (ListField, _list),
)

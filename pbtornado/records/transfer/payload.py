"""From a row of a file to what a write takes: columns become fields, and what would be misread is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
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


class Columns:
    """How the columns of a file fill a collection's fields. `mapping` renames columns; to "" it leaves them out."""

    def __init__(self, collection: Collection, mapping: Mapping[str, str], format: Format) -> None:
        self.collection, self.mapping, self._csv = collection, mapping, format == "csv"
        self.left_out: set[str] = set()
        """Columns seen whose fields cannot be imported: files, and the dates the server makes."""

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Those columns that fill no field."""
        targets = {name: self._target(name) for name in names}
        return [name for name, target in targets.items() if target is not None and self._field(target) is None]

    def disputed(self, names: Iterable[str]) -> list[str]:
        """The fields that several columns fill."""
        counts = Counter(target for name in names if (target := self._target(name)) is not None)
        return [target for target, count in counts.items() if count > 1]

    def payload(self, values: Mapping[str, Any]) -> tuple[Payload, Errors]:
        """What is to be written, and what is wrong with the row by itself."""
        found: Payload = {}
        errors: Errors = {}
        for name, raw in values.items():
            target = self._target(name)
            field = None if target is None else self._field(target)
            if target is None:
                continue
            if field is None:
                errors[target] = UNKNOWN_FIELD
            elif isinstance(field, FileField | AutodateField):
                self.left_out.add(name)
            elif not _is_blank_secret(field, raw):
                self._put(found, errors, target, field, raw)
        if self.collection.is_auth and "password" in found:
            found.setdefault("passwordConfirm", found["password"])
        return found, errors

    def _put(self, found: Payload, errors: Errors, target: str, field: Field, raw: Any) -> None:
        error, value = read_value(field, raw, table=self._csv)
        if error:
            errors[target] = error
        else:
            found[target] = value

    def _target(self, name: str) -> str | None:
        """The name of the field a column fills; None where it is left out."""
        target = self.mapping.get(name, name)
        known = self.collection.field(target) is not None
        return None if not target or (not known and target in NOT_RECORDS) else target

    def _field(self, name: str) -> Field | None:
        confirmed = name == "passwordConfirm" and self.collection.is_auth
        return self.collection.field("password" if confirmed else name)


def _is_blank_secret(field: Field, raw: Any) -> bool:
    """Nothing said of a password or of a text that makes itself: neither is emptied by an import."""
    return raw in ("", None) and (isinstance(field, PasswordField) or (isinstance(field, TextField) and bool(field.autogenerate_pattern)))


def read_value(field: Field, raw: Any, *, table: bool) -> tuple[FieldError | None, Any]:
    """The value for a write, or why the field would misread it. In a table all values are texts."""
    if isinstance(field, JSONField):
        return None, _json_value(raw, table)
    if raw is None or raw == "":
        return None, raw
    if table and isinstance(raw, str) and not isinstance(field, TextField):
        raw = raw.strip()
    for kind, check in _CHECKS:
        if isinstance(field, kind):
            return check(raw)
    return (NO_SCALAR if isinstance(raw, list | dict) else None), raw


def _json_value(raw: Any, table: bool) -> Any:
    """A text in JSON data stays a text, also where it looks like JSON; in a table every value is written as JSON."""
    if table:
        return None if raw == "" else raw
    return json_text(raw) if isinstance(raw, str) else raw


Checked = tuple[FieldError | None, Any]


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

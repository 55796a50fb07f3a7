"""Rows written with their change: the one place where a record enters the table and the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import FieldError, Invalid
from ..schema.collection import Collection
from ..schema.fields import AutodateField
from ..schema.record import Record
from ..store.protocol import UniqueViolation, Writer
from ..store.query import Bindable, Row
from ..values import now
from .remembered import remembered

NOW: Mapping[str, Any] = {}
NOT_UNIQUE = FieldError("validation_not_unique", "Value must be unique")


def insert(writer: Writer, collection: Collection, values: Mapping[str, Any], dated: Mapping[str, Any] = NOW) -> Record:
    """Stores a new record and logs it; its autodates are of this moment, but for those in `dated`.

    Raises Invalid where a value had to be unique.
    """
    record = Record(collection, {**values, **dates(collection, new=True), **dated, **_names(collection, values)})
    row = record.to_row()
    try:
        writer.insert(collection.name, row)
    except UniqueViolation as error:
        raise Invalid(_not_unique(collection, error)) from error
    writer.append("create", collection.id, record.id, open_part(collection, row))
    return record


def insert_all(writer: Writer, collection: Collection, rows: Sequence[Row]) -> None:
    """Stores new records, each the stored values of all columns in the collection's order, and logs them. Raises UniqueViolation."""
    names, key = collection.names, collection.names.index("id")
    writer.insert_rows(collection.name, names, rows)
    images = (open_part(collection, dict(zip(names, row, strict=True))) for row in rows)
    writer.append_all("create", collection.id, [(row[key], image) for row, image in zip(rows, images, strict=True)])


def update(writer: Writer, old: Record, row: Row, values: Mapping[str, Any], *, touch: bool = True) -> Record:
    """Stores new values of some fields of the record `old`, which `row` holds, and logs what changed. Returns the new one.

    `touch` False leaves its autodates alone. Raises Invalid where a value had to be unique.
    """
    collection = old.collection
    before = dict(zip(collection.names, row, strict=True))
    values = {**values, **(dates(collection, new=False) if touch else {}), **_names(collection, values)}
    stored = {name: collection.by_name[name].to_store(value) for name, value in values.items()}
    changed = {name: value for name, value in stored.items() if value != before[name]}
    try:
        if changed:
            writer.update(collection.name, old.id, changed)
    except UniqueViolation as error:
        raise Invalid(_not_unique(collection, error)) from error
    writer.append("update", collection.id, old.id, open_part(collection, before | changed), _old_part(collection, before, changed))
    return Record(collection, {**old.values, **values})


def delete(writer: Writer, record: Record) -> None:
    """Takes the record out of its table and logs it as it last was."""
    collection = record.collection
    writer.delete(collection.name, record.id)
    writer.append("delete", collection.id, record.id, open_part(collection, record.to_row()))


def open_part(collection: Collection, row: Mapping[str, Bindable]) -> Mapping[str, Bindable]:
    """The row without its secrets."""
    secrets = collection.secret_names
    return {name: value for name, value in row.items() if name not in secrets} if secrets else row


def _old_part(collection: Collection, before: Mapping[str, Bindable], changed: Mapping[str, Bindable]) -> dict[str, Bindable]:
    """Former values of what changed; of a secret only that it did."""
    return {name: None if name in collection.secret_names else before[name] for name in changed}


@remembered
def autodates(collection: Collection) -> tuple[AutodateField, ...]:
    """The fields that the server dates."""
    return tuple(field for field in collection.fields if isinstance(field, AutodateField))


@remembered
def _dated_on_create(collection: Collection) -> tuple[str, ...]:
    return tuple(field.name for field in autodates(collection) if field.on_create)


@remembered
def _dated_on_update(collection: Collection) -> tuple[str, ...]:
    return tuple(field.name for field in autodates(collection) if field.on_update)


def dates(collection: Collection, *, new: bool) -> dict[str, str]:
    """This moment for each autodate that is due."""
    due = _dated_on_create(collection) if new else _dated_on_update(collection)
    return dict.fromkeys(due, now()) if due else {}


def _names(collection: Collection, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of file fields as names in storage."""
    named: dict[str, Any] = {}
    for field in collection.file_fields:
        if field.name in values:
            named[field.name] = field.export(values[field.name])
    return named


def _not_unique(collection: Collection, violation: UniqueViolation) -> dict[str, FieldError]:
    """The index's columns that are fields, each with the error; none for an index over expressions."""
    names = {name.lower(): name for name in collection.names}
    return {names[column.lower()]: NOT_UNIQUE for column in violation.columns if column.lower() in names}

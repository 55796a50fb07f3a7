"""What a view shows: the fields its SELECT gives it, and a look at its rows before it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import FieldError
from ..store.protocol import BadQuestion, Reader, ViewColumn
from ..values import random_text
from .catalog import Catalog
from .collection import Collection, place_field
from .defaults import checksum_id
from .fields import BoolField, Field, FileField, JSONField, NumberField, RelationField, Surroundings, TextField
from .fields.text import LOWERCASE_ID
from .record import Record

SAMPLE = 10
"""How many rows are looked at before a view is stored."""
DEEPEST = 5
"""How many views a file may be seen through."""

_KEY = TextField(name="id", system=True, required=True, primary_key=True, pattern=LOWERCASE_ID)


class ViewRefused(Exception):
    """A SELECT that no view may be made of; the message says why."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a view would be: its fields and its first rows."""

    fields: tuple[Field, ...]
    sample: tuple[Record, ...]


def view_fields(reader: Reader, catalog: Catalog, query: str) -> tuple[Field, ...]:
    """The fields of a view of this SELECT, in the order of its columns. Raises BadQuestion."""
    told = {column.name: column for column in reader.view_outline(query)}
    fields: list[Field] = []
    for name in reader.view_names(query):
        place_field(fields, _field(catalog, told.get(name, ViewColumn(name))))
    return tuple(fields)


def tried(reader: Reader, catalog: Catalog, query: str, size: int = SAMPLE) -> Trial:
    """A view of this SELECT as it would be, with at most `size` rows. Raises ViewRefused, BadQuestion, TooSlow.

    That ids are there and differ is looked up in these rows alone.
    """
    fields = view_fields(reader, catalog, query)
    name = f"temp_view_{random_text(5)}"
    view = Collection(id=checksum_id("view", name), name=name, type="view", fields=fields, view_query=query)
    _refuse_fields(view, catalog)
    sample = [Record.from_row(view, row) for row in reader.view_rows(query, size)]
    _refuse_ids([record.id for record in sample])
    return Trial(fields, tuple(sample))


# ---- fields


def _field(catalog: Catalog, column: ViewColumn) -> Field:
    if column.name == "id":
        return _KEY
    match column.kind:
        case "taken":
            return _taken(catalog, column) or _anything(column.name)
        case "whole" | "number":
            return NumberField(name=column.name, only_int=column.kind == "whole")
        case "text":
            return TextField(name=column.name)
        case "bool":
            return BoolField(name=column.name)
        case _:
            return _anything(column.name)


def _taken(catalog: Catalog, column: ViewColumn) -> Field | None:
    """The field of a column that is a collection's: its like, or a relation where it is the id."""
    collection = _named(catalog, column.table)
    source = collection and _source(collection, column)
    if not collection or not source:
        return None
    if source.name == "id":
        return RelationField(name=column.name, max_select=1, collection_id=collection.id)
    return replace(source, id=f"_clone_{random_text(4)}", name=column.name)


def _anything(name: str) -> Field:
    return JSONField(name=name, max_size=1)


def _named(catalog: Catalog, name: str) -> Collection | None:
    found = catalog.find(name)
    return found if found and found.name == name else None


def _source(collection: Collection, column: ViewColumn) -> Field | None:
    return next((field for field in collection.fields if field.name.lower() == column.column.lower()), None)


# ---- what is refused


def _refuse_fields(view: Collection, catalog: Catalog) -> None:
    if view.field("id") is None:
        raise ViewRefused("missing required id column (you can use `(ROW_NUMBER() OVER()) as id` if you don't have one)")
    around = Surroundings(view, None, catalog.find)
    for position, field in enumerate(view.fields):
        if errors := field.check_options(around):
            raise ViewRefused(f'invalid field "{field.name}" ({position}): {_worded(errors)}')


def _refuse_ids(ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        if not one:
            raise ViewRefused("the query could return records with empty or invalid ids")
        if one in seen:
            raise ViewRefused("the query could return records with non-unique ids")
        seen.add(one)


def _worded(errors: Mapping[str, Any]) -> str:
    """Errors of a field's options in one line."""
    words = {key: one.message if isinstance(one, FieldError) else f"({_worded(one)})" for key, one in sorted(errors.items())}
    return "; ".join([f"{key}: {text}" for key, text in words.items()]) + "."


# ---- where a view's files are


def file_source(reader: Reader, catalog: Catalog, view: Collection, name: str) -> tuple[Collection, FileField] | None:
    """The collection with a table of its own, and the field there, that a view's file field shows; None where it can't be told."""
    for _ in range(DEEPEST):
        found, field = _shown(reader, catalog, view, name)
        if found is None or field is None:
            return None
        if not found.is_view:
            return (found, field) if isinstance(field, FileField) else None
        view, name = found, field.name
    return None


def _shown(reader: Reader, catalog: Catalog, view: Collection, name: str) -> tuple[Collection | None, Field | None]:
    """The collection, and the field there, that a view's column is taken from."""
    try:
        told = {column.name: column for column in reader.view_outline(view.view_query) if column.kind == "taken"}
    except BadQuestion:
        return None, None
    found = _named(catalog, told[name].table) if name in told else None
    return found, _source(found, told[name]) if found else None

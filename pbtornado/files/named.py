"""Which files a row names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.fields import FileField
from ..store.protocol import Reader
from ..store.query import Column, In, Param, Select, Table
from ..values import json_text

_IDS = "record_ids"


def with_files(catalog: Catalog) -> frozenset[str]:
    """Ids of the collections whose records may name files."""
    return frozenset(collection.id for collection in catalog.all if collection.file_fields)


def named_files(collection: Collection, row: Mapping[str, Any]) -> Iterator[tuple[FileField, str]]:
    """The files that a row (column -> stored value, maybe not every column) names, with the fields that name them."""
    for field in collection.file_fields:
        for name in field.items(row.get(field.name)):
            yield field, name


def names_now(reader: Reader, collection: Collection, records: Iterable[str]) -> dict[str, set[str]]:
    """The names of files of those of the records that exist."""
    columns = tuple(Column("r", name) for name in ("id", *(field.name for field in collection.file_fields)))
    question = Select(columns, Table(collection.name), where=In(Column("r", "id"), Param(_IDS)))
    rows: Sequence[Sequence[Any]] = reader.rows(question, {_IDS: json_text(list(records))})
    return {str(row[0]): _names(collection, row[1:]) for row in rows}


def _names(collection: Collection, values: Sequence[Any]) -> set[str]:
    row = dict(zip((field.name for field in collection.file_fields), values, strict=True))
    return {name for _, name in named_files(collection, row)}

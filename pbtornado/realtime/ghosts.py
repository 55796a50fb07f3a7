"""Rows that were deleted together: a rule about one of them must still find the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.history import History
from ..store.changes import CHANGES, COLUMNS, change_of
from ..store.protocol import Change, Reader
from ..store.query import And, Bindable, Column, Compare, Order, Param, Select, Table, Value
from ..values import json_text

REACH = 10_000
"""How far from a delete, in changes, the others of its request are looked for."""
FEW = 64
"""Up to so many deleted rows of a collection are all handed to the rule; of more only those related to the record."""

Row = Mapping[str, Any]


def _column(name: str) -> Column:
    return Column("r", name)


_DELETED_ALONG = Select(
    tuple(map(_column, COLUMNS)),
    Table(CHANGES),
    where=And(
        (
            Compare(">", _column("seq"), Param("from")),
            Compare("<", _column("seq"), Param("to")),
            Compare("=", _column("request"), Param("request")),
            Compare("=", _column("action"), Value("delete")),
        )
    ),
    order=(Order(_column("seq")),),
)


class Ghosts:
    """The deleted rows of one request; the last request asked about is remembered."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._request, self._version = "", 0
        self._center = 0
        self._rows: dict[str, list[Row]] = {}

    def of(self, reader: Reader, change: Change, tables: Iterable[str], catalog: Catalog) -> dict[str, str]:
        """Collection name -> JSON array of the rows deleted with this one, for those of `tables` that lost any."""
        self._load(reader, change, catalog)
        found: dict[str, str] = {}
        for collection in map(catalog.find, tables):
            rows = self._rows.get(collection.id) if collection else None
            if collection and rows:
                found[collection.name] = json_text(rows if len(rows) <= FEW else self._related(change, collection, catalog))
        return found

    def _load(self, reader: Reader, change: Change, catalog: Catalog) -> None:
        near = abs(change.seq - self._center) < REACH // 2
        if (change.request, catalog.version) == (self._request, self._version) and near:
            return
        self._request, self._version, self._center = change.request, catalog.version, change.seq
        self._rows = {change.collection: [change.image]}
        if not change.request:
            return
        self._rows = {}
        params: dict[str, Bindable] = {"from": change.seq - REACH, "to": change.seq + REACH, "request": change.request}
        for deleted in map(change_of, reader.rows(_DELETED_ALONG, params)):
            collection = catalog.by_id.get(deleted.collection)
            ghost = self._history.translated(reader, collection, deleted) if collection else None
            if ghost:
                self._rows.setdefault(ghost.collection, []).append(ghost.image)

    def _related(self, change: Change, collection: Collection, catalog: Catalog) -> list[Row]:
        """Rows of the collection that the record leads to through relations of deleted rows, or that lead to it."""
        reached = {change.record}
        fresh: list[tuple[str, Row]] = [(change.collection, change.image)]
        while fresh:
            ids = {key for of, row in fresh for key in _relations(catalog.by_id.get(of), row)} - reached
            reached |= ids
            fresh = [(of, row) for of, rows in self._rows.items() for row in rows if row.get("id") in ids]
        back = [row for row in self._rows[collection.id] if change.record in _relations(collection, row)]
        return back + [row for row in self._rows[collection.id] if row.get("id") in reached and row not in back]


def _relations(collection: Collection | None, row: Row) -> list[str]:
    """The ids a row's relations name."""
    ids: list[str] = []
    for field in collection.relation_fields if collection else ():
        value = field.from_store(row.get(field.name))
        ids.extend(value if isinstance(value, list | tuple) else [value] if value else [])
    return ids

"""The catalog: an immutable snapshot of all collections, replaced when the stored ones have moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Protocol, TypeVar

from ..store.protocol import Reader
from ..store.query import Column, Order, Row, Select, Table
from .collection import COLUMNS, Collection
from .fields import RelationField

T = TypeVar("T")
_VERSIONS = count(1)

STORED_COLLECTIONS = Select(tuple(Column("r", name) for name in COLUMNS), Table("_collections"), order=(Order(Column("r", "rowid")),))


@dataclass(frozen=True, eq=False)
class Catalog:
    """All collections in the order they were made. `version` is unlike that of any other catalog of the process."""

    all: tuple[Collection, ...]
    version: int

    @cached_property
    def by_id(self) -> Mapping[str, Collection]:
        """Collections by id."""
        return {collection.id: collection for collection in self.all}

    @cached_property
    def _by_name(self) -> Mapping[str, Collection]:
        return {collection.name.lower(): collection for collection in self.all}

    def find(self, name_or_id: str) -> Collection | None:
        """The collection of this id, or of this name in any case."""
        return self._by_name.get(name_or_id.lower()) or self.by_id.get(name_or_id)

    @cached_property
    def _referring(self) -> Mapping[str, list[tuple[Collection, RelationField]]]:
        found: dict[str, list[tuple[Collection, RelationField]]] = {}
        for collection in self.all:
            for field in collection.relation_fields:
                found.setdefault(field.collection_id, []).append((collection, field))
        return found

    def referring(self, collection: Collection) -> list[tuple[Collection, RelationField]]:
        """The relation fields that point to a collection, with the collections they belong to."""
        return self._referring.get(collection.id, [])

    def replaced(self, collection: Collection) -> Catalog:
        """The same catalog with this collection in the place of the one with its id, or added."""
        others = [collection if one.id == collection.id else one for one in self.all]
        return Catalog(tuple(others if collection.id in self.by_id else [*others, collection]), next(_VERSIONS))


class CatalogStore(Protocol):
    """What a store must offer to whoever holds a copy of collections or settings."""

    @property
    def schema_mark(self) -> int:
        """Moves whenever any process committed a change of collections or settings; cheap to read."""

    def read_now(self, question: Callable[[Reader], T]) -> T:
        """Answers a question on the loop's own connection, at once."""


class Catalogs:
    """The catalog of a store, always the committed one."""

    def __init__(self, store: CatalogStore) -> None:
        self._store = store
        self._mark: int | None = None
        self._current = Catalog((), 0)
        self._known: dict[Row, Collection] = {}

    @property
    def current(self) -> Catalog:
        """The catalog as committed by whatever process; read again only when it moved."""
        mark = self._store.schema_mark
        if mark != self._mark:
            self._current = self._store.read_now(self.load)
            self._mark = mark
        return self._current

    def load(self, reader: Reader) -> Catalog:
        """The catalog a reader sees; inside a writer, with what that writer changed. Unchanged collections stay the same objects."""
        rows = reader.rows(STORED_COLLECTIONS, {})
        self._known = {row: self._known.get(row) or Collection.from_row(row) for row in map(tuple, rows)}
        return Catalog(tuple(self._known.values()), next(_VERSIONS))

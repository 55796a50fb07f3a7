"""The catalog: an immutable snapshot of all collections, replaced when the stored ones have moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Protocol, TypeVar

from ..store.protocol import Reader, StoreBusy
from ..store.query import Column, Order, Row, Select, Table
from .collection import COLUMNS, Collection
from .fields import RelationField

T = TypeVar("T")
_VERSIONS = count(1)
ATTEMPTS = 10
"""How often a question starts anew because collections changed under it."""
RESTLESS = "collections go on changing"

STORED_COLLECTIONS = Select(tuple(Column("r", name) for name in COLUMNS), Table("_collections"), order=(Order(Column("r", "rowid")),))


class Moved(Exception):
    """Collections changed meanwhile: what was decided on the former ones must be decided again."""


@dataclass(frozen=True, eq=False)
class Catalog:
    """All collections in the order they were made.

    `version` is unlike that of any other catalog of the process; `schema` is `Reader.schema` of the snapshot it was read from.
    """

    all: tuple[Collection, ...]
    version: int
    schema: int = -1

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

    def refuse_moved(self, reader: Reader) -> None:
        """Raises Moved where the reader's snapshot shows other collections than these."""
        if reader.schema() != self.schema:
            raise Moved


class CatalogStore(Protocol):
    """What a store must offer to whoever holds a copy of collections or settings."""

    @property
    def schema_mark(self) -> int:
        """Moves whenever any process committed a change of collections or settings; cheap to read."""

    def read_now(self, question: Callable[[Reader], T]) -> T:
        """Answers a question on the loop's own connection, at once."""

    async def read(self, question: Callable[[Reader], T], *, long: bool = False) -> T:
        """Answers a question on one snapshot; `long` ones on a thread."""


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

    def renew(self) -> None:
        """Reads the catalog again: a commit can be seen in the database a moment before its mark."""
        self._mark = None

    async def read(self, asked: Callable[[Catalog], Callable[[Reader], T]], *, long: bool = False) -> T:
        """Answers the question that is asked of a catalog, on a snapshot that shows the same collections, on a thread where it is `long`.

        It is asked again, of the catalog as it is then, where they changed meanwhile. Raises StoreBusy where that goes on.
        """
        for _ in range(ATTEMPTS):
            try:
                return await self._store.read(_of(self.current, asked), long=long)
            except Moved:
                self.renew()
        raise StoreBusy(RESTLESS)

    def read_with(self, read: Callable[[Callable[[Reader], T]], T], asked: Callable[[Catalog], Callable[[Reader], T]]) -> T:
        """The same at once, on the snapshot that `read` takes."""
        for _ in range(ATTEMPTS):
            try:
                return read(_of(self.current, asked))
            except Moved:
                self.renew()
        raise StoreBusy(RESTLESS)

    def load(self, reader: Reader) -> Catalog:
        """The catalog a reader sees; inside a writer, with what that writer changed. Unchanged collections stay the same objects."""
        rows = reader.rows(STORED_COLLECTIONS, {})
        known = self._known
        self._known = found = {row: known.get(row) or Collection.from_row(row) for row in map(tuple, rows)}
        return Catalog(tuple(found.values()), next(_VERSIONS), reader.schema())


def _of(catalog: Catalog, asked: Callable[[Catalog], Callable[[Reader], T]]) -> Callable[[Reader], T]:
    question = asked(catalog)

    def answer(reader: Reader) -> T:
        catalog.refuse_moved(reader)
        return question(reader)

    return answer

"""The sources a question reads beside its root, each joined once for all who need it in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..schema.collection import Collection
from ..store.query import Column, Expr, Join, JsonEach, Source, Table, TableWith
from .tree import RuleError

Key = tuple[str, ...]
"""How a source was reached. What may have several rows per record carries its part's scope, so that two
parts each find their own row."""
ROOT = "r"
MAX_JOINS = 60
"""SQLite joins at most 64 sources."""


class Joins:
    """Collects joins, tables and columns while a question is compiled."""

    def __init__(self, ghosts: Iterable[str] = ()) -> None:
        self._ghosts = frozenset(ghosts)
        self._aliases: dict[Key, str] = {}
        self._count = 0
        self.joins: list[Join] = []
        self.tables: set[str] = set()
        self.root_columns: set[str] = set()
        self.multiplies = False
        """Some join may give several rows for one record."""

    def alias(self) -> str:
        """An alias that is not taken."""
        self._count += 1
        return f"j{self._count}"

    def column(self, alias: str, name: str) -> Column:
        """A column; those of the root are remembered."""
        if alias == ROOT:
            self.root_columns.add(name)
        return Column(alias, name)

    def source(self, collection: Collection) -> Source:
        """The rows of a collection, with those that were deleted along where that is asked for."""
        self.tables.add(collection.name)
        if collection.name in self._ghosts:
            return TableWith(collection.name, collection.names, f"ghosts_{collection.name}")
        return Table(collection.name)

    def table(self, key: Key, collection: Collection, on: Callable[[str], Expr | None], *, many: bool = False) -> str:
        """The alias of a collection joined where `on(alias)` holds."""
        return self._join(key, lambda: self.source(collection), on, many)

    def each(self, key: Key, value: Expr, *, many: bool = True) -> str:
        """The alias of the items of a list, column `value`."""
        return self._join(key, lambda: JsonEach(value), lambda alias: None, many)

    def _join(self, key: Key, source: Callable[[], Source], on: Callable[[str], Expr | None], many: bool) -> str:
        if key not in self._aliases:
            alias = self._aliases[key] = self.alias()
            self.joins.append(Join(source(), alias, on(alias)))
            self.multiplies |= many
            if len(self.joins) > MAX_JOINS:
                raise RuleError("too many relations in one rule or filter")
        return self._aliases[key]

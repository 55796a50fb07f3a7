"""The one renderer of questions, and what it asks of each database's dialect.

Placeholders are numbered: a param used twice is bound once, and slot n of a Statement belongs to
placeholder n + 1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from .query import (
    Aggregate,
    And,
    Call,
    Coalesce,
    Column,
    Compare,
    Concat,
    Count,
    Exists,
    Expr,
    Image,
    In,
    Join,
    JsonEach,
    JsonItem,
    JsonLength,
    Like,
    Not,
    Or,
    Order,
    Param,
    Scalar,
    Select,
    Source,
    Statement,
    Table,
    TableWith,
    Value,
)


class Dialect(ABC):
    """What differs between databases: each method spells one construct from parts already spelled."""

    def render(self, select: Select) -> Statement:
        """The select as one statement; keep it, rendering costs more than asking."""
        rendering = Rendering(self)
        text = rendering.select(select)
        root = select.source.name if isinstance(select.source, Table) else ""
        if root:
            rendering.tables.remove(root)
        return Statement(text, tuple(rendering.slots), root, frozenset(rendering.tables))

    last_join = "JOIN"
    """How a join is spelled whose source is to be looked up last."""

    @abstractmethod
    def quote(self, name: str) -> str:
        """A name of a table, a column or an alias."""

    @abstractmethod
    def placeholder(self, number: int) -> str:
        """Where the slot of this number (from 1) is bound."""

    @abstractmethod
    def constant(self, value: object) -> str | None:
        """A constant that is safe and better spelled out than bound; None for all others."""

    @abstractmethod
    def compare(self, op: str, left: str, right: str) -> str: ...
    @abstractmethod
    def like(self, value: str, pattern: str, negated: bool) -> str: ...
    @abstractmethod
    def json_item(self, value: str, path: str, bound: Callable[[str], str]) -> str:
        """`bound` spells a constant text that may come from outside."""

    @abstractmethod
    def json_length(self, value: str) -> str: ...
    @abstractmethod
    def json_each(self, value: str) -> str:
        """A source with the column `value`."""

    @abstractmethod
    def json_items(self, array: str) -> str:
        """A one-column select of the items of a JSON array that is known to be one."""

    @abstractmethod
    def json_objects(self, array: str, columns: Sequence[str]) -> str:
        """A select of these columns from each object of a JSON array."""

    @abstractmethod
    def call(self, name: str, args: Sequence[str]) -> str: ...
    @abstractmethod
    def convert(self, value: str, kind: str) -> str:
        """A bound value that compares as a column of this kind does."""

    @abstractmethod
    def page(self, limit: str | None, offset: str | None) -> str:
        """The clause that cuts a page out of the rows, with its leading space."""


class Rendering:
    """One rendering in progress: collects the slots, and the tables as often as they are named, while the text is built."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.slots: list[str | Value] = []
        self.tables: list[str] = []
        self._numbers: dict[object, int] = {}

    def select(self, select: Select) -> str:
        """The text of a select, without brackets."""
        text = [
            "SELECT DISTINCT " if select.distinct else "SELECT ",
            self._columns(select),
            f" FROM {self.source(select.source)} {self.dialect.quote(select.alias)}",
            *map(self._join, select.joins),
        ]
        if select.where is not None:
            text.append(f" WHERE {self.expr(select.where)}")
        if select.group:
            text.append(f" GROUP BY {self._list(select.group)}")
        if select.order:
            text.append(f" ORDER BY {', '.join(map(self._order, select.order))}")
        text.append(self.dialect.page(self._optional(select.limit), self._optional(select.offset)))
        return "".join(text)

    def _columns(self, select: Select) -> str:
        spelled = [self.expr(column) for column in select.columns]
        if select.names:
            spelled = [f"{text} AS {self.dialect.quote(name)}" for text, name in zip(spelled, select.names, strict=True)]
        return ", ".join(spelled)

    def _join(self, join: Join) -> str:
        on = "TRUE" if join.on is None else self.expr(join.on)
        kind = "LEFT JOIN" if join.left else self.dialect.last_join if join.last else "JOIN"
        return f" {kind} {self.source(join.source)} {self.dialect.quote(join.alias)} ON {on}"

    def _order(self, order: Order) -> str:
        return self.expr(order.by) + (" DESC" if order.descending else " ASC")

    def _optional(self, expr: Expr | None) -> str | None:
        return None if expr is None else self.expr(expr)

    def _list(self, items: Sequence[Expr]) -> str:
        return ", ".join([self.expr(item) for item in items])

    # ---- sources

    def source(self, source: Source) -> str:
        """What stands between FROM and the alias."""
        match source:
            case Table(name):
                self.tables.append(name)
                return self.dialect.quote(name)
            case Image():
                return self._image(source)
            case TableWith():
                return self._table_with(source)
            case JsonEach(value):
                return self.dialect.json_each(self.expr(value))
            case Select():
                return f"({self.select(source)})"

    def _image(self, image: Image) -> str:
        spelled = [self.expr(Param(image.prefix + column)) for column in image.columns]
        if image.kinds:
            spelled = [self.dialect.convert(text, kind) for text, kind in zip(spelled, image.kinds, strict=True)]
        named = [f"{text} AS {self.dialect.quote(column)}" for text, column in zip(spelled, image.columns, strict=True)]
        return f"(SELECT {', '.join(named) or 'NULL'})"

    def _table_with(self, source: TableWith) -> str:
        columns = ", ".join(map(self.dialect.quote, source.columns))
        self.tables.append(source.name)
        extra = self.dialect.json_objects(self.expr(Param(source.param)), source.columns)
        return f"(SELECT {columns} FROM {self.dialect.quote(source.name)} UNION ALL {extra})"

    # ---- expressions

    def expr(self, expr: Expr) -> str:
        """The text of an expression; compound ones stand in brackets."""
        match expr:
            case Column(source, name):
                return f"{self.dialect.quote(source)}.{self.dialect.quote(name)}"
            case Param(name):
                return self._slot(("param", name), name)
            case Value(value):
                spelled = self.dialect.constant(value)
                return self._slot((type(value), value), expr) if spelled is None else spelled
            case And(items):
                return self._all(items, " AND ", "TRUE")
            case Or(items):
                return self._all(items, " OR ", "FALSE")
            case Not(item):
                return f"(NOT {self.expr(item)})"
            case _:
                return self._operation(expr)

    def _operation(self, expr: Expr) -> str:
        dialect = self.dialect
        match expr:
            case Compare(op, left, right):
                return dialect.compare(op, self.expr(left), self.expr(right))
            case Like(value, pattern, negated):
                return dialect.like(self.expr(value), self.expr(pattern), negated)
            case Coalesce(value, default):
                return f"COALESCE({self.expr(value)}, {self.expr(default)})"
            case Concat(items):
                return self._all(items, " || ", "''")
            case JsonItem(value, path):
                return dialect.json_item(self.expr(value), path, lambda text: self.expr(Value(text)))
            case JsonLength(value):
                return dialect.json_length(self.expr(value))
            case Call(name, args):
                return dialect.call(name, [self.expr(arg) for arg in args])
            case _:
                return self._question(expr)

    def _question(self, expr: Expr) -> str:
        match expr:
            case Exists(select, negated):
                return f"({'NOT ' if negated else ''}EXISTS ({self.select(select)}))"
            case In(value, among, negated):
                rows = self.select(among) if isinstance(among, Select) else self.dialect.json_items(self.expr(among))
                return f"({self.expr(value)} {'NOT ' if negated else ''}IN ({rows}))"
            case Scalar(select):
                return f"({self.select(select)})"
            case Count(of):
                return "COUNT(*)" if of is None else f"COUNT(DISTINCT {self.expr(of)})"
            case Aggregate(name, of):
                return self.dialect.call(name, [self.expr(of)])
            case _:
                raise TypeError(f"not an expression: {expr!r}")

    def _all(self, items: Sequence[Expr], between: str, empty: str) -> str:
        return f"({between.join([self.expr(item) for item in items])})" if items else empty

    def _slot(self, key: object, slot: str | Value) -> str:
        number = self._numbers.get(key)
        if number is None:
            self.slots.append(slot)
            number = self._numbers[key] = len(self.slots)
        return self.dialect.placeholder(number)

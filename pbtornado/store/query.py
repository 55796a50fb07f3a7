"""A question to a database as data: what rules and readers speak in, and dialects render.

Nothing here knows SQL's spelling. Constants travel as `Value` (always bound, never spelled out)
and what changes from one asking to the next as `Param`, so one rendered statement serves many
askings. A node is frozen; compose them, render once with `Dialect.render`, keep the `Statement`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Bindable = str | int | float | bytes | None
Row = tuple[Any, ...]
Comparison = Literal["=", "<>", "<", "<=", ">", ">=", "is", "is not"]


# ---- expressions


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the source whose alias is `source`; `rowid` is the row's own number."""

    source: str
    name: str


@dataclass(frozen=True, slots=True)
class Value:
    """A constant. Text is bound (the empty one apart), so text from outside may be one."""

    value: Bindable


@dataclass(frozen=True, slots=True)
class Param:
    """A value given at each asking, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values compared; `is` and `is not` treat null as a value."""

    op: Comparison
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Like:
    """Pattern match, ASCII case-insensitive, `\\` escapes; `pattern` holds its own `%` and `_`."""

    value: Expr
    pattern: Expr
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Coalesce:
    """The first of the two that is not null."""

    value: Expr
    default: Expr


@dataclass(frozen=True, slots=True)
class Concat:
    """Texts joined."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class And:
    """All hold; true when empty."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One holds; false when empty."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary; null stays null."""

    item: Expr


@dataclass(frozen=True, slots=True)
class JsonItem:
    """What stands at `path` (`a.b[0]`, without `$`) of a JSON value; null where the value is no JSON.

    A value that is not JSON is read as a JSON string when `path` is empty, as PocketBase does.
    """

    value: Expr
    path: str


@dataclass(frozen=True, slots=True)
class JsonLength:
    """Number of items of a JSON array; a plain value counts 1, an empty one or null 0."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """A function by its product name: `lower`, `strftime`, `geo_distance` (km; lonA, latA, lonB, latB), `random`, `text` (cast),
    `nocase` (the value itself, compared without regard to the case of ASCII letters), `contains` (a text as the
    pattern of a `Like` that looks for it), `number` (the number a text spells, else the value itself), `bare` (the value itself,
    compared as it is and not as its column's type would have it)."""

    name: Literal["lower", "strftime", "geo_distance", "random", "text", "nocase", "contains", "number", "bare"]
    args: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Exists:
    """The inner select has a row."""

    select: Select
    negated: bool = False


@dataclass(frozen=True, slots=True)
class In:
    """The value is among the rows of a one-column select, or among the items of a JSON-array param."""

    value: Expr
    among: Select | Param
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Scalar:
    """The single value of a one-column select, null when it has no row."""

    select: Select


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows; of the distinct values of `of`, where given."""

    of: Expr | None = None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One value made of those of all rows, or of each group's; a sum of none is 0, the others are null then."""

    name: Literal["sum", "avg", "min", "max"]
    of: Expr


# ---- sources


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a stored table or view."""

    name: str


@dataclass(frozen=True, slots=True)
class Image:
    """One row that is not stored: each of `columns` is the param `prefix + column`.

    With `kinds` (each column's `ColumnShape.kind`, in the same order) comparisons convert texts
    and numbers just as they do on the stored column.
    """

    columns: tuple[str, ...]
    prefix: str = "image_"
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableWith:
    """Rows of a stored table plus those of `param`: a JSON array of objects with these columns."""

    name: str
    columns: tuple[str, ...]
    param: str


@dataclass(frozen=True, slots=True)
class JsonEach:
    """One row, column `value`, an item of a JSON array; a plain non-empty value is one row."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Join:
    """A further source; `on` None is a cross join. With `last` its rows are looked up for each row of those before it."""

    source: Source
    alias: str
    on: Expr | None = None
    left: bool = True
    last: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key."""

    by: Expr
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Select:
    """A question: `columns` of `source` (under `alias`) and its joins, where `where` holds.

    `limit` and `offset` may be params. Column names of the answer are given by `names`
    (needed where the select is itself a source), else they are the expressions in order.
    """

    columns: tuple[Expr, ...]
    source: Source
    alias: str = "r"
    joins: tuple[Join, ...] = ()
    where: Expr | None = None
    order: tuple[Order, ...] = ()
    distinct: bool = False
    group: tuple[Expr, ...] = ()
    limit: Expr | None = None
    offset: Expr | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """A rendered select: text of one dialect, and for each placeholder in order a param's name or a constant.

    `root` is the table its rows are of, "" where they are of none; `tables` are those it reads beside.
    """

    text: str
    slots: tuple[str | Value, ...]
    root: str = ""
    tables: frozenset[str] = frozenset()

    def bind(self, params: Mapping[str, Bindable]) -> tuple[Bindable, ...]:
        """The values of one asking, in the order of the placeholders; KeyError names a missing param."""
        return tuple(slot.value if isinstance(slot, Value) else params[slot] for slot in self.slots)


Expr = (
    Column
    | Value
    | Param
    | Compare
    | Like
    | Coalesce
    | Concat
    | And
    | Or
    | Not
    | JsonItem
    | JsonLength
    | Call
    | Exists
    | In
    | Scalar
    | Count
    | Aggregate
)
Source = Table | Image | TableWith | JsonEach | Select

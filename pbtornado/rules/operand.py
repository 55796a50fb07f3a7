"""One side of a comparison, resolved: its expression, and what is known of it being empty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..store.patterns import contains
from ..store.query import Coalesce, Column, Concat, Expr, Join, Value

Sort = Literal["empty", "filled", "given", "column", "solid"]
"""empty: null or ''; filled: a constant or request item that is neither; given: a request item that may be
either; column: depends on the row and may be null; solid: depends on the row and is never null."""

ANYTHING = Value("%")
EMPTY = Value("")
ITEM = "item"
"""The kind of what is one item of a list in a request."""


@dataclass(frozen=True, slots=True)
class Many:
    """The further values a multi-valued path stands for: `value` over the rows of these joins."""

    joins: tuple[Join, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Operand:
    """One side of a comparison.

    `exact` compares null with null instead of treating null and '' alike; `kind` is the column's,
    where it is one; `aside` is its sort while the other side is tested for match-all, where that
    differs; `many` is set where the path is multi-valued, `also` must hold beside every
    comparison it takes part in, `pattern` makes its form as the right side of `~`; where `given` does
    not hold it is nothing at all, whatever the rest says.
    """

    expr: Expr
    sort: Sort
    exact: bool = False
    kind: str = ""
    aside: Sort | None = None
    many: Many | None = None
    also: Expr | None = None
    pattern: Callable[[], Expr] | None = None
    given: Expr | None = None

    @property
    def fixed(self) -> bool:
        """The same for every row."""
        return self.sort in ("empty", "filled", "given")

    @property
    def text(self) -> Expr:
        """The value with '' in place of null."""
        if self.sort == "empty":
            return EMPTY
        return self.expr if self.sort == "filled" else Coalesce(self.expr, EMPTY)

    @property
    def like(self) -> Expr:
        """The pattern that `~` looks for when this is its right side: the value anywhere in the text."""
        return self.pattern() if self.pattern else Concat((ANYTHING, self.expr, ANYTHING))

    @property
    def is_root_id(self) -> bool:
        """The id of the record asked about, which is never null nor empty."""
        return self.expr == Column("r", "id")

    def each(self) -> Operand:
        """One of the values of a multi-valued path, as the match-all test sees it."""
        assert self.many is not None
        return Operand(self.many.value, "column", exact=self.exact)

    def beside(self) -> Operand:
        """This side while the other is tested for match-all."""
        return Operand(self.expr, self.aside or self.sort, pattern=self.pattern)


NOTHING = Operand(Value(None), "empty")


def constant(value: str | float | None) -> Operand:
    """A constant of the rule's text; `true` and `false` are 1 and 0."""
    if value is None or value == "":
        return Operand(Value(value), "empty", pattern=lambda: Value(None if value is None else "%%"))
    return Operand(Value(value), "filled", pattern=lambda: Value(contains(value)))

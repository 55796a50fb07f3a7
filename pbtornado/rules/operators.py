"""Two operands and a sign become a condition: null and '' alike, and all values of a multi-valued path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..store.query import And, Compare, Comparison, Exists, Expr, Image, Like, Not, Or, Select, Value
from .operand import EMPTY, ITEM, NOTHING, Operand
from .tree import Sign

Alias = Callable[[], str]
"""Gives a table alias that is not taken."""

NULL = Value(None)
ORDERINGS: dict[Sign, Comparison] = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}


def compare(left: Operand, sign: Sign, right: Operand, *, any: bool, alias: Alias) -> Expr:
    """The condition of a comparison. Without `any`, every value of a multi-valued side must fulfil it."""
    if left.given is not None:
        return _if_given(left, left.given, lambda side: compare(side, sign, right, any=any, alias=alias))
    if right.given is not None:
        return _if_given(right, right.given, lambda side: compare(left, sign, side, any=any, alias=alias))
    conditions = [_same_id(left, sign, right) or one(left, sign, right)]
    if not any and (left.many or right.many):
        conditions.append(_no_counterexample(left, sign, right, alias))
    conditions += [side.also for side in (left, right) if side.also is not None]
    return conditions[0] if len(conditions) == 1 else And(tuple(conditions))


def _if_given(side: Operand, given: Expr, condition: Callable[[Operand], Expr]) -> Expr:
    """The condition of the side, and that of nothing where it is not given."""
    return Or((And((given, condition(replace(side, given=None)))), And((Not(given), condition(NOTHING)))))


def _same_id(left: Operand, sign: Sign, right: Operand) -> Expr | None:
    """A comparison with the record's own id, in the form that lets joins use an index; null counts as false."""
    if sign == "=" and (left.is_root_id or right.is_root_id) and left.kind == right.kind == "text":
        return Compare("=", left.expr, right.expr)
    return None


def one(left: Operand, sign: Sign, right: Operand) -> Expr:
    """The condition for one value on each side, in SQL's three-valued logic as PocketBase has it."""
    if sign in ("=", "!="):
        return _equal(left, right) if sign == "=" else _unequal(left, right)
    if sign in ("~", "!~"):
        return Like(left.expr, right.like, negated=sign == "!~")
    return Compare(ORDERINGS[sign], left.expr, right.expr)


# ---- equality


def _equal(left: Operand, right: Operand) -> Expr:
    if left.exact or right.exact:
        return Compare("is", left.expr, right.expr)
    nullable, other = _nullable_first(left, right)
    if nullable is None or other.sort == "filled":
        return Compare("=", *_plain(left, right))
    if other.sort == "empty":
        return Or((Compare("=", nullable.expr, EMPTY), Compare("is", nullable.expr, NULL)))
    if other.sort == "given":
        missing = And((Compare("=", other.text, EMPTY), Compare("is", nullable.expr, NULL)))
        return Or((Compare("=", nullable.expr, other.text), missing))
    return Compare("=", left.text, right.text)


def _unequal(left: Operand, right: Operand) -> Expr:
    if left.exact or right.exact:
        return Compare("is not", left.expr, right.expr)
    nullable, other = _nullable_first(left, right)
    if nullable is None or other.sort == "filled":
        return Compare("is not", *_plain(left, right))
    if other.sort == "empty":
        return And((Compare("is not", nullable.expr, EMPTY), Compare("is not", nullable.expr, NULL)))
    if other.sort == "given":
        present = Or((Compare("<>", other.text, EMPTY), Compare("is not", nullable.expr, NULL)))
        return And((Compare("is not", nullable.expr, other.text), present))
    return Compare("is not", left.text, right.text)


def _nullable_first(left: Operand, right: Operand) -> tuple[Operand | None, Operand]:
    """The side that may be null in a row (None when no side is), and the other."""
    if left.sort == "column":
        return left, right
    return (right, left) if right.sort == "column" else (None, right)


def _plain(left: Operand, right: Operand) -> tuple[Expr, Expr]:
    """Both sides as they are, where neither can be null."""
    if left.sort == right.sort == "solid" and left.kind != right.kind:
        return left.text, right.text  # so that SQLite converts neither to the other's type
    return _as_it_is(left), _as_it_is(right)


def _as_it_is(side: Operand) -> Expr:
    return side.text if side.fixed else side.expr


# ---- match-all


def _no_counterexample(left: Operand, sign: Sign, right: Operand, alias: Alias) -> Expr:
    """No value of the multi-valued side (no pair, where both are) fails the comparison."""
    if left.many and right.many:
        wrong = Not(one(left.each(), sign, right.each()))
        joins = (*left.many.joins, *right.many.joins)
        return Exists(Select((Value(1),), Image(()), alias(), joins, wrong), negated=True)
    side, other = (left, right) if left.many else (right, left)
    many = side.many
    assert many is not None
    wrong = Not(one(left.each(), sign, right.beside()) if left.many else one(left.beside(), sign, right.each()))
    if other.exact or other.aside or side.kind == ITEM:
        return Exists(Select((Value(1),), Image(()), alias(), many.joins, wrong), negated=True)
    # A path without any value needs no row here: the comparison beside this one has judged it.
    first, *rest = many.joins
    where = wrong if first.on is None else And((first.on, wrong))
    return Exists(Select((Value(1),), first.source, first.alias, tuple(rest), where), negated=True)

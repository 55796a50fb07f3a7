"""A question that looks through a relation, asked the other way round.

`author.name ~ 'x'` compiles to a join of every record with its author, and a look at each author as
often as he has records. Where the condition can hold for records with an author only, the same
records are those whose author is among the authors it holds for: each is looked at once, and an
index on the relation finds the records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from ..store.query import And, Column, Compare, Expr, In, Join, Like, Or, Select, Table
from .joins import ROOT
from .rule import Question


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The same question without some of its joins; `targets` are the tables it looks through as a whole.

    `first` is the same again where there is but one of these: its rows for which all holds that must, then their records; in no order.
    """

    question: Question
    targets: tuple[str, ...]
    first: Select | None = None
    relation: str = ""
    """The column by which `first` finds the records."""


@dataclass(frozen=True, slots=True)
class Branch:
    """The joins that hang on one relation of the root: `first` is that of its record, `aliases` are those of all of them."""

    relation: Column
    first: Join
    others: tuple[Join, ...]
    aliases: frozenset[str]


def narrow(question: Question) -> Narrowed | None:
    """The question with conditions on related records as lists of those; None where it has none that can be.

    What it gives is in no order but that of its sort.
    """
    if not isinstance(question.root, Table) or question.where is None:
        return None
    conditions, targets = list(conjuncts(question.where)), []
    gone: set[str] = set()
    for branch in branches(question):
        own = [one for one in conditions if sources(one) <= branch.aliases and sources(one)]
        others = [one for one in conditions if one not in own]
        if any(rejects(one, branch.aliases) for one in own) and not any(sources(one) & branch.aliases for one in others):
            conditions = [*others, among(branch, own)]
            targets.append(table_of(branch.first).name)
            gone |= branch.aliases
    if not targets:
        return None
    joins = tuple(join for join in question.joins if join.alias not in gone)
    narrowed = replace(question, joins=joins, where=And(tuple(conditions)), distinct=question.distinct and bool(joins))
    return Narrowed(narrowed, tuple(targets), *_from_first(question, gone))


def _from_first(question: Question, gone: set[str]) -> tuple[Select | None, str]:
    """The question asked from its only join on, and the column that leads to the records."""
    if len(question.joins) > 1 or not gone:
        return None, ""
    (join,) = question.joins
    relation = relation_of(join, ROOT)
    assert relation is not None
    records = Join(question.root, ROOT, join.on, left=False, last=True)
    return Select((), table_of(join), join.alias, (records,), question.where), relation.name


def branches(question: Question) -> Iterator[Branch]:
    """The relations of the root whose joins nothing but conditions needs."""
    for first in question.joins:
        relation = relation_of(first, ROOT)
        if relation is None:
            continue
        aliases, others = {first.alias}, []
        for join in question.joins:
            if any(relation_of(join, alias) for alias in aliases):
                aliases.add(join.alias)
                others.append(join)
        outside = [join for join in question.joins if join.alias not in aliases]
        if not any(sources(join) & aliases for join in outside) and not any(sources(key) & aliases for key in question.order):
            yield Branch(relation, first, tuple(others), frozenset(aliases))


def relation_of(join: Join, parent: str) -> Column | None:
    """The column of `parent` that names the one record of a table which is joined; None for any other join."""
    match join:
        case Join(Table(), alias, Compare("=", Column(own, "id"), Column(source, _) as relation)) if own == alias and source == parent:
            return relation
    return None


def table_of(join: Join) -> Table:
    """The table of a join that `relation_of` knows."""
    assert isinstance(join.source, Table)
    return join.source


def among(branch: Branch, conditions: Sequence[Expr]) -> In:
    """Is the relation one of the records for which all this holds?"""
    alias = branch.first.alias
    return In(branch.relation, Select((Column(alias, "id"),), branch.first.source, alias, branch.others, And(tuple(conditions))))


def conjuncts(expr: Expr) -> Iterator[Expr]:
    """What must hold all together."""
    if isinstance(expr, And):
        for item in expr.items:
            yield from conjuncts(item)
    else:
        yield expr


def rejects(expr: Expr, aliases: frozenset[str]) -> bool:
    """Can it not hold where the rows of these aliases are missing?"""
    match expr:
        case Like(Column(source, _), _, _):
            return source in aliases
        case Compare(op, left, right) if op not in ("is", "is not"):
            return any(isinstance(side, Column) and side.source in aliases for side in (left, right))
        case And(items):
            return any(rejects(item, aliases) for item in items)
        case Or(items):
            return bool(items) and all(rejects(item, aliases) for item in items)
    return False


def sources(node: Any) -> set[str]:
    """The aliases of which columns are read, those apart that are the node's own."""
    if isinstance(node, Column):
        return {node.source}
    if isinstance(node, tuple):
        return set().union(*map(sources, node))
    if not is_dataclass(node):
        return set()
    found = set().union(*[sources(getattr(node, field.name)) for field in fields(node)])
    if isinstance(node, Select):
        found -= {node.alias, *[join.alias for join in node.joins]}
    return found - {node.alias} if isinstance(node, Join) else found

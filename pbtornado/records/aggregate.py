"""Counts, sums, averages, least and greatest values of the records an actor may list, whole or in groups."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

from ..errors import BadRequest
from ..rules.request import RequestInfo
from ..rules.rule import Question
from ..schema.catalog import Catalog
from ..schema.fields import BoolField, NumberField
from ..store.protocol import Reader
from ..store.query import Aggregate, Column, Count, Expr, Order, Param, Row, Select
from . import questions
from .read import Listing, listing
from .remembered import remembered
from .telling import End, end_of, refuse_telling

MOST_ASKED = 20
"""Aggregates of one request. Its fields are at most as many as a sort may have keys."""
Kind = Literal["sum", "avg", "min", "max"]
_ASKED = re.compile(r"count|(sum|avg|min|max):(\w+[\w.:]*)", re.ASCII)
_PATH = re.compile(r"\w+[\w.:]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """One aggregate: `count` has no field."""

    text: str
    kind: Kind | None
    field: str = ""


@dataclass(frozen=True)
class Plan:
    """What is asked for: aggregates, the paths to group by, and an order of either."""

    asked: tuple[Asked, ...]
    groups: tuple[str, ...]
    order: tuple[tuple[str, bool], ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that is read, each once: groups first."""
        return tuple(dict.fromkeys((*self.groups, *(one.field for one in self.asked if one.field))))


@lru_cache(maxsize=500)
def plan_of(aggregate: str, group: str, sort: str) -> Plan:
    """The plan that query parameters spell. Raises BadRequest."""
    asked = tuple(map(_asked, _names(aggregate)))
    groups = tuple(_names(group))
    order = tuple((key.lstrip("+-"), key.startswith("-")) for key in _names(sort))
    unknown = [name for name, _ in order if name not in {*groups, *(one.text for one in asked)}]
    if unknown or not asked or len(asked) > MOST_ASKED or not all(_PATH.fullmatch(name) for name in groups):
        raise BadRequest("Invalid aggregate, group or sort parameter.")
    said = {name for name, _ in order}
    return Plan(asked, groups, (*order, *((name, False) for name in groups if name not in said)))


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _asked(text: str) -> Asked:
    match = _ASKED.fullmatch(text)
    if not match:
        raise BadRequest(f'Invalid aggregate "{text[:100]}".')
    return Asked(text, cast("Kind | None", match[1]), match[2] or "")


@dataclass(frozen=True, slots=True)
class Summary:
    """One request, compiled."""

    listing: Listing
    plan: Plan
    select: Select
    count: Select
    shapes: tuple[Callable[[Any], Any], ...]

    def answer(self, reader: Reader) -> dict[str, Any]:
        """A page of groups in the shape of a list; without groups there is one."""
        page = self.listing.page
        params = self.listing.bound({questions.PAGE_LIMIT: page.size, questions.PAGE_OFFSET: page.offset})
        rows = reader.rows(self.select, params)
        total = -1
        if page.counted:
            row = reader.one(self.count, params) if self.plan.groups else None
            total = int(row[0]) if row else 1
        return page.answer([self._item(row) for row in rows], total)

    def _item(self, row: Row) -> dict[str, Any]:
        """`{"group": {path: value}, "count": n, "sum": {path: value}}`, with what was asked for."""
        values = [shape(value) for shape, value in zip(self.shapes, row, strict=True)]
        width = len(self.plan.groups)
        item: dict[str, Any] = {"group": dict(zip(self.plan.groups, values, strict=False))} if width else {}
        for one, value in zip(self.plan.asked, values[width:], strict=True):
            if one.kind is None:
                item["count"] = value
            else:
                item.setdefault(one.kind, {})[one.field] = value
        return item


def summary(
    catalog: Catalog,
    name: str,
    info: RequestInfo,
    aggregate: str,
    *,
    group: str = "",
    filter: str = "",
    sort: str = "",
    page: str = "",
    per_page: str = "",
    skip_total: str = "",
) -> Summary:
    """Checks and compiles a request for aggregates; `sort` names groups and aggregates. Raises NotFound, Forbidden, BadRequest."""
    plan = plan_of(aggregate, group, sort)
    wanted = {"filter": filter, "page": page, "per_page": per_page, "skip_total": skip_total, "expand": ""}
    listed = listing(catalog, name, info, sort=",".join(plan.paths), **wanted)
    refuse_telling(catalog, listed.collection, plan.paths, info.actor)
    ends = {path: end_of(catalog, listed.collection, path) for path in plan.paths}
    _refuse_meaningless(plan, ends)
    shapes = (*(_shape(ends[path]) for path in plan.groups), *(_shape_of(one, ends) for one in plan.asked))
    select, count = selects(listed.question, aggregate, group, sort)
    return Summary(listed, plan, select, count, shapes)


def _refuse_meaningless(plan: Plan, ends: Mapping[str, End]) -> None:
    """Sums are of numbers, each of which is counted once."""
    added = [one for one in plan.asked if one.kind in ("sum", "avg")]
    for one in added:
        end = ends[one.field]
        if not end.inside and not isinstance(end.field, NumberField | BoolField) and not one.field.endswith(":length"):
            raise BadRequest(f'The field "{one.field}" is no number.')
    if added and not all(ends[one.field].one for one in plan.asked if one.field):
        raise BadRequest("Sums and averages cannot go through relations to many.")


def _shape(end: End) -> Callable[[Any], Any]:
    """How a value is shown: as that of its field; what is not there is null."""
    field = end.field
    if field is None:
        return lambda value: value
    return lambda value: None if value is None else field.export(field.from_store(value))


def _shape_of(one: Asked, ends: Mapping[str, End]) -> Callable[[Any], Any]:
    return _shape(ends[one.field]) if one.kind in ("min", "max") else lambda value: value


# ---- selects


@remembered
def selects(question: Question, aggregate: str, group: str, sort: str) -> tuple[Select, Select]:
    """A page of groups, and their number. The question's sort keys are the paths of the plan."""
    plan = plan_of(aggregate, group, sort)
    columns = {path: Column("a", f"k{number}") for number, path in enumerate(plan.paths)}
    values = tuple(_value(one, columns, distinct=question.distinct) for one in plan.asked)
    groups = tuple(columns[path] for path in plan.groups)
    named: dict[str, Expr] = dict(zip((one.text for one in plan.asked), values, strict=True))
    named |= {path: columns[path] for path in plan.groups}
    order = tuple(Order(named[name], descending) for name, descending in plan.order)
    rows = _rows(question)
    limit, offset = Param(questions.PAGE_LIMIT), Param(questions.PAGE_OFFSET)
    page = Select((*groups, *values), rows, "a", group=groups, order=order, limit=limit, offset=offset)
    every = Select((questions.ONE,), rows, "a", group=groups, names=("one",))
    return page, Select((Count(),), every, "g")


def _rows(question: Question) -> Select:
    """The records with what is read of them, each once for every different value."""
    columns: Sequence[Expr] = (Column("r", "id"), *(order.by for order in question.order))
    names = ("id", *(f"k{number}" for number in range(len(question.order))))
    return Select(tuple(columns), question.root, "r", question.joins, question.where, distinct=question.distinct, names=names)


def _value(one: Asked, columns: Mapping[str, Column], *, distinct: bool) -> Expr:
    if one.kind is None:
        return Count(Column("a", "id")) if distinct else Count()
    return Aggregate(one.kind, columns[one.field])

"""The selects that records are read with; each is built once for its collection or compiled rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..rules.narrow import Narrowed, narrow
from ..rules.rule import Question
from ..schema.collection import Collection
from ..schema.fields import RelationField
from ..schema.indexes import Index, parse_index
from ..store.query import And, Call, Column, Compare, Exists, Expr, In, JsonEach, Order, Param, Select, Table, Value
from .remembered import remembered

RECORD_ID = "record_id"
RECORD_IDS = "record_ids"
"""A JSON array of ids."""
EMAIL = "email"
PAGE_LIMIT = "page_limit"
PAGE_OFFSET = "page_offset"

ONE = Value(1)
THE_ID = Column("r", "id")
IS_THE_ONE = Compare("=", THE_ID, Param(RECORD_ID))
IS_AMONG = In(THE_ID, Param(RECORD_IDS))


def columns_of(collection: Collection) -> tuple[Expr, ...]:
    """Every column of the collection, in the order `Record.from_row` reads them."""
    return tuple(Column("r", name) for name in collection.names)


def narrowed(select: Select, condition: Expr) -> Select:
    """The same select, of the rows for which condition holds too."""
    return replace(select, where=And((condition, select.where)) if select.where else condition)


# ---- without a rule


@remembered
def row_by_id(collection: Collection) -> Select:
    """The row `record_id`."""
    return Select(columns_of(collection), Table(collection.name), where=IS_THE_ONE, limit=ONE)


@remembered
def ids_that_exist(collection: Collection) -> Select:
    """Those of `record_ids` that exist."""
    return Select((THE_ID,), Table(collection.name), where=IS_AMONG)


@remembered
def exists_by_id(collection: Collection) -> Select:
    """A row where `record_id` exists."""
    return Select((ONE,), Table(collection.name), where=IS_THE_ONE, limit=ONE)


@remembered
def exists_in_other_case(collection: Collection) -> Select:
    """A row where an id exists that differs from `record_id` at most in the case of its letters."""
    same = Compare("=", Call("lower", (THE_ID,)), Call("lower", (Param(RECORD_ID),)))
    return Select((ONE,), Table(collection.name), where=same, limit=ONE)


@remembered
def row_by_email(collection: Collection) -> Select:
    """The row of the auth record whose email is exactly `email`."""
    return Select(columns_of(collection), Table(collection.name), where=Compare("=", Column("r", "email"), Param(EMAIL)), limit=ONE)


@remembered
def some_rows(collection: Collection) -> Select:
    """At most `page_limit` rows, whichever."""
    return Select((THE_ID,), Table(collection.name), limit=Param(PAGE_LIMIT))


@remembered
def newest_row(collection: Collection) -> Select:
    """The number of the row added last: at least as many rows there are, or were once."""
    return newest_of(collection.name)


@remembered
def newest_of(table: str) -> Select:
    """The same of a table by its name."""
    number = Column("r", "rowid")
    return Select((number,), Table(table), order=(Order(number, descending=True),), limit=ONE)


# ---- with a rule


@remembered
def verdict(question: Question) -> Select:
    """A row where the question holds for its one root row (an image)."""
    return question.select((ONE,), limit=ONE)


@remembered
def verdict_by_id(question: Question) -> Select:
    """A row where the question holds for the record `record_id`."""
    return narrowed(question.select((ONE,), limit=ONE), IS_THE_ONE)


@remembered
def row_if(question: Question, collection: Collection) -> Select:
    """The row `record_id`, where the question holds for it."""
    return narrowed(question.select(columns_of(collection), limit=ONE), IS_THE_ONE)


@remembered
def rows_among(question: Question, collection: Collection) -> Select:
    """Those of `record_ids` for which the question holds."""
    return narrowed(question.select(columns_of(collection)), IS_AMONG)


@remembered
def ids_among(question: Question) -> Select:
    """The ids of those of `record_ids` for which the question holds."""
    return narrowed(question.select((THE_ID,)), IS_AMONG)


@remembered
def page_rows(question: Question, collection: Collection) -> Select:
    """`page_limit` rows from `page_offset` on."""
    return question.select(columns_of(collection), limit=Param(PAGE_LIMIT), offset=Param(PAGE_OFFSET))


@remembered
def page_count(question: Question) -> Select:
    """How many rows there are on all pages."""
    return question.select((), count=True)


# ---- with a rule, looked at from the related records


@remembered
def from_related(question: Question) -> Narrowed | None:
    """The same question asked of related records first, where that can be."""
    return narrow(question)


@remembered
def page_from_related(question: Question, collection: Collection) -> Select | None:
    """`page_rows` asked so, in the same order: of rows that are alike in the sort, the older comes first.

    None where it cannot be, or where the rows are best looked at in their order until the page is full.
    """
    found = from_related(question)
    if found is None or not question.order or collection.is_view or sorted_by_index(collection, question.order[0].by):
        return None
    if found.question.distinct:
        return None
    if found.first and sorted_for_each(collection, found.relation, question.order):
        return first_of_each(found.first, question.order[0], collection)
    return page_rows(replace(found.question, order=(*question.order, Order(Column("r", "rowid")))), collection)


def first_of_each(related: Select, order: Order, collection: Collection) -> Select:
    """The page where an index gives each related record's rows in order: of each as many are looked at as may be on the page.

    For that to be, rows that are alike in the sort come as the index has them: where the sort descends, the newer first.
    """
    by = (order, Order(Column("r", "rowid"), order.descending))
    return replace(related, columns=columns_of(collection), order=by, limit=Param(PAGE_LIMIT), offset=Param(PAGE_OFFSET))


def sorted_for_each(collection: Collection, relation: str, order: Sequence[Order]) -> bool:
    """Does an index give the rows that name one record in this order?"""
    key = order[0].by
    if len(order) > 1 or not isinstance(key, Column) or key.source != "r":
        return False
    wanted = [relation.lower(), key.name.lower()]
    return any(index_begins(index, wanted) for index in map(parse_index, collection.indexes))


def index_begins(index: Index, columns: Sequence[str]) -> bool:
    """Are these, by their names in lower case, the first columns of an index on all rows?"""
    first = index.columns[: len(columns)]
    return not index.where and [column.name.lower() for column in first] == columns and not any(column.collate for column in first)


@remembered
def count_from_related(question: Question) -> Select | None:
    """`page_count` asked so; None where it cannot be."""
    found = from_related(question)
    return page_count(found.question) if found else None


def sorted_by_index(collection: Collection, by: Expr) -> bool:
    """Does an index give the rows in this order?"""
    if not isinstance(by, Column) or by.source != "r":
        return False
    first = [index.columns[0].name.lower() for index in map(parse_index, collection.indexes) if index.columns]
    return by.name in ("id", "rowid") or by.name.lower() in first


# ---- who names a record


def names_one(field: RelationField) -> Expr:
    """Does the relation of the root row name one of `record_ids`?"""
    relation = Column("r", field.name)
    if not field.multiple:
        return In(relation, Param(RECORD_IDS))
    among = In(Column("item", "value"), Param(RECORD_IDS))
    return Exists(Select((ONE,), JsonEach(relation), "item", where=among))


@remembered
def referring_rows(collection: Collection, field: RelationField) -> Select:
    """(id, relation) of at most `page_limit` rows whose relation names one of `record_ids`, oldest first."""
    order = () if collection.is_view else (Order(Column("r", "rowid")),)
    columns = (THE_ID, Column("r", field.name))
    return Select(columns, Table(collection.name), where=names_one(field), order=order, limit=Param(PAGE_LIMIT))

"""Lists that go on after a record: pages of constant cost however deep they lie.

The rows of a page follow the last row of the page before in the order of the sort keys, with the row's own number as
the last one. A cursor holds that last row's keys; clients only hand it back.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import BadRequest
from ..rules.paging import FALSE
from ..rules.request import RequestInfo
from ..rules.rule import Question
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.record import Record
from ..store.protocol import Reader
from ..store.query import And, Bindable, Call, Column, Compare, Expr, Or, Order, Param, Row, Select, Table, Value
from ..values import json_bytes, parse_json
from . import questions
from .export import show
from .read import Listing, listing
from .remembered import remembered
from .telling import end_of, refuse_telling
from .versions import digest

NULL = Value(None)
TIE = "after_row"
INVALID = "The cursor is invalid or belongs to another list."


@dataclass(frozen=True, slots=True)
class Key:
    """A sort key; one that is `sure` is never null."""

    by: Expr
    descending: bool
    sure: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A row that a page goes on after: its sort keys' values, its number and its id."""

    values: Sequence[Bindable]
    row: Bindable
    id: str

    def params(self) -> dict[str, Bindable]:
        """What `rows_after` asks for."""
        return {TIE: self.row, **{f"after_{number}": value for number, value in enumerate(self.values)}}

    @property
    def nulls(self) -> str:
        """For each value whether it is null, as a text of `n` and `v`."""
        return "".join("n" if value is None else "v" for value in self.values)


@dataclass(frozen=True, slots=True)
class Following:
    """One request for a page that follows a cursor, compiled."""

    listing: Listing
    mark: str
    place: Place | None

    def answer(self, reader: Reader) -> dict[str, Any]:
        """The page, and under `next` the cursor to go on with, None at the end."""
        listing = self.listing
        size, collection = listing.page.size, listing.collection
        params = listing.bound({questions.PAGE_LIMIT: size + 1})
        rows = self._rows(reader, params)
        records = [Record.from_row(collection, row) for row in rows[:size]]
        items = show(reader, listing.catalog, records, listing.info, listing.expand)
        more = self._cursor(rows[size - 1]) if len(rows) > size else None
        return {**self._totals(reader, params), "items": items, "next": more}

    def _rows(self, reader: Reader, params: dict[str, Bindable]) -> list[Row]:
        question, collection = self.listing.question, self.listing.collection
        if self.place is None:
            return reader.rows(first_rows(question, collection), params)
        place = self._moved(reader, self.place)
        params = params | place.params()
        rows: list[Row] = []
        for select in rows_after(question, collection, place.nulls):
            rows += reader.rows(select, {**params, questions.PAGE_LIMIT: self.listing.page.size + 1 - len(rows)})
            if len(rows) > self.listing.page.size:
                break
        return rows

    def _moved(self, reader: Reader, place: Place) -> Place:
        """Rows may be given other numbers when the database is compacted; the record knows its own."""
        if self.listing.collection.is_view:
            return place
        row = reader.one(number_of(self.listing.collection), {questions.RECORD_ID: place.id})
        return Place(place.values, row[0], place.id) if row else place

    def _totals(self, reader: Reader, params: Mapping[str, Bindable]) -> dict[str, Any]:
        page, total = self.listing.page, -1
        if page.counted:
            row = reader.one(questions.page_count(self.listing.question), params)
            total = int(row[0]) if row else 0
        return {**page.answer([], total), "page": -1}

    def _cursor(self, row: Row) -> str:
        width = len(self.listing.collection.names)
        return encoded(self.mark, Place(row[width:-1], row[-1], str(row[self.listing.collection.names.index("id")])))


def following(
    catalog: Catalog,
    name: str,
    info: RequestInfo,
    cursor: str,
    *,
    filter: str = "",
    sort: str = "",
    per_page: str = "",
    skip_total: str = "",
    expand: str = "",
) -> Following:
    """Checks and compiles a request for the page after `cursor`, "" for the first one; totals only where `skip_total` is false.

    Raises NotFound, Forbidden, BadRequest.
    """
    skipped = skip_total if skip_total in FALSE else "1"
    listed = listing(catalog, name, info, filter=filter, sort=sort, page="", per_page=per_page, skip_total=skipped, expand=expand)
    names = [key.strip().lstrip("+-") for key in sort.split(",")] if sort else []
    refuse_telling(catalog, listed.collection, names, info.actor)
    _refuse_unordered(listed.question)
    if listed.question.distinct and not all(end_of(catalog, listed.collection, name).one for name in names):
        raise BadRequest("The order of a relation's many records has no cursor.")
    mark = digest(f"{listed.collection.id} {sort}".encode())[:8]
    return Following(listed, mark, decoded(mark, cursor, len(listed.question.order)) if cursor else None)


def _refuse_unordered(question: Question) -> None:
    if any(order.by == Call("random") for order in question.order):
        raise BadRequest("A random order has no cursor.")


# ---- cursors


def encoded(mark: str, place: Place) -> str:
    """A place as text; `mark` names its list."""
    try:
        content = json_bytes([mark, list(place.values), place.row, place.id])
    except TypeError:
        raise BadRequest("These sort keys have no cursor.") from None
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(mark: str, cursor: str, keys: int) -> Place:
    """The place that a cursor of the same list tells. Raises BadRequest."""
    try:
        found = parse_json(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise BadRequest(INVALID) from None
    if not (isinstance(found, list) and len(found) == 4 and found[0] == mark):
        raise BadRequest(INVALID)
    _, values, row, key = found
    if not (isinstance(values, list) and len(values) == keys and all(map(_bindable, [*values, row])) and isinstance(key, str)):
        raise BadRequest(INVALID)
    return Place(values, row, key)


def _bindable(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) < 2**63
    return value is None or isinstance(value, str | float)


# ---- selects


@remembered
def first_rows(question: Question, collection: Collection) -> Select:
    """`page_limit` rows from the start: the collection's columns, the sort keys, and the row's number."""
    keys = keys_of(question, collection)
    columns = (*questions.columns_of(collection), *(key.by for key in keys))
    order = tuple(Order(key.by, key.descending) for key in keys)
    return Select(columns, question.root, "r", question.joins, question.where, order, question.distinct, limit=Param(questions.PAGE_LIMIT))


@remembered
def rows_after(question: Question, collection: Collection, nulls: str) -> tuple[Select, ...]:
    """The rows that follow the one with the keys `after_0`... and the number `after_row`; `nulls` says which keys are null.

    First those that differ in the number alone, then those in the last key and so on: an index of the keys is entered
    at the right place each time, though many rows may be alike in the first of them.
    """
    keys, first = keys_of(question, collection), first_rows(question, collection)
    found = (condition(keys, nulls, depth) for depth in reversed(range(len(keys))))
    return tuple(questions.narrowed(first, one) for one in found if one)


@remembered
def number_of(collection: Collection) -> Select:
    """The number of the row `record_id`."""
    return Select((Column("r", "rowid"),), Table(collection.name), where=questions.IS_THE_ONE)


def keys_of(question: Question, collection: Collection) -> tuple[Key, ...]:
    """What rows are ordered by: the sort keys, then the row's number (a view's id), in the direction that an index has them in."""
    keys = [Key(order.by, order.descending, _is_sure(order.by, collection)) for order in question.order]
    backward = bool(keys) and keys[0].descending
    return (*keys, Key(Column("r", "id" if collection.is_view else "rowid"), backward, sure=True))


def _is_sure(expr: Expr, collection: Collection) -> bool:
    if not isinstance(expr, Column) or expr.source != "r" or collection.is_view:
        return False
    field = collection.field(expr.name)
    return expr.name == "rowid" or (field is not None and field.kind != "json")


def condition(keys: Sequence[Key], nulls: str, depth: int) -> Expr | None:
    """Which rows have the same first `depth` keys and a later one next? None where there can be none."""
    places = list(zip(keys, (*(f"after_{number}" for number in range(len(nulls))), TIE), nulls + "v", strict=True))
    later = _later(*places[depth])
    return And((*(_same(key, name, null) for key, name, null in places[:depth]), later)) if later else None


def _same(key: Key, name: str, null: str) -> Expr:
    return Compare("is", key.by, NULL) if null == "n" else Compare("=", key.by, Param(name))


def _later(key: Key, name: str, null: str) -> Expr | None:
    """Null comes before everything."""
    if null == "n":
        return None if key.descending else Compare("is not", key.by, NULL)
    if not key.descending:
        return Compare(">", key.by, Param(name))
    less = Compare("<", key.by, Param(name))
    return less if key.sure else Or((less, Compare("is", key.by, NULL)))

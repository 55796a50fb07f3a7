"""Lists and views: what an actor may see, page by page, rows and totals from one snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import BadRequest, Forbidden, NotFound
from ..rules.constants import Constants
from ..rules.paging import Page
from ..rules.request import RequestInfo
from ..rules.rule import PrivateName, Question, RuleError
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.record import Record
from ..store.protocol import Reader
from ..store.query import Bindable
from . import questions
from .access import bound, found, question_of, refuse_locked
from .export import show

MANY_MORE = 4
"""To look at each related record once pays as long as they are at most so many times as many as the records."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list request, compiled: ask it with any reader. The question is that of all filters of its form, `constants` are this one's."""

    catalog: Catalog
    collection: Collection
    question: Question
    constants: Mapping[str, Bindable]
    info: RequestInfo
    page: Page
    expand: str

    def answer(self, reader: Reader) -> dict[str, Any]:
        """Page, totals and expanded records, all as of the reader's snapshot."""
        params = self.bound({questions.PAGE_LIMIT: self.page.size, questions.PAGE_OFFSET: self.page.offset})
        turned = self._turned(reader)
        page = questions.page_from_related(self.question, self.collection) if turned else None
        rows = reader.rows(page or questions.page_rows(self.question, self.collection), params)
        total = self._total(reader, len(rows), params, turned=turned) if self.page.counted else -1
        records = [Record.from_row(self.collection, row) for row in rows]
        return self.page.answer(show(reader, self.catalog, records, self.info, self.expand), total)

    def bound(self, more: Mapping[str, Any]) -> dict[str, Bindable]:
        """The params of the question, of its filter and of the select around it."""
        return bound(self.question, self.info, {**self.constants, **more})

    def _total(self, reader: Reader, rows: int, params: Mapping[str, Any], *, turned: bool) -> int:
        """A page that is not full is the last one and says itself how many there are."""
        if rows < self.page.size and (rows or self.page.number == 1):
            return self.page.offset + rows
        count = questions.count_from_related(self.question) if turned else None
        row = reader.one(count or questions.page_count(self.question), params)
        return int(row[0]) if row else 0

    def _turned(self, reader: Reader) -> bool:
        """Can related records be asked first, and are they not many more than the records?"""
        found = questions.from_related(self.question)
        tables = [self.catalog.find(name) for name in (self.collection.name, *found.targets)] if found else []
        if found is None or any(table is None or table.is_view for table in tables):
            return False
        most = MANY_MORE * newest(reader, self.collection.name)
        return all(newest(reader, table) <= most for table in found.targets)


def newest(reader: Reader, table: str) -> int:
    """The number of the table's newest row: it has that many at most."""
    row = reader.one(questions.newest_of(table))
    return int(row[0]) if row else 0


def listing(
    catalog: Catalog, name: str, info: RequestInfo, *, filter: str, sort: str, page: str, per_page: str, skip_total: str, expand: str
) -> Listing:
    """Checks and compiles a list request. Raises NotFound, Forbidden, BadRequest."""
    collection = found(catalog, name)
    refuse_locked(collection.list_rule, info)
    constants = Constants.of(filter)
    try:
        question = question_of(catalog, collection, collection.list_rule or "", info, filter=filter, constants=constants, sort=sort)
    except PrivateName as error:
        raise Forbidden(str(error)) from error
    except RuleError as error:
        raise BadRequest from error
    return Listing(catalog, collection, question, constants.params, info, Page.parse(page, per_page, skip_total), expand)


@dataclass(frozen=True, slots=True)
class Viewing:
    """One view request, compiled."""

    catalog: Catalog
    collection: Collection
    question: Question
    record_id: str
    info: RequestInfo
    expand: str

    def answer(self, reader: Reader) -> dict[str, Any]:
        """The record with its expands. Raises NotFound."""
        record = load_if(reader, self.question, self.collection, self.record_id, self.info)
        return show(reader, self.catalog, [record], self.info, self.expand)[0]


def viewing(catalog: Catalog, name: str, record_id: str, info: RequestInfo, expand: str) -> Viewing:
    """Checks and compiles a view request. Raises NotFound, Forbidden."""
    collection = found(catalog, name)
    if not record_id:
        raise NotFound
    refuse_locked(collection.view_rule, info)
    return Viewing(catalog, collection, by_rule(catalog, collection, collection.view_rule, info), record_id, info, expand)


def by_rule(catalog: Catalog, collection: Collection, rule: str | None, info: RequestInfo) -> Question:
    """The compiled rule of a single record. Raises NotFound where it cannot be compiled."""
    try:
        return question_of(catalog, collection, rule or "", info)
    except RuleError as error:
        raise NotFound from error


def load_if(reader: Reader, question: Question, collection: Collection, record_id: str, info: RequestInfo) -> Record:
    """The stored record, if the question holds for it. Raises NotFound."""
    params = bound(question, info, {questions.RECORD_ID: record_id})
    row = reader.one(questions.row_if(question, collection), params)
    if row is None:
        raise NotFound
    return Record.from_row(collection, row)

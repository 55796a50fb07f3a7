"""Records out of a collection, page by page: however many there are, only a page of them is in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ...errors import BadRequest, Busy, FieldError
from ...rules.request import RequestInfo
from ...rules.rule import Question, RuleError
from ...schema.catalog import Catalog
from ...schema.collection import Collection
from ...schema.record import Record
from ...store.protocol import Reader
from ...store.query import Column, Compare, Expr, Order, Param, Row, Select
from .. import questions
from ..access import bound, found, question_of
from ..parts import Parts
from ..remembered import remembered
from .formats import Encoder, Format

T = TypeVar("T")

PAGE = 500
"""Records of a page."""
AFTER = "after"
CHANGED = "The collection was changed while its records were exported."


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the file, and how many records are in it and those before it."""

    data: bytes
    records: int


class Export:
    """One export by a superuser, in the order in which records were added; `filter` as in a list."""

    def __init__(self, parts: Parts, name: str, format: Format, filter: str, info: RequestInfo) -> None:
        """Raises NotFound, and BadRequest for a filter that cannot be used."""
        self._parts, self._filter, self._info = parts, filter, info
        self.format = format
        catalog = parts.catalogs.current
        self.collection = found(catalog, name)
        self._compiled(catalog)

    async def count(self) -> int:
        """How many records there are to be exported."""
        row = await self._asked(lambda reader, question: reader.one(questions.page_count(question), question.bind(self._info)))
        return int(row[0]) if row else 0

    async def chunks(self) -> AsyncIterator[Chunk]:
        """The file from beginning to end. Raises Busy where the collection changes before that."""
        encoder = Encoder(self.format, self.collection)
        yield Chunk(encoder.head(), 0)
        after, count, rows = None, 0, await self._page(None)
        while rows:
            count += len(rows)
            yield Chunk(encoder.rows(Record.from_row(self.collection, row[:-1]) for row in rows), count)
            after = rows[-1][-1]
            rows = await self._page(after) if len(rows) == PAGE else []
        yield Chunk(encoder.tail(), count)

    # ---- asking

    async def _page(self, after: Any) -> list[Row]:
        def page(reader: Reader, question: Question) -> list[Row]:
            params = bound(question, self._info, {questions.PAGE_LIMIT: PAGE, AFTER: after})
            return reader.rows(page_after(question, self.collection, "" if after is None else AFTER), params)

        return await self._asked(page)

    async def _asked(self, ask: Callable[[Reader, Question], T]) -> T:
        def of(catalog: Catalog) -> Callable[[Reader], T]:
            question = self._compiled(catalog)
            return lambda reader: ask(reader, question)

        return await self._parts.asked(of)

    def _compiled(self, catalog: Catalog) -> Question:
        now = catalog.by_id.get(self.collection.id)
        if now is not self.collection and (now is None or now.to_row() != self.collection.to_row()):
            raise Busy(CHANGED)
        try:
            return question_of(catalog, self.collection, "", self._info, filter=self._filter)
        except RuleError as error:
            raise BadRequest("", {"filter": FieldError("validation_invalid_filter", str(error))}) from error


@remembered
def page_after(question: Question, collection: Collection, after: str) -> Select:
    """`page_limit` rows in the order of their keys, each with its key at its end; `after` names the param of the last key before them."""
    key = Column("r", "id" if collection.is_view else "rowid")
    select = question.select((*questions.columns_of(collection), key), limit=Param(questions.PAGE_LIMIT))
    condition: Expr | None = Compare(">", key, Param(after)) if after else None
    return replace(questions.narrowed(select, condition) if condition else select, order=(Order(key),))

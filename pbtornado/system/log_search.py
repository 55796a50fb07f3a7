"""Reading the logs: lists with filter and sort, one line, how many there were in each hour."""

from __future__ import annotations

from typing import Any

from ..errors import BadRequest, NotFound
from ..rules.paging import Page
from ..rules.request import RequestInfo
from ..rules.rule import Part, Question, RuleError, ask
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.fields import JSONField, NumberField, TextField
from ..store.protocol import Reader, Store
from ..store.query import Call, Column, Compare, Count, Order, Param, Row, Select, Table, Value
from ..values import parse_json
from .logs import LOGS

_FIELDS = (TextField(name="id"), TextField(name="created"), JSONField(name="data"), TextField(name="message"), NumberField(name="level"))
_COLLECTION = Collection(id=LOGS, name=LOGS, type="base", fields=_FIELDS)
_NO_OTHERS = Catalog((), 0)
_NOTHING = RequestInfo()
_COLUMNS = tuple(Column("r", name) for name in _COLLECTION.names)
_ONE = Select(_COLUMNS, Table(LOGS), where=Compare("=", Column("r", "id"), Param("id")))
_HOUR = Call("strftime", (Value("%Y-%m-%d %H:00:00.000Z"), Column("r", "created")))


class LogSearch:
    """Questions about the lines of the logs, for superusers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def lines(self, filter: str, sort: str, page: Page) -> dict[str, Any]:
        """A page of lines, as lists of records are answered. Raises BadRequest."""
        question = _question(filter, sort)
        items, total = await self._store.read(lambda reader: _page(reader, question, page))
        return page.answer(items, total)

    async def view(self, id: str) -> dict[str, Any]:
        """One line. Raises NotFound."""
        row = await self._store.read(lambda reader: reader.one(_ONE, {"id": id}))
        if row is None:
            raise NotFound
        return _shown(row)

    async def stats(self, filter: str) -> list[dict[str, Any]]:
        """`{"date", "total"}` for each hour that has lines, the oldest first. Raises BadRequest."""
        try:
            question = _question(filter, "")
        except BadRequest as error:
            raise BadRequest("Invalid filter format.") from error
        hours = Select((_HOUR, Count()), question.root, "r", question.joins, question.where, (Order(_HOUR),), group=(_HOUR,))
        rows = await self._store.read(lambda reader: reader.rows(hours, question.bind(_NOTHING)))
        return [{"date": date, "total": total} for date, total in rows if date]


def _question(filter: str, sort: str) -> Question:
    parts = (Part(filter, trusted=False),) if filter else ()
    try:
        return ask(_NO_OTHERS, _COLLECTION, parts, sort=sort, superuser=True, request="none")
    except RuleError as error:
        raise BadRequest from error


def _page(reader: Reader, question: Question, page: Page) -> tuple[list[dict[str, Any]], int]:
    params = question.bind(_NOTHING)
    selected = question.select(_COLUMNS, limit=Param("page_limit"), offset=Param("page_offset"))
    rows = reader.rows(selected, {**params, "page_limit": page.size, "page_offset": page.offset})
    counted = reader.one(question.select((), count=True), params) if page.counted else None
    return [_shown(row) for row in rows], int(counted[0]) if counted else -1


def _shown(row: Row) -> dict[str, Any]:
    id, created, data, message, level = row
    about = parse_json(data)
    return {
        "id": id,
        "created": created,
        "data": dict(sorted(about.items())) if isinstance(about, dict) else about,
        "message": message,
        "level": level,
    }

"""A reader that notes what is read, so that an answer can be kept as long as that is unchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from ..rules.request import Footprint, RequestInfo
from ..store.protocol import Reader, ViewColumn
from ..store.query import Bindable, Row, Select, Statement
from . import questions

T = TypeVar("T")
_NOTHING: Mapping[str, Bindable] = {}


class Noting:
    """Puts questions to a reader and their tables into a footprint; of one about `record_id` only that record."""

    def __init__(self, reader: Reader, footprint: Footprint) -> None:
        self._reader, self._footprint = reader, footprint

    def rows(self, question: Select | Statement, params: Mapping[str, Bindable] = _NOTHING) -> list[Row]:
        self._note(question, params)
        return self._reader.rows(question, params)

    def one(self, question: Select | Statement, params: Mapping[str, Bindable] = _NOTHING) -> Row | None:
        self._note(question, params)
        return self._reader.one(question, params)

    def exists(self, question: Select | Statement, params: Mapping[str, Bindable] = _NOTHING) -> bool:
        return self.one(question, params) is not None

    def _note(self, question: Select | Statement, params: Mapping[str, Bindable]) -> None:
        statement = self._reader.statement(question)
        self._footprint.tables |= statement.tables
        if questions.RECORD_ID in params and statement.root:
            self._footprint.records.add((statement.root, str(params[questions.RECORD_ID])))
        elif statement.root:
            self._footprint.tables.add(statement.root)

    def statement(self, question: Select | Statement) -> Statement:
        return self._reader.statement(question)

    def schema(self) -> int:
        return self._reader.schema()

    def view_outline(self, query: str) -> Sequence[ViewColumn]:
        return self._reader.view_outline(query)

    def view_names(self, query: str) -> list[str]:
        return self._reader.view_names(query)

    def view_rows(self, query: str, limit: int) -> list[Row]:
        return self._reader.view_rows(query, limit)


def noted(answer: Callable[[Reader], T], info: RequestInfo) -> Callable[[Reader], T]:
    """The same question, whose answer leaves its footprint where the request wants it."""
    footprint = info.footprint
    return (lambda reader: answer(Noting(reader, footprint))) if footprint else answer

"""SQL that superusers write, run on the records themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..errors import BadRequest, FieldError
from ..schema.catalog import Catalogs
from ..schema.fields import checks
from ..store.protocol import BadQuestion, Origin, Reader, SqlAnswer, TooSlow
from .trials import filled

LONGEST = 5000
"""Bytes of a text."""
FORM: Mapping[str, Any] = {"query": "", "readOnly": False}
NOT_VALID = "An error occurred while validating the submitted data."
FAILED = "Failed to execute query. Raw error:\n"


class SqlStore(Protocol):
    """A store that superusers may speak to in its own language."""

    async def run_sql(self, text: str, check: Callable[[Reader], object], origin: Origin = ..., *, only_read: bool = False) -> SqlAnswer:
        """Runs it, all or nothing; `check` sees what it changed and may refuse by raising."""


class Console:
    """Runs SQL. What it changes is in no log: clients are told to read again what they show."""

    def __init__(self, store: SqlStore, catalogs: Catalogs) -> None:
        self._store, self._catalogs = store, catalogs

    async def run(self, given: Mapping[str, Any], origin: Origin) -> dict[str, Any]:
        """`{"execTime" (ms), "affectedRows", "columns", "rows"}` for `{"query", "readOnly"}`; values are texts or null. BadRequest."""
        form = filled(FORM, given)
        text = form["query"]
        if wrong := checks.required(text) or _too_long(text):
            raise BadRequest(NOT_VALID, {"query": wrong})
        if not text.strip():
            raise BadRequest(f"{FAILED}empty query")
        start = time.monotonic()
        try:
            answer = await self._store.run_sql(text, self._check, origin, only_read=form["readOnly"])
        except BadQuestion as error:
            raise BadRequest(f"{FAILED}{error}") from error
        except TooSlow as error:
            raise BadRequest(f"{FAILED}interrupted (9)") from error
        return _shown(answer, time.monotonic() - start)

    def _check(self, reader: Reader) -> None:
        """Without collections the server can do nothing: SQL after which they cannot be read is undone."""
        try:
            self._catalogs.load(reader)
        except Exception as error:
            raise BadQuestion(f"the collections could not be read any more: {error}") from error


def _too_long(text: str) -> FieldError | None:
    if len(text.encode("utf-8", "replace")) <= LONGEST:
        return None
    return FieldError("validation_length_too_long", f"the length must be no more than {LONGEST}", {"max": LONGEST, "min": 0})


def _shown(answer: SqlAnswer, seconds: float) -> dict[str, Any]:
    columns = [{"name": column.name, "type": column.type, "nullable": True} for column in answer.columns]
    return {"execTime": int(seconds * 1000), "affectedRows": answer.affected, "columns": columns, "rows": answer.rows}

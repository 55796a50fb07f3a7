"""SQL that a superuser writes: read on a connection that cannot write, or run in a transaction of the writer.

What would harm the store itself is refused: its log, other files, the transaction around, what a connection keeps.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from ..lane import Lane
from ..protocol import BadQuestion, SqlAnswer, SqlColumn, StoreBusy, TooSlow
from ..query import Bindable
from . import views
from .connection import REFUSALS, Budget, connect, translated

SECONDS = 180.0
"""How long such SQL may take."""
MOST_ROWS = 1000
MOST_WAITING = 16
MOST_BYTES = 32 * 1024 * 1024
"""Of one answer, and of one value that is read."""

_WRITING = ("INSERT", "CREATE", "UPDATE", "DELETE", "DROP", "DETACH", "ALTER", "REPLACE")
"""How SQL begins that gives no rows, whatever it returns."""
_READS = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE))
_HARMLESS = _READS | {sqlite3.SQLITE_ANALYZE, sqlite3.SQLITE_REINDEX}
_NEVER = {
    sqlite3.SQLITE_ATTACH: "ATTACH",
    sqlite3.SQLITE_DETACH: "DETACH",
    sqlite3.SQLITE_TRANSACTION: "a transaction of its own",
    sqlite3.SQLITE_SAVEPOINT: "a savepoint",
    sqlite3.SQLITE_CREATE_TEMP_INDEX: "temporary indexes",
    sqlite3.SQLITE_CREATE_TEMP_TABLE: "temporary tables",
    sqlite3.SQLITE_CREATE_TEMP_TRIGGER: "temporary triggers",
    sqlite3.SQLITE_CREATE_TEMP_VIEW: "temporary views",
}
"""What would outlive the SQL on its connection, or reach beyond its transaction or the database."""
_OWN = frozenset(("_changes", "_cursors"))
"""Tables that only the log writes to; they may be read."""
_UNSAFE = frozenset(("load_extension", "fts3_tokenizer"))
_ASKING = frozenset(
    (
        *("table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list"),
        *("foreign_key_check", "integrity_check", "quick_check"),
    )
)
"""Pragmas that only tell, whatever they are given."""
_TELLING = frozenset(
    (
        *("database_list", "collation_list", "function_list", "module_list", "pragma_list", "compile_options"),
        *("user_version", "schema_version", "application_id", "data_version", "page_count", "page_size", "freelist_count"),
        *("encoding", "auto_vacuum", "journal_mode", "synchronous", "foreign_keys", "cache_size"),
    )
)
"""Pragmas that only tell as long as they are given nothing."""
_WORDS = {
    sqlite3.SQLITE_READONLY: "attempt to write a readonly database",
    sqlite3.SQLITE_INTERRUPT: "interrupted",
    sqlite3.SQLITE_TOOBIG: "string or blob too big",
    sqlite3.SQLITE_CONSTRAINT: "constraint failed",
    sqlite3.SQLITE_MISMATCH: "datatype mismatch",
    sqlite3.SQLITE_RANGE: "column index out of range",
}
"""What SQLite calls its errors, those that SQL alone can lead to."""


Rows = list[list[str | None]]


class Writes(Exception):
    """SQL that was to be read wants to write."""


class _Guard:
    """SQLite asks it about everything a statement would do. It knows afterwards what it refused."""

    def __init__(self, *, writing: bool) -> None:
        self._writing = writing
        self.forbidden = self.wrote = ""

    def __call__(self, action: int, first: str | None, second: str | None, database: str | None, inner: str | None) -> int:
        self.forbidden = self.forbidden or self._why_not(action, first or "", second or "")
        if not self.forbidden and not self._writing and not _only_reads(action):
            self.wrote = self.wrote or (first or "the database")
        return sqlite3.SQLITE_DENY if self.forbidden or self.wrote else sqlite3.SQLITE_OK

    def _why_not(self, action: int, first: str, second: str) -> str:
        if action in _NEVER:
            return _NEVER[action]
        if action == sqlite3.SQLITE_FUNCTION:
            return f"the function {second}" if second.lower() in _UNSAFE else ""
        if action == sqlite3.SQLITE_PRAGMA:
            name = first.lower()
            return "" if name in _ASKING or (name in _TELLING and not second) else f"the pragma {first}"
        touched = {first.lower(), second.lower()} & _OWN
        return f"writing to {touched.pop()}" if touched and action not in _HARMLESS else ""


def _only_reads(action: int) -> bool:
    return action in _READS or action in (sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_PRAGMA)


def is_writing(text: str) -> bool:
    """Is it SQL that is run for its effect alone?"""
    return text.strip().upper().startswith(_WRITING)


def statements(text: str) -> list[str]:
    """The statements of a text."""
    found, start = [], 0
    for end, character in enumerate(text, 1):
        if character == ";" and sqlite3.complete_statement(text[start:end]):
            found.append(text[start:end])
            start = end
    return [one for one in (*found, text[start:]) if one.strip(" \t\r\n;")]


class Console:
    """A thread on which SQL is read, one text at a time, each on a connection of its own that cannot write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lane: Lane | None = None
        self._asked: dict[asyncio.Future[SqlAnswer], Budget] = {}
        self._closed = False

    def read(self, text: str) -> asyncio.Future[SqlAnswer]:
        """The future raises Writes where it would write, BadQuestion, TooSlow; cancelling it stops the reading.

        Raises StoreBusy where too many wait.
        """
        if self._closed or len(self._asked) >= MOST_WAITING:
            raise StoreBusy("too many wait for the console")
        if self._lane is None:
            self._lane = Lane("console")
        budget = Budget()
        future = self._lane.run(lambda: self._read(text, budget))
        self._asked[future] = budget
        future.add_done_callback(self._done)
        return future

    def close(self) -> None:
        """Stops what is being read."""
        self._closed = True
        for budget in self._asked.values():
            budget.stop()
        if self._lane is not None:
            self._lane.end()
            self._lane.join()

    def _done(self, future: asyncio.Future[SqlAnswer]) -> None:
        self._asked.pop(future).stop()

    def _read(self, text: str, budget: Budget) -> SqlAnswer:
        if budget.stopped:
            raise TooSlow
        connection = connect(self._path, write=False, budget=budget)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
        connection.text_factory = _text
        try:
            return run(connection, budget, text, writing=False)
        finally:
            connection.close()


def run(connection: sqlite3.Connection, budget: Budget, text: str, *, writing: bool) -> SqlAnswer:
    """Runs statement after statement; the rows are the last one's. Raises Writes, BadQuestion, TooSlow."""
    budget.within(seconds=SECONDS)
    statement, affected = "", 0
    names: list[str] = []
    rows: Rows = []
    for statement in statements(text):
        before = connection.total_changes
        names, rows = _answer(connection, statement, writing)
        if connection.total_changes != before:
            affected = int(connection.execute("SELECT changes()").fetchone()[0])
    if is_writing(text):
        return SqlAnswer(affected)
    return SqlAnswer(0, _columns(connection, budget, statement, names), rows)


def _answer(connection: sqlite3.Connection, statement: str, writing: bool) -> tuple[list[str], Rows]:
    """The names of a statement's columns, and its rows."""
    with _guarded(connection, writing=writing):
        cursor = connection.execute(statement)
        names = [column[0] for column in cursor.description or ()]
        rows = _rows(cursor) if names else []
        cursor.close()
    return names, rows


def _rows(cursor: sqlite3.Cursor) -> Rows:
    """The first rows."""
    rows: Rows = []
    size = 0
    for row in cursor:
        if len(rows) == MOST_ROWS:
            break
        rows.append([_shown(value) for value in row])
        size += sum(len(text or "") for text in rows[-1])
        if size > MOST_BYTES:
            raise BadQuestion("the answer is too large, ask for fewer rows or columns")
    return rows


def _columns(connection: sqlite3.Connection, budget: Budget, statement: str, names: list[str]) -> list[SqlColumn]:
    """The columns with the types they were declared with, "" for expressions and where it is not known."""
    if not names:
        return []
    try:
        types = [kind.upper() for _, kind in views.columns(connection, budget, statement)]
    except BadQuestion:  # it has columns and is no SELECT
        types = []
    types += [""] * (len(names) - len(types))
    return [SqlColumn(name, kind) for name, kind in zip(names, types, strict=True)]


@contextmanager
def _guarded(connection: sqlite3.Connection, *, writing: bool) -> Iterator[None]:
    guard = _Guard(writing=writing)
    connection.set_authorizer(guard)
    try:
        yield
    except REFUSALS as error:
        if guard.forbidden:
            raise BadQuestion(f"not authorized: {guard.forbidden}") from error
        if guard.wrote:
            raise Writes from error
        raise _refused(error) from error
    finally:
        connection.set_authorizer(None)


def _refused(error: Exception) -> Exception:
    """The store's word for it; a reason that superusers read has the form the driver of PocketBase gives it."""
    if not isinstance(error, sqlite3.Error):
        return BadQuestion(str(error))
    known = translated(error)
    code = getattr(error, "sqlite_errorcode", 0)
    if isinstance(known, TooSlow) or not (code & 0xFF in _WORDS or isinstance(known, BadQuestion)):
        return known
    if not code:  # the driver's own refusal
        return BadQuestion(str(error))
    word, reason = _WORDS.get(code & 0xFF, "SQL logic error"), str(error)
    return BadQuestion(f"{word}: {reason} ({code})" if reason != word else f"{word} ({code})")


def _shown(value: Bindable) -> str | None:
    """A value as text, as PocketBase shows it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return _text(value)
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    """The fewest digits that say it, with an exponent where it is large or small."""
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    number = Decimal(repr(value)).normalize()
    sign, digits, _ = number.as_tuple()
    power = number.adjusted()
    if -4 <= power < 6:
        return f"{number:f}"
    first, *rest = map(str, digits)
    return f"{'-' if sign else ''}{first}{'.' if rest else ''}{''.join(rest)}e{power:+03d}"


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")

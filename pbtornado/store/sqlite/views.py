"""Views of SELECTs that superusers write: tried where they can do no harm, made so that their ids are texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from time import monotonic

from ..protocol import BadQuestion
from ..query import Row
from .connection import REFUSALS, Budget, refused
from .ddl import tick
from .outline import tidied

TRIAL_SECONDS = 10.0
"""How long trying a SELECT may take, also within a write that may take longer."""

_READING = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_PRAGMA))
_MAKING = frozenset(
    (sqlite3.SQLITE_CREATE_TEMP_VIEW, sqlite3.SQLITE_DROP_TEMP_VIEW, sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE)
)
_UNSAFE = frozenset(("load_extension", "fts3_tokenizer"))
"""Functions that reach outside the database."""


def columns(connection: sqlite3.Connection, budget: Budget, query: str) -> list[tuple[str, str]]:
    """(name, declared type) of each column a view of the SELECT would have. Raises BadQuestion with the reason."""
    with _trial(connection, budget), _temporary(connection, tidied(query)) as name:
        known = connection.execute(f"PRAGMA temp.table_info({name})").fetchall()
        connection.execute(f"EXPLAIN SELECT * FROM temp.{name}").close()  # only now what it uses is looked at
        return [(column, kind) for _, column, kind, *_ in known]


def rows(connection: sqlite3.Connection, budget: Budget, query: str, limit: int) -> list[Row]:
    """At most `limit` rows of such a view. Raises BadQuestion, TooSlow."""
    query = with_text_id(connection, budget, query)
    with _trial(connection, budget), _temporary(connection, query) as name:
        return connection.execute(f"SELECT * FROM temp.{name} LIMIT ?", (limit,)).fetchall()


def with_text_id(connection: sqlite3.Connection, budget: Budget, query: str) -> str:
    """The SELECT, or one around it that makes its `id` a text."""
    query = tidied(query)
    known = columns(connection, budget, query)
    if all(name != "id" or kind.upper() == "TEXT" for name, kind in known):
        return query
    spelled = ",".join([f"CAST({tick(name)} as TEXT) {tick(name)}" if name == "id" else tick(name) for name, _ in known])
    return f"SELECT {spelled} FROM ({query})"


@contextmanager
def _temporary(connection: sqlite3.Connection, query: str) -> Iterator[str]:
    """The name of a view that only this connection has, for a while."""
    name = tick(f"_temp_{token_hex(6)}")
    connection.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM ({query})")
    try:
        yield name
    finally:
        connection.execute(f"DROP VIEW temp.{name}")


@contextmanager
def _trial(connection: sqlite3.Connection, budget: Budget) -> Iterator[None]:
    """A while in which the connection reads, and makes temporary views, but nothing else; refusals in the database's own words."""
    deadline, budget.deadline = budget.deadline, min(budget.deadline, monotonic() + TRIAL_SECONDS)
    connection.set_authorizer(_authorized)
    try:
        yield
    except REFUSALS as error:
        raise _worded(error) from error
    finally:
        connection.set_authorizer(None)
        budget.deadline = deadline


def _authorized(action: int, first: str | None, second: str | None, database: str | None, inner: str | None) -> int:
    allowed = action in _READING or (action in _MAKING and database == "temp")
    if action == sqlite3.SQLITE_FUNCTION and second in _UNSAFE:
        allowed = False
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _worded(error: Exception) -> Exception:
    """The store's word for it; a reason that superusers read has the form the driver of PocketBase gives it."""
    reason = refused(error)
    return BadQuestion(f"SQL logic error: {reason} (1)") if isinstance(reason, BadQuestion) else reason

"""Connections that see whether texts from outside become SQL.

Every such text has a canary in it, a word that stands nowhere else. A statement that has the word too was put
together from what somebody sent.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Any

CANARY = "zqcanary"
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_NAME = re.compile(r"`\w+`|\"\w+\"")


class Watched(sqlite3.Connection):
    """A connection that remembers the statements with a canary in them: as they were handed over, and as SQLite ran them.

    SQLite tells a statement with its parameters as literals; those are left out.
    """

    found: list[str] = []  # noqa: RUF012  # one list for all connections

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.set_trace_callback(self.traced)

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if CANARY in sql.lower():
            self.found.append(sql)
        return super().execute(sql, *parameters)

    def executemany(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if CANARY in sql.lower():
            self.found.append(sql)
        return super().executemany(sql, *parameters)

    def cursor(self, *_: Any) -> Any:
        raise AssertionError("statements go through execute and executemany")

    executescript = cursor

    def traced(self, sql: str) -> None:
        """SQLite runs a statement."""
        if CANARY in sql.lower() and CANARY in _LITERAL.sub("''", sql).lower():
            self.found.append(sql)

    @classmethod
    def caught(cls) -> list[str]:
        """What was remembered, which is forgotten then."""
        found = list(cls.found)
        cls.found.clear()
        return found


def but_for_names(statement: str) -> bool:
    """Is the canary in anything but a quoted name of plain letters?"""
    return CANARY in _NAME.sub("", statement).lower()

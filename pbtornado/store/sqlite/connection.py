"""Connections as this store needs them, time limits on them, and SQLite's errors in the store's words."""

from __future__ import annotations

import math
import re
import sqlite3
from pathlib import Path
from time import monotonic
from urllib.parse import quote

from ..patterns import contains, number
from ..protocol import BadQuestion, CommitFailed, StoreBusy, TooSlow, UniqueViolation

TICK = 2_000
"""Steps of SQLite's machine between two looks at the budget: about 0.02 to 0.1 ms, more where a step reads long texts."""

REFUSALS = (sqlite3.Error, OverflowError, UnicodeError)
"""What the driver raises for a statement or a value it does not take."""

CHECKPOINT_PAGES = 1000
"""The commit that brings the WAL to so many pages moves them into the file, which takes milliseconds."""

_PRAGMAS = (
    f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32000",
    "PRAGMA journal_size_limit = 200000000",
    "PRAGMA recursive_triggers = ON",
)
_EARTH_RADIUS_KM = 6371.0


class Budget:
    """What a question may still cost: ticks of steps, and a moment. Connections ask it at each tick."""

    __slots__ = ("deadline", "stopped", "ticks")

    def __init__(self) -> None:
        self.stopped = False
        self.unlimited()

    def unlimited(self) -> None:
        self.ticks, self.deadline = math.inf, math.inf

    def within(self, *, ticks: float = math.inf, seconds: float = math.inf) -> None:
        """Allows this much from now on."""
        self.ticks, self.deadline = ticks, monotonic() + seconds

    def stop(self) -> None:
        """Allows nothing any more, whatever is allowed afterwards; from any thread."""
        self.stopped = True

    def used_up(self) -> bool:
        self.ticks -= 1
        return self.stopped or self.ticks < 0 or monotonic() > self.deadline


def connect(path: Path, *, write: bool, budget: Budget | None = None, synchronous: str = "FULL", wait: float = 10.0) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any one thread at a time.

    `wait` is for how many seconds it lets other programs finish before it reports a busy database.
    """
    uri = f"file:{quote(str(path.absolute()))}?mode={'rwc' if write else 'ro'}"
    connection = sqlite3.connect(uri, uri=True, timeout=wait, isolation_level=None, check_same_thread=False, cached_statements=1024)
    if write:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    connection.create_function("geo_distance", 4, geo_distance, deterministic=True)
    connection.create_function("contains_pattern", 1, contains, deterministic=True)
    connection.create_function("number_of", 1, number, deterministic=True)
    if budget is not None:
        connection.set_progress_handler(budget.used_up, TICK)
    return connection


def geo_distance(lon_a: object, lat_a: object, lon_b: object, lat_b: object) -> float | None:
    """Kilometres between two points of the earth; null when a coordinate is no number."""
    points = [_radians(value) for value in (lon_a, lat_a, lon_b, lat_b)]
    if None in points:
        return None
    lon1, lat1, lon2, lat2 = (point or 0.0 for point in points)
    across = math.cos(lat1) * math.cos(lat2) * math.cos(lon2 - lon1) + math.sin(lat1) * math.sin(lat2)
    return _EARTH_RADIUS_KM * math.acos(across) if -1 <= across <= 1 else None


def _radians(value: object) -> float | None:
    if isinstance(value, str):
        try:
            return math.radians(float(value))
        except ValueError:
            return None
    return math.radians(value) if isinstance(value, int | float) else None


_LONG_PATTERN = "LIKE or GLOB pattern too complex"
_UNIQUE = re.compile(r"(?:UNIQUE|PRIMARY KEY) constraint failed: (.*)")


def translated(error: sqlite3.Error) -> Exception:
    """The store's word for what SQLite refused."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_INTERRUPT or str(error) == _LONG_PATTERN:
        return TooSlow("the question went over its limit")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy("another program keeps the database locked")
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT):
        return CommitFailed(str(error))
    return _unique(str(error)) or BadQuestion(str(error))


def refused(error: Exception) -> Exception:
    """The store's word for one of REFUSALS."""
    return translated(error if isinstance(error, sqlite3.Error) else sqlite3.DataError(str(error)))


def _unique(message: str) -> UniqueViolation | None:
    match = _UNIQUE.fullmatch(message)
    if not match:
        return None
    names = [name.partition(".") for name in match[1].split(", ")]
    return UniqueViolation(names[0][0], [column for _, _, column in names if column])


def run(connection: sqlite3.Connection, text: str) -> sqlite3.Cursor:
    """Executes one statement without parameters; raises the store's errors."""
    try:
        return connection.execute(text)
    except sqlite3.Error as error:
        raise translated(error) from error


def forget_plans(connection: sqlite3.Connection) -> None:
    """Makes statements that are kept be prepared anew; call it when views may have changed.

    SQLite does so by itself where a table is read, but not for a statement about a view that reads none.
    """
    connection.set_authorizer(lambda *_: sqlite3.SQLITE_OK)
    connection.set_authorizer(None)


def undo(connection: sqlite3.Connection) -> None:
    """Ends a transaction that came to nothing, if there is one."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")

"""Databases: questions as data, one writer with a change log, readers. The only floor that knows SQL."""

from .changes import ChangeLog
from .protocol import (
    BadQuestion,
    Change,
    ColumnShape,
    CommitFailed,
    Consumer,
    IndexRefused,
    Origin,
    Position,
    Reader,
    Store,
    StoreBusy,
    TableShape,
    TooSlow,
    UniqueViolation,
    UnusableDirectory,
    Writer,
)
from .sqlite.reader import PrivateReader
from .sqlite.store import SqliteStore
from .tail import Tail

__all__ = [
    "BadQuestion",
    "Change",
    "ChangeLog",
    "ColumnShape",
    "CommitFailed",
    "Consumer",
    "IndexRefused",
    "Origin",
    "Position",
    "PrivateReader",
    "Reader",
    "SqliteStore",
    "Store",
    "StoreBusy",
    "TableShape",
    "Tail",
    "TooSlow",
    "UniqueViolation",
    "UnusableDirectory",
    "Writer",
]

"""The contract of every database under pbtornado. Everything above the store speaks through it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from .query import Bindable, Row, Select, Statement

T = TypeVar("T")

Action = Literal["create", "update", "delete"]


@dataclass(frozen=True, order=True, slots=True)
class Position:
    """A place in the log. `epoch` says which log: seqs of two epochs are not comparable."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"


@dataclass(frozen=True, slots=True)
class Change:
    """One committed effect.

    `image` is the row as stored (column -> stored value) after a create or update, or the last
    one before a delete; `old` the former values of the changed columns only. Secret columns
    (password hashes, token keys) are absent from `image` and null in `old`: that they changed is
    known, what they were is not. `request` and `actor` (`"collectionId/recordId"`, "" for a guest
    or the program itself) say by which request and by whom. `at` is `2006-01-02 15:04:05.000Z`.
    """

    seq: int
    at: str
    request: str
    actor: str
    action: Action
    collection: str
    record: str
    image: Mapping[str, Any]
    old: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """By which request and by whom a write is made; goes into every change it appends."""

    request: str = ""
    actor: str = ""


class UniqueViolation(Exception):
    """A write broke a unique index; `columns` are the index's columns."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        super().__init__(f"unique constraint on {table}({', '.join(columns)})")
        self.table, self.columns = table, tuple(columns)


class StoreBusy(Exception):
    """The bounded queue of writes is full, or another program keeps the database locked."""


class TooSlow(Exception):
    """A question was stopped because it went over its time limit."""


class CommitFailed(Exception):
    """The database could not make a group of writes durable (disk full, I/O error); none of them happened."""


class UnusableDirectory(Exception):
    """The data directory cannot be served; the message is one sentence for the person who started the program."""


class BadQuestion(Exception):
    """The database could not understand a statement: a schema that moved, or SQL of a superuser that is wrong."""


class IndexRefused(BadQuestion):
    """Indexes could not be made: the database's reasons, by position in the shape's `indexes`; "" for what is no index."""

    def __init__(self, reasons: Mapping[int, str]) -> None:
        super().__init__(", ".join(reasons.values()))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class SqlColumn:
    """A column of an answer to SQL; `type` as its table declares it, in capitals, "" for an expression."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """What SQL led to: how many rows its last change affected, or the columns and rows of its last statement."""

    affected: int = 0
    columns: Sequence[SqlColumn] = ()
    rows: Sequence[Sequence[str | None]] = ()


ViewKind = Literal["any", "taken", "whole", "number", "text", "bool"]


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column of a view as its SELECT's text tells of it: a column `taken` from a table as it is, or what its expression gives."""

    name: str
    kind: ViewKind = "any"
    table: str = ""
    column: str = ""


class Reader(Protocol):
    """One snapshot of the database. A select may be given as it is or rendered beforehand.

    A view's SELECT is a superuser's text in the database's own language; nothing is written by asking about one.
    """

    def rows(self, question: Select | Statement, params: Mapping[str, Bindable] = ...) -> list[Row]: ...
    def one(self, question: Select | Statement, params: Mapping[str, Bindable] = ...) -> Row | None: ...
    def exists(self, question: Select | Statement, params: Mapping[str, Bindable] = ...) -> bool: ...
    def statement(self, question: Select | Statement) -> Statement:
        """The question as it is put to the database; it is rendered once."""

    def schema(self) -> int:
        """Which collections this snapshot shows: a number that every committed change of collections or settings moves."""

    def view_outline(self, query: str) -> Sequence[ViewColumn]:
        """The columns of a view of this SELECT as far as its text alone tells. Raises BadQuestion where no view may be made of it."""

    def view_names(self, query: str) -> list[str]:
        """The names of the columns such a view would have. Raises BadQuestion with the database's reason."""

    def view_rows(self, query: str, limit: int) -> list[Row]:
        """At most `limit` of the rows such a view would have now, `id` as text. Raises BadQuestion, TooSlow."""


class Writer(Reader, Protocol):
    """A transaction: reads see its own writes; all of it commits or nothing."""

    origin: Origin

    def insert(self, table: str, values: Mapping[str, Bindable]) -> None:
        """Raises UniqueViolation."""

    def insert_all(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Adds many rows at once; their values are JSON, objects and lists become its text. Raises UniqueViolation."""

    def insert_rows(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Adds many rows of values as they are, until one breaks a unique index. Raises UniqueViolation."""

    def update(self, table: str, key: str, values: Mapping[str, Bindable]) -> None:
        """Changes the row whose `id` is key. Raises UniqueViolation."""

    def delete(self, table: str, key: str) -> None: ...
    def clear(self, table: str) -> None:
        """Removes all rows at once; for tables of which no log is kept."""

    def append(self, action: Action, collection: str, record: str, image: Mapping[str, Any], old: Mapping[str, Any] = ...) -> int:
        """Logs a change under this write's origin; `collection` is the collection's id. Returns its seq."""

    def append_all(self, action: Action, collection: str, records: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Logs many changes of one kind, each of the record of an id with its image, in this order."""

    def reshape(self, before: TableShape | None, after: TableShape | None) -> None:
        """Creates, alters or drops a table so that it goes from one description to the other, values kept.

        Raises IndexRefused, or BadQuestion when the database refuses another step.
        """

    def savepoint(self, work: Callable[[], T]) -> T:
        """Runs work so that, when it raises, only what it wrote is undone."""

    def save_cursor(self, name: str, at: Position) -> None:
        """Remembers how far the durable consumer of this name has read."""

    def drop_changes(self, upto: int, limit: int) -> int:
        """Removes at most `limit` of the oldest changes, none newer than seq `upto`; returns how many."""

    def create_system_tables(self) -> None:
        """Creates `_migrations`, `_params` and `_collections` as PocketBase does, where they are missing."""


Cardinality = Literal["single", "multiple"]


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """A column: `key` (the field's id) follows it through renames; `kind` names its SQL type and default.

    Kinds, with PocketBase's DDL (features A2.17): id text number bool json multiple geo.
    A change of kind between `text` and `multiple` migrates values: a text becomes a list of
    one, a list becomes its last item.
    """

    key: str
    name: str
    kind: Literal["id", "text", "number", "bool", "json", "multiple", "geo"]


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table or view as data. `indexes` are complete CREATE INDEX statements; `view` a view's SELECT."""

    name: str
    columns: tuple[ColumnShape, ...] = ()
    indexes: tuple[str, ...] = ()
    view: str = ""


class Consumer(Protocol):
    """A reader of the log. `durable` ones keep their cursor in the database and run in one worker only."""

    name: str
    durable: bool

    def wanted(self) -> Collection[str] | None:
        """Ids of the collections whose changes it has to be told of, None for all; those of others may be left out."""

    async def consume(self, changes: Sequence[Change], head: Position) -> None:
        """Handles changes in order, at least once when durable. What it raises is logged and tried again.

        `head` is the last change's position; with another epoch than before, something was written
        that the log does not tell (`changes` may then be empty).
        """


class Store(Protocol):
    """A database with its log."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def read(self, question: Callable[[Reader], T], *, long: bool = False) -> T:
        """Runs question on one snapshot; cheap ones on the loop, one over its step budget again on a thread, `long` ones there at once."""

    async def write(self, work: Callable[[Writer], T], origin: Origin = ..., *, long: bool = False) -> T:
        """Runs work in order with all other writes, atomic, and returns after the commit.

        `long` work (schema changes, truncation) runs on the writer's thread instead of the loop.
        Raises StoreBusy when the queue is full.
        """

"""The writer's side of a transaction: rows, changes, shapes of tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ...values import json_array, now
from ..changes import SCHEMA_COLLECTIONS, image_text
from ..protocol import Action, BadQuestion, IndexRefused, Origin, Position, SqlAnswer, TableShape
from ..query import Bindable, Row
from . import console, ddl, views
from .connection import REFUSALS, Budget, forget_plans, refused, run
from .dialect import SqliteDialect
from .reader import SqliteReader, Statements

T = TypeVar("T")
V = TypeVar("V")

_APPEND = (
    "INSERT INTO `_changes` (`at`, `request`, `actor`, `action`, `collection`, `record`, `image`, `old`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_SAVE_CURSOR = (
    "INSERT INTO `_cursors` (`name`, `epoch`, `seq`) VALUES (?, ?, ?)"
    " ON CONFLICT (`name`) DO UPDATE SET `epoch` = excluded.`epoch`, `seq` = excluded.`seq`"
)
_DROP_CHANGES = "DELETE FROM `_changes` WHERE `seq` IN (SELECT `seq` FROM `_changes` WHERE `seq` <= ? ORDER BY `seq` LIMIT ?)"
_NONE: Mapping[str, Any] = {}
_TEXTS_LIMIT = 4096
_GREATEST = 0x7FFFFFFF


class SqliteWriter(SqliteReader):
    """The one writing connection of a process; its transaction is opened and ended by the group commit."""

    def __init__(self, connection: sqlite3.Connection, budget: Budget, statements: Statements) -> None:
        super().__init__(connection, budget, statements)
        self.origin = Origin()
        self.appended = 0
        self.length = 0
        """Characters of the change that was logged last."""
        self.schema_moved = False
        self.past_log = False
        self._inserts: dict[tuple[str, ...], str] = {}
        self._updates: dict[tuple[str, ...], str] = {}
        self._deletes: dict[str, str] = {}
        self._depth = 0

    # ---- rows

    def insert(self, table: str, values: Mapping[str, Bindable]) -> None:
        """Adds a row. Raises UniqueViolation."""
        self._change(self._insert_text(table, values), tuple(values.values()))

    def _insert_text(self, table: str, columns: Iterable[str]) -> str:
        key = (table, *columns)
        return self._inserts.get(key) or _remember(self._inserts, key, _insert(table, key[1:]))

    def insert_all(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Adds rows of JSON values in one statement, during which other threads can work. Raises UniqueViolation."""
        named, read = ", ".join(map(_quote, columns)), ", ".join([f"value ->> {place}" for place in range(len(columns))])
        self._change(f"INSERT INTO {_quote(table)} ({named}) SELECT {read} FROM json_each(?)", (json_array(rows),))

    def insert_rows(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Adds many rows of values as they are, until one breaks a unique index. Raises UniqueViolation."""
        self._change_all(self._insert_text(table, columns), rows)

    def update(self, table: str, key: str, values: Mapping[str, Bindable]) -> None:
        """Changes the row whose `id` is key. Raises UniqueViolation."""
        if not values:
            return
        known = (table, *values)
        text = self._updates.get(known)
        if text is None:
            text = _remember(self._updates, known, _update(table, values))
        self._change(text, (*values.values(), key))

    def delete(self, table: str, key: str) -> None:
        """Removes the row whose `id` is key."""
        text = self._deletes.get(table)
        if text is None:
            text = _remember(self._deletes, table, f'DELETE FROM {_quote(table)} WHERE "id" = ?')
        self._change(text, (key,))

    def clear(self, table: str) -> None:
        """Removes all rows at once."""
        self._change(f"DELETE FROM {_quote(table)}", ())

    def append(self, action: Action, collection: str, record: str, image: Mapping[str, Any], old: Mapping[str, Any] = _NONE) -> int:
        """Logs a change under this write's origin and returns its seq."""
        origin, after, before = self.origin, image_text(image), image_text(old) if old else "{}"
        self.length = len(after) + len(before)
        values = (now(), origin.request, origin.actor, action, collection, record, after, before)
        self.appended = seq = self._change(_APPEND, values)
        if collection in SCHEMA_COLLECTIONS:
            self._move_schema()
        return seq

    def append_all(self, action: Action, collection: str, records: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Logs many changes of one kind, each of the record of an id with its image, in this order."""
        at, request, actor = now(), self.origin.request, self.origin.actor
        self._change_all(_APPEND, [(at, request, actor, action, collection, key, image_text(image), "{}") for key, image in records])
        self.appended = self._cursor("SELECT last_insert_rowid()").fetchone()[0]

    def run_text(self, text: str) -> SqlAnswer:
        """Runs SQL that a superuser wrote; what it changes goes past the log, whose epoch ends. Raises BadQuestion, TooSlow."""
        before = self._state()
        answer = console.run(self.connection, self.budget, text, writing=True)
        if self._state() != before:
            self.past_log = True
            self._move_schema()
        return answer

    def _state(self) -> tuple[int, int]:
        """Moves with every change of rows and tables."""
        return self.connection.total_changes, self.connection.execute("PRAGMA schema_version").fetchone()[0]

    def _move_schema(self) -> None:
        self.schema_moved = True
        run(self.connection, f"PRAGMA user_version = {(self.schema() + 1) & _GREATEST}")

    def save_cursor(self, name: str, at: Position) -> None:
        """Remembers how far the durable consumer of this name has read."""
        self._change(_SAVE_CURSOR, (name, at.epoch, at.seq))

    def drop_changes(self, upto: int, limit: int) -> int:
        """Removes at most `limit` of the oldest changes, none newer than seq `upto`; returns how many."""
        return self._cursor(_DROP_CHANGES, (upto, limit)).rowcount

    # ---- nesting

    def savepoint(self, work: Callable[[], T]) -> T:
        """Runs work so that, when it raises, only what it wrote is undone."""
        name = f"s{self._depth}"
        appended = self.appended, self.schema_moved
        run(self.connection, f"SAVEPOINT {name}")
        self._depth += 1
        try:
            answer = work()
        except BaseException:
            self._back_to(name)
            self.appended, self.schema_moved = appended
            raise
        finally:
            self._depth -= 1
        run(self.connection, f"RELEASE {name}")
        return answer

    def _back_to(self, name: str) -> None:
        if self.connection.in_transaction:
            run(self.connection, f"ROLLBACK TO {name}")
            run(self.connection, f"RELEASE {name}")

    # ---- shapes

    def create_system_tables(self) -> None:
        """Creates `_migrations`, `_params` and `_collections` as PocketBase does, where they are missing."""
        self._run_all(ddl.SYSTEM_TABLES)

    def reshape(self, before: TableShape | None, after: TableShape | None) -> None:
        """Goes from one description to the other, values kept. Raises IndexRefused and BadQuestion."""
        if before is None or after is None or before.view or after.view:
            self._replace(before, after)
        else:
            self._alter(before, after)
        if after is not None:
            self._create_indexes(after)

    def _replace(self, before: TableShape | None, after: TableShape | None) -> None:
        self._run_all(ddl.dropped(before) if before else ())
        if after is not None:
            view = after.view and views.with_text_id(self.connection, self.budget, after.view)
            self._run_all(ddl.created(replace(after, view=view)))
        forget_plans(self.connection)

    def _alter(self, before: TableShape, after: TableShape) -> None:
        for index in before.indexes:
            run(self.connection, f"DROP INDEX IF EXISTS {ddl.tick(ddl.index_name(index))}")
        self._run_all(ddl.altered(before, after))
        migration = [text for old, new in ddl.retyped(before, after) for text in ddl.migrated(after.name, old, new)]
        if migration:
            self._without_views(migration)

    def _without_views(self, texts: list[str]) -> None:
        # SQLite refuses to drop a column that a view names, also when it is back at once.
        views = self._cursor("SELECT name, sql FROM sqlite_master WHERE type = 'view' ORDER BY rowid").fetchall()
        self._run_all([f"DROP VIEW {ddl.tick(name)}" for name, _ in views])
        self._run_all(texts)
        self._run_all([text for _, text in views])

    def _create_indexes(self, shape: TableShape) -> None:
        refused: dict[int, str] = {}
        for position, text in enumerate(shape.indexes):
            if not ddl.index_name(text):
                refused[position] = ""
                continue
            try:
                self.connection.execute(text)
            except sqlite3.Error as error:
                refused[position] = str(error)
        if refused:
            raise IndexRefused(refused)

    def _run_all(self, texts: list[str] | tuple[str, ...]) -> None:
        for text in texts:
            try:
                self.connection.execute(text)
            except sqlite3.IntegrityError as error:
                raise BadQuestion(str(error)) from error
            except sqlite3.Error as error:
                raise refused(error) from error

    # ---- upkeep

    def analyze(self) -> None:
        """Renews what the database knows of its tables' contents, where that seems worth it."""
        run(self.connection, "PRAGMA optimize")

    def checkpoint(self) -> None:
        """Moves the WAL into the file and empties it, as far as nobody reads in it; outside a transaction."""
        run(self.connection, "PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def vacuum(self) -> None:
        """Writes the whole file anew, without its gaps; outside a transaction."""
        run(self.connection, "VACUUM")

    # ---- the connection

    def _change(self, text: str, values: tuple[Bindable, ...]) -> int:
        return self._cursor(text, values).lastrowid or 0

    def _change_all(self, text: str, rows: Sequence[Row]) -> None:
        self._uninterrupted(self.connection.executemany, text, rows)

    def _cursor(self, text: str, values: tuple[Bindable, ...] = ()) -> sqlite3.Cursor:
        return self._uninterrupted(self.connection.execute, text, values)

    def _uninterrupted(self, run: Callable[[str, V], sqlite3.Cursor], text: str, values: V) -> sqlite3.Cursor:
        # An interrupted change would undo the whole group, and by its key it is quick anyway.
        deadline, self.budget.deadline = self.budget.deadline, float("inf")
        try:
            return run(text, values)
        except REFUSALS as error:
            raise refused(error) from error
        finally:
            self.budget.deadline = deadline


_quote = SqliteDialect().quote
K = TypeVar("K")


def _remember(texts: dict[K, str], key: K, text: str) -> str:
    if len(texts) >= _TEXTS_LIMIT:
        texts.clear()
    texts[key] = text
    return text


def _insert(table: str, columns: Sequence[str]) -> str:
    if not columns:
        return f"INSERT INTO {_quote(table)} DEFAULT VALUES"
    return f"INSERT INTO {_quote(table)} ({', '.join(map(_quote, columns))}) VALUES ({', '.join('?' * len(columns))})"


def _update(table: str, values: Mapping[str, Bindable]) -> str:
    sets = ", ".join([f"{_quote(column)} = ?" for column in values])
    return f'UPDATE {_quote(table)} SET {sets} WHERE "id" = ?'

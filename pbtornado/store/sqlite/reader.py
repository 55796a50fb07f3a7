"""Readers: one snapshot on the loop, many on threads, one private with tables of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from ..lane import Lane
from ..protocol import Reader, StoreBusy, ViewColumn
from ..query import Bindable, Row, Select, Statement
from . import views
from .connection import REFUSALS, Budget, connect, forget_plans, refused, run, translated, undo
from .dialect import SqliteDialect
from .outline import outline

T = TypeVar("T")

LOOP_TICKS = 120
"""What a question may cost on the loop before it moves to a thread: about 240,000 steps."""

LOOP_SECONDS = 0.05
"""How long such a question may take: steps differ, and those over long texts are long."""

LOOP_PATTERN, PRIVATE_PATTERN = 64, 256
"""Bytes of a search pattern on the loop. Looking for one in a text takes as long as both lengths multiplied, without a pause;
a question with a longer one moves to a thread, or is too slow where it cannot."""

QUESTION_SECONDS = 30.0
"""How long one question may take on a thread."""

NOW_SECONDS = 2.0
"""How long a question that cannot leave the loop may take."""

WAITING_LIMIT = 512
"""Questions that may wait for a reader's thread."""

_RENDERED_LIMIT = 1024
_NOTHING: Mapping[str, Bindable] = {}


class Statements:
    """Rendered selects by identity, so that a select asked again is not rendered again."""

    def __init__(self) -> None:
        self._dialect = SqliteDialect()
        self._kept: dict[int, tuple[Select, Statement]] = {}

    def of(self, question: Select | Statement) -> Statement:
        if isinstance(question, Statement):
            return question
        kept = self._kept.get(id(question))
        if kept is not None and kept[0] is question:
            return kept[1]
        statement = self._dialect.render(question)
        if len(self._kept) >= _RENDERED_LIMIT:
            self._kept.clear()
        self._kept[id(question)] = (question, statement)
        return statement


class SqliteReader:
    """A connection that answers questions; what it shows is its transaction's snapshot."""

    def __init__(self, connection: sqlite3.Connection, budget: Budget, statements: Statements) -> None:
        self.connection = connection
        self.budget = budget
        self._statements = statements
        self._schema = -1

    def rows(self, question: Select | Statement, params: Mapping[str, Bindable] = _NOTHING) -> list[Row]:
        statement = self._statements.of(question)
        try:
            return self.connection.execute(statement.text, statement.bind(params)).fetchall()
        except REFUSALS as error:
            raise refused(error) from error

    def one(self, question: Select | Statement, params: Mapping[str, Bindable] = _NOTHING) -> Row | None:
        statement = self._statements.of(question)
        try:
            cursor = self.connection.execute(statement.text, statement.bind(params))
            row: Row | None = cursor.fetchone()
            if row is not None:
                cursor.close()
            return row
        except REFUSALS as error:
            raise refused(error) from error

    def exists(self, question: Select | Statement, params: Mapping[str, Bindable] = _NOTHING) -> bool:
        return self.one(question, params) is not None

    def statement(self, question: Select | Statement) -> Statement:
        return self._statements.of(question)

    def schema(self) -> int:
        (number,) = self.connection.execute("PRAGMA user_version").fetchone()
        if number != self._schema:
            forget_plans(self.connection)
            self._schema = number
        return int(number)

    def view_outline(self, query: str) -> Sequence[ViewColumn]:
        """The columns of a view of this SELECT as far as its text alone tells. Raises BadQuestion."""
        return outline(query)

    def view_names(self, query: str) -> list[str]:
        """The names of the columns such a view would have. Raises BadQuestion."""
        return [name for name, _ in views.columns(self.connection, self.budget, query)]

    def view_rows(self, query: str, limit: int) -> list[Row]:
        """At most `limit` of the rows such a view would have now, `id` as text. Raises BadQuestion, TooSlow."""
        return views.rows(self.connection, self.budget, query, limit)

    def snapshot(self, question: Callable[[Reader], T]) -> T:
        """Runs question in one read transaction."""
        if self.connection.in_transaction:
            return question(self)
        run(self.connection, "BEGIN")
        try:
            answer = question(self)
            self.budget.unlimited()
            run(self.connection, "COMMIT")
            return answer
        finally:
            self.budget.unlimited()  # what is used up would interrupt the end of the transaction too
            undo(self.connection)


class LoopReader(SqliteReader):
    """The reader that answers on the loop, as long as that is cheap."""

    def __init__(self, connection: sqlite3.Connection, budget: Budget, statements: Statements) -> None:
        super().__init__(connection, budget, statements)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LOOP_PATTERN)

    def ask(self, question: Callable[[Reader], T]) -> T:
        """Raises TooSlow when the question costs more than the loop can give."""
        self.budget.within(ticks=LOOP_TICKS, seconds=LOOP_SECONDS)
        return self.snapshot(question)

    def ask_now(self, question: Callable[[Reader], T]) -> T:
        """For callers that cannot wait; raises TooSlow after NOW_SECONDS."""
        self.budget.within(seconds=NOW_SECONDS)
        return self.snapshot(question)


class ReaderPool:
    """Threads with a reader each, for questions that take long."""

    def __init__(self, make: Callable[[], SqliteReader], size: int) -> None:
        self._jobs: SimpleQueue[Any] = SimpleQueue()
        self._readers: SimpleQueue[SqliteReader] = SimpleQueue()
        for _ in range(size):
            self._readers.put(make())
        self._lanes = [Lane(f"reader {number}", self._jobs) for number in range(size)]

    def ask(self, question: Callable[[Reader], T]) -> asyncio.Future[T]:
        """Raises StoreBusy when too many wait already; the future raises TooSlow after QUESTION_SECONDS."""
        if self._jobs.qsize() >= WAITING_LIMIT:
            raise StoreBusy("too many questions wait for a reader")
        return self._lanes[0].run(lambda: self._answer(question))

    def _answer(self, question: Callable[[Reader], T]) -> T:
        reader = self._readers.get()
        try:
            reader.budget.within(seconds=QUESTION_SECONDS)
            return reader.snapshot(question)
        finally:
            self._readers.put(reader)

    def close(self) -> None:
        for lane in self._lanes:
            lane.end()
        for lane in self._lanes:
            lane.join()
        while not self._readers.empty():
            self._readers.get().connection.close()


class PrivateReader(SqliteReader):
    """A read-only connection of one owner, with temporary tables that only it sees.

    Each question sees the newest commit; `read` gives several questions one snapshot.
    """

    def __init__(self, connection: sqlite3.Connection, budget: Budget, statements: Statements) -> None:
        super().__init__(connection, budget, statements)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PRIVATE_PATTERN)

    def create_temp(self, name: str, columns: Sequence[str], indexes: Sequence[Sequence[str]] = ()) -> None:
        """Creates an empty temporary table; a column `id` is its primary key, the others have no type."""
        quote = SqliteDialect().quote
        spelled = [quote(column) + (" PRIMARY KEY" if column == "id" else "") for column in columns]
        run(self.connection, f"CREATE TEMP TABLE {quote(name)} ({', '.join(spelled)})")
        for number, index in enumerate(indexes):
            of = ", ".join(map(quote, index))
            run(self.connection, f"CREATE INDEX temp.{quote(f'{name}_{number}')} ON {quote(name)} ({of})")

    def insert(self, table: str, values: Mapping[str, Bindable]) -> None:
        """Adds a row to a temporary table; raises UniqueViolation."""
        quote = SqliteDialect().quote
        columns, marks = ", ".join(map(quote, values)), ", ".join("?" * len(values))
        self._change(f"INSERT INTO temp.{quote(table)} ({columns}) VALUES ({marks})", tuple(values.values()))

    def update(self, table: str, key: Bindable, values: Mapping[str, Bindable]) -> None:
        """Changes the row of a temporary table whose `id` is key."""
        quote = SqliteDialect().quote
        sets = ", ".join([f"{quote(column)} = ?" for column in values])
        self._change(f'UPDATE temp.{quote(table)} SET {sets} WHERE "id" = ?', (*values.values(), key))

    def delete(self, table: str, key: Bindable, column: str = "id") -> None:
        """Removes the rows of a temporary table whose `column` is key."""
        quote = SqliteDialect().quote
        self._change(f"DELETE FROM temp.{quote(table)} WHERE {quote(column)} = ?", (key,))

    def read(self, question: Callable[[PrivateReader], T]) -> T:
        """Runs question on one snapshot; raises TooSlow after NOW_SECONDS."""
        self.budget.within(seconds=NOW_SECONDS)
        try:
            return self.snapshot(lambda _: question(self))
        finally:
            self.budget.unlimited()

    def close(self) -> None:
        """Ends the connection; its temporary tables are gone."""
        self.connection.close()

    def _change(self, text: str, values: Sequence[Bindable]) -> None:
        try:
            self.connection.execute(text, values)
        except sqlite3.Error as error:
            raise translated(error) from error


def open_reader(path: Path, statements: Statements) -> SqliteReader:
    """A reader with its own connection."""
    budget = Budget()
    return SqliteReader(connect(path, write=False, budget=budget), budget, statements)

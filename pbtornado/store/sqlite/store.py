"""The store on SQLite: readers, the writer with its group commit, and the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from ...measures import Histogram
from ..changes import ChangeLog
from ..lane import Lane
from ..protocol import BadQuestion, Origin, Position, Reader, SqlAnswer, TooSlow, UnusableDirectory, Writer
from ..query import Bindable, Row, Select, Statement
from .auxiliary import create_auxiliary
from .connection import Budget, connect, undo
from .console import Console, Writes, is_writing
from .dialect import SqliteDialect
from .directory import check_directory
from .group import GroupCommit
from .reader import LoopReader, PrivateReader, ReaderPool, Statements, open_reader
from .spine import Spine
from .turn import Turn
from .writer import SqliteWriter

T = TypeVar("T")

FOLDER = ".pbtornado"
_NO_ORIGIN = Origin()
_NOTHING: Mapping[str, Bindable] = {}


class SqliteStore:
    """One database file of a data directory, as one process sees it.

    `path` is the file (`<data>/data.db`); locks and shared marks lie in `<data>/.pbtornado/`. With `log`
    it keeps the change log. Open it after forking, and use it from the loop that opened it.
    """

    def __init__(self, path: Path, *, log: bool = True, readers: int = 2, synchronous: str = "FULL") -> None:
        self.path = path
        self.dialect = SqliteDialect()
        self.on_commit: list[Callable[[Position], None]] = []
        self._log = log
        self._reader_count = readers
        self._synchronous = synchronous
        self._statements = Statements()
        self._spine: Spine | None = None
        self.changes = ChangeLog(self)

    # ---- opening and closing

    async def open(self) -> None:
        """Makes or opens the database. Raises UnusableDirectory, or StoreBusy when another program keeps it locked."""
        self._lane = Lane("writer")
        try:
            await self._lane.run(self._open)
        except BaseException:
            self._lane.end()
            raise
        self._pool = ReaderPool(lambda: open_reader(self.path, self._statements), self._reader_count)
        self._console = Console(self.path)
        self._group = GroupCommit(self._writer, self._turn, self._spine, self._lane, self._committed)

    async def close(self) -> None:
        """Lets the writes that wait finish, then closes everything."""
        await self.quiesce()
        self.close_now()

    def close_now(self) -> None:
        """Closes everything; writes that wait are refused, those whose commit is under way finish."""
        self._group.close()
        self._lane.end()
        self._lane.join()
        self._pool.close()
        self._console.close()
        self._loop_reader.connection.close()
        self._writer.connection.close()
        if self._spine is not None:
            self._spine.close()
        self._turn.close()

    async def quiesce(self) -> None:
        """Waits until no write is under way or waiting."""
        await self._group.quiesce()

    def _open(self) -> None:
        check_directory(self.path)
        folder = self.path.parent / FOLDER
        try:
            self._open_with(folder)
        except OSError as error:
            raise UnusableDirectory(f"{error.filename or folder} cannot be used: {error.strerror}.") from error

    def _open_with(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._turn = Turn(folder, self.path.stem)
        if not self._turn.try_enter():
            self._turn.enter()
        try:
            self._open_in_turn(folder)
        finally:
            self._turn.leave()

    def _open_in_turn(self, folder: Path) -> None:
        spine = Spine(self.path, folder) if self._log else None
        budget = Budget()
        connection = connect(self.path, write=True, budget=budget, synchronous=self._synchronous)
        self._writer = SqliteWriter(connection, budget, self._statements)
        connection.execute("BEGIN IMMEDIATE")
        try:
            if spine is not None:
                spine.open(connection)
            connection.execute("COMMIT")
        except BaseException:
            undo(connection)
            connection.close()
            raise
        if spine is not None:
            spine.settle(0, False)
            create_auxiliary(self.path.parent)
        connection.execute("PRAGMA busy_timeout = 0")  # the group commit waits on a thread, never on the loop
        self._spine = spine
        budget = Budget()
        self._loop_reader = LoopReader(connect(self.path, write=False, budget=budget), budget, self._statements)

    # ---- reading

    async def read(self, question: Callable[[Reader], T], *, long: bool = False) -> T:
        """Runs question on one snapshot; one that is not cheap is begun again on a thread, so it must not have effects.

        One that is known to be `long` goes there at once. Raises TooSlow when it takes too long there, and StoreBusy when
        too many wait for a thread.
        """
        if long:
            return await self._pool.ask(question)
        try:
            return self._loop_reader.ask(question)
        except TooSlow:
            return await self._pool.ask(question)

    def read_now(self, question: Callable[[Reader], T]) -> T:
        """Runs question on one snapshot at once, for callers that cannot wait. Raises TooSlow."""
        return self._loop_reader.ask_now(question)

    def rows_now(self, question: Select | Statement, params: Mapping[str, Bindable] = _NOTHING) -> list[Row]:
        """The rows of one question at once. Raises TooSlow."""
        return self._loop_reader.ask_now(lambda reader: reader.rows(question, params))

    def private_reader(self) -> PrivateReader:
        """A read-only connection with temporary tables of its own; its owner closes it before the store."""
        budget = Budget()
        return PrivateReader(connect(self.path, write=False, budget=budget), budget, self._statements)

    # ---- writing

    async def write(self, work: Callable[[Writer], T], origin: Origin = _NO_ORIGIN, *, long: bool = False) -> T:
        """Runs work in order with all other writes, atomic, and returns after the commit.

        `long` work (schema changes, truncation) runs on the writer's thread instead of the loop. Raises
        what work raised, StoreBusy when the queue is full, CommitFailed when the group could not be committed.
        """
        return await self._group.submit(work, origin, long)

    async def run_sql(
        self, text: str, check: Callable[[Reader], object], origin: Origin = _NO_ORIGIN, *, only_read: bool = False
    ) -> SqlAnswer:
        """Runs SQL that a superuser wrote, all of it or nothing.

        What it changes, `check` sees and may refuse by raising; it goes past the log, so that a new epoch begins.
        With `only_read` nothing is changed. Raises BadQuestion with the reason, TooSlow, StoreBusy.
        """
        if only_read or not is_writing(text):
            try:
                return await self._console.read(text)
            except Writes:
                if only_read:
                    raise BadQuestion("it would write, and was only to be read") from None
        writer = self._writer

        def work(_: Writer) -> SqlAnswer:
            answer = writer.run_text(text)
            if writer.past_log:
                check(writer)
            return answer

        return await self._group.submit(work, origin, long=True)

    @property
    def written(self) -> tuple[int, int]:
        """How many writes this process has committed, and in how many commits."""
        return self._group.writes, sum(self._group.sizes.counts)

    @property
    def group_sizes(self) -> Histogram:
        """How many writes each commit of this process had."""
        return self._group.sizes

    @property
    def waiting(self) -> int:
        """Writes of this process that have not begun."""
        return self._group.waiting

    def last_of(self, request: str) -> int:
        """The seq of the last change that a request made here, 0 where it made none; told once."""
        return self._group.last.pop(request, 0)

    async def optimize(self) -> None:
        """Lets the database look at what its tables hold, and empties its WAL into the file as far as readers allow.

        Raises StoreBusy and CommitFailed.
        """
        writer = self._writer
        await self._group.submit(lambda _: writer.analyze(), _NO_ORIGIN, long=True)
        await self._group.submit(lambda _: writer.checkpoint(), _NO_ORIGIN, long=True, bare=True)

    async def shrink(self) -> None:
        """Gives the space of what was deleted back to the system; for a store without a log. Raises StoreBusy and CommitFailed."""
        writer = self._writer
        await self._group.submit(lambda _: writer.vacuum(), _NO_ORIGIN, long=True, bare=True)

    # ---- the log

    @property
    def head_mark(self) -> int:
        """The newest seq any process has committed; costs a memory access."""
        return self._spine.head if self._spine else 0

    @property
    def schema_mark(self) -> int:
        """Moves whenever any process changed collections or settings; costs a memory access."""
        return self._spine.schema if self._spine else 0

    @property
    def disturbed(self) -> bool:
        """True when another program seems to have written; the next write finds out."""
        return self._spine is not None and self._spine.disturbed()

    def seen(self) -> bytes:
        """Another after each commit of whatever program; costs a memory access."""
        return self._spine.seen() if self._spine else b""

    def known(self, seen: bytes) -> bool:
        """Does the log tell all that led to this `seen`, so far as it is the newest?"""
        return self._spine is not None and self._spine.known(seen)

    def position(self) -> Position:
        """The newest change any process has committed."""
        return self._spine.position() if self._spine else Position("0", 0)

    def _committed(self) -> None:
        position = self.position()
        for tell in self.on_commit:
            tell(position)

"""Group commit: waiting writes share one transaction, one turn of the lock and one fsync.

The writes' functions run on the loop, where they are quick; what blocks (waiting for the turn,
COMMIT) happens on the writer's thread. A lone write whose commit takes no longer than the way there
and back is committed on the loop.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, TypeVar

from ...measures import Histogram
from ..lane import Lane
from ..protocol import CommitFailed, Origin, StoreBusy, Writer
from .connection import CHECKPOINT_PAGES, run, translated, undo
from .spine import Spine
from .turn import Turn
from .writer import SqliteWriter

T = TypeVar("T")
log = logging.getLogger("pbtornado.store")

QUEUE_LIMIT = 2048
SIZES = (1, 2, 4, 8, 16, 32, 64)
KEPT = 2 * QUEUE_LIMIT
"""Requests whose last change is remembered until they are answered."""
GROUP_LIMIT = 64
GROUP_SECONDS = 0.008
"""A group takes no further member after this time on the loop."""

MEMBER_SECONDS = 2.0
"""How long the questions of one write may take on the loop."""

LONE_SECONDS = 0.0005
"""A lone write is committed on the loop while a commit takes no longer than this."""
LONE_LENGTH = 16_384
"""How many characters such a change has at most."""
LONE_PAGES = CHECKPOINT_PAGES - 100
"""How many pages the WAL has at most then: with a few more, the commit would move all of them into the file."""

LONG_SECONDS = 300.0
LOCK_SECONDS = 10.0
"""How long writes wait for other processes before they are refused."""


@dataclass(slots=True)
class Waiting:
    """A write that has not begun."""

    work: Callable[[Writer], Any]
    origin: Origin
    long: bool
    future: asyncio.Future[Any]
    bare: bool = False
    """Outside a transaction."""


@dataclass(slots=True)
class Outcome:
    """What became of a member; told only after the commit."""

    future: asyncio.Future[Any]
    value: Any = None
    error: Exception | None = None
    request: str = ""
    seq: int = 0
    """The last change it made, 0 where it made none."""

    def tell(self, failure: Exception | None = None) -> None:
        if self.future.done():
            return
        error = self.error or failure
        if error is None:
            self.future.set_result(self.value)
        else:
            self.future.set_exception(error)


class GroupCommit:
    """The queue of writes of one process and what empties it."""

    def __init__(self, writer: SqliteWriter, turn: Turn, spine: Spine | None, lane: Lane, committed: Callable[[], None]) -> None:
        self._writer = writer
        self._connection = writer.connection
        self._turn = turn
        self._spine = spine
        self._committed = committed
        self._lane = lane
        self._queue: deque[Waiting] = deque()
        self._running: asyncio.Task[None] | None = None
        self._closed = False
        self._usual = 0.0
        """Seconds that commits take lately."""
        self.writes = 0
        """How many were committed."""
        self.sizes = Histogram(SIZES)
        """Of the groups that were committed: how many writes they were, refused ones included."""
        self.last: dict[str, int] = {}
        """The last change of each request, until somebody asks for it or many others have come."""

    def submit(self, work: Callable[[Writer], T], origin: Origin, long: bool, *, bare: bool = False) -> asyncio.Future[T]:
        """The future holds what work returned once it is committed. Raises StoreBusy when the queue is full.

        `bare` work runs on the thread in a turn of its own, without a transaction: it must not write.
        """
        if self._closed:
            raise StoreBusy("the store is closed")
        if len(self._queue) >= QUEUE_LIMIT:
            raise StoreBusy("too many writes wait")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.append(Waiting(work, origin, long or bare, future, bare))
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run())
        return future

    @property
    def waiting(self) -> int:
        """Writes that have not begun."""
        return len(self._queue)

    async def quiesce(self) -> None:
        """Waits until no write is under way or waiting."""
        while self._running is not None:
            await asyncio.wait({self._running})

    def close(self) -> None:
        """Refuses what waits and waits for the commit that may be under way."""
        self._closed = True
        self._refuse(StoreBusy("the store is closed"))
        self._lane.end()
        self._lane.join()

    # ---- turns

    async def _run(self) -> None:
        try:
            while self._queue:
                await self._take_turn()
        finally:
            self._running = None

    async def _take_turn(self) -> None:
        if not self._turn.try_enter():
            await self._in_time(self._lane.run(self._turn.enter))
        if self._queue and self._queue[0].bare:
            await self._bare()
            return
        try:
            await self._begin()
        except Exception as error:
            self._refuse(error)
            self._turn.leave()
            return
        await (self._long() if self._queue and self._queue[0].long else self._group())

    async def _in_time(self, entering: asyncio.Future[None]) -> None:
        """Waits for the turn; writes are refused meanwhile when another process keeps it too long."""
        while True:
            done, _ = await asyncio.wait({entering}, timeout=LOCK_SECONDS)
            if done:
                return entering.result()
            self._refuse(StoreBusy("another process keeps the turn to write"))

    async def _begin(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not isinstance(translated(error), StoreBusy):
                raise translated(error) from error
            await self._lane.run(self._begin_blocking)
        self._writer.appended, self._writer.schema_moved, self._writer.past_log = 0, False, False
        try:
            if self._spine is not None:
                self._spine.check(self._connection)
        except BaseException:
            undo(self._connection)
            raise

    def _begin_blocking(self) -> None:
        until = monotonic() + LOCK_SECONDS
        pause = 0.001
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if monotonic() > until or not isinstance(translated(error), StoreBusy):
                    raise translated(error) from error
            sleep(pause)
            pause = min(pause * 2, 0.05)

    async def _group(self) -> None:
        outcomes = self._run_members()
        try:
            failure = self._commit() if self._is_lone() else await self._lane.run(self._commit)
        except Exception as error:  # the writes may be stored, but nobody can say so
            failure = _uncertain(error)
        self._tell(outcomes, failure)

    async def _long(self) -> None:
        member = self._queue.popleft()

        def work() -> tuple[Outcome, Exception | None]:
            outcome = self._run_member(member, LONG_SECONDS, alone=True)
            return outcome, self._commit()

        try:
            outcome, failure = await self._lane.run(work)
        except Exception as error:
            outcome, failure = Outcome(member.future), _uncertain(error)
        self._tell([outcome], failure)

    async def _bare(self) -> None:
        member = self._queue.popleft()

        def work() -> Outcome:
            try:
                outcome = self._run_member(member, LONG_SECONDS, alone=True)
                if self._spine is not None:
                    self._spine.checkpointed()
                return outcome
            finally:
                self._turn.leave()

        try:
            outcome = await self._lane.run(work)
        except Exception as error:
            outcome = Outcome(member.future, error=_uncertain(error))
        outcome.tell()

    def _tell(self, outcomes: list[Outcome], failure: Exception | None) -> None:
        told = self._writer.appended or self._writer.past_log
        if failure is None:
            self.sizes.observe(len(outcomes))
            self.writes += sum(outcome.error is None for outcome in outcomes)
        for outcome in outcomes:
            if outcome.request and outcome.seq and failure is None:
                self._note(outcome.request, outcome.seq)
            outcome.tell(failure)
        if failure is None and told:
            self._committed()

    def _note(self, request: str, seq: int) -> None:
        self.last[request] = seq
        if len(self.last) > KEPT:
            del self.last[next(iter(self.last))]

    # ---- members

    def _run_members(self) -> list[Outcome]:
        outcomes: list[Outcome] = []
        until = monotonic() + GROUP_SECONDS
        alone = len(self._queue) == 1
        while self._queue and not self._queue[0].long and len(outcomes) < GROUP_LIMIT:
            member = self._queue.popleft()
            if not member.future.done():
                outcomes.append(self._run_member(member, MEMBER_SECONDS, alone))
            if not self._connection.in_transaction or monotonic() > until:
                break
        return outcomes

    def _run_member(self, member: Waiting, seconds: float, alone: bool) -> Outcome:
        writer = self._writer
        writer.origin, before = member.origin, writer.appended
        writer.budget.within(seconds=seconds)
        try:
            value = member.work(writer) if alone else writer.savepoint(lambda: member.work(writer))
            seq = writer.appended if writer.appended != before else 0
            return Outcome(member.future, value, None, member.origin.request, seq)
        except Exception as error:
            if alone:
                undo(self._connection)
            return Outcome(member.future, error=error)
        finally:
            writer.budget.unlimited()

    # ---- the end of a turn

    def _is_lone(self) -> bool:
        """Is what was written one short change, and the disk quick enough to wait for it here?"""
        spine, writer = self._spine, self._writer
        if spine is None or writer.appended != spine.head + 1 or writer.length > LONE_LENGTH:
            return False
        return self._usual < LONE_SECONDS and spine.pages < LONE_PAGES

    def _commit(self) -> Exception | None:
        """Ends the transaction and the turn; returns why nothing was committed."""
        try:
            failure = self._commit_open()
            if self._spine is not None and failure is None:
                self._spine.settle(self._writer.appended, self._writer.schema_moved)
            elif self._spine is not None:
                self._spine.abandon()
            return failure
        finally:
            self._turn.leave()

    def _commit_open(self) -> Exception | None:
        if not self._connection.in_transaction:
            return CommitFailed("the writes were undone")
        began = monotonic()
        try:
            if self._writer.past_log and self._spine is not None:
                self._spine.begin_epoch(self._connection)
            run(self._connection, "COMMIT")
            self._usual += (monotonic() - began - self._usual) / 16
        except Exception as error:
            undo(self._connection)
            return error if isinstance(error, CommitFailed) else CommitFailed(str(error))
        return None

    def _refuse(self, error: Exception) -> None:
        while self._queue:
            Outcome(self._queue.popleft().future, error=error).tell()


def _uncertain(error: Exception) -> CommitFailed:
    log.error("a commit did not end as it should", exc_info=error)
    return CommitFailed(str(error) or type(error).__name__)

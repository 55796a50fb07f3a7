"""Runs consumers over the log, in order, each at its own pace with its own cursor."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Protocol

from .changes import ChangeLog
from .protocol import Change, Consumer, Position, Reader, Store, StoreBusy

BATCH = 256
POLL_SECONDS = 0.2
"""How often the head is looked at, should a wake-up have been lost."""

SAVE_SECONDS = 1.0
"""How much of its work a durable consumer may do again after a crash."""

GATHER_SECONDS = 0.05
"""How long a durable consumer rests after it has looked at the log, in which changes gather: nobody waits for what it does."""

STOP_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0

log = logging.getLogger(__name__)


class LoggedStore(Store, Protocol):
    """A store that keeps a log."""

    changes: ChangeLog
    on_commit: list[Callable[[Position], None]]

    @property
    def head_mark(self) -> int: ...
    @property
    def disturbed(self) -> bool: ...


class Tail:
    """Durable consumers go on after the last change they had handled; the others begin at the head."""

    def __init__(self, store: LoggedStore) -> None:
        self._store = store
        self._runs: list[_Run] = []
        self._latest = _Latest()
        self._poll: asyncio.Task[None] | None = None
        self.on_wake: list[Callable[[], None]] = []
        """Told, too, whenever the log may have grown."""

    def add(self, consumer: Consumer) -> None:
        """Adds a consumer; before `start`."""
        self._runs.append(_Run(self._store, consumer, self._latest))

    async def start(self) -> None:
        """Finds every consumer's place and begins to read; the store must be open."""
        for run in self._runs:
            await run.start()
        self._store.on_commit.append(self._committed)
        self._poll = asyncio.get_running_loop().create_task(self._watch())

    def wake(self) -> None:
        """Says that the log may have grown."""
        for run in self._runs:
            run.wake()
        for tell in self.on_wake:
            tell()

    def _committed(self, _: Position) -> None:
        self.wake()

    def lags(self) -> dict[str, int]:
        """By how many changes each consumer is behind the head."""
        head = self._store.changes.position().seq
        return {run.name: max(0, head - run.at.seq) for run in self._runs}

    async def stop(self) -> None:
        """Lets consumers finish what they are at, within STOP_SECONDS, and saves their cursors."""
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.wait({self._poll})
            self._poll = None
            self._store.on_commit.remove(self._committed)
        await asyncio.gather(*[run.stop() for run in self._runs])

    async def _watch(self) -> None:
        seen, disturbed = self._store.head_mark, False
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if self._store.head_mark != seen:
                seen = self._store.head_mark
                self.wake()
            disturbed, before = self._store.disturbed, disturbed
            if disturbed and before:
                await self._settle()

    async def _settle(self) -> None:
        try:
            await self._store.write(lambda writer: None)
        except StoreBusy:
            return
        self.wake()


class _Latest:
    """After which position changes were read last, and which: consumers that keep up all want the same."""

    def __init__(self) -> None:
        self.read: tuple[Position | None, list[Change]] = (None, [])


class _Run:
    """One consumer's task and its place."""

    def __init__(self, store: LoggedStore, consumer: Consumer, latest: _Latest) -> None:
        self._store, self._latest = store, latest
        self._consumer = consumer
        self._awake = asyncio.Event()
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self._consumer.name

    @property
    def at(self) -> Position:
        return self._at

    async def start(self) -> None:
        log_ = self._store.changes
        self._at = head = log_.position()
        if self._consumer.durable:
            saved = await self._store.read(lambda reader: log_.cursor(reader, self._consumer.name))
            self._at = Position(head.epoch, saved.seq if saved else head.seq)
            if saved is None:
                await self._save()
        self._saved, self._save_by = self._at, 0.0
        self._awake.set()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def wake(self) -> None:
        self._awake.set()

    async def stop(self) -> None:
        if self._task is None:
            return
        self._stopped.set()
        self._awake.set()
        _, late = await asyncio.wait({self._task}, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
            await asyncio.wait({task})
        self._task = None
        await self._save_if_moved()

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopped.is_set():
            await self._wait()
            try:
                await self._catch_up()
                pause = FIRST_PAUSE
                if self._consumer.durable:
                    await self._rest(GATHER_SECONDS)
            except Exception:
                log.exception("consumer %s failed after change %s; tried again in %.1f s", self._consumer.name, self._at, pause)
                await self._rest(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                self._awake.set()

    async def _rest(self, seconds: float) -> None:
        """A pause that `stop` ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()

    async def _wait(self) -> None:
        """Until woken; a cursor that has moved is saved meanwhile."""
        if self._consumer.durable and self._at != self._saved:
            try:
                async with asyncio.timeout(max(self._save_by - monotonic(), 0)):
                    await self._awake.wait()
            except TimeoutError:
                await self._save_if_moved()
        await self._awake.wait()
        self._awake.clear()

    async def _catch_up(self) -> None:
        changes = self._store.changes
        while not self._stopped.is_set() and (head := changes.position()) != self._at:
            found, to = await self._read(head)
            await self._consumer.consume(found, to)
            self._at = to
            if self._consumer.durable and monotonic() > self._save_by:
                await self._save_if_moved()

    async def _read(self, head: Position) -> tuple[list[Change], Position]:
        """The next changes that the consumer wants, and how far it is after them."""
        wanted = self._consumer.wanted()  # after the head was read: so it knows all collections that changes up to there speak of
        if wanted is None:
            found = await self._store.read(self._next)
            # What was trimmed before it was read is gone: go on at the head.
            return found, Position(head.epoch, found[-1].seq if found else head.seq)
        if not wanted:
            return [], head
        after, upto = self._at.seq, min(self._at.seq + BATCH, head.seq)
        found = await self._store.read(lambda reader: self._store.changes.read_among(reader, after, upto, wanted))
        return found, Position(head.epoch, upto)

    def _next(self, reader: Reader) -> list[Change]:
        after, changes = self._latest.read
        if after == self._at:
            return changes
        found = self._store.changes.read_after(reader, self._at.seq, BATCH)
        if found:
            self._latest.read = (self._at, found)
        return found

    async def _save_if_moved(self) -> None:
        if self._consumer.durable and self._at != self._saved:
            try:
                await self._save()
            except StoreBusy:
                log.warning("the cursor of consumer %s could not be saved", self._consumer.name)

    async def _save(self) -> None:
        at = self._at
        await self._store.write(lambda writer: writer.save_cursor(self._consumer.name, at))
        self._saved, self._save_by = at, monotonic() + SAVE_SECONDS

"""Those who wait for a change that is not there yet: nothing is read while nothing is written."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass

from ...errors import Busy
from ...store.changes import CHANGES
from ...store.protocol import Position
from ...store.query import Column, Compare, Order, Param, Row, Select, Table, Value
from ...store.tail import LoggedStore
from .wanted import SEQ, TOLD, Wanted

MOST = 200
"""Those that may wait at one worker."""
SLICE = 500
_AFTER = Select(
    tuple(Column("r", name) for name in TOLD),
    Table(CHANGES),
    where=Compare(">", SEQ, Param("seq")),
    order=(Order(SEQ),),
    limit=Value(SLICE),
)

log = logging.getLogger("pbtornado.changes")


@dataclass(eq=False, slots=True)
class _Waiter:
    wanted: Wanted
    at: Position
    came: asyncio.Future[None]

    def tell(self) -> None:
        if not self.came.done():
            self.came.set_result(None)


class Waiting:
    """Everybody of this worker who waits. One task looks through the log for all of them, only when it has grown."""

    def __init__(self, store: LoggedStore) -> None:
        self._store = store
        self._waiters: set[_Waiter] = set()
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.stopped = False

    @property
    def count(self) -> int:
        """How many wait."""
        return len(self._waiters)

    def wake(self) -> None:
        """The log may have grown."""
        if self._waiters:
            self._awake.set()

    def stop(self) -> None:
        """Lets nobody wait any more."""
        self.stopped = True
        self._release()

    async def until(self, wanted: Wanted, at: Position, seconds: float) -> None:
        """Returns when a wanted change was committed after `at`, when the log began anew, or when the time is over.

        Raises Busy where too many wait.
        """
        if len(self._waiters) >= MOST:
            raise Busy(headers={"Retry-After": "5"})
        waiter = _Waiter(wanted, at, asyncio.get_running_loop().create_future())
        self._waiters.add(waiter)
        self._awake.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await waiter.came
        finally:
            self._waiters.discard(waiter)
            self._awake.set()

    async def _run(self) -> None:
        try:
            while self._waiters:
                await self._awake.wait()
                self._awake.clear()
                await self._look()
        except Exception:
            log.exception("the log could not be looked through for those who wait")
        finally:
            self._task = None
            self._release()

    async def _look(self) -> None:
        """Tells those for whom something has come, until the head is reached."""
        while waiters := list(self._waiters):
            head, seq = self._store.changes.position(), min(waiter.at.seq for waiter in waiters)
            for waiter in waiters:
                if waiter.at.epoch != head.epoch:
                    waiter.tell()
            if head.seq <= seq:
                return
            _pass(waiters, await self._after(seq), head)
            await asyncio.sleep(0)  # those who were told leave

    async def _after(self, seq: int) -> list[Row]:
        return await self._store.read(lambda reader: reader.rows(_AFTER, {"seq": seq}))

    def _release(self) -> None:
        for waiter in self._waiters:
            waiter.tell()


def _pass(waiters: list[_Waiter], rows: list[Row], head: Position) -> None:
    """They have all seen these rows; where they are no full slice, everything up to the head."""
    last = rows[-1][0] if rows else 0
    upto = last if len(rows) == SLICE else max(head.seq, last)
    for waiter in waiters:
        if any(row[0] > waiter.at.seq and waiter.wanted.holds(row) for row in rows):
            waiter.tell()
        waiter.at = Position(waiter.at.epoch, max(waiter.at.seq, upto))

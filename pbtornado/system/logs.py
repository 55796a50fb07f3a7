"""Lines about requests and about the server itself, in a database of their own; written behind the answers.

A line waits in memory until many can be written at once, so that whoever is answered never waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from ..schema.settings import Tree
from ..store.protocol import CommitFailed, Store, StoreBusy, Writer
from ..store.query import Bindable, Column, Compare, Or, Param, Select, Table, Value
from ..values import datetime_form, new_id, now

log = logging.getLogger("pbtornado.logs")

DEBUG, INFO, WARN, ERROR = -4, 0, 4, 8
LOGS = "_logs"
BATCH = 200
"""Lines that are written at once."""
SECONDS = 3.0
"""How long a line waits at most."""
MOST_WAITING = 10_000
"""Lines that wait; more are dropped, and counted."""
SLICE = 1000
"""Lines that are removed in one transaction."""
COMPLAIN_SECONDS = 60.0

ID_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"

Line = tuple[str, int, str, Mapping[str, Any]]
_COLUMNS = ("id", "created", "level", "message", "data")
_OVER = Select(
    (Column("r", "id"),),
    Table(LOGS),
    where=Or((Compare("<=", Column("r", "created"), Param("before")), Compare("<", Column("r", "level"), Param("least")))),
    limit=Value(SLICE),
)


class LogStore(Store, Protocol):
    """Where lines are kept."""

    async def shrink(self) -> None:
        """Gives the space of what was removed back to the system."""


class CurrentSettings(Protocol):
    """Tells what is in force."""

    @property
    def current(self) -> Tree: ...


def wanted(settings: Tree, level: int) -> bool:
    """Do the settings for logs want lines of this level?"""
    return bool(settings["maxDays"]) and level >= settings["minLevel"]


class Logs:
    """Writes lines, and removes those that are over. Used from its loop alone."""

    def __init__(self, store: LogStore, settings: CurrentSettings) -> None:
        self._store, self._settings = store, settings
        self._waiting: list[Line] = []
        self._writing: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._dropped = 0
        self._complained = -COMPLAIN_SECONDS

    def add(self, level: int, message: str, data: Mapping[str, Any]) -> None:
        """Keeps a line if the settings want it."""
        if wanted(self._settings.current["logs"], level):
            self.put(level, message, data)

    def put(self, level: int, message: str, data: Mapping[str, Any]) -> None:
        """Keeps a line. `data` is JSON, must not be changed afterwards, and holds no secrets."""
        waiting = self._waiting
        if len(waiting) >= MOST_WAITING:
            self._dropped += 1
            return
        waiting.append((now(), level, message, data))
        if self._writing:
            return
        if len(waiting) >= BATCH:
            self._begin()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SECONDS, self._begin)

    async def flush(self) -> None:
        """Writes what waits."""
        while self._writing or self._waiting:
            await asyncio.wait({self._writing or self._begin()})

    async def clean(self) -> None:
        """Removes the lines that are older or less grave than the settings want."""
        logs = self._settings.current["logs"]
        before = datetime_form(datetime.now(UTC) - timedelta(days=min(logs["maxDays"], 36500)))
        over = {"before": before, "least": logs["minLevel"]}
        while await self._store.write(lambda writer: _remove(writer, over), long=True):
            pass
        if not logs["maxDays"]:
            await self._store.shrink()

    async def truncate(self) -> None:
        """Removes all lines, those that wait as well. Raises StoreBusy and CommitFailed."""
        await self.flush()
        await self._store.write(lambda writer: writer.clear(LOGS), long=True)
        await self._store.shrink()

    async def settle(self, before: Tree, after: Tree) -> None:
        """After settings changed: what they don't want any more goes."""
        if before["logs"] != after["logs"]:
            try:
                await self.flush()
                await self.clean()
            except (StoreBusy, CommitFailed) as error:
                self._complain(f"the logs could not be cleaned: {error}")

    def _begin(self) -> asyncio.Task[None]:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if not self._writing:
            self._writing = asyncio.get_running_loop().create_task(self._write())
        return self._writing

    async def _write(self) -> None:
        """Writes what waits now; while full batches came meanwhile, those too."""
        try:
            await self._write_batch()
            while len(self._waiting) >= BATCH:
                await self._write_batch()
        finally:
            self._writing = None
            if self._waiting:
                self._timer = asyncio.get_running_loop().call_later(SECONDS, self._begin)

    async def _write_batch(self) -> None:
        batch, self._waiting = self._waiting[:MOST_WAITING], []
        if self._dropped:
            batch.append((now(), WARN, f"{self._dropped} lines are missing here: they came too fast", {}))
            self._dropped = 0
        try:
            await self._store.write(lambda writer: writer.insert_all(LOGS, _COLUMNS, numbered(batch)), long=True)
        except Exception as error:
            self._complain(f"{len(batch)} lines of the logs could not be written: {error}")

    def _complain(self, sentence: str) -> None:
        """Says what goes wrong again and again, but only once a minute."""
        if time.monotonic() - self._complained >= COMPLAIN_SECONDS:
            self._complained = time.monotonic()
            log.warning(sentence)


def numbered(lines: list[Line]) -> list[tuple[str, str, int, str, Mapping[str, Any]]]:
    """The lines with ids before them. Ids that grow with time stand together in the database: random ones would touch all of it."""
    moment, letters = time.time_ns() // 1_000_000, ""
    while moment:
        moment, digit = divmod(moment, len(ID_ALPHABET))
        letters = ID_ALPHABET[digit] + letters
    prefix = letters + new_id(11 - len(letters))
    return [(f"{prefix}{n:04x}", *line) for n, line in enumerate(lines)]


def _remove(writer: Writer, over: Mapping[str, Bindable]) -> bool:
    """Removes some of the lines that are over; were there any?"""
    rows = writer.rows(_OVER, over)
    for row in rows:
        writer.delete(LOGS, row[0])
    return bool(rows)

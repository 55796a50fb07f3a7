"""Keeps the change log within its age and size; one worker does it for all."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from ..values import datetime_form
from .changes import ChangeLog
from .protocol import CommitFailed, StoreBusy, TooSlow

KEPT_DAYS = 7
KEPT_CHANGES = 1_000_000
FIRST_AFTER_SECONDS, EVERY_SECONDS = 60.0, 3600.0

log = logging.getLogger(__name__)


class Trimming:
    """Trims soon after the start and then every hour."""

    def __init__(self, changes: ChangeLog, days: float = KEPT_DAYS, most: int = KEPT_CHANGES) -> None:
        self._changes, self._days, self._most = changes, days, most
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins; the store must be open."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Ends; a slice under way is committed or undone as a whole."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def trim(self) -> int:
        """Removes what is too old or too much now; returns how many changes went."""
        before = datetime.now(UTC) - timedelta(days=self._days)
        return await self._changes.trim(datetime_form(before), self._most)

    async def _run(self) -> None:
        await asyncio.sleep(FIRST_AFTER_SECONDS)
        while True:
            try:
                await self.trim()
            except (StoreBusy, CommitFailed, TooSlow) as error:
                log.warning("the change log could not be trimmed: %s", error)
            await asyncio.sleep(EVERY_SECONDS)

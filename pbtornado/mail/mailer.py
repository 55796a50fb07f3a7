"""The way out for letters: a few at a time, a bounded number waiting, by SMTP or by `sendmail` as the settings say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from ..errors import Busy
from .message import Message, NotSent
from .sendmail import hand_over
from .smtp import Server

log = logging.getLogger("pbtornado.mail")

STOP_SECONDS = 3.0
"""How long letters under way may still take when the server stops."""
After = Callable[[], Awaitable[object]]


class HasSettings(Protocol):
    """Whoever knows the settings in force."""

    @property
    def current(self) -> Mapping[str, Any]:
        """All of them."""


class Mailer:
    """Sends letters. What they say never enters the log."""

    def __init__(self, settings: HasSettings, *, at_a_time: int = 4, waiting: int = 1000) -> None:
        self.settings, self.waiting = settings, waiting
        self.inside = 0
        self.lanes = asyncio.Semaphore(at_a_time)
        self.tasks: set[asyncio.Task[None]] = set()

    def refuse_full(self) -> None:
        """Raises Busy where too many letters wait already."""
        if max(self.inside, len(self.tasks)) >= self.waiting:
            raise Busy(headers={"Retry-After": "5"})

    async def send(self, message: Message) -> None:
        """Sends a letter now. Raises NotSent where it does not go out, Busy where too many wait."""
        self.refuse_full()
        await self._send(message)

    async def _send(self, message: Message) -> None:
        self.inside += 1
        try:
            async with self.lanes:
                smtp = self.settings.current["smtp"]
                await (Server.of(smtp).send(message) if smtp["enabled"] else hand_over(message))
        finally:
            self.inside -= 1

    def post(self, write: Callable[[], Message], *, sent: After | None = None, failed: After | None = None) -> None:
        """Writes and sends a letter by and by, and then does what is to be done after it. Raises Busy where too many wait."""
        self.refuse_full()
        task = asyncio.get_running_loop().create_task(self._post(write, sent, failed))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _post(self, write: Callable[[], Message], sent: After | None, failed: After | None) -> None:
        try:
            after = sent if await self._goes_out(write()) else failed
            if after:
                await after()
        except Exception:
            log.exception("what follows a letter failed")

    async def _goes_out(self, message: Message) -> bool:
        try:
            await self._send(message)
        except NotSent as error:
            log.warning("a letter did not go out: %s", error)
            return False
        return True

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Lets the letters under way go out within `seconds`; the others are lost."""
        if self.tasks:
            _, left = await asyncio.wait(self.tasks, timeout=seconds)
            if left:
                log.warning("%d letters did not go out before the end", len(left))
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

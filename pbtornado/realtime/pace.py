"""How live delivery shares the loop: what is written in one turn, and how long it rests."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence

from .connection import Connection

TURN_SECONDS = 0.005
"""After so much, the loop and the sockets get their turn."""
MOST_FLUSHED = 48
"""Sockets that are written to in one turn."""
ARRIVAL_SECONDS = 0.002
"""At least so long after one stream the next is let in."""
PATIENCE = 400
"""For every so many streams that wait, one more is let in together."""
PACE, LONGEST_PACE = 8, 0.025
"""So many times as long as telling took, and at most so many seconds, lie between the beginnings of two looks at the log."""


async def flush(connections: Sequence[Connection]) -> None:
    """Hands their sockets what they are owed, with turns for others in between."""
    for start in range(0, len(connections), MOST_FLUSHED):
        for connection in connections[start : start + MOST_FLUSHED]:
            connection.flush()
        await asyncio.sleep(0)


async def rest(began: float) -> None:
    """A pause after telling, in which changes gather: each socket is written to once for all of them.

    It is the longer the dearer the telling was, so writers don't wait for many listeners.
    """
    took = time.monotonic() - began
    await asyncio.sleep(min(PACE * took, LONGEST_PACE) - took)


class Arrivals:
    """Lets streams in one after another, where many come at once: each turn of the loop has room for others between them.

    The more wait, the more are let in together, so nobody waits for long.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._free_at = 0.0

    async def admitted(self) -> None:
        """Waits for one's turn."""
        loop = asyncio.get_running_loop()
        if not self._waiting and loop.time() >= self._free_at:
            self._free_at = loop.time() + ARRIVAL_SECONDS
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        if len(self._waiting) == 1:
            loop.call_at(self._free_at, self._admit)
        await turn

    def _admit(self) -> None:
        for _ in range(1 + len(self._waiting) // PATIENCE):
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
        loop = asyncio.get_running_loop()
        self._free_at = loop.time() + ARRIVAL_SECONDS
        if self._waiting:
            loop.call_at(self._free_at, self._admit)

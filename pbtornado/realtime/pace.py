"""How live delivery shares the loop: what is written in one turn, and how long it rests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from .connection import Connection

TURN_SECONDS = 0.005
"""After so much, the loop and the sockets get their turn."""
MOST_FLUSHED = 128
"""Sockets that are written to in one turn."""
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

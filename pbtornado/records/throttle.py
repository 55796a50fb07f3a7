"""Slows down who asks again and again with filters that find nothing: guessing values by how long an answer takes."""

from __future__ import annotations

import asyncio
from random import uniform
from time import monotonic

FREE_MISSES = 3
PERIOD = 3.0
"""Seconds in which so many misses are free."""
LONGEST_WAIT = 0.5
REMEMBERED = 10_000
"""Askers that are counted at a time; with more, all counts begin anew."""


class Throttle:
    """Counts misses by collection and address."""

    def __init__(self) -> None:
        self._misses: dict[tuple[str, str], tuple[float, int]] = {}

    def miss(self, collection: str, ip: str) -> bool:
        """Notes a miss; true where there were too many of late."""
        moment = monotonic()
        began, misses = self._misses.get((collection, ip), (moment, 0))
        if moment - began > PERIOD:
            began, misses = moment, 0
        if len(self._misses) >= REMEMBERED:
            self._misses.clear()
        self._misses[collection, ip] = (began, misses + 1)
        return misses >= FREE_MISSES

    async def wait(self) -> None:
        """A pause of random length, so that the time of an answer says nothing."""
        await asyncio.sleep(uniform(0, LONGEST_WAIT))

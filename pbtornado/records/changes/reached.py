"""Reads that must not be older than a write: they wait until the log is as far as it was then."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

from ...errors import BadRequest, Busy, FieldError
from ...store.tail import LoggedStore

MOST = 200
"""Reads that may wait at one worker."""
SECONDS = 2.0
_FORM = re.compile(r"(?:([^:\s]{1,64}):)?(\d{1,18})")
_NO_PLACE = FieldError("validation_invalid_min_seq", "Must be the number of a change, or a position of the log.")
_OTHER_EPOCH = FieldError(
    "validation_other_epoch", "Is a position of a log that has ended: the directory was restored or written to by others. Read anew."
)
_AHEAD = "No change has the number minSeq yet."


class Reached:
    """Whether the log of this server is as far as somebody says it must be.

    All workers read the same file, so what was answered at one is there for a question that begins later at any. What
    has to be waited for is a number that nobody was told: one that is not committed yet.
    """

    def __init__(self, store: LoggedStore) -> None:
        self._store = store
        self._waiting: dict[asyncio.Future[None], int] = {}

    def wake(self) -> None:
        """The log may have grown."""
        if self._waiting:
            head = self._store.changes.position().seq
            for future, seq in self._waiting.items():
                if seq <= head and not future.done():
                    future.set_result(None)

    async def wait(self, text: str) -> None:
        """Returns once the change of that number, or at that position (`epoch:seq`), is committed.

        Raises BadRequest where it is neither, or of another log; Busy where it does not come in time, or too many wait.
        """
        form = _FORM.fullmatch(text.strip())
        if form is None:
            raise BadRequest(errors={"minSeq": _NO_PLACE})
        if int(form[2]) > self._store.changes.position().seq:
            await self._until(int(form[2]))
        if form[1] and form[1] != self._store.changes.position().epoch:
            raise BadRequest(errors={"minSeq": _OTHER_EPOCH})
        if int(form[2]) > self._store.changes.position().seq:
            raise Busy(_AHEAD, headers={"Retry-After": "1"})

    async def _until(self, seq: int) -> None:
        if len(self._waiting) >= MOST:
            raise Busy(headers={"Retry-After": "5"})
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[future] = seq
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(SECONDS):
                    await future
        finally:
            del self._waiting[future]

"""A socket that takes a write only when it is asked to."""

from __future__ import annotations

import asyncio

from pbtornado.realtime.connection import Connection


class Socket:
    """What a connection writes to; nothing is taken before the first `next`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._taken: asyncio.Future[None] | None = None
        self._came: asyncio.Queue[bytes] = asyncio.Queue()

    async def next(self) -> bytes:
        """The next write; empty when the stream has ended."""
        if self._connection.closed and self._came.empty():
            return b""
        if self._taken is None:
            self._connection.attach(self._write, lambda: self._came.put_nowait(b""))
        elif self._came.empty() and not self._taken.done():
            self._taken.set_result(None)
        return await self._came.get()

    def _write(self, data: bytes) -> asyncio.Future[None]:
        self._taken = asyncio.get_running_loop().create_future()
        self._came.put_nowait(data)
        return self._taken

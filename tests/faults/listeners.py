"""Many streams at once from one loop: listeners that read when they are told to, and nothing before."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

SMALL = 4096
"""A receive buffer that makes the sender wait soon."""


@dataclass(frozen=True)
class Heard:
    """An event's position, and how many seconds after it was written (`at` of its record) it came."""

    id: str
    after: float


@dataclass
class Listener:
    """A stream whose events are read by `hear` alone."""

    port: int
    topic: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    client: str = ""
    heard: list[Heard] = field(default_factory=list)

    @classmethod
    async def open(cls, port: int, topic: str, *, since: str = "", buffer: int = 0) -> Listener:
        """Connects and subscribes."""
        listener = cls(port, topic, *await connect(port, buffer))
        query = f"?since={since}" if since else ""
        listener.writer.write(f"GET /api/realtime{query} HTTP/1.0\r\n\r\n".encode())
        await listener.reader.readuntil(b"\r\n\r\n")
        listener.client = json.loads((await listener.block())["data"])["clientId"]
        assert await post(port, "/api/realtime", {"clientId": listener.client, "subscriptions": [topic]}) == 204
        return listener

    async def block(self) -> dict[str, str]:
        """The next fields of the stream up to an empty line."""
        lines = (await self.reader.readuntil(b"\n\n")).decode().splitlines()
        return {name: value for name, _, value in (line.partition(":") for line in lines if line)}

    async def hear(self, count: int) -> None:
        """Reads until so many events were heard in all."""
        while len(self.heard) < count:
            block = await self.block()
            if block.get("event") == self.topic:
                self.heard.append(Heard(block["id"], time.time() - json.loads(block["data"])["record"]["at"]))
            assert block.get("event") != "PB_RESYNC"

    def close(self) -> None:
        """Ends the stream."""
        self.writer.close()


async def connect(port: int, buffer: int = 0) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection, with a receive buffer of that size."""
    sock = socket.socket()
    sock.setblocking(False)
    if buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=sock, limit=1 << 18)


async def post(port: int, path: str, body: object, token: str = "") -> int:
    """The status of a POST."""
    reader, writer = await connect(port)
    data = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\nAuthorization: {token}\r\n\r\n"
    writer.write(head.encode() + data)
    answer = await reader.read()
    writer.close()
    return int(answer.split()[1])


async def hear_all(listeners: Sequence[Listener], count: int, seconds: float) -> None:
    """All of them read until they have heard so many events."""
    async with asyncio.timeout(seconds):
        await asyncio.gather(*[listener.hear(count) for listener in listeners])

"""Clients of the WebSocket: one that speaks its messages, and one that speaks its bytes."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from typing import Any, ClassVar

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.client import Client

PATH = "/api/realtime/ws"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = (
    f"GET {PATH} HTTP/1.1",
    "Host: x",
    "Connection: keep-alive, Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    f"Sec-WebSocket-Key: {KEY}",
)


class Talk:
    """A client that reads what it is told; `client` is its id."""

    opened: ClassVar[list[Talk]] = []
    """All that were opened and have to be closed in the end."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.connection = connection
        self.opened.append(self)
        self.client = ""
        self.heard: list[dict[str, Any]] = []
        """What came while an answer was waited for."""
        self._last = 0

    @classmethod
    async def open(cls, base: str, query: str = "", **headers: str) -> Talk:
        """A connection that has been greeted."""
        return await cls.greeted(await websocket_connect(HTTPRequest(base.replace("http", "ws", 1) + PATH + query, headers=headers)))

    @classmethod
    async def greeted(cls, connection: WebSocketClientConnection) -> Talk:
        """A client on a connection that has just been opened."""
        talk = cls(connection)
        greeting = await talk.hear()
        assert greeting["type"] == "connected"
        talk.client = greeting["clientId"]
        return talk

    async def text(self) -> str:
        """The next message as it came; EOFError when the connection has ended."""
        message = await asyncio.wait_for(self.connection.read_message(), 5)
        if message is None:
            raise EOFError(self.connection.close_code)
        assert isinstance(message, str)
        return message

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        if self.heard:
            return self.heard.pop(0)
        said: dict[str, Any] = json.loads(await self.text())
        return said

    async def event(self) -> dict[str, Any]:
        """The next event."""
        while (said := await self.hear())["type"] != "event":
            assert said["type"] in ("position", "ok"), said
        return said

    async def ask(self, type: str, **said: Any) -> dict[str, Any]:
        """What a message is answered; what comes before that is kept."""
        self._last += 1
        await self.connection.write_message(json.dumps({"id": self._last, "type": type, **said}))
        while (answer := json.loads(await self.text())).get("id") != self._last:
            self.heard.append(answer)
        return dict(answer)

    async def subscribe(self, *topics: str, **said: Any) -> str:
        """Adds topics; the position after which they are heard."""
        answer = await self.ask("subscribe", topics=list(topics), **said)
        assert answer["type"] == "ok", answer
        return str(answer["position"])

    def cut(self) -> None:
        """Ends the connection without a word."""
        protocol: Any = self.connection.protocol
        if protocol:
            protocol.stream.close()
        self.connection.close()


class Bytes:
    """A socket on which the client's side of the protocol is spoken byte by byte."""

    opened: ClassVar[list[Bytes]] = []

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.opened.append(self)

    @classmethod
    async def open(cls, client: Client, lines: tuple[str, ...] = HANDSHAKE, buffer: int = 0) -> tuple[Bytes, str]:
        """A connection, and the head of what the handshake was answered; `buffer` is what the system keeps for it unread."""
        host, port = client.base.removeprefix("http://").split(":")
        one = socket.socket()
        if buffer:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        one.setblocking(False)
        await asyncio.get_running_loop().sock_connect(one, (host, int(port)))
        opened = cls(*await asyncio.open_connection(sock=one, limit=max(buffer, 1 << 16)))
        opened.writer.write("\r\n".join([*lines, "", ""]).encode())
        return opened, (await asyncio.wait_for(opened.reader.readuntil(b"\r\n\r\n"), 5)).decode()

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: its first byte and its payload."""
        first, size = await asyncio.wait_for(self.reader.readexactly(2), 5)
        if size > 125:
            (size,) = struct.unpack("!H" if size == 126 else "!Q", await self.reader.readexactly(2 if size == 126 else 8))
        return first, await asyncio.wait_for(self.reader.readexactly(size), 5)

    def send(self, first: int, payload: bytes) -> None:
        """A frame with a mask."""
        mask, size = os.urandom(4), len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
        self.writer.write(bytes([first]) + length + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload)))


async def close_all() -> None:
    """Ends all connections that were opened here."""
    while Talk.opened:
        Talk.opened.pop().cut()
    while Bytes.opened:
        writer = Bytes.opened.pop().writer
        writer.transport.abort()
        writer.close()
    await asyncio.sleep(0.01)

"""How what a client is owed is written: as server-sent events, or as messages over a WebSocket.

Either way it is bytes that go to the socket as they are, so one event is written once for all who see the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from struct import pack
from typing import Any, Protocol

from ..values import json_bytes

PLACE = "PB_POSITION"
"""The topic of SSE clients that want to be told where they stand."""
DEFLATED_FROM = 200
"""Bytes from which on a message is worth compressing."""
WINDOW_BITS = 12
"""How far back a compressed message repeats itself: 4 KB. With 32 KB little gets smaller, and clearing the tables takes 50 us."""
_LEVEL, _MEMORY = 1, 5
TEXT, DEFLATED_TEXT = 0x81, 0xC1
"""The first byte of a frame that is a whole text, as it is and compressed."""
TAIL = b"\x00\x00\xff\xff"
"""The end of every compressed message, which is not sent."""


class Form(Protocol):
    """One kind of transport."""

    name: str
    """The transport's."""
    repeats: bool
    """May a topic ask for the position inside an event's data, because it is nowhere else in it?"""
    beat: bytes
    """Shows the ways in between that the stream lives."""
    answers: bool
    """Does a client answer a beat?"""

    def greeting(self, client_id: str) -> bytes:
        """What a client hears first."""

    def event(self, position: str, topic: str, data: bytes) -> bytes:
        """A change; `data` is a JSON object that is not empty."""

    def place(self, position: str, loud: bool) -> bytes:
        """Tells the client where it stands; `loud` where it listens to `PLACE`."""

    def resync(self, position: str, reason: str, topics: Sequence[str]) -> bytes:
        """Tells the client that its topics go on at a position without what was before."""


class ServerSentEvents:
    """PocketBase's form."""

    name = "sse"
    repeats = True
    beat = b":\n\n"
    answers = False

    def greeting(self, client_id: str) -> bytes:
        """The first event: its id is the client's, because the SDKs read it there."""
        return self.event(client_id, "PB_CONNECT", json_bytes({"clientId": client_id}))

    def event(self, position: str, topic: str, data: bytes) -> bytes:
        return b"id:%b\nevent:%b\ndata:%b\n\n" % (position.encode(), topic.encode(), data)

    def place(self, position: str, loud: bool) -> bytes:
        """By an event where it listens to such, else by an id that browsers only remember."""
        return self.event(position, PLACE, json_bytes({"position": position})) if loud else b"id:%b\n\n" % position.encode()

    def resync(self, position: str, reason: str, topics: Sequence[str]) -> bytes:
        return self.event(position, "PB_RESYNC", json_bytes({"reason": reason, "topics": list(topics)}))


def framed(data: bytes, first: int = TEXT) -> bytes:
    """One WebSocket frame of a server: how long it is and the data, behind the first byte."""
    size = len(data)
    if size < 126:
        return pack("!BB", first, size) + data
    return (pack("!BBH", first, 126, size) if size < 1 << 16 else pack("!BBQ", first, 127, size)) + data


class Messages:
    """JSON objects, each in a WebSocket frame of its own; frames of servers have no mask, so they can be shared."""

    name = "websocket"
    repeats = False
    beat = b"\x89\x00"
    answers = True
    framed: Callable[[bytes], bytes] = staticmethod(framed)
    """A text as one frame."""

    def greeting(self, client_id: str) -> bytes:
        return self.message({"type": "connected", "clientId": client_id})

    def event(self, position: str, topic: str, data: bytes) -> bytes:
        return self.framed(json_bytes({"type": "event", "topic": topic, "position": position})[:-1] + b"," + data[1:])

    def place(self, position: str, loud: bool) -> bytes:
        return self.message({"type": "position", "position": position})

    def resync(self, position: str, reason: str, topics: Sequence[str]) -> bytes:
        return self.message({"type": "resync", "position": position, "reason": reason, "topics": list(topics)})

    def message(self, data: dict[str, Any]) -> bytes:
        """Any other message."""
        return self.framed(json_bytes(data))


class DeflatedMessages(Messages):
    """The same for clients that read permessage-deflate. Each message is compressed for itself, so that it can be shared, too."""

    @staticmethod
    def framed(text: bytes) -> bytes:
        packed = deflated(text) if len(text) >= DEFLATED_FROM else text
        return framed(packed, DEFLATED_TEXT) if len(packed) < len(text) else framed(text)


def deflated(text: bytes) -> bytes:
    """The text as permessage-deflate has it (RFC 7692)."""
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -WINDOW_BITS, _MEMORY)
    return (deflater.compress(text) + deflater.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)


SSE, WEBSOCKET, WEBSOCKET_DEFLATED = ServerSentEvents(), Messages(), DeflatedMessages()

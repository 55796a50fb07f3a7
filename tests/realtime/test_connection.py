"""What a connection owes its client, and how much of it waits in memory."""

from __future__ import annotations

import asyncio

import pytest

from pbtornado.realtime.connection import OUTBOX_BYTES, WRITE_BYTES, Connection
from pbtornado.realtime.forms import SSE, WEBSOCKET, framed
from tests.realtime.socket import Socket


def connection() -> tuple[Connection, Socket]:
    """A live one, and what it writes to."""
    one = Connection("c", "")
    return one, Socket(one)


async def test_gathered() -> None:
    """All that waits goes out in one write."""
    one, socket = connection()
    for seq in (1, 2, 3):
        one.deliver(seq, b"x%d" % seq)
    assert await socket.next() == b"x1x2x3"


async def test_waits() -> None:
    """Nothing owed means waiting until something is."""
    one, socket = connection()
    soon = asyncio.ensure_future(socket.next())
    await asyncio.sleep(0)
    one.tell(b"x")
    assert await soon == b"x"


async def test_end() -> None:
    """A closed stream owes nothing more and wakes whoever waits."""
    one, socket = connection()
    soon = asyncio.ensure_future(socket.next())
    await asyncio.sleep(0)
    one.close("gone")
    one.deliver(1, b"x")
    assert await soon == b""
    assert await socket.next() == b""


def test_bounded() -> None:
    """A client that does not read falls behind to what it was sent last, and nothing waits for it."""
    one, _ = connection()
    for seq in range(1, 100):
        one.deliver(seq, b"x" * (OUTBOX_BYTES // 10))
        if one.behind:
            break
    assert (one.position, one.waiting) == (0, 0)


async def test_falls_behind_what_was_taken() -> None:
    """What its socket took already is not sent again."""
    one, socket = connection()
    one.deliver(7, b"x" * WRITE_BYTES)
    one.deliver(9, b"y" * WRITE_BYTES)
    assert (await socket.next())[:1] == b"x"
    one.deliver(11, b"z" * WRITE_BYTES)
    one.deliver(12, b"z" * WRITE_BYTES)
    assert (one.behind, one.position) == (True, 8)


async def test_large_event() -> None:
    """An event larger than the outbox still gets through."""
    one, socket = connection()
    one.deliver(1, b"x" * (2 * OUTBOX_BYTES))
    assert len(await socket.next()) == 2 * OUTBOX_BYTES


async def test_words_of_the_server_stay() -> None:
    """What is not about changes survives falling behind."""
    one, socket = connection()
    one.tell(b"hello")
    one.deliver(1, b"x")
    one.go_back(0)
    assert await socket.next() == b"hello"


async def test_words_nobody_takes() -> None:
    """A client that is told more and more and takes none of it is let go."""
    one, socket = connection()
    for _ in range(10):
        one.tell(b"x" * (1 << 20))
    assert one.closed == "slow"
    assert one.waiting == 0
    assert await socket.next() == b""


async def test_beat() -> None:
    """A quiet stream shows that it lives by a comment, one that is owed something does not need to."""
    one, socket = connection()
    one.beat(1.0)
    one.beat(1.0)
    assert await socket.next() == SSE.beat
    one.deliver(1, b"x")
    one.beat(1.0)
    assert await socket.next() == b"x"


def test_wire() -> None:
    """The greeting's id is the client's, because SDKs read it there."""
    assert SSE.greeting("c") == b'id:c\nevent:PB_CONNECT\ndata:{"clientId":"c"}\n\n'
    assert SSE.event("e:1", "posts/*", b"{}") == b"id:e:1\nevent:posts/*\ndata:{}\n\n"


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_frames(size: int) -> None:
    """A message is one frame without a mask, its length written as the protocol of WebSockets has it."""
    head = {0: b"\x81\x00", 125: b"\x81\x7d", 126: b"\x81\x7e\x00\x7e", 65_535: b"\x81\x7e\xff\xff"}
    assert framed(b"x" * size) == head.get(size, b"\x81\x7f" + size.to_bytes(8, "big")) + b"x" * size


def test_messages() -> None:
    """An event's data is embedded as it is."""
    assert WEBSOCKET.event("e:1", "posts/*", b'{"action":"create"}')[2:] == (
        b'{"type":"event","topic":"posts/*","position":"e:1","action":"create"}'
    )

"""Connections, byte by byte: what HTTP allows is answered in order, what it does not is refused."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from tornado.httputil import HTTPServerRequest
from tornado.web import Application

from pbtornado.backend import Backend
from pbtornado.http.exchange import Exchange
from pbtornado.http.server import MOST_ACCEPTED, Server, TornadoServer, WireServer, http_server
from tests.client import Client

POSTED = b'{"identity":"a@b.co","password":"x"}'
SIGN_IN = b"POST /api/collections/users/auth-with-password HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
HEALTH = b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n"
Talk = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(params=[WireServer, TornadoServer.of])
def kind(request: pytest.FixtureRequest) -> Callable[..., Server]:
    """Each of the servers."""
    made: Callable[..., Server] = request.param
    return made


@asynccontextmanager
async def talking(server: Server) -> AsyncIterator[Talk]:
    """A connection to a server that lives as long as this does."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    server.add_socket(listening)
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        server.stop()
        await server.close_all_connections()


async def answered(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """The next answer: status, headers in lower case, body."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").split("\r\n")[:-2]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return int(first.split()[1]), headers, body


async def told(app: Application, backend: Backend, kind: Callable[..., Server], sent: bytes) -> bytes:
    """All that comes back for some bytes until the server closes."""
    async with talking(kind(app, backend.options)) as (reader, writer):
        writer.write(sent)
        return await asyncio.wait_for(reader.read(), 5)


async def flood(writer: asyncio.StreamWriter, pieces: int) -> None:
    """Sends so many pieces of 64 KiB, as long as somebody takes them."""
    for _ in range(pieces):
        writer.write(b"a" * 65536)
        await writer.drain()
        await asyncio.sleep(0.001)


def test_the_fast_server_is_taken_where_it_can_be(app: Application, backend: Backend) -> None:
    """With httptools installed connections are our own."""
    assert isinstance(http_server(app, backend.options), WireServer)


async def test_requests_sent_at_once_are_answered_in_order(app: Application, backend: Backend, kind: Callable[..., Server]) -> None:
    """Forty requests in one packet get forty answers, each to its own."""
    async with talking(kind(app, backend.options)) as (reader, writer):
        paths = [f"/api/collections/nothing{n}/records" if n % 2 else "/api/health" for n in range(40)]
        writer.write(b"".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths))
        assert [(await answered(reader))[0] for _ in paths] == [404 if n % 2 else 200 for n in range(40)]


async def test_a_request_may_come_byte_by_byte(app: Application, backend: Backend, kind: Callable[..., Server]) -> None:
    """Head and body are put together from whatever pieces they come in."""
    async with talking(kind(app, backend.options)) as (reader, writer):
        for byte in SIGN_IN + b"Content-Length: %d\r\n\r\n" % len(POSTED) + POSTED:
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert (await answered(reader))[0] == 400


async def test_a_body_may_come_in_chunks(app: Application, backend: Backend, kind: Callable[..., Server]) -> None:
    """Without a length its end is told by an empty chunk."""
    async with talking(kind(app, backend.options)) as (reader, writer):
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in POSTED) + b"0\r\n\r\n"
        writer.write(SIGN_IN + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + HEALTH)
        assert [(await answered(reader))[0] for _ in range(2)] == [400, 200]


async def test_who_asks_whether_to_go_on_is_told_so(app: Application, backend: Backend, kind: Callable[..., Server]) -> None:
    """`Expect: 100-continue` gets its answer before the body is sent."""
    async with talking(kind(app, backend.options)) as (reader, writer):
        writer.write(SIGN_IN + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(POSTED))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(POSTED)
        assert (await answered(reader))[0] == 400


async def test_an_offer_to_speak_something_else_is_passed_over(app: Application, backend: Backend, kind: Callable[..., Server]) -> None:
    """A request for an upgrade nobody offers is answered like any other, and so is the next."""
    async with talking(kind(app, backend.options)) as (reader, writer):
        writer.write(HEALTH[:-2] + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + HEALTH)
        assert [(await answered(reader))[0] for _ in range(2)] == [200, 200]


async def test_an_old_client_is_hung_up_on_unless_it_asks_otherwise(
    app: Application, backend: Backend, kind: Callable[..., Server]
) -> None:
    """HTTP/1.0 ends with its answer; `Connection: keep-alive` changes that."""
    old = HEALTH.replace(b"1.1", b"1.0")
    async with talking(kind(app, backend.options)) as (reader, writer):
        writer.write(old[:-2] + b"Connection: keep-alive\r\n\r\n")
        assert (await answered(reader))[1]["connection"] == "Keep-Alive"
        writer.write(old)
        assert (await answered(reader))[0] == 200
        assert await asyncio.wait_for(reader.read(), 5) == b""


async def test_who_says_it_is_the_last_request_is_hung_up_on(app: Application, backend: Backend, kind: Callable[..., Server]) -> None:
    """`Connection: close` is answered with the same."""
    answer = await told(app, backend, kind, HEALTH[:-2] + b"Connection: close\r\n\r\n" + HEALTH)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /api/health HTTP/3.0\r\nHost: x\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        SIGN_IN + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        SIGN_IN + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        SIGN_IN + b"Content-Length: -5\r\n\r\n",
        SIGN_IN + b"Transfer-Encoding: gzip\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_refused(app: Application, backend: Backend, kind: Callable[..., Server], sent: bytes) -> None:
    """What two servers could read in two ways, or none at all, is 400 and the end of the connection."""
    assert (await told(app, backend, kind, sent)).startswith(b"HTTP/1.1 400 ")


async def test_answers_owed_come_before_the_refusal(app: Application, backend: Backend, kind: Callable[..., Server]) -> None:
    """A proper request in front of nonsense still gets its answer."""
    assert (await told(app, backend, kind, HEALTH + b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("head", [b"GET /api/health HTTP/1.1\r\nHost: x\r\nA: ", b"GET /"])
async def test_a_head_without_end_is_not_kept(app: Application, backend: Backend, kind: Callable[..., Server], head: bytes) -> None:
    """Whoever sends more than a head may have is hung up on."""
    async with talking(kind(app, backend.options)) as (_, writer):
        writer.write(head)
        with pytest.raises(OSError, match=r"lost|reset|Broken"):
            await flood(writer, 100)


async def test_a_head_longer_than_allowed_is_refused(app: Application, backend: Backend) -> None:
    """Many small headers make a long head too."""
    headers = b"".join(b"A%d: %s\r\n" % (n, b"b" * 90) for n in range(1000))
    assert not (await told(app, backend, WireServer, HEALTH[:-2] + headers + b"\r\n")).startswith(b"HTTP/1.1 200")


async def test_a_body_cut_short_leaves_nothing_open(app: Application, backend: Backend, kind: Callable[..., Server]) -> None:
    """When the connection goes in the middle of a body the request is over."""
    async with talking(kind(app, backend.options)) as (_, writer):
        writer.write(SIGN_IN + b"Content-Length: 100\r\n\r\n{")
        while not app.settings["open_requests"]:
            await asyncio.sleep(0.001)
        writer.close()
        while app.settings["open_requests"]:
            await asyncio.sleep(0.001)


async def test_who_is_silent_for_too_long_is_hung_up_on(app: Application, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between requests, and in the middle of a head or a body."""
    monkeypatch.setattr("pbtornado.http.server.IDLE_SECONDS", 0.1)
    monkeypatch.setattr("pbtornado.http.server.BODY_SECONDS", 0.1)
    monkeypatch.setattr("pbtornado.http.server.SWEEP_SECONDS", 0.05)
    for sent in (b"", HEALTH[:9], SIGN_IN + b"Content-Length: 100\r\n\r\n{"):
        assert await told(app, backend, WireServer, sent) == b""


async def test_a_stream_may_be_silent_for_as_long_as_it_likes(app: Application, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only clients that owe us something are hung up on."""
    monkeypatch.setattr("pbtornado.http.server.IDLE_SECONDS", 0.05)
    monkeypatch.setattr("pbtornado.http.server.SWEEP_SECONDS", 0.02)
    async with talking(WireServer(app, backend.options)) as (reader, writer):
        writer.write(b"GET /api/realtime HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"PB_CONNECT")
        await asyncio.sleep(0.2)
        assert not reader.at_eof()
        backend.realtime.stop()
        assert (await reader.read()).endswith(b"0\r\n\r\n")


async def test_an_answered_request_is_gone(app: Application, backend: Backend) -> None:
    """Nothing of it holds itself: its memory is free at once, not when garbage is looked for."""
    async with talking(WireServer(app, backend.options)) as (reader, writer):
        gc.collect()
        gc.disable()
        try:
            for _ in range(10):
                writer.write(HEALTH)
                assert (await answered(reader))[0] == 200
            assert sum(isinstance(found, Exchange | HTTPServerRequest) for found in gc.get_objects()) <= 2
        finally:
            gc.enable()


async def test_many_who_come_together(client: Client) -> None:
    """More connections than are accepted at once are all answered."""
    host, port = client.base.removeprefix("http://").split(":")
    opened = await asyncio.gather(*[asyncio.open_connection(host, int(port)) for _ in range(5 * MOST_ACCEPTED)])
    for _, writer in opened:
        writer.write(b"GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answers = await asyncio.gather(*[asyncio.wait_for(reader.read(), 5) for reader, _ in opened])
    for _, writer in opened:
        writer.close()
    assert {answer.split(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 200 OK"}

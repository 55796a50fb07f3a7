"""Realtime over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from pbtornado.backend import Backend
from pbtornado.http.realtime import wanted
from pbtornado.realtime.realtime import new_client_id
from tests import data
from tests.client import Answer, Client


class Stream:
    """An open stream, read as it comes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.head = b""

    async def open(self, path: str, *headers: str, version: str) -> None:
        """Asks for it and reads the answer's head."""
        lines = [f"GET {path} HTTP/{version}", "Host: x", *headers, "", ""]
        self.writer.write("\r\n".join(lines).encode())
        self.head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)

    async def until(self, text: str) -> str:
        """What comes up to and with this text."""
        return (await asyncio.wait_for(self.reader.readuntil(text.encode()), 5)).decode()

    async def event(self) -> dict[str, str]:
        """The next event's fields."""
        block = ""
        while "data:" not in block:
            block = await self.until("\n\n")
        return dict(line.split(":", 1) for line in block.replace("\r", "").split("\n") if ":" in line)

    async def client_id(self) -> str:
        """The id in the greeting."""
        return (await self.event())["id"]


class Streams:
    """Opens streams of a server, and closes them in the end."""

    def __init__(self, base: str) -> None:
        host, port = base.removeprefix("http://").split(":")
        self.address = host, int(port)
        self.opened: list[Stream] = []

    async def open(self, path: str = "/api/realtime", *headers: str, version: str = "1.1") -> Stream:
        """A stream whose answer has begun."""
        stream = Stream(*await asyncio.open_connection(*self.address))
        self.opened.append(stream)
        await stream.open(path, *headers, version=version)
        return stream

    async def close(self) -> None:
        """Hangs up."""
        for stream in self.opened:
            stream.writer.close()
            await stream.writer.wait_closed()


@pytest.fixture
def streams(each: Client, io_loop: IOLoop) -> Iterator[Streams]:
    """Streams of each of the servers."""
    streams = Streams(each.base)
    yield streams
    io_loop.run_sync(streams.close)


async def subscribe(client: Client, id: str, *topics: str, token: str = "") -> Answer:
    """Says what is heard."""
    return await client.post("/api/realtime", {"clientId": id, "subscriptions": list(topics)}, token=token)


async def test_greeting(streams: Streams) -> None:
    """A stream begins with the client's id, and nothing on its way may keep or gather it."""
    opened = await streams.open()
    for line in (b"HTTP/1.1 200", b"Content-Type: text/event-stream\r\n", b"Cache-Control: no-store\r\n", b"X-Accel-Buffering: no\r\n"):
        assert line in opened.head
    event = await opened.event()
    assert event["event"] == "PB_CONNECT"
    assert json.loads(event["data"]) == {"clientId": event["id"]}


@pytest.mark.parametrize(("version", "header"), [("1.1", "Connection: close"), ("1.0", "X: y"), ("1.1", "Accept-Encoding: gzip")])
async def test_kinds_of_connections(streams: Streams, client: Client, backend: Backend, version: str, header: str) -> None:
    """Events come at once, however the connection was asked for."""
    await data.collection(backend, "posts")
    opened = await streams.open("/api/realtime", header, version=version)
    assert (await subscribe(client, await opened.client_id(), "posts/*")).status == 204
    await data.records(backend, "posts", {})
    assert (await opened.event())["event"] == "posts/*"


async def test_head(client: Client) -> None:
    """HEAD answers what GET would begin with, and ends."""
    answer = await client.send("HEAD", "/api/realtime")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")


async def test_whole_way(streams: Streams, client: Client, backend: Backend) -> None:
    """A record created over HTTP is heard by whoever the rule allows."""
    await data.collection(backend, "posts", {"name": "owner"}, listRule="owner = @request.auth.id")
    id, token = await data.account(backend, "ann@example.com")
    opened = await streams.open()
    assert (await subscribe(client, await opened.client_id(), "posts/*", token=token)).status == 204
    made = await client.post("/api/collections/posts/records", {"owner": id})
    event = await opened.event()
    assert event["id"] == str(backend.store.changes.position())
    assert json.loads(event["data"]) == {"action": "create", "record": made.json}


@pytest.mark.parametrize("how", ["header", "query"])
async def test_resume(streams: Streams, client: Client, backend: Backend, how: str) -> None:
    """A position is taken from the header that browsers send or from the address."""
    await data.collection(backend, "posts")
    position = str(backend.store.changes.position())
    (made,) = await data.records(backend, "posts", {})
    given = (f"/api/realtime?since={position}",) if how == "query" else ("/api/realtime", f"Last-Event-ID: {position}")
    opened = await streams.open(*given)
    await subscribe(client, await opened.client_id(), "posts/*")
    assert json.loads((await opened.event())["data"])["record"]["id"] == made["id"]


async def test_leave(streams: Streams, client: Client, backend: Backend) -> None:
    """A stream may ask to be told of records that leave its sight."""
    await data.collection(backend, "posts", {"name": "state"}, listRule="state != 'x'")
    opened = await streams.open("/api/realtime?leave=1")
    await subscribe(client, await opened.client_id(), "posts/*")
    (made,) = await data.records(backend, "posts", {})
    await opened.event()
    await client.patch(f"/api/collections/posts/records/{made['id']}", {"state": "x"})
    assert json.loads((await opened.event())["data"])["action"] == "leave"


async def test_gone_client(streams: Streams, client: Client, backend: Backend) -> None:
    """A client that hangs up is forgotten at once."""
    opened = await streams.open()
    id = await opened.client_id()
    await subscribe(client, id, "posts/*")
    opened.writer.close()
    await opened.writer.wait_closed()
    for _ in range(200):
        if (await subscribe(client, id)).status == 404:
            return
        await asyncio.sleep(0.01)
    pytest.fail("still known")


async def test_stop(streams: Streams, backend: Backend) -> None:
    """A server that stops ends its streams properly."""
    opened = await streams.open()
    await opened.client_id()
    backend.realtime.stop()
    assert await opened.until("0\r\n\r\n")


async def test_slow_client(streams: Streams, client: Client, backend: Backend) -> None:
    """A client that stops reading costs a bounded amount, and gets everything when it reads again."""
    await data.collection(backend, "posts", {"name": "text", "max": 100_000}, {"name": "n", "type": "number"})
    opened = await streams.open()
    id = await opened.client_id()
    await subscribe(client, id, "posts/*")
    connection = backend.realtime._connections[id]
    count, most = 300, 0
    for n in range(count):
        await data.records(backend, "posts", {"n": n, "text": "x" * 50_000})
        most = max(most, connection.waiting)
    assert connection.behind
    assert most < 300_000
    assert [json.loads((await opened.event())["data"])["record"]["n"] for _ in range(count)] == list(range(count))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"clientId": 5}, 400),
        ({"clientId": "x", "subscriptions": "abc"}, 400),
        ({"clientId": "x", "subscriptions": [1]}, 400),
        ({"clientId": "x", "subscriptions": None}, 404),
        ({"clientId": "x"}, 404),
        ([], 400),
        ("x", 400),
    ],
)
async def test_bad_bodies(client: Client, body: Any, status: int) -> None:
    """What is no subscription is refused in PocketBase's words."""
    answer = await client.post("/api/realtime", body)
    assert answer.status == status
    assert answer.json["message"] == (
        "Missing or invalid client id." if status == 404 else "Something went wrong while processing your request."
    )


async def test_another_worker(client: Client) -> None:
    """A client of a worker that is not there is not found."""
    assert (await subscribe(client, new_client_id(5), "posts/*")).status == 404


def test_forms() -> None:
    """A form may name one topic or several, in any type it was read as."""
    assert wanted({"clientId": 7, "subscriptions": "a"}, strict=False) == ("7", ["a"])
    assert wanted({"clientId": "x", "subscriptions": ["a", 1]}, strict=False) == ("x", ["a", "1"])

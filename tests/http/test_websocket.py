"""Realtime over WebSockets, on real sockets and either server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from tornado.ioloop import IOLoop
from tornado.web import Application

from pbtornado.backend import Backend
from pbtornado.http.websocket import LONGEST_MESSAGE
from pbtornado.realtime import realtime
from tests import data
from tests.client import Client
from tests.process import Server as Process
from tests.realtime.socket import Socket
from tests.talk import HANDSHAKE, PATH, Bytes, Talk, close_all

OTHER = "https://other.example"


@pytest.fixture(autouse=True)
def hanging_up(io_loop: IOLoop) -> Iterator[None]:
    """Whoever has connected hangs up in the end."""
    yield
    io_loop.run_sync(close_all)


@asynccontextmanager
async def refused(status: int) -> AsyncIterator[None]:
    """The handshake is answered with this status."""
    with pytest.raises(HTTPClientError) as refusal:
        yield
    assert refusal.value.code == status
    assert refusal.value.response
    assert json.loads(refusal.value.response.body)["status"] == status


async def test_whole_way(each: Client, backend: Backend) -> None:
    """A topic is added, a record that is created is heard with its position, and a dropped topic no more."""
    await data.collection(backend, "posts")
    talk = await Talk.open(each.base)
    before = await talk.subscribe("posts/*")
    assert before == str(backend.store.changes.position())
    made = await each.post("/api/collections/posts/records", {})
    position = str(backend.store.changes.position())
    said = {"type": "event", "topic": "posts/*", "position": position, "action": "create", "record": made.json}
    assert await talk.event() == said
    await talk.subscribe(f"posts/{made.json['id']}")
    assert (await talk.ask("unsubscribe", topics=["posts/*", "never/*"]))["type"] == "ok"
    await data.records(backend, "posts", {})
    await each.delete(f"/api/collections/posts/records/{made.json['id']}")
    event = await talk.event()
    assert (event["topic"], event["action"]) == (f"posts/{made.json['id']}", "delete")


async def test_the_same_bytes_as_over_sse(client: Client, backend: Backend) -> None:
    """What an event says of a record is byte for byte what SSE says, whatever the topic's options."""
    await data.collection(backend, "posts", {"name": "text"})
    options = '?options={"query":{"position":"1","fields":"id,text"}}'
    talk = await Talk.open(client.base)
    stream = backend.realtime.connect("")
    socket = Socket(stream)
    await backend.realtime.subscribe(stream.id, ["posts/*", f"posts/*{options}"], data.ROOT)
    await talk.subscribe("posts/*", f"posts/*{options}")
    await data.records(backend, "posts", {"text": 'é"\n'})
    told = [block for block in (await socket.next()).decode().split("\n\n") if "event:posts" in block]
    told += [block for block in (await socket.next()).decode().split("\n\n") if "event:posts" in block] if not told else []
    over_sse = [block.rpartition("\ndata:")[2] for block in told]
    heard: list[str] = []
    while len(heard) < 2:
        text = await talk.text()
        heard += [text] if '"type":"event"' in text else []
    assert heard[0].endswith("," + over_sse[0][1:])
    plain = json.loads(over_sse[1])
    assert plain.pop("position") == json.loads(heard[1])["position"]
    assert json.loads(heard[1])["record"] == plain["record"]
    assert heard[1].count('"position"') == 1


async def test_nothing_is_lost_across_killed_connections(each: Client, backend: Backend) -> None:
    """Who is cut off again and again, and comes back with the last position, hears every change once and in order."""
    await data.collection(backend, "posts", {"name": "n", "type": "number"})
    since = str(backend.store.changes.position())
    heard: list[int] = []

    async def write() -> None:
        for number in range(60):
            await data.records(backend, "posts", {"n": number})
            await asyncio.sleep(0)

    writing = asyncio.create_task(write())
    while len(heard) < 60:
        talk = await Talk.open(each.base, f"?since={since}") if len(heard) % 2 else await Talk.open(each.base)
        await talk.subscribe("posts/*", **({} if len(heard) % 2 else {"since": since}))
        for _ in range(min(7, 60 - len(heard))):
            event = await talk.event()
            heard.append(event["record"]["n"])
            since = event["position"]
        talk.cut()
    await writing
    assert heard == list(range(60))


async def test_topics_that_come_later_have_positions_of_their_own(client: Client, backend: Backend) -> None:
    """A topic that is added with a position goes on after it, those that are there already repeat nothing."""
    await data.collection(backend, "posts")
    await data.collection(backend, "notes")
    since = str(backend.store.changes.position())
    talk = await Talk.open(client.base)
    await talk.subscribe("posts/*")
    (post,) = await data.records(backend, "posts", {})
    (note,) = await data.records(backend, "notes", {})
    assert (await talk.event())["record"]["id"] == post["id"]
    await talk.subscribe("notes/*", since=since)
    await data.records(backend, "posts", {"id": "last00000000000"})
    assert [(await talk.event())["record"]["id"] for _ in range(2)] == [note["id"], "last00000000000"]


async def test_a_position_the_log_cannot_go_on_after(client: Client, backend: Backend) -> None:
    """It is told why, and where it goes on."""
    await data.collection(backend, "posts")
    talk = await Talk.open(client.base)
    position = await talk.subscribe("posts/*", since="another:7")
    told = next(said for said in talk.heard if said["type"] == "resync")
    assert told == {"type": "resync", "position": position, "reason": "epoch", "topics": ["posts/*"]}


async def test_signing_in_and_out(each: Client, backend: Backend) -> None:
    """A guest becomes an account, which nobody else may become before it has signed out; a bad token changes nothing."""
    await data.collection(backend, "posts", {"name": "owner"}, listRule="owner = @request.auth.id")
    (ann, anns), (bob, bobs) = [await data.account(backend, f"{name}@example.com") for name in ("ann", "bob")]
    talk = await Talk.open(each.base)
    await talk.subscribe("posts/*")
    refused = await talk.ask("signIn", token="nonsense")
    assert (refused["type"], refused["status"], refused["data"]) == ("error", 401, {})
    assert (await talk.ask("signIn", token=anns))["actor"]["id"] == ann
    assert (await talk.ask("signIn", token=bobs))["status"] == 403
    await data.records(backend, "posts", {"owner": bob}, {"owner": ann})
    assert (await talk.event())["record"]["owner"] == ann
    assert (await talk.ask("signOut"))["actor"] is None
    await data.records(backend, "posts", {"owner": ann})
    assert (await talk.ask("signIn", token=bobs))["actor"]["id"] == bob
    await data.records(backend, "posts", {"owner": bob})
    assert (await talk.event())["record"]["owner"] == bob


async def test_a_token_in_the_header_signs_in(client: Client, backend: Backend) -> None:
    """Clients that can send headers need no message for it."""
    await data.collection(backend, "posts", listRule=None)
    talk = await Talk.open(client.base, Authorization=f"Bearer {await data.superuser(backend)}")
    await talk.subscribe("posts/*")
    (made,) = await data.records(backend, "posts", {})
    assert (await talk.event())["record"]["id"] == made["id"]


async def test_superusers_come_from_their_addresses_only(client: Client, backend: Backend) -> None:
    """The settings' list of addresses holds here, too."""
    token = await data.superuser(backend)
    await data.change_settings(backend, superuserIPs=["10.0.0.1"])
    talk = await Talk.open(client.base)
    assert (await talk.ask("signIn", token=token))["status"] == 403
    assert (await talk.ask("ping"))["type"] == "pong"


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("nonsense", set()),
        ("[1]", set()),
        ('{"type": "shout"}', set()),
        ('{"type": ["ping"]}', set()),
        ('{"type": "ping", "id": true}', {"id"}),
        ('{"type": "ping", "id": "' + "x" * 101 + '"}', {"id"}),
        ('{"type": "subscribe"}', {"topics"}),
        ('{"type": "subscribe", "topics": "posts/*"}', {"topics"}),
        ('{"type": "subscribe", "topics": [], "since": 7}', {"since"}),
        ('{"type": "subscribe", "topics": ["' + "x" * 2501 + '"]}', {"topics"}),
        ('{"type": "signIn", "token": 7}', {"token"}),
        (b"\xff\x00", set()),
    ],
)
async def test_what_is_no_message_is_refused(client: Client, said: str | bytes, wrong: set[str]) -> None:
    """The answer has the shape of all refusals, and the connection stays."""
    talk = await Talk.open(client.base)
    await talk.connection.write_message(said, binary=isinstance(said, bytes))
    answer = await talk.hear()
    assert (answer["type"], answer["status"], set(answer["data"])) == ("error", 400, wrong)
    assert (await talk.ask("ping"))["type"] == "pong"


async def test_a_filter_that_is_wrong(client: Client, backend: Backend) -> None:
    """It is refused, under the id of its message, and the other topics stay."""
    await data.collection(backend, "posts")
    talk = await Talk.open(client.base)
    await talk.subscribe("posts/*")
    answer = await talk.ask("subscribe", topics=['posts/*?options={"query":{"filter":"nothing = 1"}}'])
    assert (answer["type"], answer["status"]) == ("error", 400)
    await data.records(backend, "posts", {})
    assert (await talk.event())["topic"] == "posts/*"


async def test_as_many_topics_as_over_sse(client: Client) -> None:
    """1,000 of a connection, however they were added."""
    talk = await Talk.open(client.base)
    await talk.subscribe(*[f"nothing/{number}" for number in range(999)])
    await talk.subscribe("nothing/0", "nothing/999")
    answer = await talk.ask("subscribe", topics=["nothing/1000"])
    assert (answer["status"], list(answer["data"])) == (400, ["topics"])


async def test_rate_limits_count_messages(client: Client, backend: Backend) -> None:
    """Who says too much is told so; it is the settings' rule for the path."""
    rule = {"label": PATH, "audience": "", "duration": 60, "maxRequests": 3}
    await data.change_settings(backend, rateLimits={"enabled": True, "excludedIPs": [], "rules": [rule]})
    talk = await Talk.open(client.base)
    assert [(await talk.ask("ping")).get("status", 200) for _ in range(3)] == [200, 200, 429]


async def test_a_server_that_has_enough(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no more streams fit the handshake is refused."""
    monkeypatch.setattr(realtime, "MOST_CONNECTIONS", 0)
    async with refused(503):
        await Talk.open(client.base)


async def test_a_message_that_is_too_long(each: Client) -> None:
    """Nobody reads it: the connection ends."""
    talk = await Talk.open(each.base)
    await talk.connection.write_message("x" * (LONGEST_MESSAGE + 1))
    with pytest.raises(EOFError, match="1009"):
        await talk.hear()


@pytest.mark.parametrize(
    "sent", [b"\xc1\x80aaaa", b"\x83\x80aaaa", b"\x09\x80aaaa", b"\x89\xfeaa", b"\x80\x80aaaa", b"GET / HTTP/1.1\r\n\r\n"]
)
async def test_what_is_no_frame_ends_the_connection(each: Client, sent: bytes) -> None:
    """Its stream is forgotten, and others are served as before."""
    one, head = await Bytes.open(each)
    assert head.startswith("HTTP/1.1 101 ")
    assert await one.frame()
    one.writer.write(sent)
    assert await asyncio.wait_for(one.reader.read(), 5) == b""
    assert each.backend.report(0)["streams"] == 0
    assert (await (await Talk.open(each.base)).ask("ping"))["type"] == "pong"


async def test_pings(each: Client, backend: Backend) -> None:
    """A client's ping is answered; a quiet stream is pinged, before proxies lose patience."""
    one, _ = await Bytes.open(each)
    client_id = json.loads((await one.frame())[1])["clientId"]
    one.send(0x89, b"hello")
    assert await one.frame() == (0x8A, b"hello")
    backend.realtime._connections[client_id].beat(1.0)
    assert await one.frame() == (0x89, b"")
    assert realtime.BEAT_SECONDS[1] < 55


async def test_who_answers_no_ping_is_gone(each: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that answers pings stays, and so does one that says something instead; one that is silent is let go."""
    monkeypatch.setattr(realtime, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(realtime, "BEAT_SECONDS", (0.02, 0.02))
    monkeypatch.setattr(realtime, "SILENT_SECONDS", 0.5)
    answering = await Talk.open(each.base)
    silent, _ = await Bytes.open(each)
    while (await silent.frame())[0] != 0x88:
        pass
    assert list(backend.realtime.reasons) == ["silent"]
    assert (await answering.ask("ping"))["type"] == "pong"


async def test_a_client_that_does_not_read(each: Client, backend: Backend) -> None:
    """It leaves live delivery, costs little meanwhile, and misses nothing when it reads again."""
    await data.collection(backend, "posts", {"name": "text", "max": 100_000}, {"name": "n", "type": "number"})
    one, _ = await Bytes.open(each, buffer=1 << 16)
    connection = next(iter(backend.realtime._connections.values()))
    one.send(0x81, json.dumps({"id": 1, "type": "subscribe", "topics": ["posts/*"]}).encode())
    while json.loads((await one.frame())[1])["type"] != "ok":
        pass
    one.reader._transport.pause_reading()  # type: ignore[attr-defined]
    count = 0
    while not connection.behind:
        await data.records(backend, "posts", {"text": "x" * 90_000, "n": count})
        count += 1
        assert count < 200
        await asyncio.sleep(0.01)
    assert connection.waiting < 256 * 1024
    one.reader._transport.resume_reading()  # type: ignore[attr-defined]
    heard: list[int] = []
    while len(heard) < count:
        said: dict[str, Any] = json.loads((await one.frame())[1])
        heard += [said["record"]["n"]] if said["type"] == "event" else []
    assert heard == list(range(count))


async def test_listed_and_ended_by_superusers(each: Client, backend: Backend) -> None:
    """The list of clients says how each is connected; one that is ended is told so."""
    each.token = await data.superuser(backend)
    talk = await Talk.open(each.base, **{"User-Agent": "board/2"})
    stream = backend.realtime.connect("")
    answer = (await each.get("/api/realtime/clients")).json
    assert {one["id"]: one["transport"] for one in answer["items"]} == {talk.client: "websocket", stream.id: "sse"}
    assert {one["userAgent"] for one in answer["items"]} == {"board/2", ""}
    assert (await each.delete(f"/api/realtime/clients/{talk.client}")).status == 204
    with pytest.raises(EOFError, match="1000"):
        await talk.hear()
    assert talk.connection.close_reason == "ended"


async def test_the_end_of_the_server(each: Client, backend: Backend) -> None:
    """Clients hear that the server goes, and do not hold it up."""
    talk = await Talk.open(each.base)
    one, _ = await Bytes.open(each)
    await one.frame()
    backend.end_waiting()
    began = asyncio.get_running_loop().time()
    ending = asyncio.create_task(each.server.finish(10))  # type: ignore[attr-defined]
    with pytest.raises(EOFError, match="1001"):
        await talk.hear()
    assert (await one.frame())[1][:2] == (1001).to_bytes(2, "big")
    await ending
    assert asyncio.get_running_loop().time() - began < 5


@pytest.mark.parametrize(
    "lines",
    [
        (HANDSHAKE[0], "Host: x"),
        (HANDSHAKE[0].replace("GET", "HEAD"), *HANDSHAKE[1:]),
        (HANDSHAKE[0].replace("1.1", "1.0"), *HANDSHAKE[1:]),
        tuple(line for line in HANDSHAKE if not line.startswith("Connection")),
        tuple(line for line in HANDSHAKE if "Key" not in line),
        tuple(line.replace("13", "8") for line in HANDSHAKE),
        tuple(line.replace("==", "") for line in HANDSHAKE),
        (HANDSHAKE[0].replace("/ws", "/ws?token=secret"), *HANDSHAKE[1:]),
    ],
)
async def test_what_is_no_handshake(each: Client, lines: tuple[str, ...]) -> None:
    """It is a bad request like any other."""
    _, head = await Bytes.open(each, lines)
    assert head.startswith("HTTP/1.1 400 ")
    assert "application/json" in head
    assert each.backend.report(0)["streams"] == 0


async def test_pages_of_other_sites(client: Client, app: Application) -> None:
    """Where browsers may call from some sites only, only those may connect, and pages of the server itself."""
    from pbtornado.http.headers import Origins

    await (await Talk.open(client.base, Origin=OTHER)).ask("ping")
    app.settings["origins"] = Origins(("https://mine.example",))
    async with refused(403):
        await Talk.open(client.base, Origin=OTHER)
    for origin in ("https://mine.example", client.base):
        await (await Talk.open(client.base, Origin=origin)).ask("ping")


async def test_requests_before_the_handshake(client: Client) -> None:
    """A connection that was used for requests may become a WebSocket."""
    one, head = await Bytes.open(client, ("GET /api/health HTTP/1.1", "Host: x"))
    length = int(head.lower().partition("content-length: ")[2].partition("\r")[0])
    await one.reader.readexactly(length)
    one.writer.write("\r\n".join([*HANDSHAKE, "", ""]).encode())
    assert (await one.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    assert json.loads((await one.frame())[1])["type"] == "connected"


async def test_workers_that_die(tmp_path: Path) -> None:
    """On a server as a user starts it: every worker takes WebSockets, and who was cut off by a worker's death goes on with the next."""
    with Process(tmp_path / "pb_data", "--workers", "2") as server:
        server.sign_in()
        server.create("/api/collections", {"name": "posts", "type": "base", "listRule": "", "createRule": ""})
        talks = [await Talk.open(server.url) for _ in range(6)]
        since = {talk: await talk.subscribe("posts/*") for talk in talks}
        listed = server.ask("GET", "/api/realtime/clients").json()
        assert {one["transport"] for one in listed["items"]} == {"websocket"}
        assert {one["id"] for one in listed["items"]} == {talk.client for talk in talks}
        made = [server.create("/api/collections/posts/records", {})["id"]]
        for talk in talks:
            event = await talk.event()
            assert event["record"]["id"] == made[0]
            since[talk] = event["position"]
        for worker in server.workers():
            os.kill(worker, signal.SIGKILL)
        for talk in talks:
            with pytest.raises(EOFError):
                await talk.event()
        made = [server.create("/api/collections/posts/records", {})["id"] for _ in range(3)]
        again = await Talk.open(server.url, f"?since={since[talks[0]]}")
        await again.subscribe("posts/*")
        assert [(await again.event())["record"]["id"] for _ in range(3)] == made
        assert server.stop() == 0
        with pytest.raises(EOFError, match="1001"):
            await again.event()

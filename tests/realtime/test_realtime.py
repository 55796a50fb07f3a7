"""The door: connecting, subscribing, and who is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pbtornado.errors import ApiError, BadRequest, Busy, Forbidden, NotFound
from pbtornado.realtime import realtime as door
from pbtornado.realtime.realtime import Elsewhere, new_client_id, worker_of
from tests.realtime.live import Live, topic
from tests.realtime.socket import Socket
from tests.records.world import GUEST, SUPERUSER, text


async def test_client_id(live: Live) -> None:
    """A client's id has 40 letters and digits; the first two name the worker."""
    ear = await live.connect()
    assert len(ear.id) == 40
    assert ear.id.isalnum()
    assert [worker_of(new_client_id(worker)) for worker in (0, 35, 36, 1295)] == [0, 35, 36, 1295]


@pytest.mark.parametrize(
    ("client", "topics", "error"),
    [
        ("", [], {"clientId": "validation_required"}),
        ("x" * 256, [], {"clientId": "validation_length_out_of_range"}),
        ("x", ["a"] * 1001, {"subscriptions": "validation_length_too_long"}),
        ("x", ["a", "b" * 2501], {"subscriptions": {"1": "validation_length_too_long"}}),
    ],
)
async def test_sizes(live: Live, client: str, topics: list[str], error: dict[str, Any]) -> None:
    """Ids and topics have limits, which come before anything else."""
    with pytest.raises(BadRequest) as refused:
        await live.realtime.subscribe(client, topics, GUEST)
    assert codes(refused.value.body()["data"]) == error


def codes(data: Any) -> Any:
    """Field errors as their codes."""
    return {name: error["code"] if "code" in error else codes(error) for name, error in data.items()}


async def test_unknown_client(live: Live) -> None:
    """A client nobody knows is not found; one of another worker is there."""
    with pytest.raises(NotFound, match="Missing or invalid client id"):
        await live.realtime.subscribe("missing", [], GUEST)
    with pytest.raises(NotFound):
        await live.realtime.subscribe(new_client_id(0), [], GUEST)
    with pytest.raises(Elsewhere) as error:
        await live.realtime.subscribe(new_client_id(7), [], GUEST)
    assert error.value.worker == 7


async def test_another_address(live: Live) -> None:
    """Only the address that opened the stream may subscribe."""
    connection = live.realtime.connect("10.0.0.1")
    await live.realtime.subscribe(connection.id, ["a"], replace(GUEST, ip="10.0.0.1"))
    with pytest.raises(BadRequest, match="Invalid realtime client"):
        await live.realtime.subscribe(connection.id, ["a"], replace(GUEST, ip="10.0.0.2"))


async def test_another_actor(live: Live) -> None:
    """A guest may sign in on his stream; nobody may become somebody else or a guest."""
    ann, bob = await live.user("ann"), await live.user("bob")
    ear = await live.listen("users/*")
    await live.realtime.subscribe(ear.id, ["users/*"], ann)
    await live.realtime.subscribe(ear.id, ["users/*"], ann)
    for other in (bob, GUEST):
        with pytest.raises(Forbidden):
            await live.realtime.subscribe(ear.id, ["users/*"], other)


async def test_guest_becomes_somebody(live: Live) -> None:
    """After signing in the same topics are heard by the new actor."""
    await live.make("posts", listRule="@request.auth.id != ''")
    ear = await live.listen("posts/*")
    await live.realtime.subscribe(ear.id, ["posts/*"], await live.user())
    post = await live.add("posts")
    assert (await ear.next()).record["id"] == post["id"]


@pytest.mark.parametrize("filter", ["nothing = 1", "title = ", "@collection.users.id != ''", "secret = 'x'"])
async def test_filter_refused(live: Live, filter: str) -> None:
    """A filter that cannot be used is refused at once, and the client keeps the topics it had."""
    await live.make("posts", text("title"), text("secret", hidden=True))
    ear = await live.listen("posts/*")
    with pytest.raises(ApiError) as refused:
        await live.realtime.subscribe(ear.id, [topic("posts/*", filter=filter)], GUEST)
    assert refused.value.status == 400
    await live.add("posts")
    assert (await ear.next()).name == "posts/*"


async def test_projection_refused(live: Live) -> None:
    """A projection that cannot be read is refused at once."""
    await live.make("posts")
    ear = await live.listen()
    with pytest.raises(BadRequest, match="fields"):
        await live.realtime.subscribe(ear.id, [topic("posts/*", fields="id:nope()")], GUEST)


async def test_replaced(live: Live) -> None:
    """Subscribing replaces the whole set."""
    await live.make("posts")
    await live.make("sites")
    ear = await live.listen("posts/*")
    await live.realtime.subscribe(ear.id, ["sites/*"], GUEST)
    await live.add("posts")
    await live.add("sites")
    assert (await ear.next()).name == "sites/*"


async def test_unknown_topics(live: Live) -> None:
    """Topics of collections that are not there are heard once these are."""
    ear = await live.listen("later/*", "@anything")
    await live.make("later")
    await live.add("later")
    assert (await ear.next()).name == "later/*"


async def test_renamed_collection(live: Live) -> None:
    """Topics speak of the collection that has the name now, ids always of the same."""
    posts = await live.make("posts")
    by_name, by_id = await live.listen("posts/*"), await live.listen(f"{posts.id}/*")
    await live.collections.update("posts", {"name": "essays"})
    await live.add("essays")
    assert [len(heard) for heard in await live.mark(by_name, by_id)] == [0, 1]


async def test_changed_rule(live: Live) -> None:
    """A rule that was changed holds for the next change already."""
    await live.make("posts")
    ear = await live.listen("posts/*")
    await live.collections.update("posts", {"listRule": None})
    await live.add("posts")
    assert await live.mark(ear) == [[]]


async def test_idle(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream without topics ends after a while; one with topics stays."""
    monkeypatch.setattr(door, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(door, "IDLE_SECONDS", 0.05)
    await live.make("posts")
    ear = await live.listen("posts/*")
    idle = live.realtime.connect("")
    socket = Socket(idle)
    while await socket.next():
        pass
    assert idle.closed == "idle"
    assert not ear.connection.closed


async def test_beats(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quiet stream gets a comment now and then."""
    monkeypatch.setattr(door, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(door, "BEAT_SECONDS", (0.01, 0.02))
    connection = live.realtime.connect("")
    socket = Socket(connection)
    assert (await socket.next()).startswith(b"id:")
    connection.beat_at = 0
    assert await socket.next() == b":\n\n"


async def test_limit(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker holds only so many streams."""
    monkeypatch.setattr(door, "MOST_CONNECTIONS", 1)
    connection = live.realtime.connect("")
    with pytest.raises(Busy):
        live.realtime.connect("")
    live.realtime.close(connection)
    live.realtime.connect("")


async def test_stop(live: Live) -> None:
    """Stopping ends every stream, and none begins after it."""
    ear = await live.listen("users/*", info=SUPERUSER)
    live.realtime.stop()
    live.realtime.stop()
    assert await ear.socket.next() == b""
    with pytest.raises(Busy):
        live.realtime.connect("")
    await live.user()

"""Going on after a position: nothing missed, nothing told twice, or a word that it cannot be."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from pbtornado.realtime import fanout
from pbtornado.realtime.connection import OUTBOX_BYTES
from pbtornado.realtime.resume import Resume, mark_of, refusal
from pbtornado.store.changes import ChangeLog
from pbtornado.store.protocol import Change, Position
from tests.realtime.live import Live, topic
from tests.records.world import GUEST, SUPERUSER, number, text


async def filled(live: Live, count: int) -> list[str]:
    """Records of the new collection posts; the positions after each."""
    await live.make("posts", number("n"))
    positions = []
    for n in range(count):
        await live.add("posts", n=n)
        positions.append(live.position())
    return positions


@pytest.mark.parametrize("how", ["connection", "topic"])
async def test_after_a_position(live: Live, how: str) -> None:
    """A client gets what it missed after the position it names, then goes on live."""
    positions = await filled(live, 200)
    own = {"since": positions[49]} if how == "topic" else {}
    ear = await live.listen(topic("posts/*", **own), since="" if own else positions[49])
    await live.add("posts", n=200)
    heard = await ear.take(151)
    assert [event.record["n"] for event in heard] == list(range(50, 201))
    assert [event.id for event in heard[:-1]] == positions[50:]


async def test_while_others_write(live: Live) -> None:
    """What is committed while a client catches up comes once, in order."""
    positions = await filled(live, 100)
    ear = await live.listen("posts/*", since=positions[0])
    heard = []
    for n in range(100, 150):
        heard.append((await ear.next()).record["n"])
        await live.add("posts", n=n)
    heard += [event.record["n"] for event in await ear.take(99)]
    assert heard == list(range(1, 150))


async def test_starts_now(live: Live) -> None:
    """Without a position a topic starts with the first change after the subscribe, and the client is told where that is."""
    await filled(live, 3)
    ear = await live.listen("posts/*")
    start = live.position()
    await live.add("posts", n=3)
    assert (await ear.next()).record["n"] == 3
    assert f"id:{start}\n\n".encode() in ear.raw


async def test_told_where_it_stands(live: Live) -> None:
    """A client that listens to PB_POSITION is told by events: after subscribing and after catching up."""
    positions = await filled(live, 3)
    ear = await live.listen("posts/*", "PB_POSITION", since=positions[1])
    heard = await ear.take(2)
    assert [(event.name, event.id) for event in heard] == [("posts/*", positions[2]), ("PB_POSITION", positions[2])]
    assert heard[1].data == {"position": positions[2]}
    late = await live.listen("posts/*")
    await live.realtime.subscribe(late.id, ["posts/*", "PB_POSITION"], GUEST)
    assert (await late.next()).data == {"position": positions[2]}


async def test_kept_topics_go_on(live: Live) -> None:
    """A topic that is subscribed again with others goes on where it is, though another goes back in the log."""
    positions = await filled(live, 10)
    ear = await live.listen("posts/*")
    await live.add("posts", n=10)
    assert (await ear.next()).record["n"] == 10
    late = topic("posts/*", since=positions[7])
    await live.realtime.subscribe(ear.id, ["posts/*", late], SUPERUSER)
    await live.add("posts", n=11)
    heard = [(event.name, event.record["n"]) for event in await ear.take(5)]
    assert heard == [(late, 8), (late, 9), (late, 10), ("posts/*", 11), (late, 11)]


async def test_unread_events_survive_going_back(live: Live) -> None:
    """What waited for one topic when another went back in the log is told once."""
    positions = await filled(live, 10)
    ear = await live.listen("posts/*")
    await live.add("posts", n=10)
    other = await live.listen("posts/*", since=positions[-1])
    assert (await other.next()).record["n"] == 10
    late = topic("posts/*", since=positions[8])
    await live.realtime.subscribe(ear.id, ["posts/*", late], SUPERUSER)
    heard = [(event.name, event.record["n"]) for event in await ear.take(3)]
    assert heard == [(late, 9), ("posts/*", 10), (late, 10)]


async def test_cut_between_two_events_of_a_change(live: Live) -> None:
    """A stream cut after the first of two events of one change goes on with the second."""
    await filled(live, 0)
    topics = ["posts/*", topic("posts/*", filter="n >= 0")]
    ear = await live.listen(*topics)
    await live.add("posts", n=1)
    first = await ear.next()
    again = await live.listen(*topics, since=first.id)
    await live.add("posts", n=2)
    heard = [(event.name, event.record["n"]) for event in await again.take(3)]
    assert heard == [(topics[1], 1), (topics[0], 2), (topics[1], 2)]


@pytest.mark.parametrize(
    ("since", "reason"), [("{epoch}:999999", "future"), ("beef:3", "epoch"), ("nonsense", "unknown"), ("{epoch}:{low}", "trimmed")]
)
async def test_resync(live: Live, since: str, reason: str) -> None:
    """A position the log cannot go on after is answered by one event that says so; then the client is live."""
    await filled(live, 10)
    await live.store.changes.trim("", 3)
    epoch = live.position().split(":")[0]
    ear = await live.listen("posts/*", since=since.format(epoch=epoch, low=2))
    event = await ear.next()
    assert (event.name, event.id) == ("PB_RESYNC", live.position())
    assert event.data == {"reason": reason, "topics": ["posts/*"]}
    await live.add("posts", n=10)
    assert (await ear.next()).record["n"] == 10


async def test_trimmed_while_behind(live: Live) -> None:
    """A client that reads so slowly that the log is trimmed before it came so far is told, and goes on from now."""
    positions = await filled(live, 100)
    ear = await live.listen("posts/*", since=positions[0])
    await live.store.changes.trim("", 3)
    event = await ear.next()
    assert (event.name, event.data["reason"], event.id) == ("PB_RESYNC", "trimmed", live.position())
    await live.add("posts", n=100)
    assert (await ear.next()).record["n"] == 100


async def test_an_event_larger_than_an_outbox_is_the_last(live: Live) -> None:
    """A client is told once of a change that is larger than what may wait for it, and goes on from there."""
    await live.make("posts", number("n"), text("long", max=1_000_000))
    start = live.position()
    await live.add("posts", n=1, long="x" * 2 * OUTBOX_BYTES)
    ear = await live.listen("posts/*", since=start)
    assert (await ear.next()).record["n"] == 1
    await live.add("posts", n=2)
    assert (await ear.next()).record["n"] == 2


async def test_who_comes_back_together_is_fed_together(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that go on after the same position cost one reading of the log, and one question about each change."""
    positions = await filled(live, 20)
    read: Any = ChangeLog.read_after
    slices: list[Any] = []
    own = live.realtime.fanout._reader

    def read_after(self: ChangeLog, *asked: Any) -> list[Change]:
        found: list[Change] = read(self, *asked)
        slices.extend([found] if asked[0] is own else [])
        return found

    monkeypatch.setattr(ChangeLog, "read_after", read_after)
    monkeypatch.setattr(fanout, "TURN_SECONDS", 60)
    connections = [live.realtime.connect("", since=positions[0]) for _ in range(10)]
    for connection in connections:
        await live.realtime.subscribe(connection.id, ["posts/*"], GUEST)
    for connection in connections:
        connection.attach(taken, lambda: None)
    async with asyncio.timeout(5):
        while any(connection.behind for connection in connections):
            await asyncio.sleep(0.01)
    assert {connection.events for connection in connections} == {19}
    assert len(slices) == 1


def taken(data: bytes) -> asyncio.Future[None]:
    """A socket that takes everything at once."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done


async def test_other_program(live: Live) -> None:
    """When another program has written, nobody can know what: all are told, at a position of the new epoch."""
    await live.make("posts", number("n"))
    ear = await live.listen("posts/*")
    with closing(sqlite3.connect(live.path / "data.db")) as other, other:
        other.execute("INSERT INTO posts (id, n) VALUES ('x', 1)")
    event = await ear.next()
    assert (event.name, event.data) == ("PB_RESYNC", {"reason": "epoch", "topics": ["posts/*"]})
    await live.add("posts", n=2)
    following = await ear.next()
    assert following.record["n"] == 2
    assert following.id.split(":")[0] == event.id.split(":")[0]


async def test_lost_and_found(live: Live) -> None:
    """One topic that cannot go on does not keep another from it."""
    positions = await filled(live, 5)
    lost, found = topic("posts/*", since="beef:1"), topic("posts/*", since=positions[3])
    ear = await live.listen(lost, found)
    await live.add("posts", n=5)
    heard = await ear.take(4)
    assert (heard[0].name, heard[0].data["topics"]) == ("PB_RESYNC", [lost])
    assert [(event.name, event.record["n"]) for event in heard[1:]] == [(found, 4), *sorted([(lost, 5), (found, 5)])]


async def test_client_id_is_no_position(live: Live) -> None:
    """A browser that had heard nothing but its greeting sends its client id back, which asks for nothing."""
    await filled(live, 3)
    ear = await live.listen("posts/*", since="a" * 40)
    await live.add("posts", n=3)
    assert (await ear.next()).record["n"] == 3


async def test_matched_against_the_present(live: Live) -> None:
    """A client that comes back hears what its rule allows of each change's own image."""
    await live.make("posts", text("state"), listRule="state = 'open'")
    start = live.position()
    post = await live.add("posts", state="open")
    await live.records.update("posts", post["id"], {"state": "closed"}, SUPERUSER)
    ear = await live.listen("posts/*", since=start)
    assert [event.action for event in (await live.mark(ear))[0]] == ["create"]


def test_parse() -> None:
    """A position is an epoch and a seq, perhaps with the mark of a topic; anything else is none."""
    assert Resume.parse("ab:12") == Resume(Position("ab", 12))
    assert Resume.parse("ab:12.7") == Resume(Position("ab", 12), 7)
    assert [Resume.parse(text) for text in ("", "12", "ab:", "ab:x", ":1", "a b:1", "ab:1.", "ab:" + "9" * 30)] == [None] * 8


def test_mark() -> None:
    """Topics up to the marked one have had the change; an unknown mark means none has."""
    position = Position("ab", 12)
    assert Resume(position, mark_of("b")).after(["c", "a", "b"]) == {"a": 12, "b": 12, "c": 11}
    assert Resume(position, 5).after(["a", "b"]) == {"a": 11, "b": 11}


def test_refusal() -> None:
    """The log goes on after positions of its epoch between its oldest change and its head."""
    head = Position("ab", 10)
    assert [refusal(Position("ab", seq), head, 4) for seq in (2, 3, 10, 11)] == ["trimmed", "", "", "future"]
    assert refusal(Position("cd", 5), head, 4) == "epoch"

"""Random writes, cuts and resumes: what a client has heard is the log as its rule lets it see it, once and in order.

`ORACLE_SEED` says which (1).
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from pbtornado.realtime import connection, fanout
from pbtornado.realtime.topics import parse_topic
from pbtornado.records.access import allows, holds, question_of
from pbtornado.rules.request import RequestInfo
from pbtornado.store.protocol import Change, Reader
from tests.realtime.live import Ear, Heard, Live, topic
from tests.records.world import GUEST, SUPERUSER, number, relation, text

SEED = os.environ.get("ORACLE_SEED", "1")
RULES = ("", "owner = @request.auth.id", "n > 3 || owner.name = 'ann'", "@request.auth.id != '' && n != 5", "title !~ 'x'")
FILTERS = ("", "n >= 4", "title ~ 'y' && n < 8", "owner.name != 'bob'", "n = 2 || n = 7")
WRITES = 120


@pytest.fixture
def live(tmp_path: Path, io_loop: IOLoop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A world whose outboxes hold next to nothing, so that clients fall behind all the time, and whose turns are too short for a change."""
    monkeypatch.setattr(fanout, "TURN_SECONDS", 0)
    monkeypatch.setattr(connection, "OUTBOX_BYTES", 2000)
    for module in (connection, fanout):
        monkeypatch.setattr(module, "WRITE_BYTES", 1000)
    live = Live(tmp_path)
    io_loop.run_sync(live.open)
    yield live
    io_loop.run_sync(live.close)


class Listener:
    """A client that reads when it likes, is cut anywhere, and goes on after the last event it got."""

    def __init__(self, live: Live, chance: random.Random, info: RequestInfo) -> None:
        self.live, self.chance, self.info = live, chance, info
        self.topics = [topic("posts/*", filter=one, leave="1") for one in chance.sample(FILTERS, 2)]
        self.filters = dict(zip(self.topics, [parsed(one) for one in self.topics], strict=True))
        self.heard: list[Heard] = []
        self.ear: Ear | None = None
        self.position = ""

    async def connect(self) -> None:
        """Listens on from its position."""
        self.ear = await self.live.connect(self.position)
        start = await self.live.realtime.subscribe(self.ear.id, self.topics, self.info)
        self.position = self.position or str(start)

    def cut(self) -> None:
        """Loses its stream and what it had not read of it."""
        if self.ear:
            self.live.realtime.close(self.ear.connection)
        self.ear = None

    async def step(self) -> None:
        """Reads an event, or is cut."""
        if self.ear is None:
            await self.connect()
        elif self.chance.random() < 0.2:
            self.cut()
        else:
            with suppress(TimeoutError):
                await self.read(0.01)

    async def read(self, seconds: float = 5) -> None:
        """Reads an event; TimeoutError when none comes."""
        assert self.ear
        self.heard.append(await self.ear.next(seconds))
        self.position = self.heard[-1].id

    async def catch_up(self, count: int) -> None:
        """Reads until it has heard as many events as it should."""
        if self.ear is None:
            await self.connect()
        while len(self.heard) < count:
            await self.read()

    def held(self, name: str) -> set[str]:
        """The records that a client who follows this topic has in its list."""
        records: set[str] = set()
        for event in self.heard:
            if event.name == name:
                (records.discard if event.action in ("delete", "leave") else records.add)(event.record["id"])
        return records


def parsed(text: str) -> str:
    """The filter in a topic."""
    return parse_topic(text).option("filter")


class Writes:
    """Random writes to posts."""

    def __init__(self, live: Live, chance: random.Random, owners: list[str]) -> None:
        self.live, self.chance, self.owners = live, chance, owners
        self.ids: list[str] = []

    def values(self) -> dict[str, Any]:
        """Of a post."""
        pick = self.chance
        title = "".join(pick.choices("xyz", k=2)) + "-" * pick.choice((0, 300))
        return {"n": pick.randrange(10), "title": title, "owner": pick.choice(self.owners)}

    async def step(self) -> None:
        """One write."""
        kind = self.chance.random()
        if not self.ids or kind < 0.35:
            self.ids.append((await self.live.add("posts", **self.values()))["id"])
        elif kind < 0.85:
            await self.live.records.update("posts", self.chance.choice(self.ids), self.values(), SUPERUSER)
        else:
            key = self.ids.pop(self.chance.randrange(len(self.ids)))
            await self.live.records.delete("posts", key, SUPERUSER)


def expected(reader: Reader, listener: Listener, changes: list[Change]) -> list[tuple[str, str, str]]:
    """Topic, action and record of every event, by asking the rule about each image for this one actor."""
    live, collection, info = listener.live, listener.live.collection("posts"), listener.info.within("realtime")

    def sees(image: dict[str, Any], filter: str) -> bool:
        question = question_of(live.catalogs.current, collection, "", info, draft=True, filter=filter)
        allowed = allows(reader, live.catalogs.current, collection, collection.list_rule, info, image=image)
        return allowed and holds(reader, question, info, image=image)

    events: list[tuple[str, str, str]] = []
    for change in changes:
        for name in sorted(listener.filters):
            now = sees(dict(change.image), listener.filters[name])
            before = change.action == "update" and not now and sees({**change.image, **change.old}, listener.filters[name])
            if now or before:
                events.append((name, change.action if now else "leave", change.record))
    return events


@pytest.mark.parametrize("seed", range(len(RULES)))
async def test_heard_is_the_log(live: Live, seed: int) -> None:
    """After any number of cuts each client has heard what it may, once, in order; and holds what it could list."""
    chance = random.Random(f"{SEED}.{seed}")
    ann, bob = await live.user("ann", name="ann"), await live.user("bob", name="bob")
    await live.make("posts", number("n"), text("title"), relation("owner", live.collection("users")), listRule=RULES[seed])
    owners = [info.actor.record.id for info in (ann, bob) if info.actor.record]
    listeners = [Listener(live, chance, info) for info in (ann, bob, GUEST, SUPERUSER, ann)]
    for listener in listeners:
        await listener.connect()
    writes = Writes(live, chance, [*owners, ""])
    for _ in range(WRITES):
        for _ in range(chance.randrange(4)):
            await writes.step()
        await chance.choice(listeners).step()
    changes = await live.changes("posts")
    for listener in listeners:
        wanted = await live.store.read(lambda reader, one=listener: expected(reader, one, changes))  # type: ignore[misc]
        await listener.catch_up(len(wanted))
        assert [(event.name, event.action, event.record["id"]) for event in listener.heard] == wanted
        for name, filter in listener.filters.items():
            assert listener.held(name) == set(await live.ids("posts", listener.info, filter=filter, per_page="500"))

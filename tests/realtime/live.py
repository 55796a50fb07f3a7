"""A world in which changes are told, and ears that hear them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pbtornado.realtime.connection import Connection
from pbtornado.realtime.realtime import Realtime
from pbtornado.rules.request import RequestInfo
from pbtornado.store.tail import Tail
from tests.realtime.socket import Socket
from tests.records.world import GUEST, World


@dataclass(frozen=True)
class Heard:
    """One event: its id, its name, its data parsed."""

    id: str
    name: str
    data: Any

    @property
    def action(self) -> str:
        """What happened."""
        return str(self.data["action"])

    @property
    def record(self) -> dict[str, Any]:
        """The record as it was shown."""
        record: dict[str, Any] = self.data["record"]
        return record


def topic(text: str, **query: str) -> str:
    """A topic with options, as the SDK writes it."""
    return f"{text}?options={quote(json.dumps({'query': query}))}"


def read(stream: bytes) -> Iterator[Heard]:
    """The events in a piece of a stream."""
    for block in stream.decode().split("\n\n"):
        fields = dict(line.split(":", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if "data" in fields:
            yield Heard(fields.get("id", ""), fields["event"], json.loads(fields["data"]))


class Ear:
    """A client that reads its stream."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.socket = connection, Socket(connection)
        self.waiting: list[Heard] = []
        self.raw, self.writes = b"", 0

    @property
    def id(self) -> str:
        """The client's id."""
        return self.connection.id

    async def next(self, seconds: float = 5) -> Heard:
        """The next event; TimeoutError when none comes."""
        while not self.waiting:
            owed = await asyncio.wait_for(self.socket.next(), seconds)
            if not owed:
                raise EOFError(self.connection.closed)
            self.raw += owed
            self.writes += 1
            self.waiting.extend(read(owed))
        return self.waiting.pop(0)

    async def take(self, count: int) -> list[Heard]:
        """So many events."""
        return [await self.next() for _ in range(count)]


class Live(World):
    """A world with subscribers."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.realtime = Realtime(self.store, self.catalogs)
        self.tail = Tail(self.store)
        self.store.on_commit.append(lambda position: self.tail.wake())

    async def open(self) -> None:
        await super().open()
        await self.realtime.start()
        self.tail.add(self.realtime.fanout)
        await self.tail.start()

    async def close(self) -> None:
        self.realtime.stop()
        await self.tail.stop()
        await super().close()

    async def connect(self, since: str = "", leave: bool = False) -> Ear:
        """A client that has read its greeting."""
        ear = Ear(self.realtime.connect("", since=since, leave=leave))
        assert (await ear.next()).name == "PB_CONNECT"
        return ear

    async def listen(self, *topics: str, info: RequestInfo = GUEST, since: str = "", leave: bool = False) -> Ear:
        """A client that has subscribed."""
        ear = await self.connect(since, leave)
        await self.realtime.subscribe(ear.id, topics, info)
        return ear

    def position(self) -> str:
        """The head of the log."""
        return str(self.store.changes.position())

    async def mark(self, *ears: Ear) -> list[list[Heard]]:
        """What each ear has heard when it has heard all there is: a last change tells."""
        if self.catalogs.current.find("marks") is None:
            await self.make("marks")
        for ear in ears:
            topics = [*self.realtime.fanout.subscribers.of[ear.connection], "marks/*"]
            await self.realtime.subscribe(ear.id, topics, RequestInfo(ear.connection.actor))
        await self.add("marks")
        return [await until_mark(ear) for ear in ears]


async def until_mark(ear: Ear) -> list[Heard]:
    """Everything before the next mark."""
    heard: list[Heard] = []
    while (event := await ear.next()).name != "marks/*":
        heard.append(event)
    return heard

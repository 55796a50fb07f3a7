"""Subscribers that don't read cost little, harm nobody, and miss nothing; nor does a crowd that comes back at once."""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.listeners import SMALL, Listener, hear_all, post
from tests.process import Server

CHANGES = int(os.environ.get("SLOW_CHANGES", "400"))
SLOW, FAST, WRITERS = 20, 3, 8
TEXT = 20_000
CROWD = int(os.environ.get("CROWD", "1000"))
MISSED = 20
"""Changes that each of the crowd has missed."""
MOST_BYTES = 32 << 20
"""How much more memory a worker may need, caches included; the slow ones together are owed far more."""
PATH = "/api/collections/notes/records"


class Jam:
    """A server, listeners who stand still while others write, and what came of it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    async def run(self) -> None:
        """Stands still, reads again, then the crowd comes."""
        with Server(self.directory, "--workers", "2") as self.server:
            self.prepare()
            await self.stand_still()
            await hear_all(self.slow, CHANGES, 60)
            for listener in [*self.slow, *self.fast]:
                listener.close()
            await self.come_back()
        self.output = self.server.output()

    def prepare(self) -> None:
        """An open collection."""
        self.server.sign_in()
        fields = [{"name": "at", "type": "number"}, {"name": "text", "type": "text", "max": 2 * TEXT}]
        self.server.create("/api/collections", {"name": "notes", "type": "base", "listRule": "", "createRule": "", "fields": fields})
        self.server.create(PATH, {})

    async def stand_still(self) -> None:
        """Changes that the fast ones hear at once, and the slow ones not at all."""
        port = self.server.port
        own = [f"notes/*?number={number}" for number in range(SLOW)]  # events of different topics share no memory
        self.slow = [await Listener.open(port, topic, buffer=SMALL) for topic in own]
        self.fast = [await Listener.open(port, "notes/*") for _ in range(FAST)]
        before = self.memory()
        hearing = asyncio.create_task(hear_all(self.fast, CHANGES, 60))
        await asyncio.gather(*[self.write(CHANGES // WRITERS) for _ in range(WRITERS)])
        await hearing
        self.growth = max(after - memory for memory, after in zip(before, self.memory(), strict=True))
        self.log = self.positions()

    async def write(self, count: int) -> None:
        """New records, one after the other."""
        for _ in range(count):
            assert await post(self.server.port, PATH, {"at": time.time(), "text": "x" * TEXT}) == 200

    async def come_back(self) -> None:
        """Many resume at once, from the same place."""
        since = self.log[-1]
        for _ in range(MISSED):
            assert await post(self.server.port, PATH, {"at": time.time()}) == 200
        self.missed = self.positions()[len(self.log) :]
        began = time.monotonic()
        self.crowd = await asyncio.gather(*[self.resume(since) for _ in range(CROWD)])
        self.seconds = time.monotonic() - began

    async def resume(self, since: str) -> Listener:
        """One of the crowd, up to the end of the log."""
        listener = await Listener.open(self.server.port, "notes/*", since=since)
        await hear_all([listener], MISSED, 60)
        listener.close()
        return listener

    def memory(self) -> list[int]:
        """Bytes that each worker holds."""
        statm = [Path(f"/proc/{pid}/statm").read_text() for pid in self.server.workers()]
        return [int(text.split()[1]) * resource.getpagesize() for text in statm]

    def positions(self) -> list[str]:
        """The log of the collection, but for its first record."""
        with closing(sqlite3.connect(f"file:{self.directory / 'data.db'}?mode=ro", uri=True)) as connection:
            (epoch,) = connection.execute("SELECT epoch FROM _cursors WHERE name = ''").fetchone()
            own = "SELECT seq FROM _changes WHERE collection = (SELECT id FROM _collections WHERE name = 'notes') ORDER BY seq"
            return [f"{epoch}:{seq}" for (seq,) in connection.execute(own)][1:]


@pytest.fixture(scope="module")
def jam(tmp_path_factory: pytest.TempPathFactory) -> Jam:
    """The same jam for all facts of this file."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(most[0], min(most[1], 8192)), most[1]))
    jam = Jam(tmp_path_factory.mktemp("slow") / "pb_data")
    asyncio.run(jam.run())
    resource.setrlimit(resource.RLIMIT_NOFILE, most)
    return jam


def test_memory_is_bounded(jam: Jam) -> None:
    """What slow ones are owed is not kept for them."""
    assert SLOW * CHANGES * TEXT > 3 * MOST_BYTES
    assert jam.growth < MOST_BYTES


def test_others_are_unaffected(jam: Jam) -> None:
    """Whoever reads hears everything, in order, within a moment of its commit."""
    for listener in jam.fast:
        assert [heard.id for heard in listener.heard] == jam.log
    late = sorted(heard.after for listener in jam.fast for heard in listener.heard)
    assert late[len(late) * 99 // 100] < 2


def test_who_reads_again_has_missed_nothing(jam: Jam) -> None:
    """All changes, each once, in the order of the log."""
    for listener in jam.slow:
        assert [heard.id for heard in listener.heard] == jam.log


def test_a_crowd_that_comes_back_has_missed_nothing(jam: Jam) -> None:
    """Many who resume at the same time all hear what they have missed."""
    assert all([heard.id for heard in listener.heard] == jam.missed for listener in jam.crowd)
    assert len(jam.crowd) == CROWD


def test_the_server_complained_of_nothing(jam: Jam) -> None:
    """Streams that stand still and crowds are nothing to be logged."""
    assert "ERROR" not in jam.output
    assert "WARNING" not in jam.output

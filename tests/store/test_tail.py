"""The tail brings every change to every consumer, in order."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

from pbtornado.store import Change, Position, SqliteStore, Tail
from tests.conftest import ExpectLog
from tests.store.notes import note, opened


class Kept:
    """A consumer that keeps what it is told."""

    def __init__(self, name: str = "kept", durable: bool = False) -> None:
        self.name, self.durable = name, durable
        self.seqs: list[int] = []
        self.heads: list[Position] = []
        self.failures = 0
        self.collections: Collection[str] | None = None
        self._told = asyncio.Event()

    def wanted(self) -> Collection[str] | None:
        """As it was told."""
        return self.collections

    async def consume(self, changes: Sequence[Change], head: Position) -> None:
        """Fails as often as it was told to, then keeps."""
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not now")
        self.seqs += [change.seq for change in changes]
        self.heads.append(head)
        self._told.set()

    async def is_told(self) -> None:
        """Waits until it is told something."""
        async with asyncio.timeout(5):
            await self._told.wait()
        self._told.clear()

    async def has(self, seqs: list[int]) -> None:
        """Waits until it was told these."""
        while self.seqs != seqs:
            await self.is_told()


@asynccontextmanager
async def tailed(store: SqliteStore, *consumers: Kept) -> AsyncIterator[Tail]:
    """A tail that runs these."""
    tail = Tail(store)
    for consumer in consumers:
        tail.add(consumer)
    await tail.start()
    try:
        yield tail
    finally:
        await tail.stop()


async def test_consumers_are_told_what_is_committed_from_now_on(tmp_path: Path) -> None:
    """One that is not durable begins at the head."""
    consumer = Kept()
    async with opened(tmp_path) as store:
        await store.write(note("a"))
        async with tailed(store, consumer):
            await asyncio.gather(*[store.write(note(key)) for key in "bcd"])
            await consumer.has([2, 3, 4])
        assert consumer.heads[-1] == store.position()


async def test_a_siblings_changes_come_without_a_wake_up(tmp_path: Path) -> None:
    """Should the wake-up be lost, the head is looked at now and then."""
    consumer = Kept()
    async with opened(tmp_path) as store, opened(tmp_path) as sibling, tailed(store, consumer):
        await sibling.write(note("a"))
        await consumer.has([1])


async def test_a_durable_consumer_goes_on_where_it_was(tmp_path: Path) -> None:
    """What was committed while it was away is told when it is back."""
    first, second = Kept("thumbs", durable=True), Kept("thumbs", durable=True)
    async with opened(tmp_path) as store:
        async with tailed(store, first):
            await store.write(note("a"))
            await first.has([1])
        await store.write(note("b"))
    async with opened(tmp_path) as store, tailed(store, second):
        await store.write(note("c"))
        await second.has([2, 3])


async def test_a_failing_consumer_is_told_again_and_holds_up_nobody(tmp_path: Path, expect_log: ExpectLog) -> None:
    """The others go on; it gets the same changes after a pause."""
    failing, other = Kept("failing"), Kept("other")
    failing.failures = 2
    async with opened(tmp_path) as store, tailed(store, failing, other):
        with expect_log("consumer failing failed"):
            await store.write(note("a"))
            await other.has([1])
            assert failing.seqs == []
            await failing.has([1])


async def test_a_lone_failing_consumer_does_not_hold_up_the_end(tmp_path: Path, expect_log: ExpectLog) -> None:
    """Stopping does not wait for the next try."""
    consumer = Kept()
    consumer.failures = 1000
    async with opened(tmp_path) as store:
        with expect_log("consumer kept failed"):
            async with tailed(store, consumer):
                await store.write(note("a"))
                await asyncio.sleep(0.15)
            async with asyncio.timeout(1):
                await store.quiesce()


async def test_many_changes_come_in_slices_and_in_order(tmp_path: Path) -> None:
    """A consumer far behind is not handed everything at once."""
    consumer = Kept()
    async with opened(tmp_path) as store, tailed(store, consumer):
        await asyncio.gather(*[store.write(note(str(number))) for number in range(600)])
        await consumer.has(list(range(1, 601)))


async def test_a_consumer_is_told_of_the_collections_it_wants(tmp_path: Path) -> None:
    """It is as far as the others after changes that it was not told of."""
    some, none = Kept("some"), Kept("none")
    some.collections, none.collections = {"others"}, ()
    async with opened(tmp_path) as store, tailed(store, some, none):
        await asyncio.gather(*[store.write(note(str(number))) for number in range(600)])
        await store.write(lambda writer: writer.append("create", "others", "x", {}))
        await some.has([601])
        assert none.seqs == []
        assert none.heads[-1] == some.heads[-1] == store.position()


async def test_a_foreign_write_is_told_as_a_new_epoch(tmp_path: Path) -> None:
    """Also when nobody here writes, consumers learn that the log does not tell everything."""
    consumer = Kept()
    async with opened(tmp_path) as store, tailed(store, consumer):
        before = store.position()
        with closing(sqlite3.connect(tmp_path / "data.db")) as connection, connection:
            connection.execute("INSERT INTO notes (id, title) VALUES ('x', 'foreign')")
        await consumer.is_told()
        assert consumer.heads[-1].epoch != before.epoch
        assert consumer.seqs == []

"""Writes that went past the log begin a new epoch; everything of our own keeps it."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pbtornado.store import CommitFailed, Position, SqliteStore, UnusableDirectory
from pbtornado.store.sqlite.spine import Spine
from tests.conftest import ExpectLog
from tests.store.notes import note, opened, titles

ROOT = Path(__file__).resolve().parents[2]


def foreign(path: Path, text: str = "INSERT INTO notes (id, title) VALUES ('x', 'foreign')") -> None:
    """A write by another program."""
    with closing(sqlite3.connect(path / "data.db")) as connection, connection:
        connection.execute(text)


async def epoch_of(path: Path) -> str:
    """The epoch after opening the directory again."""
    async with opened(path) as store:
        return store.position().epoch


async def test_opening_again_keeps_the_epoch(tmp_path: Path) -> None:
    """A directory nobody else has touched goes on where it was."""
    async with opened(tmp_path) as store:
        await store.write(note("a"))
        place = store.position()
    async with opened(tmp_path) as store:
        assert store.position() == place
        await store.write(note("b"))
    assert await epoch_of(tmp_path) == place.epoch


async def test_a_foreign_write_while_closed_begins_an_epoch(tmp_path: Path) -> None:
    """What another program did while we were away makes old positions useless."""
    before = await epoch_of(tmp_path)
    foreign(tmp_path)
    assert await epoch_of(tmp_path) != before


async def test_a_foreign_write_while_open_is_noticed_at_the_next_write(tmp_path: Path) -> None:
    """The epoch changes, the schema mark moves, the log goes on; siblings see all three."""
    async with opened(tmp_path) as store, opened(tmp_path) as sibling:
        await store.write(note("a"))
        before, mark = store.position(), store.schema_mark
        foreign(tmp_path)
        assert store.disturbed
        await sibling.write(note("b"))
        assert not store.disturbed
        assert store.position().seq == 2
        assert store.position().epoch != before.epoch
        assert store.schema_mark != mark
    assert await epoch_of(tmp_path) == store_epoch(tmp_path)


def store_epoch(path: Path) -> str:
    """The epoch the database holds."""
    with closing(sqlite3.connect(path / "data.db")) as connection:
        return str(connection.execute("SELECT epoch FROM _cursors WHERE name = ''").fetchone()[0])


async def test_foreign_writes_between_ours_are_not_mistaken_for_a_siblings(tmp_path: Path) -> None:
    """Whichever worker writes next, a stranger's write in between is seen."""
    async with opened(tmp_path) as one, opened(tmp_path) as two:
        for number in range(6):
            before = one.position().epoch
            await (one, two)[number % 2].write(note(f"a{number}"))
            foreign(tmp_path, f"UPDATE notes SET n = {number + 1}")
            await (one, two)[number // 2 % 2].write(note(f"b{number}"))
            assert one.position().epoch != before


async def test_foreign_readers_and_checkpoints_are_no_writers(tmp_path: Path) -> None:
    """Another program may look, and may copy the WAL back, without a new epoch."""
    async with opened(tmp_path) as store:
        await store.write(note("a"))
        before = store.position().epoch
        with closing(sqlite3.connect(tmp_path / "data.db")) as connection:
            connection.execute("SELECT * FROM notes").fetchall()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        await store.write(note("b"))
        assert store.position().epoch == before


async def test_a_copy_without_its_marks_has_its_own_epoch(tmp_path: Path) -> None:
    """Nothing vouches for a database that was copied alone."""
    before = await epoch_of(tmp_path)
    shutil.rmtree(tmp_path / ".pbtornado")
    assert await epoch_of(tmp_path) != before


async def test_a_crashed_turn_is_repaired(tmp_path: Path) -> None:
    """A worker that died between COMMIT and its notes leaves marks behind that the next turn puts right."""
    async with opened(tmp_path) as store, opened(tmp_path) as died:
        await store.write(note("a"))
        before, mark = store.position(), store.schema_mark
        spine = died._spine
        assert spine is not None
        spine.check(died._writer.connection)
        foreign(tmp_path, "INSERT INTO _changes VALUES (2, '', '', '', 'create', '_collections', 'c', '{}', '{}')")
        assert store.disturbed
        await store.write(lambda writer: None)
        assert str(store.position()) == f"{before.epoch}:2"
        assert store.schema_mark != mark


async def test_a_later_format_is_refused(tmp_path: Path) -> None:
    """A log of a later version is left alone."""
    await epoch_of(tmp_path)
    foreign(tmp_path, "UPDATE _cursors SET seq = 99 WHERE name = ''")
    store = SqliteStore(tmp_path / "data.db")
    with pytest.raises(UnusableDirectory, match="newer"):
        await store.open()


async def test_a_locked_database_is_waited_for(tmp_path: Path) -> None:
    """While another program writes, the loop goes on and the write follows."""
    async with opened(tmp_path) as store:
        with closing(sqlite3.connect(tmp_path / "data.db", isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            write = asyncio.ensure_future(store.write(note("a")))
            await asyncio.sleep(0.05)
            assert not write.done()
            connection.execute("ROLLBACK")
        assert await write == 1


async def test_upkeep_keeps_the_epoch(tmp_path: Path) -> None:
    """Optimizing empties the WAL; who opens the directory meanwhile and who writes afterwards find everything as it was."""
    async with opened(tmp_path) as store:
        await store.write(note("a"))
        place = store.position()
        await store.optimize()
        assert (tmp_path / "data.db-wal").stat().st_size == 0
        assert await epoch_of(tmp_path) == place.epoch
        await store.write(note("b"))
        assert store.position().epoch == place.epoch
    assert await epoch_of(tmp_path) == place.epoch


async def test_upkeep_hides_no_foreign_write(tmp_path: Path) -> None:
    """What another program wrote before it still begins an epoch."""
    async with opened(tmp_path) as store:
        await store.write(note("a"))
        before = store.position()
        foreign(tmp_path)
        await store.optimize()
        await store.write(note("b"))
        assert store.position().epoch != before.epoch


@pytest.mark.parametrize("long", [False, True])
async def test_a_commit_that_ends_in_an_error_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: ExpectLog, long: bool
) -> None:
    """Whoever waits for it is told that it is not known to be stored, and the next write finds out what is."""
    async with opened(tmp_path) as store:

        def breaks(*_: object) -> None:
            raise OSError("no more maps")

        with monkeypatch.context() as broken, expect_log("a commit did not end as it should"):
            broken.setattr(Spine, "settle", breaks)
            with pytest.raises(CommitFailed):
                await store.write(note("a", "x"), long=long)
        await store.write(note("b", "y"), long=long)
        assert await titles(store) == ["x", "y"]
        assert len(await store.read(lambda reader: store.changes.read_after(reader, 0))) == 2


async def test_workers_that_die_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each died after its commit and before it was noted; the log knows all of them."""
    async with opened(tmp_path) as first, opened(tmp_path) as second, opened(tmp_path) as third:
        await first.write(note("a"))
        before = first.position()
        for key, dying in (("b", first), ("c", second)):
            monkeypatch.setattr(dying._spine, "settle", lambda *_: None)
            await dying.write(note(key))
        await third.write(note("d"))
        assert third.position() == Position(before.epoch, before.seq + 3)


DYING = """
import asyncio, os, sys
from pathlib import Path
from pbtornado.store.sqlite.spine import Spine
from tests.store.notes import note, opened

async def main():
    async with opened(Path(sys.argv[1])) as store:
        %s
        os._exit(0)

asyncio.run(main())
"""


def killed(path: Path, *lines: str) -> None:
    """A process of its own that has the directory open, does this, and is gone without closing anything."""
    script = DYING % "\n        ".join(lines)
    done = subprocess.run([sys.executable, "-c", script, str(path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


async def test_all_killed_twice_in_a_row(tmp_path: Path) -> None:
    """Once between two turns, then after the first commit since and before it was noted; the log knows that one too."""
    before = await epoch_of(tmp_path)
    killed(tmp_path, "await store.write(note('a'))")
    killed(tmp_path, "Spine.settle = lambda *_: None", "await store.write(note('b'))")
    async with opened(tmp_path) as store:
        assert store.position() == Position(before, 2)


async def test_killed_when_the_wal_begins_anew(tmp_path: Path) -> None:
    """A worker that died in the first turn on a WAL begun anew, before its commit, has written nothing."""
    async with opened(tmp_path) as store, opened(tmp_path) as died:
        await store.write(note("a"))
        before = store.position()
        with closing(sqlite3.connect(tmp_path / "data.db")) as connection:
            connection.execute("PRAGMA wal_checkpoint(FULL)")
        dying = died._writer.connection
        dying.execute("PRAGMA cache_size = 1")
        dying.execute("BEGIN IMMEDIATE")
        assert died._spine is not None
        died._spine.check(dying)
        dying.executemany("INSERT INTO notes (id, title) VALUES (?, ?)", [(str(n), "x" * 2000) for n in range(20)])
        dying.execute("ROLLBACK")
        async with opened(tmp_path) as successor:
            assert successor.position() == before


async def test_killed_after_upkeep(tmp_path: Path) -> None:
    """With an empty WAL the file itself shows whether anybody has written since."""
    before = await epoch_of(tmp_path)
    killed(tmp_path, "await store.write(note('a'))", "await store.optimize()")
    assert await epoch_of(tmp_path) == before
    killed(tmp_path, "await store.write(note('b'))", "await store.optimize()")
    foreign(tmp_path)
    assert await epoch_of(tmp_path) != before

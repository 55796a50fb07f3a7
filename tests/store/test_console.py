"""SQL that superusers write."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pbtornado.store import BadQuestion, SqliteStore, StoreBusy, TooSlow
from pbtornado.store.protocol import SqlAnswer, SqlColumn
from pbtornado.store.sqlite import console
from tests.store.notes import note, opened

ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"


async def run(store: SqliteStore, text: str, **options: Any) -> SqlAnswer:
    """Runs SQL that nobody objects to."""
    return await store.run_sql(text, lambda reader: None, **options)


async def test_rows_are_texts(tmp_path: Path) -> None:
    """Values come as texts or null, columns with the types they are declared with."""
    async with opened(tmp_path) as store:
        await store.write(note("a", "x"))
        answer = await run(store, "SELECT id, title, 12, 1e6, 0.5, -1e-5, 100.0, 9e999, null, x'61ff' FROM notes")
        assert answer.rows == [["a", "x", "12", "1e+06", "0.5", "-1e-05", "100", "+Inf", None, "a\ufffd"]]
        assert [column.type for column in answer.columns] == ["TEXT", "TEXT", "", "", "", "", "", "", "", ""]


async def test_the_last_statement_answers(tmp_path: Path) -> None:
    """Several statements run in order, comments and empty ones among them."""
    async with opened(tmp_path) as store:
        answer = await run(store, "; SELECT 1; -- one;\nSELECT ';' AS two;;")
        assert (answer.columns, answer.rows) == ([SqlColumn("two", "")], [[";"]])
        assert await run(store, "-- nothing") == SqlAnswer(0, [], [])


@pytest.mark.parametrize(
    ("text", "affected"),
    [
        ("UPDATE notes SET title = 'z'", 2),
        ("INSERT INTO notes (id) VALUES ('c'); DELETE FROM notes WHERE id <> 'c'; CREATE TABLE t (a)", 2),
        ("DELETE FROM notes WHERE id = 'nobody'", 0),
        ("INSERT INTO notes (id) VALUES ('c') RETURNING *", 1),
    ],
)
async def test_writing(tmp_path: Path, text: str, affected: int) -> None:
    """SQL that begins with a writing word tells how many rows its last change affected, and no rows."""
    async with opened(tmp_path) as store:
        for key in ("a", "b"):
            await store.write(note(key))
        assert await run(store, text) == SqlAnswer(affected)


async def test_writing_among_reading(tmp_path: Path) -> None:
    """SQL that turns out to write is run by the writer, and answers the rows of its last statement."""
    async with opened(tmp_path) as store:
        await store.write(note("a"))
        assert (await run(store, "SELECT 1; DELETE FROM notes; SELECT count(*) FROM notes")).rows == [["0"]]
        assert (await run(store, "WITH k AS (SELECT 'b' AS id) INSERT INTO notes (id) SELECT id FROM k RETURNING id")).rows == [["b"]]
        assert (await run(store, "SELECT id FROM notes")).rows == [["b"]]


async def test_all_or_nothing(tmp_path: Path) -> None:
    """A statement that fails undoes those before it."""
    async with opened(tmp_path) as store:
        with pytest.raises(BadQuestion, match=r"constraint failed: UNIQUE constraint failed: notes\.id"):
            await run(store, "INSERT INTO notes (id) VALUES ('a'); INSERT INTO notes (id) VALUES ('a')")
        assert (await run(store, "SELECT count(*) FROM notes")).rows == [["0"]]


async def test_a_check_may_refuse(tmp_path: Path) -> None:
    """What was changed is undone when the check raises."""

    def refuse(reader: object) -> None:
        raise BadQuestion("no")

    async with opened(tmp_path) as store:
        await store.write(note("a"))
        before = store.position()
        with pytest.raises(BadQuestion, match="no"):
            await store.run_sql("DELETE FROM notes", refuse)
        assert (await run(store, "SELECT count(*) FROM notes")).rows == [["1"]]
        assert store.position() == before


async def test_changes_begin_an_epoch(tmp_path: Path) -> None:
    """What SQL changed is in no log: positions before it can't be resumed, in no process, and everybody is woken."""
    async with opened(tmp_path) as store, opened(tmp_path) as sibling:
        await store.write(note("a"))
        woken: list[object] = []
        store.on_commit.append(woken.append)
        for text in ("UPDATE notes SET title = 'z'", "CREATE TABLE t (a)"):
            before, mark, seen = store.position(), sibling.schema_mark, await sibling.read(lambda reader: reader.schema())
            await run(store, text)
            assert not sibling.changes.resumable(before)
            assert sibling.schema_mark != mark
            assert await sibling.read(lambda reader: reader.schema()) != seen
        assert len(woken) == 2
        await sibling.write(note("b"))
        assert sibling.position().epoch == store.position().epoch


@pytest.mark.parametrize(
    "text", ["SELECT * FROM notes", "DELETE FROM notes WHERE id = 'nobody'", "SELECT 1; UPDATE notes SET id = 1 WHERE 0"]
)
async def test_what_changes_nothing(tmp_path: Path, text: str) -> None:
    """SQL without effect leaves the epoch as it is."""
    async with opened(tmp_path) as store:
        await store.write(note("a"))
        before = store.position()
        await run(store, text)
        assert store.position() == before


@pytest.mark.parametrize(
    "text",
    [
        "ATTACH 'other.db' AS other",
        "BEGIN",
        "UPDATE notes SET title = ''; COMMIT",
        "UPDATE notes SET title = ''; ROLLBACK",
        "DELETE FROM notes; SAVEPOINT s",
        "CREATE TEMP TABLE notes (id)",
        "SELECT 1; DELETE FROM _changes",
        "DROP TABLE _cursors",
        "CREATE TRIGGER t AFTER INSERT ON _changes BEGIN SELECT 1; END",
        "ALTER TABLE _changes RENAME TO mine",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA locking_mode = EXCLUSIVE",
        "PRAGMA writable_schema = 1",
        "CREATE TABLE t (a); PRAGMA user_version = 9",
        "VACUUM INTO 'copy.db'",
        "SELECT load_extension('x')",
    ],
)
async def test_refused(tmp_path: Path, text: str) -> None:
    """What would harm the store or reach beyond it is refused, and nothing of its text is done."""
    async with opened(tmp_path) as store:
        await store.write(note("a", "x"))
        before = store.position()
        with pytest.raises(BadQuestion, match="not authorized"):
            await run(store, text)
        assert (await run(store, "SELECT id, title FROM notes")).rows == [["a", "x"]]
        assert store.position() == before


async def test_only_to_read(tmp_path: Path) -> None:
    """Who asks only to read cannot write by any word."""
    async with opened(tmp_path) as store:
        for text in ("DELETE FROM notes", "SELECT 1; CREATE TABLE t (a)", "WITH a AS (SELECT 1) DELETE FROM notes", "ANALYZE"):
            with pytest.raises(BadQuestion, match="would write"):
                await run(store, text, only_read=True)
        assert (await run(store, "SELECT 1", only_read=True)).rows == [["1"]]


async def test_a_reading_that_is_given_up_ends(tmp_path: Path) -> None:
    """Who no longer waits for an answer keeps nobody else from the console."""
    async with opened(tmp_path) as store:
        running, waiting = (asyncio.create_task(run(store, ENDLESS)) for _ in range(2))
        await asyncio.sleep(0.1)
        running.cancel()
        waiting.cancel()
        assert (await asyncio.wait_for(run(store, "SELECT 1"), 10)).rows == [["1"]]


async def test_pragmas_that_tell(tmp_path: Path) -> None:
    """What tables look like may be asked; the answer has no types."""
    async with opened(tmp_path) as store:
        answer = await run(store, "PRAGMA table_info(notes)")
        assert answer.columns[1] == SqlColumn("name", "")
        assert answer.rows[0][1:3] == ["id", "TEXT"]


async def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows, bytes and time are bounded, for reading and writing, and so is who may wait."""
    monkeypatch.setattr(console, "SECONDS", 0.1)
    many = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 1500) SELECT x FROM c"
    async with opened(tmp_path) as store:
        await store.write(note("a"))
        assert len((await run(store, many)).rows) == console.MOST_ROWS
        for text in ("SELECT zeroblob(40000000)", "SELECT zeroblob(20000000) UNION ALL SELECT zeroblob(20000000)"):
            with pytest.raises(BadQuestion, match=r"too (big|large)"):
                await run(store, text)
        for text in (ENDLESS, f"UPDATE notes SET title = ({ENDLESS})", f"CREATE TABLE t AS {ENDLESS}"):
            with pytest.raises(TooSlow):
                await run(store, text)
        waiting = [asyncio.ensure_future(run(store, "SELECT 1")) for _ in range(console.MOST_WAITING + 1)]
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(answer) for answer in answers] == [SqlAnswer] * console.MOST_WAITING + [StoreBusy]


async def test_the_end_waits_for_nobody(tmp_path: Path) -> None:
    """Closing stops what is being read."""
    async with opened(tmp_path) as store:
        reading = asyncio.ensure_future(run(store, ENDLESS))
        await asyncio.sleep(0.05)
    with pytest.raises(TooSlow):
        await reading

"""What every store promises, whatever database is under it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pbtornado.store import BadQuestion, CommitFailed, Origin, Reader, StoreBusy, UniqueViolation, Writer
from pbtornado.store.query import Column, Compare, Count, Param, Select, Table, Value
from pbtornado.store.sqlite import group
from pbtornado.store.sqlite.turn import Turn
from tests.store.notes import TITLES, note, opened, titles

NUMBER = Select((Column("r", "n"),), Table("notes"), where=Compare("=", Column("r", "id"), Param("id")))


async def fails(awaitable: Any, error: type[Exception]) -> Exception:
    """The error that was raised."""
    with pytest.raises(error) as raised:
        await awaitable
    return raised.value


# ---- writes


async def test_a_write_is_seen_by_every_later_read(tmp_path: Path) -> None:
    """What was answered can be read."""
    async with opened(tmp_path) as store:
        assert await store.write(note("a", "first")) == 1
        assert await titles(store) == ["first"]


async def test_a_write_sees_what_it_wrote(tmp_path: Path) -> None:
    """Inside a write its own rows are there already."""

    def work(writer: Writer) -> list[Any]:
        note("a", "mine")(writer)
        return writer.rows(TITLES)

    async with opened(tmp_path) as store:
        assert await store.write(work) == [("mine",)]


async def test_a_failing_write_leaves_nothing(tmp_path: Path) -> None:
    """What a write did before it raised is undone, its changes too."""

    def work(writer: Writer) -> None:
        note("a")(writer)
        raise RuntimeError("no")

    async with opened(tmp_path) as store:
        await fails(store.write(work), RuntimeError)
        assert await titles(store) == []
        assert store.position().seq == 0


async def test_one_failing_member_spares_the_others_of_its_group(tmp_path: Path) -> None:
    """Writes that wait together commit together, but fail alone."""
    async with opened(tmp_path) as store:
        writes = [store.write(note(key, key)) for key in ("a", "b", "b", "c")]
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert isinstance(answers.pop(2), UniqueViolation)
        assert answers == [1, 2, 3]
        assert await titles(store) == ["a", "b", "c"]


async def test_writes_happen_in_order(tmp_path: Path) -> None:
    """Long writes take their place among the short ones."""
    done: list[int] = []

    def work(number: int) -> Callable[[Writer], None]:
        return lambda writer: done.append(number)

    async with opened(tmp_path) as store:
        await asyncio.gather(*[store.write(work(number), long=number % 7 == 3) for number in range(100)])
    assert done == list(range(100))


async def test_a_savepoint_undoes_only_its_own(tmp_path: Path) -> None:
    """A part of a write may fail without the rest."""

    def work(writer: Writer) -> None:
        note("a", "kept")(writer)
        with pytest.raises(UniqueViolation):
            writer.savepoint(lambda: (note("b")(writer), note("a")(writer)))

    async with opened(tmp_path) as store:
        await store.write(work)
        assert await titles(store) == ["kept"]
        assert store.position().seq == 1


async def test_concurrent_increments_are_all_there(tmp_path: Path) -> None:
    """No update is lost between reading and writing."""

    def raise_by_one(writer: Writer) -> None:
        row = writer.one(NUMBER, {"id": "a"})
        writer.update("notes", "a", {"n": row[0] + 1 if row else 0})

    async with opened(tmp_path) as store:
        await store.write(note("a"))
        await asyncio.gather(*[store.write(raise_by_one) for _ in range(500)])
        assert await store.read(lambda reader: reader.one(NUMBER, {"id": "a"})) == (500,)


async def test_a_full_queue_refuses_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More writes than the bound are told so instead of piling up."""
    monkeypatch.setattr(group, "QUEUE_LIMIT", 10)
    async with opened(tmp_path) as store:
        answers = await asyncio.gather(*[store.write(note(str(number))) for number in range(25)], return_exceptions=True)
        assert [type(answer) for answer in answers] == [int] * 10 + [StoreBusy] * 15
        assert len(await titles(store)) == 10


async def test_a_failing_commit_fails_every_member(tmp_path: Path) -> None:
    """Nobody of the group is told that it happened, nothing of it did, and the store goes on."""
    with closing(sqlite3.connect(tmp_path / "data.db")) as connection:
        connection.execute("CREATE TABLE parts (id TEXT PRIMARY KEY, of_part TEXT REFERENCES parts (id) DEFERRABLE INITIALLY DEFERRED)")
    async with opened(tmp_path) as store:
        orphan = store.write(lambda writer: writer.insert("parts", {"id": "p", "of_part": "nowhere"}))
        answers = await asyncio.gather(store.write(note("a")), orphan, store.write(note("b")), return_exceptions=True)
        assert [type(answer) for answer in answers] == [CommitFailed] * 3
        assert (await titles(store), store.position().seq) == ([], 0)
        assert await store.write(note("c")) == 1


async def test_writes_wait_for_a_silent_process_only_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When another process keeps its turn, writes are refused; when it lets go, the next ones happen."""
    monkeypatch.setattr(group, "LOCK_SECONDS", 0.05)
    async with opened(tmp_path) as store:
        silent = Turn(tmp_path / ".pbtornado", "data")
        assert silent.try_enter()
        await fails(store.write(note("a")), StoreBusy)
        silent.leave()
        silent.close()
        await store.quiesce()
        assert await store.write(note("b", "kept")) == 1
        assert await titles(store) == ["kept"]


async def test_a_cancelled_write_that_has_not_begun_does_not_happen(tmp_path: Path) -> None:
    """Who gave up waiting is passed over."""
    async with opened(tmp_path) as store:
        task = asyncio.ensure_future(store.write(note("a")))
        task.cancel()
        await store.write(note("b", "kept"))
        assert await titles(store) == ["kept"]


async def test_closing_lets_waiting_writes_finish(tmp_path: Path) -> None:
    """A store that closes loses none of what was handed to it."""
    async with opened(tmp_path) as store:
        writes = [asyncio.ensure_future(store.write(note(str(number)))) for number in range(200)]
        await asyncio.sleep(0)
    assert len(await asyncio.gather(*writes)) == 200


async def test_a_unique_violation_names_its_columns(tmp_path: Path) -> None:
    """The columns of the index that was broken are told."""
    async with opened(tmp_path) as store:
        await store.write(note("a"))
        error = await fails(store.write(note("a")), UniqueViolation)
    assert isinstance(error, UniqueViolation)
    assert (error.table, error.columns) == ("notes", ("id",))


async def test_many_rows_and_changes_at_once(tmp_path: Path) -> None:
    """They are logged in their order, by one request; the newest is the store's position."""

    def work(writer: Writer) -> None:
        writer.insert_rows("notes", ("id", "title"), [(key, key) for key in "cab"])
        writer.append_all("create", "notes", [(key, {"id": key}) for key in "cab"])

    async with opened(tmp_path) as store:
        await store.write(work, Origin("r1", "users/ann"))
        changes = await store.read(lambda reader: store.changes.read_after(reader, 0))
        assert [(change.seq, change.record, change.image) for change in changes] == [
            (n + 1, key, {"id": key}) for n, key in enumerate("cab")
        ]
        assert {(change.request, change.actor, change.action) for change in changes} == {("r1", "users/ann", "create")}
        assert store.position().seq == 3
        await fails(store.write(lambda writer: writer.insert_rows("notes", ("id",), [("d",), ("a",)])), UniqueViolation)
        assert await titles(store) == ["a", "b", "c"]


async def test_delete_and_update_name_a_row_by_its_id(tmp_path: Path) -> None:
    """Only the named row changes."""

    def work(writer: Writer) -> None:
        writer.update("notes", "a", {"title": "new"})
        writer.delete("notes", "b")

    async with opened(tmp_path) as store:
        await asyncio.gather(*[store.write(note(key, key)) for key in "abc"])
        await store.write(work)
        assert await titles(store) == ["new", "c"]


async def test_clearing_removes_every_row(tmp_path: Path) -> None:
    """A table can be emptied as a whole."""
    async with opened(tmp_path) as store:
        for key in ("a", "b"):
            await store.write(note(key, key))
        await store.write(lambda writer: writer.clear("notes"))
        assert await titles(store) == []


# ---- reads


async def test_a_read_is_one_snapshot(tmp_path: Path) -> None:
    """Writes committed by another process meanwhile are not seen in the middle of a read."""
    async with opened(tmp_path) as store, opened(tmp_path) as other:
        await store.write(note("a", "before"))
        reader = other.private_reader()
        answers: list[list[Any]] = []

        async def look() -> None:
            reader.connection.execute("BEGIN")
            answers.append(reader.rows(TITLES))
            await store.write(note("b", "meanwhile"))
            answers.append(reader.rows(TITLES))
            reader.connection.execute("COMMIT")

        await look()
        assert answers == [[("before",)], [("before",)]]
        assert reader.rows(TITLES) == [("before",), ("meanwhile",)]
        reader.close()


async def test_a_bad_question_says_so(tmp_path: Path) -> None:
    """A table that is not there is the asker's error, and the store goes on."""
    async with opened(tmp_path) as store:
        await fails(store.read(lambda reader: reader.rows(Select((Value(1),), Table("nowhere")))), BadQuestion)
        assert await titles(store) == []


async def test_an_expensive_read_leaves_the_loop_free(tmp_path: Path) -> None:
    """A question over the loop's budget is answered by a thread while the loop goes on."""
    everything = Select((Count(),), Table("notes"), alias="r", where=Compare(">", Column("r", "n"), Value(-1)))

    def heavy(reader: Reader) -> int:
        return sum(reader.one(everything)[0] for _ in range(40))  # type: ignore[index]

    def fill(writer: Writer) -> None:
        for number in range(10_000):
            writer.insert("notes", {"id": str(number), "n": number})

    async with opened(tmp_path) as store:
        await store.write(fill, long=True)
        answer = asyncio.ensure_future(store.read(heavy))
        ticks = 0
        while not answer.done():
            await asyncio.sleep(0)
            ticks += 1
        assert answer.result() == 400_000
        assert ticks > 2


# ---- the log


async def test_changes_tell_what_by_whom_and_how_it_was(tmp_path: Path) -> None:
    """A change holds its origin, the image and the former values."""

    def work(writer: Writer) -> None:
        writer.append("update", "notes", "a", {"id": "a", "n": 2, "title": "ü"}, {"n": 1})

    async with opened(tmp_path) as store:
        await store.write(work, Origin("req1", "users/u1"))
        (change,) = await store.read(lambda reader: store.changes.read_after(reader, 0, 10))
    assert (change.seq, change.request, change.actor, change.action) == (1, "req1", "users/u1", "update")
    assert (change.collection, change.record) == ("notes", "a")
    assert (change.image, change.old) == ({"id": "a", "n": 2, "title": "ü"}, {"n": 1})
    assert len(change.at) == 24


async def test_the_log_is_read_in_order_from_any_place(tmp_path: Path) -> None:
    """Reading after a seq gives what follows it, as much as was asked for."""
    async with opened(tmp_path) as store:
        await asyncio.gather(*[store.write(note(str(number))) for number in range(10)])
        changes = await store.read(lambda reader: store.changes.read_after(reader, 3, 4))
    assert [change.seq for change in changes] == [4, 5, 6, 7]


async def test_commits_are_told_once_with_the_head(tmp_path: Path) -> None:
    """Whoever listens hears the position after a commit that appended, and nothing of the others."""
    heard: list[int] = []
    async with opened(tmp_path) as store:
        store.on_commit.append(lambda position: heard.append(position.seq))
        await asyncio.gather(*[store.write(note(key)) for key in "abc"])
        await store.write(lambda writer: writer.update("notes", "a", {"n": 5}))
        assert store.head_mark == 3
    assert heard == [3]


async def test_seqs_are_never_used_twice(tmp_path: Path) -> None:
    """Also after the whole log was trimmed and the store opened again, seqs go on."""
    async with opened(tmp_path) as store:
        await asyncio.gather(*[store.write(note(key)) for key in "abc"])
        epoch = store.position().epoch
        assert await store.changes.trim("9999", keep=10) == 3
        assert store.changes.oldest == 4
    async with opened(tmp_path) as store:
        assert str(store.position()) == f"{epoch}:3"
        assert await store.write(note("d")) == 4


async def test_trimming_waits_for_durable_consumers(tmp_path: Path) -> None:
    """What a saved cursor has not passed stays, unless the log is over its size."""
    async with opened(tmp_path) as store:
        await asyncio.gather(*[store.write(note(str(number))) for number in range(10)])
        place = store.position()
        await store.write(lambda writer: writer.save_cursor("slow", type(place)(place.epoch, 4)))
        assert await store.changes.trim("9999", keep=100) == 4
        assert store.changes.oldest == 5
        assert await store.changes.trim("0000", keep=2) == 4
        assert store.changes.oldest == 9


async def test_a_trimmed_position_cannot_be_resumed(tmp_path: Path) -> None:
    """Positions are good from just before the oldest change to the head, in the same epoch only."""
    async with opened(tmp_path) as store:
        await asyncio.gather(*[store.write(note(str(number))) for number in range(10)])
        await store.changes.trim("0000", keep=3)
        place = store.position()
        good = [seq for seq in range(15) if store.changes.resumable(type(place)(place.epoch, seq))]
        assert good == [7, 8, 9, 10]
        assert not store.changes.resumable(type(place)("other", 9))


async def test_cursors_are_kept(tmp_path: Path) -> None:
    """A saved cursor is found again by another process."""
    async with opened(tmp_path) as store:
        place = store.position()
        await store.write(lambda writer: writer.save_cursor("thumbs", place))
    async with opened(tmp_path) as store:
        assert await store.read(lambda reader: store.changes.cursor(reader, "thumbs")) == place
        assert await store.read(lambda reader: store.changes.cursor(reader, "other")) is None


async def test_the_schema_mark_moves_in_every_process(tmp_path: Path) -> None:
    """A change of collections or settings is seen by a sibling at once; a record's moves nothing."""
    async with opened(tmp_path) as store, opened(tmp_path) as sibling:
        mark = sibling.schema_mark
        await store.write(note("a"))
        assert sibling.schema_mark == mark
        await store.write(lambda writer: writer.append("update", "_collections", "c1", {}))
        assert sibling.schema_mark != mark


async def test_siblings_share_one_log(tmp_path: Path) -> None:
    """Two processes write in turns, with one head and no seq twice."""
    async with opened(tmp_path) as one, opened(tmp_path) as two:
        writes = [store.write(note(f"{number}{store is one}")) for number in range(50) for store in (one, two)]
        assert sorted(await asyncio.gather(*writes)) == list(range(1, 101))
        assert one.position() == two.position()


# ---- views


async def test_a_view_is_known_before_it_is_made(tmp_path: Path) -> None:
    """Its columns and rows as any reader sees them, inside a write with what it wrote."""
    query = "select n as id, title as words from notes"

    def work(writer: Writer) -> list[Any]:
        note("a", "mine", 7)(writer)
        return writer.view_rows(query, 10)

    async with opened(tmp_path) as store:
        assert await store.read(lambda reader: reader.view_names(query)) == ["id", "words"]
        outline = await store.read(lambda reader: reader.view_outline(query))
        assert [(one.name, one.kind, one.table, one.column) for one in outline] == [
            ("id", "taken", "notes", "n"),
            ("words", "taken", "notes", "title"),
        ]
        assert await store.write(work, long=True) == [("7", "mine")]
        assert await store.read(lambda reader: reader.view_rows(query, 0)) == []


@pytest.mark.parametrize("query", ["delete from notes", "select id from nowhere", "select 1; select 2"])
async def test_a_view_that_cannot_be_is_refused(tmp_path: Path, query: str) -> None:
    """With the reason, and everything is as it was."""
    async with opened(tmp_path) as store:
        await store.write(note("a", "kept"))
        await fails(store.read(lambda reader: reader.view_names(query)), BadQuestion)
        await fails(store.read(lambda reader: reader.view_rows(query, 1)), BadQuestion)
        assert await titles(store) == ["kept"]

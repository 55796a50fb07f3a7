"""Readers: limits of time, private tables, values the database does not take."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbtornado.store import BadQuestion, PrivateReader, SqliteStore, TooSlow, UniqueViolation
from pbtornado.store.query import Call, Column, Compare, Count, Join, Like, Param, Select, Table, Value
from pbtornado.store.sqlite import group, reader
from tests.store.notes import note, opened, titles

PAIRS = Select(
    (Count(),),
    Table("notes"),
    joins=tuple(Join(Table("notes"), alias, left=False) for alias in "abcde"),
    where=Compare(">", Call("random"), Column("e", "n")),
)
SUBSCRIBED = Select((Column("s", "id"),), Table("subscriber"), "s", where=Compare("=", Column("s", "topic"), Param("topic")))


async def fill(store: SqliteStore) -> None:
    """Enough notes to make a cross join endless."""
    await store.write(lambda writer: [note(str(number))(writer) for number in range(100)])


async def test_endless_questions_are_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a thread, on the loop and inside a write, and the store goes on."""
    monkeypatch.setattr(reader, "QUESTION_SECONDS", 0.1)
    monkeypatch.setattr(reader, "NOW_SECONDS", 0.1)
    monkeypatch.setattr(group, "MEMBER_SECONDS", 0.1)
    async with opened(tmp_path) as store:
        await fill(store)
        with pytest.raises(TooSlow):
            await store.read(lambda reader: reader.rows(PAIRS))
        with pytest.raises(TooSlow):
            store.rows_now(PAIRS)
        with pytest.raises(TooSlow):
            await store.write(lambda writer: writer.rows(PAIRS))
        assert len(await titles(store)) == 100


async def test_a_private_reader_has_tables_of_its_own(tmp_path: Path) -> None:
    """They can be filled, changed and joined, and nobody else sees them."""
    async with opened(tmp_path) as store:
        await store.write(note("a", "x"))
        own = store.private_reader()
        own.create_temp("subscriber", ("id", "topic"), [("topic",)])
        for key, topic in ((1, "a"), (2, "a"), (3, "b")):
            own.insert("subscriber", {"id": key, "topic": topic})
        own.update("subscriber", 3, {"topic": "a"})
        own.delete("subscriber", 1)
        assert own.rows(SUBSCRIBED, {"topic": "a"}) == [(2,), (3,)]
        with pytest.raises(UniqueViolation):
            own.insert("subscriber", {"id": 3, "topic": "a"})
        own.delete("subscriber", "a", column="topic")
        assert own.rows(SUBSCRIBED, {"topic": "a"}) == []
        with pytest.raises(BadQuestion):
            store.rows_now(SUBSCRIBED, {"topic": "a"})
        own.close()


async def test_a_private_reader_keeps_what_it_wrote_in_a_snapshot(tmp_path: Path) -> None:
    """Its own rows outlive the snapshot they were written in, and an error undoes them."""
    async with opened(tmp_path) as store:
        own = store.private_reader()
        own.create_temp("subscriber", ("id", "topic"))

        def fails(reader: PrivateReader) -> None:
            reader.insert("subscriber", {"id": 2, "topic": "a"})
            raise RuntimeError

        own.read(lambda reader: reader.insert("subscriber", {"id": 1, "topic": "a"}))
        with pytest.raises(RuntimeError):
            own.read(fails)
        assert own.rows(SUBSCRIBED, {"topic": "a"}) == [(1,)]
        own.close()


@pytest.mark.parametrize("value", [2**70, "\ud800"])
async def test_values_the_database_does_not_take(tmp_path: Path, value: str | int) -> None:
    """They are bad questions and bad writes, not crashes."""
    async with opened(tmp_path) as store:
        with pytest.raises(BadQuestion):
            await store.read(lambda reader: reader.rows(Select((Param("x"),), Table("notes")), {"x": value}))
        with pytest.raises(BadQuestion):
            await store.write(lambda writer: writer.insert("notes", {"id": value}))


async def test_a_select_is_rendered_once(tmp_path: Path) -> None:
    """The same select object keeps its statement, another one with the same id does not get it."""
    statements = reader.Statements()
    select = Select((Value(1),), Table("notes"))
    assert statements.of(select) is statements.of(select)
    assert statements.of(Select((Value(2),), Table("notes"))).text != statements.of(select).text


async def test_long_patterns_are_not_looked_for_on_the_loop(tmp_path: Path) -> None:
    """They cost a text's length times their own: a thread does that, and the loop has no part in it."""
    long = Select((Column("r", "id"),), Table("notes"), where=Like(Column("r", "title"), Param("pattern")))
    pattern = {"pattern": "%" + "a" * 100 + "%"}
    async with opened(tmp_path) as store:
        await store.write(note("a", "a" * 200))
        with pytest.raises(TooSlow):
            store.rows_now(long, pattern)
        assert await store.read(lambda reader: reader.rows(long, pattern)) == [("a",)]

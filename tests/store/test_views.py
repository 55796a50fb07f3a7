"""Views over SELECTs that somebody wrote: tried without harm, made so that their ids are texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pbtornado.store import BadQuestion, TableShape, TooSlow
from pbtornado.store.query import Column, Select, Table
from pbtornado.store.sqlite import views
from pbtornado.store.sqlite.connection import Budget, connect
from pbtornado.store.sqlite.reader import SqliteReader, Statements
from pbtornado.store.sqlite.writer import SqliteWriter

ENDLESS = "with recursive c(n) as (select 1 union all select n + 1 from c) select max(n) as id from c"


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SqliteWriter]:
    """A writer on a database with one table."""
    budget = Budget()
    connection = connect(tmp_path / "data.db", write=True, budget=budget)
    connection.execute("CREATE TABLE t (id TEXT PRIMARY KEY, n NUMERIC)")
    connection.execute("INSERT INTO t VALUES ('a', 1), ('b', 2)")
    yield SqliteWriter(connection, budget, Statements())
    connection.close()


@pytest.fixture
def reader(writer: SqliteWriter, tmp_path: Path) -> Iterator[SqliteReader]:
    """A reader of the same database."""
    budget = Budget()
    connection = connect(tmp_path / "data.db", write=False, budget=budget)
    yield SqliteReader(connection, budget, Statements())
    connection.close()


def left_over(reader: SqliteReader) -> list[object]:
    """Views the connection has of its own."""
    return reader.connection.execute("SELECT name FROM sqlite_temp_master").fetchall()


def test_names_and_rows_can_be_had_by_readers(reader: SqliteReader) -> None:
    """Where nothing could be written anyway."""
    assert reader.view_names("select n * 2 as double, id from t;") == ["double", "id"]
    assert reader.view_rows("select id, n from t order by id", 1) == [("a", 1)]
    assert left_over(reader) == []


def test_ids_become_texts(writer: SqliteWriter) -> None:
    """In the rows that are tried and in the view that is made; texts stay as they are."""
    assert writer.view_rows("select n as id, n from t", 5) == [("1", 1), ("2", 2)]
    writer.reshape(None, TableShape("v", view="select n, n as id from t"))
    assert writer.rows(Select((Column("r", "id"), Column("r", "n")), Table("v"))) == [("1", 1), ("2", 2)]
    assert views.with_text_id(writer.connection, writer.budget, "select id from t;") == "select id from t"


@pytest.mark.parametrize(
    "query",
    [
        *("drop table t", "insert into t (id) values ('x') returning id", "delete from t returning id", "update t set n = 3 returning id"),
        *("attach database 'x.db' as x", "pragma user_version = 5", "vacuum", "create table x (id)", "select id from t; drop table t"),
        *(
            "select 1 as id); drop table t; --",
            "select load_extension('x') as id",
            "select ? as id",
            "select :a as id",
            "select \0",
            "\ud800",
        ),
    ],
)
def test_nothing_but_a_select_is_tried(writer: SqliteWriter, query: str) -> None:
    """Everything else is refused, and nothing has happened."""
    for attempt in (
        writer.view_names,
        lambda query: writer.view_rows(query, 1),
        lambda query: writer.reshape(None, TableShape("v", view=query)),
    ):
        with pytest.raises(BadQuestion):
            attempt(query)
    assert writer.rows(Select((Column("r", "id"), Column("r", "n")), Table("t"))) == [("a", 1), ("b", 2)]
    assert left_over(writer) == []


def test_a_trial_forbids_writing_by_itself(writer: SqliteWriter) -> None:
    """Even a statement that came through would do nothing."""
    with pytest.raises(BadQuestion, match="not authorized"), views._trial(writer.connection, writer.budget):
        writer.connection.execute("DELETE FROM t")
    writer.delete("t", "a")
    assert writer.rows(Select((Column("r", "id"),), Table("t"))) == [("b",)]


def test_reasons_are_told_as_superusers_know_them(writer: SqliteWriter) -> None:
    """The database's words, in the form PocketBase's driver gives them."""
    with pytest.raises(BadQuestion, match=r"SQL logic error: no such column: nope \(1\)"):
        writer.view_names("select nope as id from t")


def test_what_takes_long_is_stopped(writer: SqliteWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also within a write that has more time; the connection goes on working."""
    monkeypatch.setattr(views, "TRIAL_SECONDS", 0.2)
    writer.budget.within(seconds=100)
    with pytest.raises(TooSlow):
        writer.view_rows(ENDLESS, 1)
    assert left_over(writer) == []
    assert writer.view_names(ENDLESS) == ["id"]

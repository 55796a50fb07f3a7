"""Shapes of tables become PocketBase's tables, and changes of shape keep the values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pytest

from pbtornado.store import BadQuestion, ColumnShape, IndexRefused, TableShape, UnusableDirectory
from pbtornado.store.query import Column, Select, Table
from pbtornado.store.sqlite import ddl
from pbtornado.store.sqlite.connection import Budget, connect
from pbtornado.store.sqlite.directory import check_directory
from pbtornado.store.sqlite.reader import Statements
from pbtornado.store.sqlite.writer import SqliteWriter

Kind = Literal["id", "text", "number", "bool", "json", "multiple", "geo"]


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SqliteWriter]:
    """A writer outside any transaction."""
    connection = connect(tmp_path / "data.db", write=True)
    yield SqliteWriter(connection, Budget(), Statements())
    connection.close()


def shape(columns: str, name: str = "t", indexes: tuple[str, ...] = ()) -> TableShape:
    """A table from `key:name:kind` words, the id with them."""
    words = [word.split(":") for word in f"id:id:id {columns}".split()]
    kinds: dict[str, Kind] = {"id": "id", "text": "text", "number": "number", "json": "json", "multiple": "multiple"}
    return TableShape(name, tuple(ColumnShape(key, column, kinds[kind]) for key, column, kind in words), indexes)


def stored(writer: SqliteWriter, *columns: str, table: str = "t") -> list[tuple[Any, ...]]:
    """These columns of all rows."""
    return writer.rows(Select(tuple(Column("r", column) for column in columns), Table(table)))


def test_a_table_is_what_pocketbase_makes() -> None:
    """The very text of PocketBase's DDL, columns in alphabetical order."""
    kinds: dict[str, Kind] = {"id": "id", "emailVisibility": "bool", "email": "text", "at": "geo", "n": "number", "x": "json"}
    columns = [ColumnShape(name, name, kind) for name, kind in kinds.items()]
    made = ddl.created(TableShape("users", (*columns, ColumnShape("k", "tags", "multiple"))))
    assert made == [
        "CREATE TABLE `users` (`at` JSON DEFAULT '{\"lon\":0,\"lat\":0}' NOT NULL, `email` TEXT DEFAULT '' NOT NULL, "
        "`emailVisibility` BOOLEAN DEFAULT FALSE NOT NULL, `id` TEXT PRIMARY KEY DEFAULT ('r'||lower(hex(randomblob(7)))) NOT NULL, "
        "`n` NUMERIC DEFAULT 0 NOT NULL, `tags` JSON DEFAULT '[]' NOT NULL, `x` JSON DEFAULT NULL)"
    ]


def test_names_may_be_swapped(writer: SqliteWriter) -> None:
    """Columns follow their keys through renames, also when two change places."""
    before, after = shape("k1:a:text k2:b:text"), shape("k1:b:text k2:a:text")
    writer.reshape(None, before)
    writer.insert("t", {"id": "1", "a": "first", "b": "second"})
    writer.reshape(before, after)
    assert stored(writer, "a", "b") == [("second", "first")]


def test_columns_and_tables_come_and_go(writer: SqliteWriter) -> None:
    """A new column has its default, a dropped name may be used again, a table may be renamed and dropped."""
    before, after = shape("k1:a:text k2:b:number"), shape("k3:a:number k2:b:number", "u")
    writer.reshape(None, before)
    writer.insert("t", {"id": "1", "a": "text", "b": 7})
    writer.reshape(before, after)
    assert stored(writer, "a", "b", table="u") == [(0, 7)]
    writer.reshape(after, None)
    with pytest.raises(BadQuestion):
        stored(writer, "a", table="u")


@pytest.mark.parametrize(
    ("before", "after", "value", "migrated"),
    [
        ("text", "multiple", "x", '["x"]'),
        ("text", "multiple", "", "[]"),
        ("multiple", "text", '["x","y"]', "y"),
        ("multiple", "text", "[]", ""),
    ],
)
def test_single_and_multiple_values_are_migrated(writer: SqliteWriter, before: str, after: str, value: str, migrated: str) -> None:
    """A text becomes a list of one, a list its last item; views on the table stay."""
    one, other = shape(f"k:a:{before}"), shape(f"k:a:{after}")
    writer.reshape(None, one)
    writer.reshape(None, TableShape("v", view="SELECT id, a FROM t"))
    writer.insert("t", {"id": "1", "a": value})
    writer.reshape(one, other)
    assert stored(writer, "a") == [(migrated,)]
    assert stored(writer, "a", table="v") == [(migrated,)]


def test_indexes_follow_their_shape(writer: SqliteWriter) -> None:
    """Old indexes go, new ones come."""
    before = shape("k:a:text", indexes=("CREATE INDEX `one` ON `t` (`a`)",))
    writer.reshape(None, before)
    writer.reshape(before, shape("k:b:text", indexes=('create unique index if not exists "two" on t (b)',)))
    found = writer.rows(Select((Column("r", "name"),), Table("sqlite_master")))
    assert {row[0] for row in found} == {"t", "sqlite_autoindex_t_1", "two"}


@pytest.mark.parametrize("index", ["CREATE INDEX `i` ON `t` (`nope`)", "DROP TABLE `t`", "CREATE UNIQUE INDEX `u` ON `t` (`a`)"])
def test_a_bad_index_says_which(writer: SqliteWriter, index: str) -> None:
    """Positions and reasons are told, the reason being "" for what is no index."""
    writer.reshape(None, shape("k:a:text"))
    for key in "12":
        writer.insert("t", {"id": key, "a": "same"})
    with pytest.raises(IndexRefused) as refused:
        writer.reshape(shape("k:a:text"), shape("k:a:text", indexes=("CREATE INDEX `fine` ON `t` (`a`)", index)))
    assert list(refused.value.reasons) == [1]
    assert bool(refused.value.reasons[1]) == index.startswith("CREATE")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CREATE INDEX `a b` ON t (x)", "a b"),
        ('create  unique index if not exists "i" on t (x)', "i"),
        ("CREATE INDEX [i] ON t (x)", "i"),
        ("CREATE INDEX main.`i` ON t (x)", "i"),
        ("CREATE INDEX i ON t (x)", "i"),
        ("SELECT 1", ""),
    ],
)
def test_names_of_indexes(text: str, name: str) -> None:
    """The name is found in any quotes."""
    assert ddl.index_name(text) == name


def test_views_are_made_replaced_and_dropped(writer: SqliteWriter) -> None:
    """A view is checked when it is made."""
    writer.reshape(None, shape("k:a:text"))
    view, other = TableShape("v", view="SELECT id FROM t"), TableShape("w", view="SELECT id, a FROM t")
    writer.reshape(None, view)
    writer.reshape(view, other)
    assert stored(writer, "a", table="w") == []
    with pytest.raises(BadQuestion):
        writer.reshape(other, TableShape("x", view="SELECT nope FROM t"))


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        (("_admins (id)",), "before 0.23"),
        (("_collections (id, schema, options)",), "before 0.23"),
        (("_collections (id, fields, options)", "_admins (id)"), "before 0.23"),
    ],
)
def test_old_directories_are_refused(tmp_path: Path, tables: tuple[str, ...], sentence: str) -> None:
    """A directory of a PocketBase before 0.23 is not touched."""
    with closing(connect(tmp_path / "data.db", write=True)) as connection:
        for table in tables:
            connection.execute(f"CREATE TABLE {table}")
    with pytest.raises(UnusableDirectory, match=sentence):
        check_directory(tmp_path / "data.db")


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file of something else, a folder in its place, a data directory that is a file."""
    (tmp_path / "data.db").write_bytes(b"not a database at all" * 100)
    (tmp_path / "folder" / "data.db").mkdir(parents=True)
    for place in (tmp_path / "data.db", tmp_path / "folder" / "data.db", tmp_path / "data.db" / "data.db"):
        with pytest.raises(UnusableDirectory):
            check_directory(place)

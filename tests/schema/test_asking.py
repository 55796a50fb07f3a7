"""Questions are asked of the collections that the answering snapshot shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pbtornado.schema.catalog import Catalog, Catalogs
from pbtornado.store.protocol import Reader, StoreBusy, Writer
from pbtornado.store.query import Column, Select, Table
from pbtornado.store.sqlite.store import SqliteStore


def renaming(writer: Writer) -> None:
    """`users` is `people` now, the table with it."""
    users = next(row for row in writer.rows(Select((Column("r", "id"), Column("r", "name")), Table("_collections"))) if row[1] == "users")
    writer.update("_collections", users[0], {"name": "people"})
    writer.append("update", "_collections", users[0], {})


def name_of_users(catalog: Catalog) -> Callable[[Reader], str]:
    """The name of the collection, as the catalog knows it."""
    return lambda reader: catalog.by_id["_pb_users_auth_"].name


async def test_a_commit_that_is_seen_before_its_mark(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even when the mark has not moved yet, an answer is that of the collections which the database shows."""
    catalogs, mark = Catalogs(store), store.schema_mark
    assert await catalogs.read(name_of_users) == "users"
    await store.write(renaming)
    monkeypatch.setattr(SqliteStore, "schema_mark", property(lambda self: mark))
    assert catalogs.current.find("people") is None
    assert await catalogs.read(name_of_users) == "people"
    assert catalogs.current.find("people")


async def test_a_change_between_catalog_and_snapshot(store: SqliteStore) -> None:
    """A question that is overtaken is asked again."""
    catalogs, asked = Catalogs(store), 0

    async def overtaken(question: Callable[[Reader], Any], *, long: bool = False) -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            await other.write(renaming)
        return await read(question, long=long)

    other = SqliteStore(store.path, synchronous="OFF")
    await other.open()
    read, store.read = store.read, overtaken  # type: ignore[method-assign]
    assert await catalogs.read(name_of_users) == "people"
    assert asked == 2
    await other.close()


async def test_collections_that_never_rest(store: SqliteStore) -> None:
    """There is an end to asking again."""
    catalogs = Catalogs(store)

    async def overtaken(question: Callable[[Reader], Any], *, long: bool = False) -> Any:
        await store.write(lambda writer: writer.append("update", "_collections", "_pb_users_auth_", {}))
        return await read(question, long=long)

    read, store.read = store.read, overtaken  # type: ignore[method-assign]
    with pytest.raises(StoreBusy):
        await catalogs.read(name_of_users)


async def test_a_change_that_fails_leaves_the_schema_as_it_was(store: SqliteStore) -> None:
    """The number moves with the commit, not before."""

    def fail(writer: Writer) -> None:
        renaming(writer)
        assert writer.schema() != before
        raise RuntimeError

    before = await store.read(lambda reader: reader.schema())
    with pytest.raises(RuntimeError):
        await store.write(fail)
    assert await store.read(lambda reader: reader.schema()) == before

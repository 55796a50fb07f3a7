"""The catalog: what it finds, and that it is always the committed one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pbtornado.schema.catalog import Catalogs
from pbtornado.schema.collection import field_list
from pbtornado.schema.defaults import new_collection
from pbtornado.store.protocol import Writer
from pbtornado.store.sqlite.store import SqliteStore


def _change(writer: Writer) -> None:
    writer.update("_collections", "_pb_users_auth_", {"name": "people"})
    writer.append("update", "_collections", "_pb_users_auth_", {})


async def test_collections_are_found_by_id_and_by_name_in_any_case(store: SqliteStore) -> None:
    """Ids are exact."""
    catalog = Catalogs(store).current
    assert catalog.find("USERS") is catalog.find("_pb_users_auth_") is not None
    assert catalog.find("_PB_USERS_AUTH_") is None


async def test_a_change_is_seen_after_its_commit(store: SqliteStore) -> None:
    """Collections that did not change are the same objects still."""
    catalogs = Catalogs(store)
    before = catalogs.current
    assert catalogs.current is before
    await store.write(_change)
    after = catalogs.current
    assert after.find("people")
    assert after.version != before.version
    assert after.find("_superusers") is before.find("_superusers")


async def test_a_change_of_another_process_is_seen(store: SqliteStore) -> None:
    """Whoever commits moves the mark."""
    other = SqliteStore(store.path, synchronous="OFF")
    await other.open()
    catalogs = Catalogs(store)
    assert catalogs.current.find("people") is None
    await other.write(_change)
    assert catalogs.current.find("people")
    await other.close()


async def test_a_change_that_fails_is_never_seen(store: SqliteStore) -> None:
    """Inside the write it is there, afterwards it never was."""
    catalogs = Catalogs(store)

    def fail(writer: Writer) -> None:
        _change(writer)
        assert catalogs.load(writer).find("people")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store.write(fail)
    assert catalogs.current.find("people") is None


async def test_relations_are_known_from_both_ends(store: SqliteStore) -> None:
    """Which fields point to a collection."""
    catalog = Catalogs(store).current
    users = catalog.find("users")
    assert users
    assert catalog.referring(users) == []
    field = {"type": "relation", "name": "author", "collectionId": users.id}
    notes = replace(new_collection("base", "notes"), fields=field_list([field]))
    assert [(one.name, relation.name) for one, relation in catalog.replaced(notes).referring(users)] == [("notes", "author")]

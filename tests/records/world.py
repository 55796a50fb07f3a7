"""A store with collections and records, and actors who ask."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pbtornado.auth.identity import actor_of
from pbtornado.errors import ApiError
from pbtornado.files.local import LocalStorage
from pbtornado.passwords import Passwords
from pbtornado.records import questions
from pbtornado.records.collections import Collections
from pbtornado.records.records import Records
from pbtornado.rules.request import Actor, RequestInfo
from pbtornado.schema.bootstrap import prepare
from pbtornado.schema.catalog import Catalogs
from pbtornado.schema.collection import Collection
from pbtornado.schema.record import Record
from pbtornado.store.protocol import Change, Origin
from pbtornado.store.sqlite.store import SqliteStore
from pbtornado.values import ReceivedFile

SUPERUSER = RequestInfo(Actor(superuser=True), request_id="r1")
GUEST = RequestInfo(request_id="r1")
PASSWORD = {"password": "1234567890", "passwordConfirm": "1234567890"}


class World:
    """A new data directory, opened, with the doors of records and collections."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = SqliteStore(path / "data.db", synchronous="OFF")
        self.catalogs = Catalogs(self.store)
        self.storage = LocalStorage(path / "storage")
        self.passwords = Passwords()
        self.records = Records(self.store, self.catalogs, self.storage, self.passwords)
        self.collections = Collections(self.store, self.catalogs)

    async def open(self) -> None:
        """Makes the directory."""
        await self.store.open()
        await prepare(self.store)

    async def close(self) -> None:
        """Lets it go."""
        self.passwords.stop()
        await self.store.close()

    async def make(self, name: str, *fields: Mapping[str, Any], type: str = "base", open: bool = True, **more: Any) -> Collection:
        """A new collection, open to everyone unless said otherwise."""
        rules = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"), "" if open else None)
        await self.collections.create({"name": name, "type": type, "fields": list(fields), **rules, **more}, Origin())
        return self.collection(name)

    def collection(self, name: str) -> Collection:
        """The collection as it is now."""
        found = self.catalogs.current.find(name)
        assert found
        return found

    async def add(self, name: str, info: RequestInfo = SUPERUSER, /, **values: Any) -> dict[str, Any]:
        """A new record, by the superuser unless said otherwise."""
        return await self.records.create(name, values, info)

    async def user(self, name: str = "ann", collection: str = "users", /, **values: Any) -> RequestInfo:
        """A new auth record and the request of whom it is."""
        created = await self.add(collection, email=f"{name}@example.com", **PASSWORD, **values)
        return RequestInfo(actor_of(await self.stored(collection, created["id"])), request_id="r1")

    async def stored(self, name: str, record_id: str) -> Record:
        """The record as it lies in its table, secrets included."""
        collection = self.collection(name)
        row = await self.store.read(lambda reader: reader.one(questions.row_by_id(collection), {questions.RECORD_ID: record_id}))
        assert row, f"no {name}/{record_id}"
        return Record.from_row(collection, row)

    async def ids(self, name: str, info: RequestInfo = SUPERUSER, **wanted: str) -> list[str]:
        """Ids of a list, in its order."""
        return [item["id"] for item in (await self.records.list(name, info, **wanted))["items"]]

    async def changes(self, name: str) -> list[Change]:
        """The log as far as it speaks of this collection."""
        collection = self.collection(name)
        log = await self.store.read(lambda reader: self.store.changes.read_after(reader, 0, 1000))
        return [change for change in log if change.collection == collection.id]

    def upload(self, name: str, content: bytes) -> ReceivedFile:
        """A received file."""
        path = self.path / f"received_{name}"
        path.write_bytes(content)
        return ReceivedFile(name, path, len(content))

    def blobs(self) -> list[str]:
        """Names of all stored files, without their random part's length in mind."""
        return sorted(path.name for path in (self.path / "storage").rglob("*") if path.is_file() and path.suffix != ".attrs")


async def refused(answer: Any) -> ApiError:
    """The error an awaited answer ends in."""
    with pytest.raises(ApiError) as caught:
        await answer
    return caught.value


def codes(error: ApiError) -> dict[str, str]:
    """The code of each field's error."""
    return {name: found["code"] for name, found in error.body()["data"].items()}


def text(name: str, **options: Any) -> dict[str, Any]:
    """A text field."""
    return {"name": name, "type": "text", **options}


def number(name: str, **options: Any) -> dict[str, Any]:
    """A number field."""
    return {"name": name, "type": "number", **options}


def relation(name: str, collection: Collection, **options: Any) -> dict[str, Any]:
    """A relation to a collection; `maxSelect` over 1 makes it a list."""
    return {"name": name, "type": "relation", "collectionId": collection.id, "maxSelect": 1, **options}


def file(name: str, **options: Any) -> dict[str, Any]:
    """A file field."""
    return {"name": name, "type": "file", "maxSelect": 1, **options}


AUTODATES = (
    {"name": "created", "type": "autodate", "onCreate": True},
    {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
)

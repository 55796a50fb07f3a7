"""Removes blobs that no record names any more, as the change log tells of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection
from ..schema.history import History
from ..store.protocol import Change, Position, Reader
from .named import named_files, names_now, with_files
from .storage import Storage, blob_key, record_prefix, thumbs_prefix

COLLECTIONS = "_collections"
"""The collection under which changes of collections are logged."""
FRESH_SECONDS = 3600.0
"""A blob that nobody names may belong to a write that is under way, if it is not older than this."""

Gone = dict[str, set[str]]
"""Names of files by the id of the record that has let go of them; none where the record itself has gone."""


class CleanerConsumer:
    """Reader of the log that drops what was replaced, and what deleted records and collections leave."""

    name = "cleaner"
    durable = True

    def __init__(self, catalogs: Catalogs, storage: Storage) -> None:
        self._catalogs, self._storage, self._history = catalogs, storage, History()

    def wanted(self) -> frozenset[str]:
        """Those that have files, and collections themselves."""
        return with_files(self._catalogs.current) | {COLLECTIONS}

    async def consume(self, changes: Sequence[Change], head: Position) -> None:
        """Drops what these changes let go of and no record names now. Raises OSError where the storage fails."""
        for collection_id, gone in (await self._catalogs.read(lambda catalog: partial(self._gone, catalog, changes))).items():
            await self._clean(collection_id, gone)
        for change in changes:
            if change.collection == COLLECTIONS and change.action == "delete":
                await self._clear(change)

    def _gone(self, catalog: Catalog, changes: Iterable[Change], reader: Reader) -> dict[str, Gone]:
        """What changes let go of, by collection; fields may have other names by now."""
        concerned = ((change, catalog.by_id.get(change.collection)) for change in changes if change.action != "create")
        read = [self._history.translated(reader, of, change) for change, of in concerned if of and of.file_fields]
        return _gone(filter(None, read), catalog.by_id)

    async def _clear(self, change: Change) -> None:
        """Drops what a collection leaves; where one of its id is there again, what is older than that."""
        if change.record not in self._catalogs.current.by_id:
            await asyncio.to_thread(self._storage.drop_prefix, f"{change.record}/")
            return
        before = datetime.fromisoformat(change.at).timestamp()
        await self._clean(change.record, await asyncio.to_thread(self._older, change.record, before))

    def _older(self, collection: str, before: float) -> Gone:
        """The files of a collection that were stored before a moment."""
        found: Gone = {}
        for key in self._storage.keys(f"{collection}/"):
            _, record, *name = key.split("/")
            blob = self._storage.stat(key) if len(name) == 1 else None
            if blob and blob.modified < before:
                found.setdefault(record, set()).add(name[0])
        return found

    async def _clean(self, collection_id: str, gone: Gone) -> None:
        now = await self._catalogs.read(lambda catalog: lambda reader: _names_now(reader, catalog.by_id.get(collection_id), gone))
        await asyncio.to_thread(self._drop, collection_id, gone, now)

    def _drop(self, collection: str, gone: Gone, now: Mapping[str, set[str]]) -> None:
        for record, names in gone.items():
            for name in names - now.get(record, set()):
                self._drop_file(blob_key(collection, record, name))
            if record not in now:
                self._sweep(record_prefix(collection, record))

    def _drop_file(self, key: str) -> None:
        self._storage.drop(key)
        self._storage.drop_prefix(thumbs_prefix(key))

    def _sweep(self, prefix: str) -> None:
        """Drops what else a record that is not there has left, except what a record of the same id may be about to name."""
        keys = list(self._storage.keys(prefix))
        if all(self._age(key) > FRESH_SECONDS for key in keys):
            self._storage.drop_prefix(prefix)

    def _age(self, key: str) -> float:
        blob = self._storage.stat(key)
        return time.time() - blob.modified if blob else FRESH_SECONDS * 2


def _names_now(reader: Reader, collection: Collection | None, gone: Gone) -> dict[str, set[str]]:
    return names_now(reader, collection, gone) if collection else {}


def _gone(changes: Iterable[Change], collections: Mapping[str, Collection]) -> dict[str, Gone]:
    """What changes let go of, by collection."""
    found: dict[str, Gone] = {}
    for change in changes:
        collection = collections.get(change.collection)
        if collection and collection.file_fields and change.action != "create":
            names = _names_gone(collection, change)
            if names or change.action == "delete":
                found.setdefault(collection.id, {}).setdefault(change.record, set()).update(names)
    return found


def _names_gone(collection: Collection, change: Change) -> set[str]:
    names = {name for _, name in named_files(collection, change.old)}
    if change.action == "delete":
        names |= {name for _, name in named_files(collection, change.image)}
    return names

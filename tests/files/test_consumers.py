"""What happens to blobs after a commit: declared thumbs are made, and what nobody names any more goes."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from pbtornado.backend import Backend
from pbtornado.files.storage import blob_key, record_prefix
from pbtornado.files.upload import stored_name
from pbtornado.store.protocol import Origin
from pbtornado.values import ReceivedFile
from tests import data
from tests.files.images import quarters

SIZES = ["40x40", "0x30"]


@pytest.fixture
def received(tmp_path: Path) -> Any:
    """Makes a received image, ready to be the value of a file field."""

    def make(name: str = "photo.png", content: bytes = quarters(200, 100)) -> ReceivedFile:
        path = tmp_path / stored_name(name)
        path.write_bytes(content)
        return ReceivedFile(name, path, len(content))

    return make


async def reports(backend: Backend) -> str:
    """A collection of reports with photos; its id."""
    await data.collection(backend, "reports", {"name": "photos", "type": "file", "maxSelect": 9, "thumbs": SIZES}, {"name": "title"})
    collection = backend.catalogs.current.find("reports")
    assert collection
    return collection.id


async def until(backend: Backend, prefix: str, *expected: str) -> None:
    """Waits until these and no other blobs lie under a prefix."""
    for _ in range(500):
        if sorted(backend.storage.keys(prefix)) == sorted(expected):
            return
        await asyncio.sleep(0.01)
    assert sorted(backend.storage.keys(prefix)) == sorted(expected)


async def until_gone(backend: Backend, directory: str) -> None:
    """Waits until not even the directory is there."""
    path = backend.options.data_dir / "storage" / directory
    for _ in range(500):
        if not path.exists():
            return
        await asyncio.sleep(0.01)
    raise AssertionError([str(left) for left in path.rglob("*")])


def with_thumbs(collection: str, record: str, *names: str) -> list[str]:
    """The keys of files and of all their thumbs."""
    files = [blob_key(collection, record, name) for name in names]
    return files + [blob_key(collection, record, f"thumbs_{name}/{size}_{name}") for name in names for size in SIZES]


async def test_declared_thumbs_are_made_after_the_commit(backend: Backend, received: Any) -> None:
    """Every size that the field declares is there before anybody asks for it."""
    collection = await reports(backend)
    [record] = await data.records(backend, "reports", {"photos": [received(), received(), received("a.txt", b"text")]})
    images = [name for name in record["photos"] if name.endswith(".png")]
    text = blob_key(collection, record["id"], next(name for name in record["photos"] if name.endswith(".txt")))
    await until(backend, record_prefix(collection, record["id"]), text, *with_thumbs(collection, record["id"], *images))


async def test_replaced_files_go_with_their_thumbs(backend: Backend, received: Any) -> None:
    """Of a record's files those stay that it still names."""
    collection = await reports(backend)
    [record] = await data.records(backend, "reports", {"photos": [received(), received()]})
    keeps, goes = record["photos"]
    await backend.records.update("reports", record["id"], {"photos-": goes, "photos+": [received()]}, data.ROOT)
    changed = await backend.records.view("reports", record["id"], data.ROOT)
    assert changed["photos"][0] == keeps
    await until(backend, record_prefix(collection, record["id"]), *with_thumbs(collection, record["id"], *changed["photos"]))


async def test_other_changes_touch_no_file(backend: Backend, received: Any) -> None:
    """A record keeps its files when something else of it changes."""
    collection = await reports(backend)
    [record] = await data.records(backend, "reports", {"photos": [received()]})
    await backend.records.update("reports", record["id"], {"title": "new"}, data.ROOT)
    await until(backend, record_prefix(collection, record["id"]), *with_thumbs(collection, record["id"], *record["photos"]))


async def test_files_of_a_deleted_record_go(backend: Backend, received: Any) -> None:
    """A deleted record leaves nothing, also not what it had forgotten long ago."""
    collection = await reports(backend)
    [record] = await data.records(backend, "reports", {"photos": [received()]})
    prefix = record_prefix(collection, record["id"])
    await until(backend, prefix, *with_thumbs(collection, record["id"], *record["photos"]))
    backend.storage.put(f"{prefix}forgotten", b"x", "text/plain")
    old = time.time() - 7200
    os.utime(backend.options.data_dir / "storage" / prefix / "forgotten", (old, old))
    await backend.records.delete("reports", record["id"], data.ROOT)
    await until_gone(backend, prefix)


async def test_files_of_a_record_made_again_stay(backend: Backend, received: Any) -> None:
    """A record deleted and made again under its id keeps the new files, and those of a write that is under way."""
    collection = await reports(backend)
    id = "a" * 15
    await data.records(backend, "reports", {"id": id, "photos": [received()]})
    await backend.records.delete("reports", id, data.ROOT)
    backend.storage.put(blob_key(collection, id, "on_its_way"), b"x", "text/plain")
    [again] = await data.records(backend, "reports", {"id": id, "photos": [received()]})
    on_its_way = blob_key(collection, id, "on_its_way")
    await until(backend, record_prefix(collection, id), on_its_way, *with_thumbs(collection, id, *again["photos"]))


async def test_files_of_a_deleted_collection_go(backend: Backend, received: Any) -> None:
    """With a collection goes everything its records stored."""
    collection = await reports(backend)
    await data.records(backend, "reports", {"photos": [received()]}, {"photos": [received()]})
    await backend.collections.delete("reports", Origin())
    await until_gone(backend, collection)


async def test_broken_image_does_not_stop_the_others(backend: Backend, received: Any) -> None:
    """An image that cannot be drawn has no thumbs; those after it have theirs."""
    collection = await reports(backend)
    [record] = await data.records(backend, "reports", {"photos": [received(content=quarters(99, 99)[:90]), received()]})
    broken, whole = record["photos"]
    rest = with_thumbs(collection, record["id"], whole)
    await until(backend, record_prefix(collection, record["id"]), blob_key(collection, record["id"], broken), *rest)

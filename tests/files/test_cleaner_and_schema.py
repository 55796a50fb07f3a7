"""The cleaner reads changes that were made before their collection was changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pbtornado.backend import Backend
from pbtornado.files.cleaner import CleanerConsumer
from pbtornado.schema.collection import Collection
from pbtornado.store.protocol import Origin
from pbtornado.values import ReceivedFile
from tests import data

PAPER = {"name": "paper", "type": "file", "maxSelect": 1, "id": "f_paper"}


@pytest.fixture
def paper(tmp_path: Path) -> Any:
    """Makes a received text."""

    def make(name: str) -> ReceivedFile:
        (tmp_path / name).write_text(name)
        return ReceivedFile(name, tmp_path / name, len(name))

    return make


async def notes(backend: Backend) -> Collection:
    """A collection with a file field, whose log nobody consumes by itself."""
    await backend.tail.stop()
    await data.collection(backend, "notes", PAPER)
    found = backend.catalogs.current.find("notes")
    assert found
    return found


async def clean(backend: Backend, collection: Collection) -> list[str]:
    """Names of the files that are left when the whole log was consumed."""
    changes = await backend.store.read(lambda reader: backend.store.changes.read_after(reader, 0, 100))
    await CleanerConsumer(backend.catalogs, backend.storage).consume(changes, backend.store.position())
    return sorted(key.split("/")[2] for key in backend.storage.keys(f"{collection.id}/"))


async def test_a_file_of_a_renamed_field(backend: Backend, paper: Any) -> None:
    """A replaced file goes although its field had another name then."""
    collection = await notes(backend)
    (note,) = await data.records(backend, "notes", {"paper": paper("a.txt")})
    changed = await backend.records.update("notes", note["id"], {"paper": paper("b.txt")}, data.ROOT)
    fields = [field.to_json() for field in collection.fields if field.id != "f_paper"]
    await backend.collections.update("notes", {"fields": [*fields, {**PAPER, "name": "sheets", "maxSelect": 3}]})
    assert await clean(backend, collection) == [changed["paper"]]


async def test_files_of_a_collection_that_is_there_again(backend: Backend, paper: Any) -> None:
    """What the dropped one left goes; the new one of the same id keeps its files."""
    collection = await notes(backend)
    await data.records(backend, "notes", {"paper": paper("a.txt")}, {"id": "a" * 15, "paper": paper("b.txt")})
    await backend.collections.delete("notes", Origin())
    await data.collection(backend, "notes", PAPER)
    (again,) = await data.records(backend, "notes", {"id": "a" * 15, "paper": paper("c.txt")})
    assert await clean(backend, collection) == [again["paper"]]

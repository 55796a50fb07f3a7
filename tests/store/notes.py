"""A table of notes to write to, in a store on a directory of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pbtornado.store import BadQuestion, ColumnShape, SqliteStore, TableShape, Writer
from pbtornado.store.query import Bindable, Column, Order, Select, Table, Value

SHAPE = TableShape(
    "notes",
    (ColumnShape("k1", "id", "id"), ColumnShape("k2", "title", "text"), ColumnShape("k3", "n", "number")),
)
TITLES = Select((Column("r", "title"),), Table("notes"), order=(Order(Column("r", "id")),))
ANY = Select((Column("r", "id"),), Table("notes"), limit=Value(1))


def note(key: str, title: str = "", n: int = 0) -> Callable[[Writer], int]:
    """A write that inserts a note and logs it; answers the change's seq."""

    def work(writer: Writer) -> int:
        values: dict[str, Bindable] = {"id": key, "title": title, "n": n}
        writer.insert("notes", values)
        return writer.append("create", "notes", key, values)

    return work


async def titles(store: SqliteStore) -> list[Any]:
    """The titles of all notes, by id."""
    return [row[0] for row in await store.read(lambda reader: reader.rows(TITLES))]


@asynccontextmanager
async def opened(path: Path, **options: Any) -> AsyncIterator[SqliteStore]:
    """A store on the directory with the table `notes`."""
    store = SqliteStore(path / "data.db", **options)
    await store.open()
    try:
        await _make_notes(store)
        yield store
    finally:
        await store.close()


async def _make_notes(store: SqliteStore) -> None:
    try:
        await store.read(lambda reader: reader.one(ANY))
    except BadQuestion:
        await store.write(lambda writer: writer.reshape(None, SHAPE), long=True)

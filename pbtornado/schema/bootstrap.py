"""Makes a data directory ready: a new one gets PocketBase's tables and first collections, another one is looked at."""

from __future__ import annotations

from dataclasses import replace

from ..store.migrations import POCKETBASE_MIGRATIONS, create_system_tables, mark_applied
from ..store.protocol import BadQuestion, Reader, Store, UnusableDirectory, Writer
from ..store.query import Select, Table, Value
from ..values import now
from .catalog import STORED_COLLECTIONS
from .collection import Collection
from .settings import UnreadableSettings, load_settings, store_first_settings
from .system import SUPERUSERS, first_collections

_ANY_COLLECTION = Select((Value(1),), Table("_collections"), limit=Value(1))


async def prepare(store: Store) -> bool:
    """Makes the directory of an open store ready; true when it was new. Several processes may do so at once.

    Raises UnusableDirectory when its collections or settings cannot be read.
    """
    if await store.read(is_prepared):
        await store.read(check_collections)
        await store.read(check_settings)
        return False
    return await store.write(_fill, long=True)


def is_prepared(reader: Reader) -> bool:
    """The directory has collections."""
    try:
        return reader.exists(_ANY_COLLECTION, {})
    except BadQuestion:
        return False


def check_collections(reader: Reader) -> None:
    """Reads every collection once. Raises UnusableDirectory."""
    try:
        names = [Collection.from_row(row).name for row in reader.rows(STORED_COLLECTIONS, {})]
    except (ValueError, TypeError, AttributeError, BadQuestion) as error:
        raise UnusableDirectory(
            f"The collections of the data directory cannot be read, a newer version may have made them: {error}."
        ) from error
    if SUPERUSERS not in names:
        raise UnusableDirectory("The data directory has no collection of superusers; open it with PocketBase 0.23 or later first.")


def check_settings(reader: Reader) -> None:
    """Reads the settings once, because without them nobody knows who may come. Raises UnusableDirectory."""
    try:
        load_settings(reader)
    except UnreadableSettings as error:
        raise UnusableDirectory(
            "The settings of the data directory are encrypted or damaged; only settings in plain JSON can be served."
        ) from error


def _fill(writer: Writer) -> bool:
    create_system_tables(writer)
    if is_prepared(writer):
        return False
    store_first_settings(writer)
    for collection in first_collections():
        _store(writer, replace(collection, created=now(), updated=now()))
    mark_applied(writer, POCKETBASE_MIGRATIONS)
    return True


def _store(writer: Writer, collection: Collection) -> None:
    writer.insert("_collections", collection.to_row())
    writer.reshape(None, collection.shape())
    writer.append("create", "_collections", collection.id, collection.image())

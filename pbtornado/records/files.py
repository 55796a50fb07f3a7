"""Files of records: where one lies, and who may have it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from ..errors import NotFound
from ..files.storage import Blob, Storage, blob_key
from ..files.thumbs import ALWAYS, Thumbs
from ..rules.request import RequestInfo
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection
from ..schema.fields import FileField
from ..schema.record import Record
from ..store.protocol import Reader, Store
from ..store.query import Column, Compare, Exists, Expr, JsonEach, Param, Select, Table, Value
from . import questions
from .access import allows

_NAME = "file_name"
_DEEPEST_VIEW = 5


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file that a field of a record names, and the key under which it lies."""

    collection: Collection
    record_id: str
    field: FileField
    key: str


class Files:
    """Finds files of records and their thumbs."""

    def __init__(self, store: Store, catalogs: Catalogs, storage: Storage, thumbs: Thumbs) -> None:
        self._store, self._catalogs, self._storage, self._thumbs = store, catalogs, storage, thumbs

    async def find(self, collection: str, record_id: str, name: str) -> RecordFile:
        """The file of that name, if a field of the record names it. Raises NotFound."""
        catalog = self._catalogs.current
        known = catalog.find(collection)
        if known is None:
            raise NotFound("Missing or invalid collection context.")
        found = await self._store.read(lambda reader: _find(reader, catalog, known, record_id, name))
        if found is None:
            raise NotFound
        return found

    async def may_see(self, file: RecordFile, info: RequestInfo) -> bool:
        """Whether the actor may see the file's record; asked for protected files."""
        catalog, rule = self._catalogs.current, file.collection.view_rule
        return await self._store.read(
            lambda reader: allows(reader, catalog, file.collection, rule, info.within("protectedFile"), record_id=file.record_id)
        )

    async def blob(self, file: RecordFile, size: str = "") -> Blob:
        """The stored bytes, or their thumb where the field has that size. Raises NotFound."""
        if size == ALWAYS or size in file.field.thumbs:
            blob = await self._thumbs.get(file.key, size)
        else:
            blob = await asyncio.get_running_loop().run_in_executor(None, self._storage.stat, file.key)
        if blob is None:
            raise NotFound
        return blob


def _find(reader: Reader, catalog: Catalog, collection: Collection, record_id: str, name: str) -> RecordFile | None:
    row = reader.one(questions.row_by_id(collection), {questions.RECORD_ID: record_id})
    record = Record.from_row(collection, row) if row else None
    field = record and next((field for field in collection.file_fields if name in field.items(record.get(field.name))), None)
    if not field:
        return None
    key = _key_of_view(reader, catalog, collection, name) if collection.is_view else blob_key(collection.id, record_id, name)
    return RecordFile(collection, record_id, field, key) if key else None


# ---- files of views lie with the record they come from


def _key_of_view(reader: Reader, catalog: Catalog, view: Collection, name: str) -> str:
    for collection in _sources(catalog, view, _DEEPEST_VIEW):
        for field in collection.file_fields:
            row = reader.one(_naming(collection, field), {_NAME: name})
            if row:
                return blob_key(collection.id, str(row[0]), name)
    return ""


def _sources(catalog: Catalog, view: Collection, depth: int) -> list[Collection]:
    """The collections with tables of their own that a view reads, through other views too."""
    words = set(re.findall(r"\w+", view.view_query.lower()))
    read = [collection for collection in catalog.all if collection.name.lower() in words and collection.id != view.id]
    inner = [source for one in read if one.is_view and depth for source in _sources(catalog, one, depth - 1)]
    return [one for one in read if not one.is_view] + inner


def _naming(collection: Collection, field: FileField) -> Select:
    """The id of a record whose field names the file."""
    column = Column("r", field.name)
    where: Expr = Compare("=", column, Param(_NAME))
    if field.multiple:
        among = Compare("=", Column("item", "value"), Param(_NAME))
        where = Exists(Select((Value(1),), JsonEach(column), "item", where=among))
    return Select((Column("r", "id"),), Table(collection.name), where=where, limit=Value(1))

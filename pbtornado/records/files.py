"""Files of records: where one lies, and who may have it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from ..errors import NotFound
from ..files.storage import Blob, Storage, blob_key, thumb_key
from ..files.thumbs import ALWAYS, Thumbs
from ..rules.request import RequestInfo
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection
from ..schema.fields import FileField
from ..schema.record import Record
from ..schema.views import file_source
from ..store.protocol import Reader
from ..store.query import Column, Compare, Exists, Expr, JsonEach, Param, Select, Table, Value
from . import questions
from .access import allows

SMALL = 64 << 10
"""Up to how many bytes a blob is read at once."""
_NAME = "file_name"


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A file that a field of a record names, and the key under which it lies."""

    collection: Collection
    record_id: str
    field: FileField
    key: str


@dataclass(frozen=True, slots=True)
class OpenBlob:
    """A blob with its bytes: a seekable stream, and already read all of them where they are few."""

    blob: Blob
    stream: BinaryIO
    content: bytes


class Files:
    """Finds files of records and their thumbs."""

    def __init__(self, catalogs: Catalogs, storage: Storage, thumbs: Thumbs) -> None:
        self._catalogs, self._storage, self._thumbs = catalogs, storage, thumbs

    async def find(self, collection: str, record_id: str, name: str) -> RecordFile:
        """The file of that name, if a field of the record names it. Raises NotFound."""

        def question(catalog: Catalog) -> Callable[[Reader], RecordFile | None]:
            known = catalog.find(collection)
            if known is None:
                raise NotFound("Missing or invalid collection context.")
            return lambda reader: _find(reader, catalog, known, record_id, name)

        found = await self._catalogs.read(question)
        if found is None:
            raise NotFound
        return found

    async def may_see(self, file: RecordFile, info: RequestInfo) -> bool:
        """Whether the actor may see the file's record; asked for protected files."""

        def question(catalog: Catalog) -> Callable[[Reader], bool]:
            collection = catalog.by_id.get(file.collection.id)
            rule, asking = collection.view_rule if collection else None, info.within("protectedFile")
            return lambda reader: collection is not None and allows(reader, catalog, collection, rule, asking, record_id=file.record_id)

        return await self._catalogs.read(question)

    async def open(self, file: RecordFile, size: str = "") -> OpenBlob:
        """The stored bytes, or their thumb where the field has that size; to be closed. Raises NotFound."""
        wanted = thumb_key(file.key, size) if size == ALWAYS or size in file.field.thumbs else file.key
        opened = await self._opened(wanted, file.key)
        if opened is None and wanted != file.key:
            blob = await self._thumbs.get(file.key, size, file.field.thumbs)
            opened = await self._opened(blob.key, file.key) if blob else None
        if opened is None:
            raise NotFound
        return opened

    async def _opened(self, wanted: str, original: str) -> OpenBlob | None:
        return await asyncio.get_running_loop().run_in_executor(None, _open, self._storage, wanted, original)


def _open(storage: Storage, wanted: str, original: str) -> OpenBlob | None:
    """Everything that may block, in one go. A thumb without its original is not there."""
    blob = storage.stat(wanted) if wanted == original or storage.stat(original) else None
    if blob is None:
        return None
    try:
        stream = storage.open(wanted)
    except FileNotFoundError:
        return None
    return OpenBlob(blob, stream, stream.read() if blob.size <= SMALL else b"")


def _find(reader: Reader, catalog: Catalog, collection: Collection, record_id: str, name: str) -> RecordFile | None:
    row = reader.one(questions.row_by_id(collection), {questions.RECORD_ID: record_id})
    record = Record.from_row(collection, row) if row else None
    field = record and next((field for field in collection.file_fields if name in field.items(record.get(field.name))), None)
    if not field:
        return None
    key = _key_of_view(reader, catalog, collection, field.name, name) if collection.is_view else blob_key(collection.id, record_id, name)
    return RecordFile(collection, record_id, field, key) if key else None


# ---- files of views lie with the record they come from


def _key_of_view(reader: Reader, catalog: Catalog, view: Collection, field: str, name: str) -> str:
    source = file_source(reader, catalog, view, field)
    row = reader.one(_naming(*source), {_NAME: name}) if source else None
    return blob_key(source[0].id, str(row[0]), name) if source and row else ""


def _naming(collection: Collection, field: FileField) -> Select:
    """The id of a record whose field names the file."""
    column = Column("r", field.name)
    where: Expr = Compare("=", column, Param(_NAME))
    if field.multiple:
        among = Compare("=", Column("item", "value"), Param(_NAME))
        where = Exists(Select((Value(1),), JsonEach(column), "item", where=among))
    return Select((Column("r", "id"),), Table(collection.name), where=where, limit=Value(1))

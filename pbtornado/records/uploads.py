"""Uploads of a write: named, checked, put under their final keys before the commit, dropped when it does not come."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..errors import FieldError
from ..files.storage import Storage, blob_key
from ..files.upload import check, needs_sniffing, sniff, stored_name
from ..schema.collection import Collection
from ..schema.fields import FileField
from ..values import ReceivedFile


def has_uploads(payload: Mapping[str, Any]) -> bool:
    """Is there a file among the payload's values?"""
    for value in payload.values():
        kind = type(value)
        if kind is ReceivedFile or (kind is list and any(isinstance(item, ReceivedFile) for item in value)):
            return True
    return False


async def named(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The payload with a stored name for every upload."""
    return await asyncio.to_thread(_named, payload) if has_uploads(payload) else payload


def _named(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _named_value(value) for key, value in payload.items()}


def _named_value(value: Any) -> Any:
    if isinstance(value, list):
        return [_named_value(item) for item in value]
    if not isinstance(value, ReceivedFile) or value.stored:
        return value
    sniffed = sniff(value.path) if needs_sniffing(value.name) else None
    return replace(value, stored=stored_name(value.name, sniffed))


def uploads_of(collection: Collection, values: Mapping[str, Any]) -> list[ReceivedFile]:
    """The uploads that values of file fields name."""
    return [item for field in collection.file_fields for item in field.items(values.get(field.name)) if isinstance(item, ReceivedFile)]


def file_error(field: FileField, value: Any, before: Any) -> FieldError | None:
    """Why a file field's value is refused: names it did not have before, too many files, too large ones, wrong types."""
    items = field.items(value)
    known = {name for name in field.items(before) if isinstance(name, str)}
    kept = [item for item in items if isinstance(item, str)]
    strangers = [name[:250] for name in kept if name not in known]
    if strangers:
        message = f"Invalid new files: [{' '.join(strangers)}]."
        return FieldError("validation_invalid_file", message, {"invalidFiles": strangers})
    return check(field, kept, [item for item in items if isinstance(item, ReceivedFile)])


class Placed:
    """The blobs a write has put under their record's keys, until its fate is known."""

    def __init__(self, storage: Storage, collection_id: str, record_id: str) -> None:
        self.storage, self.collection_id, self.record_id = storage, collection_id, record_id
        self.keys: list[str] = []

    async def put(self, uploads: Iterable[ReceivedFile]) -> None:
        """Copies each upload into the storage."""
        for upload in uploads:
            key = blob_key(self.collection_id, self.record_id, upload.stored)
            self.keys.append(key)
            await asyncio.to_thread(self._put, key, upload)

    def _put(self, key: str, upload: ReceivedFile) -> None:
        self.storage.put(key, upload.path, sniff(upload.path).mime, upload.name)

    async def drop(self, *, keep: Container[str] = ()) -> None:
        """Takes back what was put, but for the keys that were used."""
        for key in self.keys:
            if key not in keep:
                await asyncio.to_thread(self.storage.drop, key)

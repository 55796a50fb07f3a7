"""One batch of an import in its transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ...errors import ApiError, BadRequest
from ...rules.request import RequestInfo
from ...schema.collection import Collection
from ...store.protocol import Writer
from ...values import text_of
from .. import questions
from ..create import Creation
from ..parts import Parts
from ..save import NOT_UNIQUE
from ..update import Update
from .forward import Forward
from .outcome import Wanted, WrongRow
from .payload import Columns, Errors, Payload
from .reading import SourceRow

FAILED = "Failed to import records."


@dataclass(slots=True)
class Entry:
    """A row on its way: what to write, what is wrong with it by itself, and the hashes of its passwords."""

    source: SourceRow
    payload: Payload
    errors: Errors
    hashes: Mapping[str, str] = field(default_factory=dict)

    def wrong(self, errors: Mapping[str, Any], message: str = "") -> WrongRow:
        """What is told of it."""
        return WrongRow(self.source.number, self.source.line, message, errors)


def entry_of(row: SourceRow, columns: Columns) -> Entry:
    """The entry of a row."""
    payload, errors = columns.payload(row.values)
    return Entry(row, payload, {"": row.error} if row.error else errors)


class _Undone(Exception):
    """The batch is rolled back."""


class Batch:
    """One batch in its transaction: every row is tried, so that all that is wrong is told at once."""

    def __init__(self, parts: Parts, collection: Collection, info: RequestInfo, wanted: Wanted, forward: Forward) -> None:
        self.parts, self.collection, self.wanted = parts, collection, wanted
        self.creating, self.updating = replace(info, method="POST"), replace(info, method="PATCH")
        self.created = self.updated = 0
        self.errors: list[WrongRow] = []
        self._forward = forward

    def write(self, writer: Writer, entries: Sequence[Entry]) -> None:
        """Writes all rows or, where one is wrong or nothing shall be stored, none."""
        with suppress(_Undone):
            writer.savepoint(lambda: self._write(writer, entries))

    def _write(self, writer: Writer, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if wrong := self._try(writer, entry):
                self.errors.append(wrong)
        if self.errors or self.wanted.dry_run:
            raise _Undone

    def _try(self, writer: Writer, entry: Entry) -> WrongRow | None:
        """Why the row cannot be stored."""
        if entry.errors:
            return entry.wrong(entry.errors)
        try:
            new = self._apply(writer, entry)
        except ApiError as error:
            errors = error.errors
            if self.wanted.dry_run and errors:
                errors = self._forward.still_wrong(writer, self.collection, entry.payload, errors)
            if errors or not error.errors:
                return entry.wrong(errors, "" if errors else error.message)
            new = True
        self.created += new
        self.updated += not new
        if self.wanted.dry_run:
            self._forward.remember(entry.payload)
        return None

    def _apply(self, writer: Writer, entry: Entry) -> bool:
        """Makes a record, or changes the one there is: True where it is new. Raises ApiError, with nothing written."""
        key = text_of(entry.payload.get("id"))
        if self.wanted.upsert and key and writer.exists(questions.exists_by_id(self.collection), {questions.RECORD_ID: key}):
            update = Update(self.parts, self.collection.id, key, entry.payload, self.updating)
            update.hashes = entry.hashes
            writer.savepoint(lambda: update.apply(writer))
            return False
        if self._forward.knows(key):
            if self.wanted.upsert:
                return False
            raise BadRequest(FAILED, {"id": NOT_UNIQUE})
        creation = Creation(self.parts, self.collection.id, entry.payload, self.creating)
        creation.hashes = entry.hashes
        creation.apply(writer)  # writes nothing before the one insert that may fail
        return True

"""Records into a collection: read row by row, written in batches, each of them whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ...errors import BadRequest, FieldError
from ...rules.request import RequestInfo
from ...schema.catalog import Catalog
from ...schema.collection import Collection
from ...store.protocol import Writer
from ..access import writable
from ..creations import Apart, Creations
from ..credentials import password_fields
from ..draft import blank, resolve
from ..parts import Parts
from .batch import FAILED, Batch, Entry, entry_of
from .forward import Forward
from .outcome import Outcome, Wanted
from .payload import Columns
from .reading import Source, SourceRow, Unreadable

BATCH_ROWS = 500
"""Rows of a batch: one transaction."""
BATCH_SIZE = 8 << 20
"""Characters of a batch, roughly: it ends with the row that reaches them."""
MOST_ERRORS = 1000
"""Wrong rows after which even a dry run has seen enough."""
LIGHT = 1 << 20
"""Characters of a batch up to which it is written on the loop, where its rows are new."""
AT_ONCE = 16
"""Rows whose passwords are hashed at the same time."""
UNHASHED = "-"
"""What stands for a hash where nothing will be stored."""

Told = Callable[[Outcome], Awaitable[None]]


class Import:
    """One import by a superuser, into a collection whose records can be written. `info` says who, and names the request."""

    def __init__(self, parts: Parts, name: str, wanted: Wanted, info: RequestInfo) -> None:
        """Raises NotFound, BadRequest."""
        self._parts, self._name, self._wanted, self._info = parts, name, wanted, info
        self._forward = Forward()
        self.outcome = Outcome(wanted.dry_run)
        self._refuse_columns(tuple(wanted.mapping))

    async def run(self, path: Path, told: Told) -> Outcome:
        """Reads the file to its end, or to where it goes wrong; `told` hears of every batch. Raises BadRequest, Busy, OSError."""
        outcome = self.outcome
        with Source(path, self._wanted.format) as source:
            rows = source.rows()
            while not outcome.done and len(outcome.errors) < (MOST_ERRORS if self._wanted.dry_run else 1):
                try:
                    batch = await asyncio.to_thread(_batch, rows)
                except Unreadable as problem:
                    outcome.problem = str(problem)
                    break
                self._refuse_columns(source.columns or ())
                if batch:
                    await self._parts.settled(partial(self._write, batch))
                outcome.done = not batch
                outcome.rows += len(batch)
                outcome.read_bytes = source.position
                await told(outcome)
        return outcome

    def _columns(self, catalog: Catalog) -> Columns:
        return Columns(writable(catalog, self._name), self._wanted.mapping, self._wanted.format)

    def _refuse_columns(self, names: Sequence[str]) -> None:
        """Raises BadRequest where a column fills no field, or a field is filled by several."""
        columns = self._columns(self._parts.catalogs.current)
        if unknown := columns.unknown(names):
            message = f"No field has the name of: {', '.join(unknown)}. Map these columns to fields, or to nothing."
            raise BadRequest(FAILED, {"map": FieldError("validation_unknown_field", message, {"columns": unknown})})
        if disputed := columns.disputed(names):
            message = f"More than one column fills: {', '.join(disputed)}."
            raise BadRequest(FAILED, {"map": FieldError("validation_disputed_field", message, {"fields": disputed})})

    # ---- one batch

    async def _write(self, batch: Sequence[SourceRow]) -> None:
        parts = replace(self._parts, pinned=self._parts.collections())
        mark, catalog = parts.collections()
        columns = self._columns(catalog)
        entries = [entry_of(row, columns) for row in batch]
        for some in range(0, len(entries), AT_ONCE) if password_fields(columns.collection) else ():
            await asyncio.gather(*(self._hash(parts, columns.collection, entry) for entry in entries[some : some + AT_ONCE]))

        written = Batch(parts, columns.collection, self._info, self._wanted, self._forward)

        def one_by_one(writer: Writer) -> None:
            parts.refuse_moved(mark)
            written.write(writer, entries)

        def together(writer: Writer) -> None:
            parts.refuse_moved(mark)
            creations.apply(writer)

        try:
            creations = self._together(parts, entries)
            await parts.write(together, self._info, long=sum(row.size for row in batch) > LIGHT)
            written.created = creations.count
        except Apart:
            await parts.write(one_by_one, self._info, long=True)
        self._count(written, columns)

    def _together(self, parts: Parts, entries: Sequence[Entry]) -> Creations:
        """The rows as new records, which they are unless the database refuses one of them. Raises Apart."""
        if self._wanted.dry_run or any(entry.errors for entry in entries):
            raise Apart
        return Creations(parts, self._name, [entry.payload for entry in entries], replace(self._info, method="POST"))

    async def _hash(self, parts: Parts, collection: Collection, entry: Entry) -> None:
        """Makes the hashes of an entry's passwords, as far as it has a chance."""
        names = [one.name for one in password_fields(collection) if one.name in entry.payload]
        if names and self._wanted.dry_run:
            entry.hashes = dict.fromkeys(names, UNHASHED)
        elif names and not entry.errors:
            values = resolve(collection, entry.payload, blank(collection), self._info.actor).values
            entry.hashes = await parts.hashes(collection, values)

    def _count(self, written: Batch, columns: Columns) -> None:
        outcome = self.outcome
        outcome.left_out |= columns.left_out
        outcome.errors += written.errors
        if not written.errors or self._wanted.dry_run:
            outcome.created += written.created
            outcome.updated += written.updated


def _batch(rows: Iterator[SourceRow]) -> list[SourceRow]:
    """The next rows. Raises Unreadable."""
    batch: list[SourceRow] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += row.size
        if len(batch) >= BATCH_ROWS or size >= BATCH_SIZE:
            break
    return batch

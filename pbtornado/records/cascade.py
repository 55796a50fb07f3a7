"""A record goes, and with it what cannot be without it: relations let go of it or go along."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import BadRequest
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.fields import RelationField
from ..schema.record import Record
from ..store.protocol import Reader, Writer
from ..store.query import Bindable
from ..values import json_text
from . import companions, questions, save
from .remembered import remembered

BATCH = 4000
QUICK = 2000
"""Rows of a referring collection up to which a delete is quick; relations have no index unless somebody made one."""
SUPERUSERS = "_superusers"
REFERENCED = "Failed to delete record. Make sure that the record is not part of a required relation reference."
LAST_SUPERUSER = "You can't delete the only existing superuser"


def delete(writer: Writer, catalog: Catalog, record: Record) -> None:
    """Deletes the record; what refers to it loses the reference or goes along, at any depth.

    Raises BadRequest where a required relation would be left empty, or no superuser.
    """
    going = [_take(writer, catalog, record)]
    while going:
        next_one = next(going[-1], None)
        if next_one is None:
            going.pop()
        else:
            going.append(_take(writer, catalog, next_one))


def is_long(reader: Reader, catalog: Catalog, collection: Collection) -> bool:
    """May a delete have to look through so many records that it should not hold up the loop?"""
    newest = (reader.one(questions.newest_row(other)) for other in reachable(catalog, collection))
    return any(row is not None and row[0] > QUICK for row in newest)


@remembered
def reachable(catalog: Catalog, collection: Collection) -> tuple[Collection, ...]:
    """The collections that the delete of a record may reach into: those with relations to it, and on from those that go along."""
    found: dict[str, Collection] = {}
    waiting = [collection]
    while waiting:
        for source, field in catalog.referring(waiting.pop()):
            if source.id not in found and not source.is_view:
                found[source.id] = source
                waiting += [source] if field.cascade_delete else []
    return tuple(found.values())


def _take(writer: Writer, catalog: Catalog, record: Record) -> Iterator[Record]:
    """Deletes one record, then yields those that must go along. It goes first, so that circles come to an end."""
    collection = record.collection
    if collection.name == SUPERUSERS and len(writer.rows(questions.some_rows(collection), {questions.PAGE_LIMIT: 2})) == 1:
        raise BadRequest(LAST_SUPERUSER)
    save.delete(writer, record)
    if collection.is_auth:
        yield from companions.of(writer, catalog, record)
    for source, field in sorted(catalog.referring(collection), key=lambda reference: reference[0].name):
        if not source.is_view:
            yield from _let_go(writer, source, field, record.id)


def _let_go(writer: Writer, source: Collection, field: RelationField, gone: str) -> Iterator[Record]:
    """Takes the id out of every relation of `source` that names it; yields the records that go along."""
    for key in _naming(writer, source, field, gone):
        row = writer.one(questions.row_by_id(source), {questions.RECORD_ID: key})
        if row is None:  # it went along with another one meanwhile
            continue
        record = Record.from_row(source, row)
        rest = [item for item in field.items(record.get(field.name)) if item != gone]
        if field.cascade_delete and not rest:
            yield record
        elif field.required and not rest:
            raise BadRequest(REFERENCED)
        else:
            save.update(writer, record, row, {field.name: field.coerce(rest)})


def _naming(writer: Writer, source: Collection, field: RelationField, gone: str) -> Iterator[str]:
    """Ids of the records whose relation names the one that is gone, each once, in batches."""
    seen: set[str] = set()
    params: dict[str, Bindable] = {questions.RECORD_IDS: json_text([gone]), questions.PAGE_LIMIT: BATCH}
    while True:
        keys = [str(row[0]) for row in writer.rows(questions.referring_rows(source, field), params)]
        fresh = [key for key in keys if key not in seen]
        yield from fresh
        seen.update(fresh)
        if not fresh or len(keys) < BATCH:
            return

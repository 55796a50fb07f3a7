"""Records as an actor gets to see them: expanded, hidden fields left out, emails only where they may be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import NotFound
from ..rules.request import RequestInfo
from ..rules.rule import RuleError
from ..schema.catalog import Catalog
from ..schema.record import Record
from ..store.protocol import Reader
from ..values import json_text
from . import questions
from .access import bound, question_of
from .expand import Expansion, branches


def show(reader: Reader, catalog: Catalog, records: Sequence[Record], info: RequestInfo, expand: str = "") -> list[dict[str, Any]]:
    """JSON data of records of one collection, as `info.actor` may see them; `expand` as in the query parameter.

    Targets of relations are seen by their own view rule; what cannot be expanded is left out.
    """
    if expand:
        Expansion(reader, catalog, info.within("expand"), present).attach(records, branches(expand))
    return present(reader, catalog, records, info)


def renewed(reader: Reader, catalog: Catalog, records: Sequence[Record]) -> Sequence[Record]:
    """Records of one collection under that collection as it is in the catalog: read again where it has changed. Raises NotFound."""
    old = records[0].collection if records else None
    new = catalog.by_id.get(old.id) if old else None
    if new is old:
        return records
    if new is None:
        raise NotFound
    rows = [reader.one(questions.row_by_id(new), {questions.RECORD_ID: record.id}) for record in records]
    return [
        Record.from_row(new, row) if row else Record.from_image(new, record.to_row()) for row, record in zip(rows, records, strict=True)
    ]


def present(reader: Reader, catalog: Catalog, records: Sequence[Record], info: RequestInfo) -> list[dict[str, Any]]:
    """JSON data of records of one collection with the expands they carry."""
    emails = visible_emails(reader, catalog, records, info)
    return [record.export(hidden=info.actor.superuser, email=record.id in emails) for record in records]


def visible_emails(reader: Reader, catalog: Catalog, records: Sequence[Record], info: RequestInfo) -> frozenset[str]:
    """Ids of those records whose email the actor sees whatever `emailVisibility` says: all, his own, those he manages."""
    collection = records[0].collection if records else None
    if collection is None or collection.auth is None:
        return frozenset()
    ids = frozenset(record.id for record in records)
    if info.actor.superuser:
        return ids
    actor = info.actor.record
    if info.footprint:
        info.footprint.request.add("auth.id")
    own = ids & {actor.id} if actor and actor.collection.id == collection.id else frozenset()
    return own | managed(reader, catalog, ids, records, info) if collection.auth.manage_rule else own


def managed(reader: Reader, catalog: Catalog, ids: frozenset[str], records: Sequence[Record], info: RequestInfo) -> frozenset[str]:
    """Ids of the records for which the collection's `manageRule` holds; a broken rule holds for none."""
    collection = records[0].collection
    assert collection.auth is not None
    try:
        question = question_of(catalog, collection, collection.auth.manage_rule or "", info)
    except RuleError:
        return frozenset()
    params = bound(question, info, {questions.RECORD_IDS: json_text(sorted(ids))})
    return frozenset(row[0] for row in reader.rows(questions.ids_among(question), params))

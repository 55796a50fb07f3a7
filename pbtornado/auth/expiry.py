"""How old records about sign-ins may become."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ..records import cascade, questions
from ..records.companions import MFAS, OTPS
from ..records.records import Records
from ..records.remembered import remembered
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.record import Record
from ..store.protocol import Writer
from ..store.query import And, Column, Compare, Param, Select, Table, Value
from ..values import datetime_form, parse_datetime

BATCH = 500
"""Records that are dropped in one transaction."""


def is_over(record: Record, seconds: float) -> bool:
    """Was the record made more than so many seconds ago?"""
    made = parse_datetime(str(record.get("created")))
    return made is None or (datetime.now(UTC) - made).total_seconds() > seconds


async def drop_over(records: Records, *names: str) -> None:
    """Deletes sessions between two ways to sign in (`MFAS`), one-time passwords (`OTPS`) or both that are good no longer."""
    while await records.write(lambda writer, catalog: _drop_some(writer, catalog, names or (MFAS, OTPS))):
        pass


def _drop_some(writer: Writer, catalog: Catalog, names: Sequence[str]) -> bool:
    """Deletes a batch; are there more?"""
    over = [record for collection in catalog.all for record in _over(writer, catalog, collection, names)][:BATCH]
    for record in over:
        cascade.delete(writer, catalog, record)
    return len(over) == BATCH


def _over(writer: Writer, catalog: Catalog, collection: Collection, names: Sequence[str]) -> list[Record]:
    """What belongs to accounts of this collection and is over."""
    if collection.auth is None:
        return []
    found: list[Record] = []
    durations = {MFAS: collection.auth.mfa.duration, OTPS: collection.auth.otp.duration}
    for name in names:
        kept = catalog.find(name)
        assert kept is not None, "every data directory has it"
        moment = datetime_form(datetime.now(UTC) - timedelta(seconds=durations[name]))
        rows = writer.rows(_made_before(kept), {"owner_collection": collection.id, "moment": moment})
        found += [Record.from_row(kept, row) for row in rows]
    return found


@remembered
def _made_before(collection: Collection) -> Select:
    theirs = Compare("=", Column("r", "collectionRef"), Param("owner_collection"))
    before = Compare("<", Column("r", "created"), Param("moment"))
    return Select(questions.columns_of(collection), Table(collection.name), where=And((theirs, before)), limit=Value(BATCH))

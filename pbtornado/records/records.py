"""Records: the door of this package. List, view, create, update, delete, and writes of the program itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ..files.storage import Storage
from ..passwords import Passwords
from ..rules.request import RequestInfo
from ..schema.catalog import Catalog, Catalogs
from ..schema.record import Record
from ..store.protocol import Origin, Reader, Writer
from . import export, questions, save
from .aggregate import summary
from .batch import AllShown, batch
from .bulk import Meant, bulk_delete, bulk_update
from .changes.restore import Target, restore
from .create import create
from .delete import delete
from .guard import change
from .keyset import following
from .noting import noted
from .parts import Parts, RecordStore
from .read import listing, viewing
from .steps import Item
from .throttle import Throttle
from .transfer.exporting import Export
from .transfer.formats import Format
from .transfer.importing import Import
from .transfer.outcome import Wanted
from .trial import Trial
from .update import update

T = TypeVar("T")
NOBODY = Origin()
Shown = list[dict[str, Any]]


class Records:
    """The records of all collections, for whoever asks; every answer is plain JSON data that the actor may see."""

    def __init__(self, store: RecordStore, catalogs: Catalogs, storage: Storage, passwords: Passwords) -> None:
        self.parts = Parts(store, catalogs, storage, passwords)
        self.store, self.catalogs = store, catalogs
        self.throttle = Throttle()

    async def list(
        self,
        name: str,
        info: RequestInfo,
        *,
        filter: str = "",
        sort: str = "",
        page: str = "",
        per_page: str = "",
        skip_total: str = "",
        expand: str = "",
    ) -> dict[str, Any]:
        """A page of records: `{"items", "page", "perPage", "totalItems", "totalPages"}`; parameters as texts of the query.

        Raises NotFound, Forbidden, BadRequest.
        """
        wanted = {"filter": filter, "sort": sort, "page": page, "per_page": per_page, "skip_total": skip_total, "expand": expand}
        answer = await self.parts.asked(lambda catalog: noted(listing(catalog, name, info, **wanted).answer, info))
        if filter and not answer["items"] and self._misses_too_often(name, info):
            await self.throttle.wait()
        return answer

    async def list_after(self, name: str, info: RequestInfo, cursor: str, **wanted: str) -> dict[str, Any]:
        """The page of a list that follows a cursor, and under `next` the cursor to go on with; see `following`."""
        answer = await self.parts.asked(lambda catalog: noted(following(catalog, name, info, cursor, **wanted).answer, info))
        if wanted.get("filter") and not cursor and not answer["items"] and self._misses_too_often(name, info):
            await self.throttle.wait()
        return answer

    async def aggregate(self, name: str, info: RequestInfo, aggregate: str, **wanted: str) -> dict[str, Any]:
        """Counts, sums and the like of the records that a list with this filter would have; see `summary`."""
        answer = await self.parts.asked(lambda catalog: noted(summary(catalog, name, info, aggregate, **wanted).answer, info))
        missed = not answer["items"] or answer["items"][0].get("count") == 0
        if wanted.get("filter") and missed and self._misses_too_often(name, info):
            await self.throttle.wait()
        return answer

    def _misses_too_often(self, name: str, info: RequestInfo) -> bool:
        """Does somebody whom a rule restrains search in vain too often?"""
        collection = self.catalogs.current.find(name)
        restrained = collection is not None and collection.list_rule and not info.actor.superuser
        return bool(restrained and self.throttle.miss(name, info.ip))

    async def view(self, name: str, record_id: str, info: RequestInfo, expand: str = "") -> dict[str, Any]:
        """One record. Raises NotFound, Forbidden."""
        return await self.parts.asked(lambda catalog: noted(viewing(catalog, name, record_id, info, expand).answer, info))

    async def create(self, name: str, payload: Mapping[str, Any], info: RequestInfo, expand: str = "") -> dict[str, Any]:
        """Stores a new record and returns it. `payload` may hold uploads (ReceivedFile), alone or in lists.

        Raises NotFound, Forbidden, BadRequest.
        """
        record = await create(self.parts, name, payload, info)
        return (await self.export([record], info, expand))[0]

    async def update(
        self,
        name: str,
        record_id: str,
        payload: Mapping[str, Any],
        info: RequestInfo,
        expand: str = "",
        *,
        expected: frozenset[str] | None = None,
    ) -> dict[str, Any]:
        """Changes a record and returns it; keys with modifiers (`n+`, `+tags`, `tags-`) work on the record as it is at the commit.

        With `expected` only where the record is in one of these versions. Raises NotFound, Forbidden, Changed, BadRequest.
        """
        record = await update(self.parts, name, record_id, payload, info, expected)
        return (await self.export([record], info, expand))[0]

    async def delete(self, name: str, record_id: str, info: RequestInfo, *, expected: frozenset[str] | None = None) -> None:
        """Deletes a record and what cannot be without it, with `expected` only where it is in one of these versions.

        Raises NotFound, Forbidden, Changed, BadRequest.
        """
        await delete(self.parts, name, record_id, info, expected)

    async def restore(self, name: str, record_id: str, target: Target, info: RequestInfo, *, dry: bool = False) -> dict[str, Any]:
        """Brings a record back to a state that the log has of it, for a superuser; see `Restore`.

        `{"action", "dryRun", "seq", "state", "differences", "missingFiles", "reset", "problem", "errors", "record"}`.
        Raises NotFound, BadRequest.
        """
        answer, record = await restore(self.parts, name, record_id, target, info, dry=dry)
        return {**answer, "record": (await self.export([record], info))[0] if record else None}

    async def update_all(self, meant: Meant, payload: Mapping[str, Any], info: RequestInfo) -> dict[str, Any]:
        """Changes all records that are meant, or none; see `bulk_update`."""
        return await bulk_update(self.parts, meant, payload, info)

    async def delete_all(self, meant: Meant, info: RequestInfo) -> dict[str, Any]:
        """Deletes all records that are meant, or none; see `bulk_delete`."""
        return await bulk_delete(self.parts, meant, info)

    async def batch(self, items: Sequence[Item], info: RequestInfo, seconds: float) -> AllShown:
        """Makes all these writes in one transaction, or none; for each the record as it was after it, None for a delete.

        `info` is the request that asks for all of them; it may take `seconds` before the transaction and within. Raises BadRequest.
        """
        return await batch(self.parts, items, info, seconds)

    def exporting(self, name: str, format: Format, info: RequestInfo, filter: str = "") -> Export:
        """An export of a collection's records to a file, by a superuser. Raises NotFound, BadRequest."""
        return Export(self.parts, name, format, filter, info)

    def importing(self, name: str, wanted: Wanted, info: RequestInfo) -> Import:
        """An import of records from a file, by a superuser. Raises NotFound, BadRequest."""
        return Import(self.parts, name, wanted, info)

    async def test_rule(self, data: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        """What a rule or filter would say, and why, as `trial` has it. Raises BadRequest."""
        report = await self.parts.asked(lambda catalog: Trial(data, headers, catalog).report)
        return report.to_json()

    async def export(self, records: Sequence[Record], info: RequestInfo, expand: str = "") -> Shown:
        """Records of one collection as the actor may see them, expanded."""
        if not expand and records and not records[0].collection.is_auth:
            return [record.export(hidden=info.actor.superuser) for record in records]

        def question(catalog: Catalog) -> Callable[[Reader], Shown]:
            return lambda reader: export.show(reader, catalog, export.renewed(reader, catalog, records), info, expand)

        return await self.parts.asked(question)

    async def amend(self, record: Record, values: Mapping[str, Any], origin: Origin = NOBODY, *, touch: bool = True) -> Record | None:
        """Writes values the program itself decides (a new hash, a token key, `verified`): no rule, no check, but logged.

        None, and nothing written, where the record is gone or one of these fields is no longer as in
        `record`. `touch` False leaves the autodates alone.
        """

        def commit(writer: Writer) -> Record | None:
            collection = self.catalogs.load(writer).by_id.get(record.collection.id)
            if collection is None:
                return None
            row = writer.one(questions.row_by_id(collection), {questions.RECORD_ID: record.id})
            current = Record.from_row(collection, row) if row else None
            if row is None or current is None or any(current.get(name) != record.get(name) for name in values):
                return None
            return save.update(writer, current, row, values, touch=touch)

        return await self.store.write(commit, origin)

    async def change_account(self, record: Record, values: Mapping[str, Any], origin: Origin = NOBODY) -> Record | None:
        """Writes values the program itself decides into an auth record, passwords as hashes, and does what follows from new credentials.

        None, and nothing written, where the record is gone or has another token key by now. Raises Invalid where a value
        had to be unique.
        """
        return await self.write(lambda writer, catalog: change(writer, catalog, record, values), origin)

    async def write(self, work: Callable[[Writer, Catalog], T], origin: Origin = NOBODY) -> T:
        """Runs work in a transaction, with the collections as it shows them."""

        async def verb() -> T:
            catalog = self.catalogs.current

            def commit(writer: Writer) -> T:
                catalog.refuse_moved(writer)
                return work(writer, catalog)

            return await self.store.write(commit, origin)

        return await self.parts.settled(verb)

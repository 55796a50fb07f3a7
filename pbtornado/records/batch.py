"""Many writes as one: a single transaction, all of them or none, each on what those before it have made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any

from ..errors import ApiError, BadRequest
from ..files.storage import blob_key
from ..rules.request import RequestInfo
from ..schema.record import Record
from ..store.protocol import Reader, Writer
from . import export
from .delete import Deletion
from .parts import Parts
from .steps import Item, Step, settled_verb
from .update import Unproven
from .uploads import has_uploads, named

FAILED = "Batch transaction failed."
LONG = 200
"""Items from which on a batch runs on the writer's thread, so that it does not hold up the loop."""
STRIDE = 100
"""Items that are worked on before others on the loop get their turn."""

Shown = dict[str, Any] | None
AllShown = list[Shown]


class Batch:
    """One batch. `seconds` bound what comes before the transaction, and the transaction."""

    def __init__(self, parts: Parts, items: Sequence[Item], info: RequestInfo, seconds: float) -> None:
        self.items, self.info, self.seconds = items, info, seconds
        self.parts = replace(parts, pinned=parts.collections())
        self.mark, self.catalog = self.parts.collections()

    async def run(self) -> AllShown:
        """For each item its record as the actor may see it, None for a delete. Raises BadRequest, and Moved."""
        self.steps = await self._drafted()
        try:
            await self._prepare()
            made = await self._write()
        except Exception:
            await self._drop(set())
            raise
        await self._drop(self.named)
        return await self._shown(made)

    # ---- before the transaction

    async def _drafted(self) -> list[Step]:
        """The steps, up to the first that is refused whatever the others do."""
        steps: list[Step] = []
        for item in self.items:
            steps.append(Step(self.parts, item))
            if steps[-1].refusal:
                break
            await self._pause(len(steps))
        return steps

    async def _prepare(self) -> None:
        """Hashes and blobs. Where a reader can already tell that a step is refused, nothing is done for it and those after it."""
        end = monotonic() + self.seconds
        touched: set[str] = set()
        for step in self.steps:
            if step.costs():
                if not step.depends_on(touched):
                    step.refusal = await self.parts.read(self.catalog, partial(_refusal, step))
                if step.refusal:
                    return
                await step.prepare()
                _refuse_late(end)
            touched |= step.touches(self.catalog)

    async def _drop(self, named: set[str]) -> None:
        """Takes back the blobs that no record names."""
        for step in self.steps:
            if step.placed:
                await step.placed.drop(keep=named)

    # ---- the transaction

    async def _write(self) -> list[Record | Shown]:
        """Again where an old password turned out to be in need of a check; each one is checked once."""
        deletions = {step.work.collection.id: step.work for step in self.steps if isinstance(step.work, Deletion)}.values()
        long = len(self.steps) > LONG or bool(deletions and await self.parts.read(self.catalog, partial(_is_long, deletions)))
        while True:
            try:
                return await self.parts.write(self._commit, self.info, long=long)
            except Unproven as missing:
                await missing.update.prove(missing.judged)

    def _commit(self, writer: Writer) -> list[Record | Shown]:
        self.parts.refuse_moved(self.mark)
        end = monotonic() + self.seconds
        made: list[Record | Shown] = []
        self.named: set[str] = set()
        for position, step in enumerate(self.steps):
            _refuse_late(end)
            try:
                record = step.apply(writer)
            except ApiError as error:
                raise failed(position, error) from error
            if record and step.placed:
                self.named.update(_keys(record))
            made.append(self._seen(writer, step.item, record))
        return made

    def _seen(self, writer: Writer, item: Item, record: Record | None) -> Record | Shown:
        """What is answered where it depends on other rows, as they are at this step; else the record, shown after the commit."""
        if record is None or not (item.expand or record.collection.auth):
            return record
        return export.show(writer, self.catalog, [record], item.info, item.expand)[0]

    # ---- after the commit

    async def _shown(self, made: Sequence[Record | Shown]) -> AllShown:
        hidden = self.info.actor.superuser
        shown: list[Shown] = []
        for one in made:
            shown.append(one.export(hidden=hidden) if isinstance(one, Record) else one)
            await self._pause(len(shown))
        return shown

    async def _pause(self, done: int) -> None:
        if done % STRIDE == 0:
            await asyncio.sleep(0)


async def batch(parts: Parts, items: Sequence[Item], info: RequestInfo, seconds: float) -> AllShown:
    """Makes all writes or none. Raises BadRequest that says which one failed, and how."""
    ready = [settled_verb(replace(item, payload=await named(item.payload)) if has_uploads(item.payload) else item) for item in items]
    return await parts.settled(lambda: Batch(parts, ready, info, seconds).run())


def failed(position: int, error: ApiError) -> BadRequest:
    """The batch's failure, by the failure of the item at this position."""
    failure = {"code": "batch_request_failed", "message": "Batch request failed.", "response": error.body()}
    return BadRequest(FAILED, {"requests": {str(position): failure}})


def _is_long(deletions: Iterable[Deletion], reader: Reader) -> bool:
    """May one of the deletes, one for each collection, take too long for the loop?"""
    return any(deletion.is_long(reader) for deletion in deletions)


def _refusal(step: Step, reader: Reader) -> ApiError | None:
    """Why the step is refused as things are."""
    assert step.work
    try:
        step.work.rehearse(reader)
    except ApiError as error:
        return error
    return None


def _refuse_late(end: float) -> None:
    if monotonic() > end:
        raise BadRequest(FAILED)


def _keys(record: Record) -> set[str]:
    """The keys of the blobs that a record names."""
    collection = record.collection
    names = (name for field in collection.file_fields for name in field.items(record.get(field.name)))
    return {blob_key(collection.id, record.id, name) for name in names}

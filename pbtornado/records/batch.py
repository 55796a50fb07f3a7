"""Many writes as one: a single transaction, all of them or none, each on what those before it have made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from time import monotonic
from typing import Any

from ..errors import ApiError, BadRequest
from ..files.storage import blob_key
from ..rules.request import RequestInfo
from ..schema.record import Record
from ..store.protocol import Reader, Writer
from . import export
from .creations import MOST, Apart, Creations
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
Made = Record | Creations | Shown
"""What a unit has made, or what is answered already."""


class Batch:
    """One batch. `seconds` bound what comes before the transaction, and the transaction; with `apart` each item is a step of its own."""

    def __init__(self, parts: Parts, items: Sequence[Item], info: RequestInfo, seconds: float, *, apart: bool = False) -> None:
        self.items, self.info, self.seconds, self.apart = items, info, seconds, apart
        self.parts = replace(parts, pinned=parts.collections())
        self.mark, self.catalog = self.parts.collections()

    async def run(self) -> AllShown:
        """For each item its record as the actor may see it, None for a delete. Raises BadRequest, Apart, and Moved."""
        self.units = await self._drafted()
        self.steps = [unit for unit in self.units if isinstance(unit, Step)]
        try:
            await self._prepare()
            made = await self._write()
        except Exception:
            await self._drop(set())
            raise
        await self._drop(self.named)
        return await self._shown(made)

    # ---- before the transaction

    async def _drafted(self) -> list[Step | Creations]:
        """The writes in their order, up to the first that is refused whatever the others do."""
        units: list[Step | Creations] = []
        for unit in self._units():
            units.append(unit)
            if isinstance(unit, Step) and unit.refusal:
                break
            await self._pause(len(units))
        return units

    def _units(self) -> Iterator[Step | Creations]:
        for alike, group in groupby(self.items, self._kind):
            items = list(group)
            if alike:
                yield from self._together(items)
            else:
                yield from (Step(self.parts, item) for item in items)

    def _kind(self, item: Item) -> tuple[str, int] | None:
        """What creates have in common that can be made together; an upsert is one unless its record turns out to be there."""
        if self.apart or not (item.verb == "create" or (item.verb == "upsert" and item.expected is None)):
            return None
        return None if item.refusal or item.expand or has_uploads(item.payload) else (item.collection, id(item.info))

    def _together(self, items: Sequence[Item]) -> Iterator[Step | Creations]:
        for start in range(0, len(items), MOST):
            some = items[start : start + MOST]
            try:
                info = some[0].info if some[0].info.method == "POST" else replace(some[0].info, method="POST")
                yield Creations(self.parts, some[0].collection, [item.payload for item in some], info)
            except Apart:
                yield from (Step(self.parts, item) for item in some)

    async def _prepare(self) -> None:
        """Hashes and blobs. Where a reader can already tell that a step is refused, nothing is done for it and those after it."""
        end = monotonic() + self.seconds
        touched: set[str] = set()
        for unit in self.units:
            if isinstance(unit, Creations):
                await self._judge(unit)
                touched.add(unit.collection.name)
            elif unit.refusal or not await self._prepared(unit, touched, end):
                return
            else:
                touched |= unit.touches(self.catalog)

    async def _judge(self, creations: Creations) -> None:
        if creations.judged:
            await self.parts.read(self.catalog, creations.judge)

    async def _prepared(self, step: Step, touched: set[str], end: float) -> bool:
        """False where it turns out to be refused."""
        if not step.costs():
            return True
        if not step.depends_on(touched):
            step.refusal = await self.parts.read(self.catalog, partial(_refusal, step))
        if step.refusal:
            return False
        await step.prepare()
        _refuse_late(end)
        return True

    async def _drop(self, named: set[str]) -> None:
        """Takes back the blobs that no record names."""
        for step in self.steps:
            if step.placed:
                await step.placed.drop(keep=named)

    # ---- the transaction

    async def _write(self) -> list[Made]:
        """Again where an old password turned out to be in need of a check; each one is checked once."""
        deletions = {step.work.collection.id: step.work for step in self.steps if isinstance(step.work, Deletion)}.values()
        long = self._weight() > LONG or bool(deletions and await self.parts.read(self.catalog, partial(_is_long, deletions)))
        while True:
            try:
                return await self.parts.write(self._commit, self.info, long=long)
            except Unproven as missing:
                await missing.update.prove(missing.judged)

    def _weight(self) -> int:
        return len(self.steps) + sum(unit.weight for unit in self.units if isinstance(unit, Creations))

    def _commit(self, writer: Writer) -> list[Made]:
        self.parts.refuse_moved(self.mark)
        end = monotonic() + self.seconds
        made: list[Made] = []
        self.named: set[str] = set()
        position = 0
        for unit in self.units:
            _refuse_late(end)
            if isinstance(unit, Creations):
                unit.apply(writer)
                made.append(unit)
                position += unit.count
            else:
                made.append(self._made(writer, unit, position))
                position += 1
        return made

    def _made(self, writer: Writer, step: Step, position: int) -> Record | Shown:
        try:
            record = step.apply(writer)
        except ApiError as error:
            raise failed(position, error) from error
        if record and step.placed:
            self.named.update(_keys(record))
        return self._seen(writer, step.item, record)

    def _seen(self, writer: Writer, item: Item, record: Record | None) -> Record | Shown:
        """What is answered where it depends on other rows, as they are at this step; else the record, shown after the commit."""
        if record is None or not (item.expand or record.collection.auth):
            return record
        info = item.info if item.info.body else item.info.with_body(item.payload)
        return export.show(writer, self.catalog, [record], info, item.expand)[0]

    # ---- after the commit

    async def _shown(self, made: Sequence[Made]) -> AllShown:
        hidden = self.info.actor.superuser
        shown: list[Shown] = []
        for one in made:
            if isinstance(one, Creations):
                shown += one.shown()
            else:
                shown.append(one.export(hidden=hidden) if isinstance(one, Record) else one)
            await self._pause(len(shown))
        return shown

    async def _pause(self, done: int) -> None:
        if done % STRIDE == 0:
            await asyncio.sleep(0)


async def batch(parts: Parts, items: Sequence[Item], info: RequestInfo, seconds: float) -> AllShown:
    """Makes all writes or none. Raises BadRequest that says which one failed, and how."""
    ready = [settled_verb(replace(item, payload=await named(item.payload)) if has_uploads(item.payload) else item) for item in items]

    async def verb() -> AllShown:
        try:
            return await Batch(parts, ready, info, seconds).run()
        except Apart:
            return await Batch(parts, ready, info, seconds, apart=True).run()

    return await parts.settled(verb)


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

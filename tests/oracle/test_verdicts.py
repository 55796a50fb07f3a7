"""One rule, one verdict: who lists a record may view it, and hears of it.

For random collections, rows, rules and actors. `ORACLE_TRIPLES` says of how many (rule, record, actor), `ORACLE_SEED` which.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import pytest
from tornado.ioloop import IOLoop

from pbtornado.auth.identity import actor_of
from pbtornado.errors import ApiError, BadRequest, NotFound
from pbtornado.rules.request import Actor, RequestInfo
from pbtornado.store.protocol import Origin
from tests.oracle.schemas import NAMES, Schemas, Shape
from tests.oracle.texts import Texts
from tests.oracle.values import Values
from tests.realtime.live import Ear, Live
from tests.records.world import SUPERUSER

SEED = os.environ.get("ORACLE_SEED", "1")
TRIPLES = int(os.environ.get("ORACLE_TRIPLES", "2000"))
WORLDS = 4
ROWS = 8
QUERY, HEADERS = {"q": "a", "number": "5"}, {"x_token": "a"}
APART = ("@request.context", "secret", "password", "tokenKey")
"""What differs: the context, and what the log does not hold, by which nobody hears."""
OPTIONS = quote(json.dumps({"query": QUERY, "headers": HEADERS}))


@pytest.fixture
def live(tmp_path: Path, io_loop: IOLoop) -> Iterator[Live]:
    """A world in which changes are told."""
    live = Live(tmp_path)
    io_loop.run_sync(live.open)
    yield live
    io_loop.run_sync(live.close)


@dataclass
class Listener:
    """Somebody who asks, and his stream."""

    info: RequestInfo
    ear: Ear

    async def heard(self) -> set[str]:
        """The records he has heard of when the bell rings."""
        ids: set[str] = set()
        while (event := await self.ear.next()).name != "bell/*":
            ids.add(event.record["id"])
        return ids


class Run:
    """A world with random collections and rows, and five who ask."""

    def __init__(self, live: Live, seed: str) -> None:
        self.live, self.chance = live, random.Random(seed)
        self.ids: dict[str, list[str]] = {}
        self.values = Values(self.chance, self.ids)

    async def make(self) -> None:
        """Collections and rows."""
        schemas = Schemas(self.chance)
        for body in schemas.collections():
            await self.live.collections.create(body, Origin())
        for name, body in schemas.additions(self.shapes()):
            await self.live.collections.update(name, {**body, "listRule": self.chance.choice(["", "id != ''"])}, Origin())
        self.texts = Texts(self.chance, self.shapes(), self.ids)
        self.ids |= {shape.data["id"]: [] for shape in self.texts.shapes.values()}
        for number in range(ROWS * len(NAMES)):
            await self._add(self.texts.shapes[NAMES[number % len(NAMES)]], number)
        await self.live.make("bell")
        self.listeners = [await self._listener(info) for info in await self._askers()]

    def shapes(self) -> dict[str, Shape]:
        """The collections as they are."""
        return {name: Shape(self.live.collection(name).to_json()) for name in NAMES}

    async def _add(self, shape: Shape, number: int) -> None:
        """A row, at the latest at the tenth attempt: random values are not always valid."""
        for attempt in range(10):
            body = self.values.record(shape, wild=0)
            body |= self.values.account(10 * number + attempt) if shape.is_auth else {}
            try:
                made = await self.live.records.create(shape.name, {**body, "id": self.values.new_id()}, SUPERUSER)
            except ApiError:
                continue
            self.ids[shape.data["id"]].append(made["id"])
            return

    async def _askers(self) -> list[RequestInfo]:
        found = [Actor()]
        for name, amount in (("people", 2), ("staff", 2)):
            ids = self.ids[self.live.collection(name).id][:amount]
            found += [actor_of(await self.live.stored(name, id)) for id in ids]
        return [RequestInfo(actor, query=QUERY, headers=HEADERS) for actor in found]

    async def _listener(self, info: RequestInfo) -> Listener:
        ear = await self.live.connect()
        await self.live.realtime.subscribe(ear.id, ["bell/*"], info)
        return Listener(info, ear)

    # ---- asking

    async def verdicts(self, name: str, rule: str) -> int:
        """Compares the three verdicts of a rule about each row for each asker; how many there were."""
        await self.live.collections.update(name, {"listRule": rule, "viewRule": rule}, Origin())
        ids = self.ids[self.live.collection(name).id]
        for listener in self.listeners:
            await self.live.realtime.subscribe(listener.ear.id, [f"{name}/*?options={OPTIONS}", "bell/*"], listener.info)
        for id in ids:
            await self.live.records.update(name, id, {}, SUPERUSER)
        await self.live.add("bell")
        for listener in self.listeners:
            listed = await self._listed(name, listener.info)
            viewed = {id for id in ids if await self._views(name, id, listener.info)}
            heard = await listener.heard()
            assert listed == viewed == heard, (rule, name, listener.info.actor.label)
        return len(ids) * len(self.listeners)

    async def _listed(self, name: str, info: RequestInfo) -> set[str]:
        try:
            return set(await self.live.ids(name, info, per_page="500"))
        except BadRequest:  # what cannot be asked holds for nobody
            return set()

    async def _views(self, name: str, id: str, info: RequestInfo) -> bool:
        try:
            return bool(await self.live.records.view(name, id, replace(info)))
        except NotFound:
            return False


@pytest.mark.gen_test(timeout=900)
@pytest.mark.parametrize("world", range(WORLDS))
async def test_who_lists_may_view_and_hears(live: Live, world: int, told: Callable[[str], None]) -> None:
    """Each rule gives the same verdict three times."""
    run = Run(live, f"{SEED}.verdicts.{world}")
    await run.make()
    asked = held = 0
    while asked < TRIPLES // WORLDS:
        name = run.chance.choice(NAMES)
        rule = run.texts.some_rule(name)
        if not any(word in rule for word in APART):
            asked += await run.verdicts(name, rule)
            held += 1
    told(f"ORACLE_SEED={SEED} world {world}: {asked} triples of {held} rules")

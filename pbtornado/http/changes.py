"""The change log over HTTP, for superusers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from ..errors import NotFound, Unauthorized
from ..records.changes.restore import Target
from ..values import bool_of
from .handler import READING, ApiHandler

LONGEST_SEQ = 18


class _ForSuperusers(ApiHandler):
    only = "superuser"
    unlogged = READING


class Changes(_ForSuperusers):
    """GET /api/changes: a page of changes; with `wait` it comes when there is one."""

    waiting: asyncio.Task[dict[str, Any]] | None = None

    async def get(self) -> None:
        self.waiting = asyncio.get_running_loop().create_task(self.backend.changes.page(self.queries))
        with suppress(asyncio.CancelledError):  # the client has gone
            page = await self.waiting
            if self.query("wait") and not (await self.backend.identify(self.token())).superuser:
                raise Unauthorized  # no longer what he was when he began to wait
            self.answer(page)

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self.waiting:
            self.waiting.cancel()


class Stats(_ForSuperusers):
    """GET /api/changes/stats: how many there were."""

    async def get(self) -> None:
        self.answer(await self.backend.change_stats.minutes())


class OneChange(_ForSuperusers):
    """GET /api/changes/{seq}"""

    async def get(self, seq: str) -> None:
        if not (seq.isascii() and seq.isdecimal() and len(seq) <= LONGEST_SEQ):
            raise NotFound
        self.answer(await self.backend.changes.view(int(seq)))


class Restore(ApiHandler):
    """POST /api/collections/{collection}/records/{id}/restore: a record as it was after or before a change."""

    only = "superuser"

    async def post(self, collection: str, record: str) -> None:
        target, dry = Target.parse(self.body().fields), bool_of(self.query("dryRun"))
        self.answer(await self.backend.records.restore(collection, record, target, self.info(), dry=dry))


ROUTES = [
    (r"/api/collections/([^/]+)/records/([^/]+)/restore", Restore),
    (r"/api/changes", Changes),
    (r"/api/changes/stats", Stats),
    (r"/api/changes/([^/]+)", OneChange),
]

"""SQL over HTTP, for superusers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from ..store.protocol import Origin
from ..system.settings import UNREADABLE
from .handler import ApiHandler


class Sql(ApiHandler):
    """POST /api/sql"""

    only = "superuser"

    running: asyncio.Task[dict[str, Any]] | None = None

    async def post(self) -> None:
        origin = Origin(self.request_id, self.actor.label)
        self.running = asyncio.get_running_loop().create_task(self.backend.console.run(self.body(UNREADABLE).fields, origin))
        with suppress(asyncio.CancelledError):  # the client has gone
            self.answer(await self.running)

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self.running:
            self.running.cancel()


ROUTES = [(r"/api/sql", Sql)]

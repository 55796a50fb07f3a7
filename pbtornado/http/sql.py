"""SQL over HTTP, for superusers."""

from __future__ import annotations

from ..store.protocol import Origin
from ..system.settings import UNREADABLE
from .handler import ApiHandler


class Sql(ApiHandler):
    """POST /api/sql"""

    only = "superuser"

    async def post(self) -> None:
        origin = Origin(self.request_id, self.actor.label)
        self.answer(await self.backend.console.run(self.body(UNREADABLE).fields, origin))


ROUTES = [(r"/api/sql", Sql)]

"""The logs over HTTP, for superusers."""

from __future__ import annotations

from ..rules.paging import Page
from .handler import READING, ApiHandler


class _ForSuperusers(ApiHandler):
    only = "superuser"
    unlogged = READING | {"DELETE"}


class LogList(_ForSuperusers):
    """/api/logs"""

    async def get(self) -> None:
        ask = self.query
        page = Page.parse(ask("page"), ask("perPage"), ask("skipTotal"))
        self.answer(await self.backend.log_search.lines(ask("filter"), ask("sort"), page))

    async def delete(self) -> None:
        await self.backend.logs.truncate()
        self.answer_nothing()


class LogStats(_ForSuperusers):
    """GET /api/logs/stats"""

    async def get(self) -> None:
        self.answer(await self.backend.log_search.stats(self.query("filter")))


class OneLog(_ForSuperusers):
    """GET /api/logs/{id}"""

    async def get(self, id: str) -> None:
        self.answer(await self.backend.log_search.view(id))


ROUTES = [(r"/api/logs", LogList), (r"/api/logs/stats", LogStats), (r"/api/logs/([^/]+)", OneLog)]

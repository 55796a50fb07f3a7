"""Collections over HTTP, for superusers: list, view, create, update, delete, truncate, import."""

from __future__ import annotations

from ..auth.oauth2 import providers
from ..records.collections import MALFORMED_FORM
from ..rules.paging import Page
from ..store.protocol import Origin
from .handler import ApiHandler

MALFORMED = "Failed to load the submitted data due to invalid formatting."


class _ForSuperusers(ApiHandler):
    only = "superuser"

    @property
    def origin(self) -> Origin:
        """How the change log names this request."""
        return Origin(self.request_id, self.actor.label)


class Collections(_ForSuperusers):
    """/api/collections"""

    async def get(self) -> None:
        page = Page.parse(self.query("page"), self.query("perPage"), self.query("skipTotal"))
        self.answer(
            await self.backend.collections.list(
                filter=self.query("filter"),
                sort=self.query("sort"),
                page=page.number,
                per_page=page.size,
                skip_total=not page.counted,
            )
        )

    async def post(self) -> None:
        self.answer(await self.backend.collections.create(self.body(MALFORMED).fields, self.origin))


class OneCollection(_ForSuperusers):
    """/api/collections/{collection}"""

    async def get(self, collection: str) -> None:
        self.answer(self.backend.collections.view(collection))

    async def patch(self, collection: str) -> None:
        self.answer(await self.backend.collections.update(collection, self.body(MALFORMED).fields, self.origin))

    async def delete(self, collection: str) -> None:
        await self.backend.collections.delete(collection, self.origin)
        self.answer_nothing()


class Truncation(_ForSuperusers):
    """DELETE /api/collections/{collection}/truncate"""

    async def delete(self, collection: str) -> None:
        await self.backend.collections.truncate(collection, self.origin)
        self.answer_nothing()


class Import(_ForSuperusers):
    """PUT /api/collections/import"""

    async def put(self) -> None:
        await self.backend.collections.import_all(self.body(MALFORMED_FORM).fields, self.origin)
        self.answer_nothing()


class Scaffolds(_ForSuperusers):
    """GET /api/collections/meta/scaffolds"""

    def get(self) -> None:
        self.answer(self.backend.collections.scaffolds())


class OAuth2Providers(_ForSuperusers):
    """GET /api/collections/meta/oauth2-providers"""

    def get(self) -> None:
        self.answer(providers.listed())


class DryRunView(_ForSuperusers):
    """POST /api/collections/meta/dry-run-view"""

    async def post(self) -> None:
        self.answer(await self.backend.collections.dry_run_view(self.body(MALFORMED_FORM).fields))

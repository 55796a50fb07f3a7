"""Settings over HTTP, for superusers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from ..auth import apple
from ..auth.trial import EMAIL_TRIAL, try_email
from ..errors import BadRequest
from ..schema.settings import DEFAULTS, Tree
from ..store.protocol import Origin
from ..system.settings import UNREADABLE
from ..system.trials import S3_TRIAL, try_s3
from .forms import tree_of
from .handler import ApiHandler


class _ForSuperusers(ApiHandler):
    only = "superuser"

    def given(self, shape: Tree) -> Mapping[str, Any]:
        """What the body says for a shape; BadRequest where it cannot be read."""
        fields = self.body(UNREADABLE).fields
        if self.request.headers.get("Content-Type", "").lower().startswith("application/json"):
            return fields
        try:
            return tree_of(shape, fields)
        except BadRequest as error:
            raise BadRequest(UNREADABLE) from error


class Settings(_ForSuperusers):
    """/api/settings"""

    def get(self) -> None:
        self.answer(self.backend.settings.view())

    async def patch(self) -> None:
        origin = Origin(self.request_id, self.actor.label)
        self.answer(await self.backend.settings.update(self.given(DEFAULTS), origin))


class S3Trial(_ForSuperusers):
    """POST /api/settings/test/s3"""

    def post(self) -> NoReturn:
        try_s3(self.given(S3_TRIAL), self.backend.settings.current)


class EmailTrial(_ForSuperusers):
    """POST /api/settings/test/email"""

    async def post(self) -> None:
        await try_email(self.backend.auth.letters, self.backend.catalogs.current, self.given(EMAIL_TRIAL))
        self.answer_nothing()


class AppleSecret(_ForSuperusers):
    """POST /api/settings/apple/generate-client-secret"""

    def post(self) -> None:
        self.answer({"secret": apple.client_secret(self.given(apple.FORM))})


ROUTES = [
    (r"/api/settings", Settings),
    (r"/api/settings/test/s3", S3Trial),
    (r"/api/settings/test/email", EmailTrial),
    (r"/api/settings/apple/generate-client-secret", AppleSecret),
]

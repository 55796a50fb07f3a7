"""Signing in over HTTP."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from ..auth.password import Attempt, refuse_disabled
from ..errors import BadRequest
from ..schema.system import SUPERUSERS
from ..values import text_of
from .handler import ApiHandler

UNREADABLE = "An error occurred while loading the submitted data."


class AuthMethods(ApiHandler):
    """GET /api/collections/{collection}/auth-methods"""

    tags = MappingProxyType({"GET": ("listAuthMethods",)})

    async def get(self, collection: str) -> None:
        self.answer(self.backend.auth.methods(collection))


class AuthWithPassword(ApiHandler):
    """POST /api/collections/{collection}/auth-with-password"""

    tags = MappingProxyType({"POST": ("authWithPassword", "auth")})

    async def post(self, collection: str) -> None:
        refuse_disabled(self.backend.auth.collection(collection))
        attempt = self.attempt(self.body(UNREADABLE).fields)
        answer = await self.backend.auth.with_password(collection, attempt, self.info(), self.query("expand"))
        if answer["record"]["collectionName"] == SUPERUSERS:
            self.refuse_outsider()
        self.answer(answer)

    def attempt(self, fields: Any) -> Attempt:
        """What the body says, its keys in any case as PocketBase takes them."""
        given = {name.lower(): value for name, value in fields.items()}
        strict = self.request.headers.get("Content-Type", "").startswith("application/json")
        return Attempt(*(text(given.get(name), strict) for name in ("identity", "password", "identityfield")))


class AuthRefresh(ApiHandler):
    """POST /api/collections/{collection}/auth-refresh"""

    tags = MappingProxyType({"POST": ("authRefresh",)})

    async def post(self, collection: str) -> None:
        self.answer(await self.backend.auth.refresh(collection, self.token(), self.info(), self.query("expand")))


def text(value: Any, strict: bool) -> str:
    """A text of the body. Forms know nothing else, so what their values look like does not matter; JSON must say text."""
    if value is None:
        return ""
    if strict and not isinstance(value, str):
        raise BadRequest(UNREADABLE)
    return text_of(value)


ROUTES = [
    (r"/api/collections/([^/]+)/auth-methods", AuthMethods),
    (r"/api/collections/([^/]+)/auth-with-password", AuthWithPassword),
    (r"/api/collections/([^/]+)/auth-refresh", AuthRefresh),
]

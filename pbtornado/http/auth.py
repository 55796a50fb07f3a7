"""Signing in over HTTP."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from ..auth import otp
from ..auth.forms import refuse
from ..auth.password import Attempt, refuse_disabled
from ..errors import BadRequest, NotFound
from ..schema.fields import checks
from ..schema.settings import LARGEST
from ..schema.system import SUPERUSERS
from ..values import text_of
from .handler import ApiHandler

UNREADABLE = "An error occurred while loading the submitted data."


class Form(ApiHandler):
    """A request whose body is a form of a few values."""

    def given(self, *names: str) -> list[Any]:
        """The values of the body by name, None for what is missing; keys in any case, as PocketBase takes them."""
        given = {name.lower(): value for name, value in self.body(UNREADABLE).fields.items()}
        return [given.get(name.lower()) for name in names]

    def texts(self, *names: str) -> list[str]:
        """Texts of the body by name, "" for what is missing. Raises BadRequest where JSON gives something else."""
        return [text(value, self.strict) for value in self.given(*names)]

    @property
    def strict(self) -> bool:
        """Does the body tell types?"""
        return self.request.headers.get("Content-Type", "").startswith("application/json")


class AuthMethods(ApiHandler):
    """GET /api/collections/{collection}/auth-methods"""

    tags = MappingProxyType({"GET": ("listAuthMethods",)})

    async def get(self, collection: str) -> None:
        self.answer(self.backend.auth.methods(collection))


class AuthWithPassword(Form):
    """POST /api/collections/{collection}/auth-with-password"""

    tags = MappingProxyType({"POST": ("authWithPassword", "auth")})

    async def post(self, collection: str) -> None:
        refuse_disabled(self.backend.auth.collection(collection))
        attempt = Attempt(*self.texts("identity", "password", "identityField"))
        answer = await self.backend.auth.with_password(collection, attempt, self.info(), self.query("expand"))
        if answer["record"]["collectionName"] == SUPERUSERS:
            self.refuse_outsider()
        self.answer(answer)


class RequestOTP(Form):
    """POST /api/collections/{collection}/request-otp"""

    tags = MappingProxyType({"POST": ("requestOTP",)})

    async def post(self, collection: str) -> None:
        auth = self.backend.auth
        asked = auth.collection(collection)
        otp.refuse_disabled(asked)
        (email,) = self.texts("email")
        self.answer({"otpId": await auth.otp.request(asked, email, self.info())})


class AuthWithOTP(Form):
    """POST /api/collections/{collection}/auth-with-otp"""

    tags = MappingProxyType({"POST": ("authWithOTP", "auth")})

    async def post(self, collection: str) -> None:
        otp.refuse_disabled(self.backend.auth.collection(collection))
        otp_id, code = self.texts("otpId", "password")
        self.answer(await self.backend.auth.with_otp(collection, otp_id, code, self.info(), self.query("expand")))


class Impersonate(Form):
    """POST /api/collections/{collection}/impersonate/{id}"""

    only = "superuser"

    async def post(self, collection: str, id: str) -> None:
        auth = self.backend.auth
        record = await auth.identity.by_id(auth.collection(collection), id)
        if record is None:
            raise NotFound
        (duration,) = self.given("duration")
        self.answer(await auth.impersonate(record, seconds(duration, self.strict), self.info(), self.query("expand")))


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


def seconds(value: Any, strict: bool) -> int:
    """A duration of the body, 0 where there is none. Raises BadRequest where it is no whole number, or less than nothing."""
    if value is None or value == "":
        return 0
    try:
        number = value if strict else int(text_of(value))
    except ValueError:
        raise BadRequest(UNREADABLE) from None
    if type(number) is not int or abs(number) > LARGEST:
        raise BadRequest(UNREADABLE)
    refuse(duration=checks.at_least(number, 0))
    return number


ROUTES = [
    (r"/api/collections/([^/]+)/auth-methods", AuthMethods),
    (r"/api/collections/([^/]+)/auth-with-password", AuthWithPassword),
    (r"/api/collections/([^/]+)/request-otp", RequestOTP),
    (r"/api/collections/([^/]+)/auth-with-otp", AuthWithOTP),
    (r"/api/collections/([^/]+)/auth-refresh", AuthRefresh),
    (r"/api/collections/([^/]+)/impersonate/([^/]+)", Impersonate),
]

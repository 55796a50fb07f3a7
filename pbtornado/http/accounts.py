"""What the owner of an account does with letters, over HTTP: confirm an address, set a new password, change the address."""

from __future__ import annotations

from types import MappingProxyType

from ..auth.account import refuse_passwordless, refuse_superusers
from .auth import Form

VERIFIED = "All superusers are verified by default."
DIRECTLY = "All superusers can change their emails directly."


class RequestVerification(Form):
    """POST /api/collections/{collection}/request-verification"""

    tags = MappingProxyType({"POST": ("requestVerification",)})

    async def post(self, collection: str) -> None:
        asked = self.backend.auth.collection(collection)
        refuse_superusers(asked, VERIFIED)
        (email,) = self.texts("email")
        await self.backend.auth.account.request_verification(asked, email)
        self.answer_nothing()


class ConfirmVerification(Form):
    """POST /api/collections/{collection}/confirm-verification"""

    tags = MappingProxyType({"POST": ("confirmVerification",)})

    async def post(self, collection: str) -> None:
        asked = self.backend.auth.collection(collection)
        refuse_superusers(asked, VERIFIED)
        (token,) = self.texts("token")
        await self.backend.auth.account.confirm_verification(asked, token, self.info())
        self.answer_nothing()


class RequestPasswordReset(Form):
    """POST /api/collections/{collection}/request-password-reset"""

    tags = MappingProxyType({"POST": ("requestPasswordReset",)})

    async def post(self, collection: str) -> None:
        asked = self.backend.auth.collection(collection)
        refuse_passwordless(asked)
        (email,) = self.texts("email")
        await self.backend.auth.account.request_password_reset(asked, email)
        self.answer_nothing()


class ConfirmPasswordReset(Form):
    """POST /api/collections/{collection}/confirm-password-reset"""

    tags = MappingProxyType({"POST": ("confirmPasswordReset",)})

    async def post(self, collection: str) -> None:
        asked = self.backend.auth.collection(collection)
        token, password, again = self.texts("token", "password", "passwordConfirm")
        await self.backend.auth.account.confirm_password_reset(asked, token, password, again, self.info())
        self.answer_nothing()


class RequestEmailChange(Form):
    """POST /api/collections/{collection}/request-email-change"""

    tags = MappingProxyType({"POST": ("requestEmailChange",)})
    only = "auth"

    async def post(self, collection: str) -> None:
        own = self.backend.auth.own(collection, self.actor)
        refuse_superusers(own.collection, DIRECTLY)
        (email,) = self.texts("newEmail")
        await self.backend.auth.account.request_email_change(own, email)
        self.answer_nothing()


class ConfirmEmailChange(Form):
    """POST /api/collections/{collection}/confirm-email-change"""

    tags = MappingProxyType({"POST": ("confirmEmailChange",)})

    async def post(self, collection: str) -> None:
        asked = self.backend.auth.collection(collection)
        refuse_superusers(asked, DIRECTLY)
        token, password = self.texts("token", "password")
        await self.backend.auth.account.confirm_email_change(asked, token, password, self.info())
        self.answer_nothing()


ROUTES = [
    (r"/api/collections/([^/]+)/request-verification", RequestVerification),
    (r"/api/collections/([^/]+)/confirm-verification", ConfirmVerification),
    (r"/api/collections/([^/]+)/request-password-reset", RequestPasswordReset),
    (r"/api/collections/([^/]+)/confirm-password-reset", ConfirmPasswordReset),
    (r"/api/collections/([^/]+)/request-email-change", RequestEmailChange),
    (r"/api/collections/([^/]+)/confirm-email-change", ConfirmEmailChange),
]

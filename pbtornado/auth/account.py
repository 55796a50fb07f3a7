"""What the owner of an account confirms with a token from a letter: his address, a new password, a new address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import tokens
from ..errors import BadRequest, FieldError, Invalid
from ..mail.message import Message, NotSent
from ..rates import Rates
from ..records.guard import wrong_values
from ..records.records import Records
from ..rules.request import RequestInfo
from ..schema.collection import Collection
from ..schema.fields import PasswordField, checks
from ..schema.record import Record
from ..schema.system import SUPERUSERS
from ..store.protocol import Origin
from ..system.validate import bytes_within
from ..tokens import TokenType
from ..values import random_text
from .forms import email_error, refuse, text_error
from .identity import Identity, actor_of
from .letters import Letters, email_of, options_of
from .password import stored_hash

RESEND_SECONDS = 120
"""An account gets no second letter of a kind within this time, unless the first one has done its work."""
NO_TOKEN = FieldError("validation_invalid_token", "Invalid or expired token.")
OTHER_COLLECTION = FieldError("validation_token_collection_mismatch", "The provided token is for different auth collection.")
NO_EMAIL = FieldError("validation_invalid_token_claims", "Missing email token claim.")
OTHER_EMAIL = FieldError("validation_token_email_mismatch", "The record email doesn't match with the requested token claims.")
NO_NEW_EMAIL = FieldError("validation_invalid_token_payload", "Invalid token payload - newEmail must be set.")
TAKEN_SINCE = FieldError("validation_invalid_token_email", "The new email address is invalid.")
TAKEN = FieldError("validation_invalid_new_email", "Invalid new email address.")
WRONG_PASSWORD = FieldError("validation_invalid_password", "Missing or invalid auth record password.")


class Account:
    """The ways by mail. Whether an address belongs to somebody is told to nobody: a request looks the same either way."""

    def __init__(self, identity: Identity, records: Records, letters: Letters, rates: Rates) -> None:
        self.identity, self.records, self.letters, self.rates = identity, records, letters, rates
        self.passwords = records.parts.passwords

    # ---- the address is his

    async def request_verification(self, collection: Collection, email: str) -> None:
        """Sends a token to an address that has not been confirmed."""
        record = await self._addressed(collection, email)
        if record and not record.get("verified"):
            self._post_once(_resend_key("verification", record), lambda: self.letters.verification(record))

    async def confirm_verification(self, collection: Collection, token: str, info: RequestInfo) -> None:
        """Takes the token back: the account is verified. Raises BadRequest."""
        record, error = await self._of_token("verification", token, collection)
        email = claim(token, "email")
        if token and not email:
            error = NO_EMAIL
        elif record and email_of(record) != email:
            error = error or OTHER_EMAIL
        refuse(token=error)
        assert record is not None
        if not record.get("verified"):
            # without sign-in by password, one that was set is nobody's: it must not wait for the day that is allowed
            again = {} if options_of(record).password_auth.enabled else await self._hashed(record, random_text(30))
            await self._change(record, {"verified": True, **again}, info, "An error occurred while saving the verified state.")
        self.rates.forget(_resend_key("verification", record))

    # ---- a new password

    async def request_password_reset(self, collection: Collection, email: str) -> None:
        """Sends a token with which a new password can be set."""
        record = await self._addressed(collection, email)
        if record:
            self._post_once(_resend_key("passwordReset", record), lambda: self.letters.password_reset(record))

    async def confirm_password_reset(self, collection: Collection, token: str, password: str, again: str, info: RequestInfo) -> None:
        """Takes the token back: the account has a new password, and is verified if the address is still its own. Raises BadRequest."""
        record, error = await self._of_token("passwordReset", token, collection)
        field = collection.field("password")
        least = max(field.min, 1) if isinstance(field, PasswordField) else 1
        wrong = checks.required(password) or bytes_within(password, least, 255)
        refuse(token=error, password=wrong, passwordConfirm=checks.required(again) or checks.equal(again, password))
        assert record is not None
        failed = "Failed to set new password."
        refuse(failed, **wrong_values(record, {"password": password}))
        proven = {"verified": True} if not record.get("verified") and email_of(record) == claim(token, "email") else {}
        await self._change(record, {**await self._hashed(record, password), **proven}, info, failed)
        self.rates.forget(_resend_key("passwordReset", record))

    # ---- a new address

    async def request_email_change(self, record: Record, email: str) -> None:
        """Sends a token to the new address of the one who asks. Raises BadRequest, also where the letter does not go out."""
        refuse(newEmail=email_error(email) or checks.none_of(email, (email_of(record),)))
        other = await self.identity.by_email(record.collection, email)
        refuse(newEmail=TAKEN if other and other.id != record.id else None)
        try:
            await self.letters.mailer.send(self.letters.email_change(record, email))
        except NotSent as error:
            raise BadRequest("Failed to request email change.") from error

    async def confirm_email_change(self, collection: Collection, token: str, password: str, info: RequestInfo) -> None:
        """Takes the token back from who knows the password: the account has the new address, confirmed. Raises BadRequest."""
        record, email, error = await self._of_change(collection, token)
        refuse(token=error, password=text_error(password, 1, 100) or await self._password_error(record if not error else None, password))
        assert record is not None
        failed = "Failed to confirm email change."
        refuse(failed, **wrong_values(record, {"email": email}))
        await self._change(record, {"email": email, "verified": True}, info, failed)

    async def _of_change(self, collection: Collection, token: str) -> tuple[Record | None, str, FieldError | None]:
        record, error = await self._of_token("emailChange", token, collection)
        email = claim(token, "newEmail")
        if token and not email:
            error = NO_NEW_EMAIL
        elif not error and await self.identity.by_email(collection, email):
            error = TAKEN_SINCE
        return record, email, error

    async def _password_error(self, record: Record | None, password: str) -> FieldError | None:
        if record and await self.passwords.check(password, stored_hash(record)):
            return None
        return WRONG_PASSWORD

    # ---- what they share

    async def _addressed(self, collection: Collection, email: str) -> Record | None:
        """The account a letter is asked for. Raises BadRequest where it is no address, Busy where too many letters wait."""
        refuse(email=email_error(email))
        self.letters.mailer.refuse_full()
        return await self.identity.by_email(collection, email)

    def _post_once(self, key: str, write: Callable[[], Message]) -> None:
        """Posts a letter unless the same one was posted just before. It is written when the answer has been given."""
        if not self.rates.allows(key, 1, RESEND_SECONDS):
            return

        async def failed() -> None:
            self.rates.forget(key)

        self.letters.mailer.post(write, failed=failed)

    async def _of_token(self, kind: TokenType, token: str, collection: Collection) -> tuple[Record | None, FieldError | None]:
        """The account of a token, and what is wrong with the token."""
        record = (await self.identity.identify(token, kind)).record
        if record is None:
            return None, checks.required(token) or NO_TOKEN
        return record, None if record.collection.id == collection.id else OTHER_COLLECTION

    async def _change(self, record: Record, values: dict[str, Any], info: RequestInfo, failed: str) -> None:
        """Writes what was confirmed. Raises BadRequest where it cannot be, or where the token has been used meanwhile."""
        origin = Origin(info.request_id, actor_of(record).label)
        try:
            changed = await self.records.change_account(record, values, origin)
        except Invalid as error:
            raise BadRequest(failed, error.errors) from error
        if changed is None:
            refuse(token=NO_TOKEN)

    async def _hashed(self, record: Record, password: str) -> dict[str, str]:
        return await self.records.parts.hashes(record.collection, {"password": password})


def refuse_superusers(collection: Collection, message: str) -> None:
    """Raises BadRequest for the collection of superusers."""
    if collection.name == SUPERUSERS:
        raise BadRequest(message)


def refuse_passwordless(collection: Collection) -> None:
    """Raises BadRequest where accounts do not sign in with passwords."""
    if collection.auth is None or not collection.auth.password_auth.enabled:
        raise BadRequest("The collection is not configured to allow password authentication.")


def claim(token: str, name: str) -> str:
    """A text that a token says, whoever signed it and however old it is; "" where it says none."""
    found = (tokens.read(token) or {}).get(name)
    return found if isinstance(found, str) else ""


def _resend_key(kind: TokenType, record: Record) -> str:
    return f"{kind}|{record.collection.id}|{record.id}"

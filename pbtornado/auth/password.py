"""Signing in with an identity (email, user name, whatever is unique) and a password."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..errors import BadRequest, Busy, FieldError, Forbidden
from ..passwords import encoded
from ..records import questions
from ..records.records import Records
from ..records.remembered import remembered
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection
from ..schema.fields import PasswordField
from ..schema.record import Record
from ..store.protocol import Origin, Reader, StoreBusy
from ..store.query import Compare, Order, Param, Select, Table, Value
from ..values import ID_ALPHABET
from .identity import IDENTITY, row_by_identity

LONGEST = 255
REQUIRED = FieldError("validation_required", "Cannot be blank.")
LENGTH = FieldError("validation_length_out_of_range", "The length must be between 1 and 255.", {"max": LONGEST, "min": 1})
NOT_AMONG = FieldError("validation_in_invalid", "Must be a valid value.")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody signs in with; without `identity_field` every identity field is tried."""

    identity: str
    password: str
    identity_field: str = ""

    def check(self, allowed: tuple[str, ...]) -> None:
        """Raises BadRequest where a value is missing, too long, or names a field that is no identity field."""
        errors = {"identity": wrong_text(self.identity), "password": wrong_text(self.password)}
        if self.identity_field:
            errors["identityField"] = wrong_text(self.identity_field) or (None if self.identity_field in allowed else NOT_AMONG)
        if found := {name: error for name, error in errors.items() if error}:
            raise BadRequest("An error occurred while validating the submitted data.", found)


def wrong_text(text: str) -> FieldError | None:
    """What is wrong with a text that must have 1 to 255 bytes."""
    if not text:
        return REQUIRED
    return LENGTH if len(encoded(text)) > LONGEST else None


class PasswordSignIn:
    """Finds the record an attempt belongs to. Whether there is such an account cannot be told from how long it takes."""

    def __init__(self, catalogs: Catalogs, records: Records) -> None:
        self.catalogs, self.records, self.passwords = catalogs, records, records.parts.passwords

    async def record(self, collection: Collection, attempt: Attempt) -> Record:
        """The record whose password it is. Raises BadRequest, the same whether account or password is wrong."""
        assert collection.auth is not None
        attempt.check(tuple(collection.auth.password_auth.identity_fields))
        record = await self._ask(collection, lambda reader, known: find(reader, known, attempt))
        other = record or await self._ask(collection, lambda reader, known: stranger(reader, known, attempt.identity))
        passed = await self.passwords.check(attempt.password, stored_hash(other))
        if record is None or not passed:
            raise BadRequest("Failed to authenticate.")
        return record

    async def _ask(self, collection: Collection, question: Callable[[Reader, Collection], Record | None]) -> Record | None:
        """Asks about the collection as it is in the snapshot that answers."""

        def asked(catalog: Catalog) -> Callable[[Reader], Record | None]:
            known = catalog.by_id.get(collection.id)
            return lambda reader: question(reader, known) if known and known.auth else None

        return await self.catalogs.read(asked)

    async def renew(self, record: Record, password: str, origin: Origin) -> None:
        """Replaces the hash that this password has just passed, if new ones are of another kind or strength.

        The hash is all that changes: tokens stay good. Where the server is too busy it waits for the next sign-in.
        """
        if not self.passwords.outdated(password, stored_hash(record)):
            return
        field = record.collection.field("password")
        cost = field.cost if isinstance(field, PasswordField) else 0
        with suppress(Busy, StoreBusy):
            fresh = await self.passwords.hash(password, cost)
            await self.records.amend(record, {"password": fresh}, origin, touch=False)


def refuse_disabled(collection: Collection) -> None:
    """Raises Forbidden where the collection's records do not sign in with passwords."""
    if collection.auth is None or not collection.auth.password_auth.enabled:
        raise Forbidden("The collection is not configured to allow password authentication.")


def stranger(reader: Reader, collection: Collection, identity: str) -> Record | None:
    """Some other account, to check the password against in vain.

    It is always the same for an identity, whichever worker is asked, and drawn from all accounts: in a directory on
    its way from bcrypt to argon2id, unknown identities are as often fast and slow as known ones.
    """
    assert collection.auth is not None
    digest = hmac.digest(encoded(collection.auth.auth_token.secret), encoded(identity), "sha256")
    start = "".join(ID_ALPHABET[byte % len(ID_ALPHABET)] for byte in digest[:15])
    row = reader.one(row_from(collection), {questions.RECORD_ID: start}) or reader.one(row_from(collection), {questions.RECORD_ID: ""})
    return Record.from_row(collection, row) if row else None


def stored_hash(record: Record | None) -> str:
    """The password hash of a record, "" where there is none."""
    found: Any = record.get("password") if record else ""
    return found if isinstance(found, str) else ""


def find(reader: Reader, collection: Collection, attempt: Attempt) -> Record | None:
    """The record that an identity names."""
    for name in fields_to_try(collection, attempt):
        row = reader.one(row_by_identity(collection, name), {IDENTITY: attempt.identity})
        if row:
            return Record.from_row(collection, row)
    return None


def fields_to_try(collection: Collection, attempt: Attempt) -> Iterator[str]:
    """The identity fields that could hold the attempt's identity: email first, and only unique ones."""
    assert collection.auth is not None
    for name in sorted(collection.auth.password_auth.identity_fields, key=not_email):
        wanted = name == attempt.identity_field if attempt.identity_field else name != "email" or "@" in attempt.identity
        if wanted and collection.field(name) and collection.unique_index(name):
            yield name


def not_email(name: str) -> bool:
    """Sorts `email` before all others."""
    return name != "email"


@remembered
def row_from(collection: Collection) -> Select:
    """The first row from `record_id` on, in the order of ids."""
    where = Compare(">=", questions.THE_ID, Param(questions.RECORD_ID))
    return Select(questions.columns_of(collection), Table(collection.name), where=where, order=(Order(questions.THE_ID),), limit=Value(1))

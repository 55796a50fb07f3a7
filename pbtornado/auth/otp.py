"""Signing in with a one-time password that comes by mail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from ..errors import BadRequest, Forbidden, Invalid, TooManyRequests
from ..rates import Rates
from ..records import cascade, companions, guard, questions
from ..records.companions import OTPS
from ..records.records import Records
from ..rules.request import RequestInfo
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection
from ..schema.record import Record
from ..store.protocol import Origin, Reader, Writer
from ..values import new_id, random_text
from .expiry import is_over
from .forms import email_error, refuse, text_error
from .identity import Identity, actor_of
from .letters import Letters, email_of, options_of
from .password import stored_hash

MOST_LIVE = 10
"""Passwords of an account that are good at a time; who asks for more is sent back to the last one."""
TRIES, TRIES_SECONDS = 5, 180
"""How often one address may try to be one account, in so many seconds."""
LONGEST_WAIT = 0.1
WRONG = "Invalid or expired OTP"
DIGITS = 6
"""Digits made at a time: of so few, no combination is likelier than another."""
LONGEST = 71


@dataclass(frozen=True, slots=True)
class Found:
    """A one-time password and whose it is."""

    otp: Record
    owner: Record


class OneTimePasswords:
    """Sends one-time passwords and takes them back, each once."""

    def __init__(self, catalogs: Catalogs, records: Records, identity: Identity, letters: Letters, rates: Rates) -> None:
        self.catalogs, self.records, self.identity, self.letters, self.rates = catalogs, records, identity, letters, rates
        self.passwords = records.parts.passwords
        self.usual = 0.002

    # ---- asked for

    async def request(self, collection: Collection, email: str, info: RequestInfo) -> str:
        """Sends a password to the account of an address; its id, or an id of nothing where there is no such account."""
        refuse(email=email_error(email))
        self.letters.mailer.refuse_full()
        assert collection.auth is not None
        record = await self.identity.by_email(collection, email)
        code = new_code(collection.auth.otp.length)
        values = await self._hashed(self._collection(self.catalogs.current), code)
        if record is None:  # takes as long as it does for somebody
            await asyncio.sleep(self.usual)
            return new_id()
        return await self._issue(record, code, values, Origin(info.request_id))

    async def _issue(self, record: Record, code: str, values: Mapping[str, str], origin: Origin) -> str:
        began = monotonic()
        try:
            otp, fresh = await self.records.write(lambda writer, catalog: issue(writer, catalog, record, values), origin)
        except Invalid:  # the account is gone
            return new_id()
        self.usual = min(monotonic() - began, LONGEST_WAIT)
        if fresh:
            self._send(record, otp, code)
        return otp.id

    def _send(self, record: Record, otp: Record, code: str) -> None:
        email = email_of(record)

        async def sent() -> None:
            await self.records.amend(otp, {"sentTo": email})

        async def failed() -> None:
            await self.records.write(lambda writer, catalog: take(writer, catalog, otp))

        self.letters.mailer.post(lambda: self.letters.otp(record, otp.id, code), sent=sent, failed=failed)

    # ---- shown

    async def record(self, collection: Collection, otp_id: str, code: str, info: RequestInfo) -> Record:
        """The account whose password it is, verified if the password came to its address. Raises BadRequest, TooManyRequests."""
        refuse(otpId=text_error(otp_id, 1, 255), password=text_error(code, 1, LONGEST))
        found = await self.catalogs.read(lambda catalog: _finding(catalog, collection, otp_id))
        if found is None:
            raise BadRequest(WRONG)
        if not self.rates.allows(f"otp|{found.owner.id}|{info.ip}", TRIES, TRIES_SECONDS):
            raise TooManyRequests("Too many attempts, please try again later with a new OTP.")
        if not await self.passwords.check(code, stored_hash(found.otp)):
            raise BadRequest(WRONG)
        values, origin = await self._proven(found), Origin(info.request_id, actor_of(found.owner).label)
        record = await self.records.write(lambda writer, catalog: redeem(writer, catalog, found, values), origin)
        if record is None:
            raise BadRequest(WRONG)
        return record

    async def _proven(self, found: Found) -> dict[str, Any]:
        """What the account becomes by the proof. A password set before its owner had shown himself could be a stranger's, so it ends."""
        owner = found.owner
        if owner.get("verified") or not email_of(owner) or found.otp.get("sentTo") != email_of(owner):
            return {}
        again = {} if options_of(owner).mfa.enabled else await self._hashed(owner.collection, random_text(30))
        return {"verified": True, **again}

    async def _hashed(self, collection: Collection, text: str) -> dict[str, str]:
        return await self.records.parts.hashes(collection, {"password": text})

    def _collection(self, catalog: Catalog) -> Collection:
        found = catalog.find(OTPS)
        assert found is not None, "every data directory has it"
        return found


def refuse_disabled(collection: Collection) -> None:
    """Raises Forbidden where the collection's records do not sign in with one-time passwords."""
    if collection.auth is None or not collection.auth.otp.enabled:
        raise Forbidden("The collection is not configured to allow OTP authentication.")


def new_code(length: int) -> str:
    """So many random digits, at most as many as may be sent back: HOTP values (RFC 4226) of a secret that is used for nothing else."""
    import pyotp  # only who sends one needs it

    source, length = pyotp.HOTP(pyotp.random_base32(), digits=DIGITS), min(length, LONGEST)
    return "".join(source.at(count) for count in range(-(-length // DIGITS)))[:length]


def issue(writer: Writer, catalog: Catalog, record: Record, values: Mapping[str, str]) -> tuple[Record, bool]:
    """A new one-time password of the account, or its last one where it has enough; is it new? Raises Invalid where the account is gone."""
    seconds = options_of(record).otp.duration
    live = [otp for otp in companions.of(writer, catalog, record, (OTPS,)) if not is_over(otp, seconds)]
    if len(live) >= MOST_LIVE:
        return max(live, key=lambda otp: str(otp.get("created"))), False
    return companions.make(writer, catalog, OTPS, record, values), True


def take(writer: Writer, catalog: Catalog, otp: Record) -> bool:
    """Deletes a one-time password; was it still there?"""
    there = writer.exists(questions.exists_by_id(otp.collection), {questions.RECORD_ID: otp.id})
    if there:
        cascade.delete(writer, catalog, otp)
    return there


def redeem(writer: Writer, catalog: Catalog, found: Found, values: Mapping[str, Any]) -> Record | None:
    """Uses up a one-time password and changes its owner; the owner as he is then, None where somebody else was faster."""
    if not take(writer, catalog, found.otp):
        return None
    if values:
        return guard.change(writer, catalog, found.owner, values)
    row = writer.one(questions.row_by_id(found.owner.collection), {questions.RECORD_ID: found.owner.id})
    return Record.from_row(found.owner.collection, row) if row else None


def _finding(catalog: Catalog, collection: Collection, otp_id: str) -> Callable[[Reader], Found | None]:
    otps, owners = catalog.find(OTPS), catalog.by_id.get(collection.id)

    def found(reader: Reader) -> Found | None:
        row = reader.one(questions.row_by_id(otps), {questions.RECORD_ID: otp_id}) if otps and owners and owners.auth else None
        if otps is None or owners is None or owners.auth is None or row is None:
            return None
        otp = Record.from_row(otps, row)
        if otp.get("collectionRef") != owners.id or is_over(otp, owners.auth.otp.duration):
            return None
        account = reader.one(questions.row_by_id(owners), {questions.RECORD_ID: otp.get("recordRef")})
        return Found(otp, Record.from_row(owners, account)) if account else None

    return found

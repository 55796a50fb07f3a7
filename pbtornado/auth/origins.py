"""The places an account signs in from, and the letter about a new one."""

from __future__ import annotations

import hashlib
import logging

from ..errors import ApiError, Invalid
from ..records import cascade, companions, questions, save
from ..records.companions import AUTH_ORIGINS
from ..records.records import Records
from ..rules.request import RequestInfo
from ..schema.catalog import Catalog
from ..schema.record import Record
from ..store.protocol import Origin, StoreBusy, Writer
from ..values import now
from .identity import actor_of
from .letters import Letters, email_of, options_of

log = logging.getLogger("pbtornado.auth")

KEPT = 5
"""Places of an account that are known at a time."""
LONGEST_AGENT = 200


class Origins:
    """Remembers places; an alert goes out for a new one, except for the first of an account."""

    def __init__(self, records: Records, letters: Letters) -> None:
        self.records, self.letters = records, letters

    async def note(self, record: Record, info: RequestInfo) -> None:
        """Remembers where the account was signed in from just now. That it cannot be done is no reason to fail."""
        if not options_of(record).auth_alert.enabled:
            return
        try:
            await self._note(record, info)
        except (ApiError, StoreBusy, Invalid) as error:
            log.warning("a place somebody signed in from is not remembered: %s", error or type(error).__name__)

    async def _note(self, record: Record, info: RequestInfo) -> None:
        mark, origin = fingerprint(info), Origin(info.request_id, actor_of(record).label)
        if await self.records.write(lambda writer, catalog: remember(writer, catalog, record, mark), origin) and email_of(record):
            await self._alert(record, mark, f"{now()} - {info.ip} {agent(info)}")

    async def _alert(self, record: Record, mark: str, info: str) -> None:
        """Whoever was not warned is warned the next time."""

        async def forget_it() -> None:
            await self.records.write(lambda writer, catalog: forget(writer, catalog, record, mark))

        try:
            self.letters.mailer.post(lambda: self.letters.alert(record, info), failed=forget_it)
        except ApiError:
            await forget_it()
            raise


def agent(info: RequestInfo) -> str:
    """The program that asks, as it calls itself."""
    name = info.headers.get("user_agent", "")
    return name if len(name) <= LONGEST_AGENT else name[:LONGEST_AGENT] + "..."


def fingerprint(info: RequestInfo) -> str:
    """What tells one place from another, as PocketBase writes it: MD5 of address and program."""
    place = (info.ip + agent(info)).encode("latin-1", "backslashreplace")
    return hashlib.md5(place, usedforsecurity=False).hexdigest()


def remember(writer: Writer, catalog: Catalog, record: Record, mark: str) -> bool:
    """Stores a place; is it another one than those the account has signed in from before? The oldest ones go."""
    known = sorted(companions.of(writer, catalog, record, (AUTH_ORIGINS,)), key=lambda place: str(place.get("created")), reverse=True)
    same = next((place for place in known if place.get("fingerprint") == mark), None)
    if same is not None:
        _touch(writer, same)
        return False
    for old in known[KEPT - 1 :]:
        cascade.delete(writer, catalog, old)
    companions.make(writer, catalog, AUTH_ORIGINS, record, {"fingerprint": mark})
    return bool(known)


def forget(writer: Writer, catalog: Catalog, record: Record, mark: str) -> None:
    """Makes a place one that is not known."""
    for place in list(companions.of(writer, catalog, record, (AUTH_ORIGINS,))):
        if place.get("fingerprint") == mark:
            cascade.delete(writer, catalog, place)


def _touch(writer: Writer, place: Record) -> None:
    row = writer.one(questions.row_by_id(place.collection), {questions.RECORD_ID: place.id})
    assert row is not None, "it was read in the same transaction"
    save.update(writer, place, row, {})

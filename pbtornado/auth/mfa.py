"""Accounts that need a second way to sign in."""

from __future__ import annotations

from typing import Any

from ..errors import ApiError, BadRequest, Invalid
from ..records import cascade, companions, questions
from ..records.access import holds, question_of
from ..records.companions import MFAS
from ..records.records import Records
from ..rules.request import RequestInfo
from ..rules.rule import RuleError
from ..schema.catalog import Catalog
from ..schema.record import Record
from ..store.protocol import Origin, Reader, Writer
from ..values import text_of
from .expiry import is_over
from .identity import actor_of
from .letters import options_of

MFA_ID = "mfaId"
FAILED = "Failed to authenticate."
OVER = "Invalid or expired MFA session."
OF_ANOTHER = "Invalid MFA session."
SAME_METHOD = "A different authentication method is required."


class SecondFactor(ApiError):
    """401: one way has been shown, `mfa_id` is to be sent along with another one."""

    status = 401
    default = "A second way to sign in is required."

    def __init__(self, mfa_id: str) -> None:
        super().__init__()
        self.mfa_id = mfa_id

    def body(self) -> dict[str, Any]:
        """PocketBase's answer, which has the shape of no failure."""
        return {MFA_ID: self.mfa_id}


class SecondFactors:
    """Sessions between the first way to sign in and the second, each good for one sign-in."""

    def __init__(self, records: Records) -> None:
        self.records = records

    async def pass_on(self, record: Record, method: str, info: RequestInfo) -> None:
        """Lets the account in if this is its second way. Raises SecondFactor if it is the first, BadRequest for a session that is none."""
        session, origin = session_id(info), Origin(info.request_id, actor_of(record).label)
        if not session:
            raise SecondFactor(await self._begin(record, method, origin))
        if wrong := await self.records.write(lambda writer, catalog: end(writer, catalog, session, record, method), origin):
            raise BadRequest(wrong)

    async def _begin(self, record: Record, method: str, origin: Origin) -> str:
        values = {"method": method}
        try:
            made = await self.records.write(lambda writer, catalog: companions.make(writer, catalog, MFAS, record, values), origin)
        except Invalid as error:  # the account is gone
            raise BadRequest(FAILED) from error
        return made.id


def session_id(info: RequestInfo) -> str:
    """The session that a request goes on with, as its query or its body says; "" for none."""
    return info.query.get(MFA_ID) or text_of(info.body.get(MFA_ID))


def end(writer: Writer, catalog: Catalog, session: str, record: Record, method: str) -> str:
    """Ends a session that this account began in another way; what is wrong with it, or ""."""
    collection = catalog.find(MFAS)
    assert collection is not None, "every data directory has it"
    row = writer.one(questions.row_by_id(collection), {questions.RECORD_ID: session})
    if row is None:
        return OVER
    begun = Record.from_row(collection, row)
    over = is_over(begun, options_of(record).mfa.duration)
    wrong = OVER if over else _mismatch(begun, record, method)
    if over or not wrong:
        cascade.delete(writer, catalog, begun)
    return wrong


def _mismatch(begun: Record, record: Record, method: str) -> str:
    if (begun.get("collectionRef"), begun.get("recordRef")) != (record.collection.id, record.id):
        return OF_ANOTHER
    return SAME_METHOD if begun.get("method") == method else ""


def wanted(reader: Reader, catalog: Catalog, record: Record, info: RequestInfo) -> bool:
    """Must the account be shown in two ways? Raises BadRequest where the collection's rule about it is broken."""
    options = options_of(record).mfa
    if not options.enabled or not options.rule:
        return options.enabled
    try:
        return holds(reader, question_of(catalog, record.collection, options.rule, info), info, record_id=record.id)
    except RuleError:
        raise BadRequest(FAILED) from None

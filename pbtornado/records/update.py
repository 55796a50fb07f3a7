"""The life of an update: gate, prepare, and a commit on the row that is really there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import BadRequest, FieldError, Invalid, NotFound
from ..rules.request import RequestInfo
from ..rules.rule import Question
from ..schema.record import Record
from ..store.protocol import Reader, Writer
from ..store.query import Row
from . import questions, save
from .access import holds, manages, reads_body, refuse_locked, settled, writable
from .check import last_errors, stored_errors, value_errors
from .credentials import NONE_GIVEN, WRONG_OLD_PASSWORD, Credentials, password_fields
from .draft import resolve
from .guard import guarded
from .parts import Parts
from .read import by_rule
from .uploads import Placed, has_uploads, named, uploads_of
from .versions import refuse_changed

FAILED = "Failed to update record."


@dataclass(frozen=True, slots=True)
class Judged:
    """An update as it would be made on one state of the record: `values` are all new values, `touched` those spoken of."""

    row: Row
    old: Record
    values: Mapping[str, Any]
    touched: Mapping[str, Any]
    credentials: Credentials
    manager: bool


class Unproven(Exception):
    """The old password must be checked against the hash of this state of the record, which takes time that a transaction has not."""

    def __init__(self, update: Update, judged: Judged) -> None:
        self.update, self.judged = update, judged


class Update:
    """One update request. `payload` may hold uploads; `info` is the request without its body; see `refuse_changed` for `expected`."""

    def __init__(
        self,
        parts: Parts,
        name: str,
        record_id: str,
        payload: Mapping[str, Any],
        info: RequestInfo,
        expected: frozenset[str] | None = None,
    ) -> None:
        self.parts, self.payload, self.info, self.record_id, self.expected = parts, payload, info, record_id, expected
        self.mark, self.catalog = parts.collections()
        self.collection = writable(self.catalog, name)
        if not record_id:
            raise NotFound
        refuse_locked(self.collection.update_rule, info)
        self.question: Question | None = None
        if self.collection.update_rule and not info.actor.superuser:
            self.question = by_rule(self.catalog, self.collection, self.collection.update_rule, info)
        self.proven: str | None = None
        self.tried: set[str] = set()
        self.hashes: Mapping[str, str] = {}

    async def run(self) -> Record:
        """The record as stored. Raises NotFound, BadRequest, and Moved where the collections changed meanwhile."""
        if self._light():
            return await self.parts.write(self._at_once, self.info)
        self.judged = await self.parts.read(self.catalog, self.judge)
        await self.prove(self.judged)
        await self._check(self.judged)
        placed = Placed(self.parts.storage, self.collection.id, self.record_id)
        try:
            self.hashes = await self.parts.hashes(self.collection, self.judged.touched)
            await placed.put(uploads_of(self.collection, self.judged.touched))
            return await self.parts.write(self._commit, self.info)
        except Exception:
            await placed.drop()
            raise

    def apply(self, writer: Writer) -> Record:
        """The update as a whole, in a transaction under way; `hashes` are given and blobs in their places. May be called again.

        Raises Unproven where the old password has not been checked against the hash that is there.
        """
        judged = self.judge(writer)
        if self._proof_due(judged) and judged.old.get("password") not in self.tried:
            raise Unproven(self, judged)
        return self._store(writer, self._accepted(writer, judged))

    def rehearse(self, reader: Reader) -> None:
        """Raises NotFound or BadRequest where the rule or the values forbid the update, as things are. Passwords are not looked at."""
        self._refuse_values(reader, self.judge(reader))

    def _light(self) -> bool:
        """Is there no rule that must let somebody in first, and nothing to hash, to store or to compare?"""
        if self.question or self.collection.is_auth or self.expected is not None:
            return False
        return not (password_fields(self.collection) or has_uploads(self.payload))

    def _at_once(self, writer: Writer) -> Record:
        self.parts.refuse_moved(self.mark)
        return self.apply(writer)

    # ---- gate

    def judge(self, reader: Reader) -> Judged:
        """The update on the record as the reader sees it. Raises NotFound where it isn't there or the rule forbids."""
        row = reader.one(questions.row_by_id(self.collection), {questions.RECORD_ID: self.record_id})
        if row is None:
            raise NotFound
        old = Record.from_row(self.collection, row)
        draft = resolve(self.collection, self.payload, old.values, self.info.actor)
        reads = self.collection.is_auth or (self.question is not None and reads_body(self.question))
        info = self.info.with_body(draft.body) if reads else self.info
        if self.question and not holds(reader, self.question, info, record_id=self.record_id):
            raise NotFound
        refuse_changed(reader, self.catalog, old, self.info, self.expected)
        manager = manages(reader, self.catalog, self.collection, info, record_id=self.record_id)
        credentials = Credentials(info.body) if self.collection.is_auth else NONE_GIVEN
        return Judged(row, old, {**old.values, **draft.values}, draft.values, credentials, manager)

    async def prove(self, judged: Judged) -> None:
        """Checks the old password, slowly, and remembers against which hash; an empty one is found missing later."""
        if self._proof_due(judged):
            stored = str(judged.old.get("password"))
            self.proven = stored if await self.parts.passwords.check(judged.credentials.old, stored) else None
            self.tried.add(stored)

    def _proof_due(self, judged: Judged) -> bool:
        credentials = judged.credentials
        return self.collection.is_auth and bool(credentials.old) and credentials.proof_needed(judged.old, judged.manager)

    async def _check(self, judged: Judged) -> None:
        """Raises BadRequest where the values are wrong, together with what only the database can tell."""
        self._refuse_credentials(judged)
        if errors := self._value_errors(judged):
            others = await self.parts.read(self.catalog, lambda reader: self._stored_errors(reader, judged))
            _refuse(others | errors)

    def _refuse_credentials(self, judged: Judged) -> None:
        if self.collection.is_auth:
            errors = judged.credentials.errors(judged.values, judged.old, judged.manager)
            unproven = self.proven is None or self.proven != judged.old.get("password")
            if unproven and judged.credentials.proof_needed(judged.old, judged.manager):
                errors.setdefault("oldPassword", WRONG_OLD_PASSWORD)
            _refuse(errors)

    def _value_errors(self, judged: Judged) -> dict[str, FieldError]:
        return value_errors(self.collection, judged.values, judged.touched, judged.old)

    def _stored_errors(self, reader: Reader, judged: Judged) -> dict[str, FieldError]:
        return stored_errors(reader, self.catalog, self.collection, judged.values, judged.touched, new=False)

    # ---- commit

    def _commit(self, writer: Writer) -> Record:
        self.parts.refuse_moved(self.mark)
        return self._store(writer, self._judged_now(writer))

    def _store(self, writer: Writer, judged: Judged) -> Record:
        _refuse(self._stored_errors(writer, judged))
        _refuse(last_errors(writer, self.catalog, self.collection, judged.values, new=False))
        values = {**judged.touched, **self.hashes}
        if self.collection.is_auth:
            values = guarded(writer, self.catalog, judged.old, values)
        try:
            return save.update(writer, judged.old, judged.row, values)
        except Invalid as error:
            raise BadRequest(FAILED, error.errors) from error

    def _judged_now(self, writer: Writer) -> Judged:
        """What was decided at the gate, or decided again where the record or what its rule reads may have changed since."""
        row = writer.one(questions.row_by_id(self.collection), {questions.RECORD_ID: self.record_id})
        if row == self.judged.row and (self.question is None or settled(self.question)):
            return self.judged
        return self._accepted(writer, self.judge(writer))

    def _accepted(self, reader: Reader, judged: Judged) -> Judged:
        """What was judged just now, unless something is wrong with its values."""
        self._refuse_credentials(judged)
        self._refuse_values(reader, judged)
        return judged

    def _refuse_values(self, reader: Reader, judged: Judged) -> None:
        if errors := self._value_errors(judged):
            _refuse(self._stored_errors(reader, judged) | errors)


async def update(
    parts: Parts, name: str, record_id: str, payload: Mapping[str, Any], info: RequestInfo, expected: frozenset[str] | None = None
) -> Record:
    """Changes a record. Raises NotFound, Forbidden, Changed, BadRequest with what is wrong with which field."""
    payload = await named(payload)
    return await parts.settled(lambda: Update(parts, name, record_id, payload, info, expected).run())


def _refuse(errors: Mapping[str, Any]) -> None:
    if errors:
        raise BadRequest(FAILED, errors)

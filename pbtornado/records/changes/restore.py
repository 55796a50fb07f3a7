"""A record brought back to a state that the log has of it: a new change, made and checked like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ...errors import BadRequest, FieldError, plain_errors
from ...rules.request import RequestInfo
from ...schema.collection import Collection
from ...schema.fields import AutodateField, Field, FileField, JSONField, PasswordField
from ...schema.fields.patterns import generate
from ...schema.history import History
from ...schema.record import Record
from ...store.protocol import Change, Reader, Writer
from ...values import json_text, random_text
from .. import questions
from ..access import writable
from ..create import Creation
from ..credentials import password_fields
from ..draft import blank, resolve
from ..parts import Parts
from ..update import Update
from .search import loaded
from .wanted import LARGEST

State = Literal["after", "before"]
FAILED = "Failed to restore record."
NO_SEQ = FieldError("validation_required", "The seq of a change is needed.")
NO_CHANGE = FieldError("validation_missing_change", "The log has no such change of this record.")
NO_STATE = FieldError("validation_invalid_state", "The record did not exist then.")
NOT_A_STATE = FieldError("validation_in_invalid", "Must be after or before.")
PASSWORD_LENGTH = 40
UNHASHED = "-"
"""What stands for a hash where nothing will be stored."""


@dataclass(frozen=True, slots=True)
class Target:
    """After or before which change; without `state` after it, before it where it is a delete."""

    seq: int
    state: State | None = None

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Target:
        """From the fields of a body. Raises BadRequest."""
        seq, state = fields.get("seq"), fields.get("state") or None
        if not isinstance(seq, int) or isinstance(seq, bool) or not 0 < seq <= LARGEST:
            raise BadRequest(FAILED, {"seq": NO_SEQ})
        if state not in (None, "after", "before"):
            raise BadRequest(FAILED, {"state": NOT_A_STATE})
        return cls(seq, state)

    def of(self, change: Change) -> tuple[State, Mapping[str, Any]]:
        """The state that is meant and the stored values it had. Raises BadRequest where there was no record."""
        gone = change.action == "delete"
        state: State = self.state or ("before" if gone else "after")
        if (state == "after") if gone else (state == "before" and change.action == "create"):
            raise BadRequest(FAILED, {"state": NO_STATE})
        return state, {**change.image, **change.old} if state == "before" else change.image


@dataclass(slots=True)
class Plan:
    """What a restore would write: `payload` as a client would send it; `now` is None where the record is not there."""

    state: State
    then: Mapping[str, Any]
    now: Record | None
    payload: dict[str, Any] = field(default_factory=dict)
    missing: list[dict[str, str]] = field(default_factory=list)
    dated: dict[str, Any] = field(default_factory=dict)
    reset: list[str] = field(default_factory=list)


class Restore:
    """One restore by a superuser, into a collection whose records can be written. Raises NotFound, BadRequest."""

    def __init__(self, parts: Parts, name: str, record_id: str, target: Target, info: RequestInfo) -> None:
        self.parts = parts = replace(parts, pinned=parts.collections())
        self.mark, self.catalog = parts.collections()
        self.collection, self.record_id, self.target, self.info = writable(self.catalog, name), record_id, target, info

    async def run(self, *, dry: bool) -> tuple[dict[str, Any], Record | None]:
        """What is answered of it, and the record where it was written. Raises NotFound, BadRequest, and Moved."""
        plan = await self.parts.read(self.catalog, self._plan)
        differences = self._differences(plan)
        action = "create" if plan.now is None else "update" if differences else "none"
        record, refusal = None, None
        if dry:
            refusal = await self._rehearsed(plan) if action != "none" else None
        else:
            record = plan.now if action == "none" else await self._work(plan).run()
        answer = {
            "action": action,
            "dryRun": dry,
            "seq": self.target.seq,
            "state": plan.state,
            "differences": differences,
            "missingFiles": plan.missing,
            "reset": plan.reset,
            "problem": refusal.message if refusal else "",
            "errors": plain_errors(refusal.errors) if refusal else {},
        }
        return answer, record

    # ---- what to write

    def _plan(self, reader: Reader) -> Plan:
        _, changes = loaded(reader, [self.target.seq])
        mine = [one for one in changes if (one.collection, one.record) == (self.collection.id, self.record_id)]
        change = History().translated(reader, self.collection, mine[0], whole=False) if mine else None
        if change is None:
            raise BadRequest(FAILED, {"seq": NO_CHANGE})
        row = reader.one(questions.row_by_id(self.collection), {questions.RECORD_ID: self.record_id})
        state, then = self.target.of(change)
        plan = Plan(state, then, Record.from_row(self.collection, row) if row else None)
        self._fill(plan)
        return plan

    def _fill(self, plan: Plan) -> None:
        """Fields that were not there then are left alone, and so are those of which the log tells nothing."""
        for one in self.collection.fields:
            if self._is_told(plan, one) and (one.name != "id" or plan.now is None):
                self._take(plan, one, one.from_store(plan.then[one.name]))
        if plan.now is None:
            self._reset(plan)

    def _is_told(self, plan: Plan, one: Field) -> bool:
        """Does the log have the value? Null is one of JSON, else it stands for a secret."""
        if one.name not in plan.then or one.name in self.collection.secret_names:
            return False
        return plan.then[one.name] is not None or isinstance(one, JSONField)

    def _take(self, plan: Plan, one: Field, value: Any) -> None:
        if isinstance(one, AutodateField):
            if plan.now is None and one.on_create and not one.on_update:
                plan.dated[one.name] = value
        elif isinstance(one, FileField):
            there = one.items(plan.now.get(one.name)) if plan.now else ()
            plan.payload[one.name] = [name for name in one.items(value) if name in there]
            plan.missing += [{"field": one.name, "name": name} for name in one.items(value) if name not in there]
        else:
            plan.payload[one.name] = json_text(value) if isinstance(one, JSONField) else value

    def _reset(self, plan: Plan) -> None:
        """An account gets a password that nobody knows, and a token key makes itself."""
        for one in password_fields(self.collection):
            if one.required or (self.collection.is_auth and one.name == "password"):
                plan.payload[one.name] = _unknowable(one)
                plan.reset.append(one.name)
        if self.collection.is_auth:
            plan.payload["passwordConfirm"] = plan.payload["password"]
            plan.reset.append("tokenKey")

    def _differences(self, plan: Plan) -> list[dict[str, Any]]:
        """Each field that would change, as it is (null where there is no record) and as it would be."""
        base = plan.now.values if plan.now else blank(self.collection)
        values = {**base, **resolve(self.collection, plan.payload, base, self.info.actor).values, **plan.dated}
        then, now = _shown(self.collection, values), _shown(self.collection, plan.now.values) if plan.now else {}
        names = {*plan.payload, *plan.dated} & then.keys() - {"id", *plan.reset}
        found = [(one.name, now.get(one.name), then[one.name]) for one in self.collection.fields if one.name in names]
        return [{"field": name, "now": before, "then": after} for name, before, after in found if plan.now is None or before != after]

    # ---- writing it

    def _work(self, plan: Plan) -> Creation | Update:
        if plan.now:
            return Update(self.parts, self.collection.id, self.record_id, plan.payload, self.info)
        creation = Creation(self.parts, self.collection.id, plan.payload, self.info)
        creation.dated = plan.dated
        return creation

    async def _rehearsed(self, plan: Plan) -> BadRequest | None:
        """Why it would be refused: it is written, and undone. Raises NotFound where the record has gone meanwhile."""
        work = self._work(plan)
        work.hashes = dict.fromkeys(plan.reset, UNHASHED)

        def attempt(writer: Writer) -> None:
            self.parts.refuse_moved(self.mark)
            work.apply(writer)
            raise _Undone

        try:
            await self.parts.write(attempt, self.info)
        except _Undone:
            pass
        except BadRequest as error:
            return error
        return None


class _Undone(Exception):
    """The attempt is rolled back."""


def _shown(collection: Collection, values: Mapping[str, Any]) -> dict[str, Any]:
    return Record(collection, dict(values)).export(hidden=True, email=True)


def _unknowable(one: PasswordField) -> str:
    """A random text that the field takes."""
    if one.pattern:
        return generate(one.pattern)
    return random_text(max(one.min, min(PASSWORD_LENGTH, one.max or PASSWORD_LENGTH)))


async def restore(
    parts: Parts, name: str, record_id: str, target: Target, info: RequestInfo, *, dry: bool
) -> tuple[dict[str, Any], Record | None]:
    """Brings a record back, or with `dry` says what that would do. Raises NotFound, BadRequest."""
    return await parts.settled(lambda: Restore(parts, name, record_id, target, info).run(dry=dry))

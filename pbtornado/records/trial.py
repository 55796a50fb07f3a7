"""A rule or filter on trial: asked as if somebody made a request, about a record that is stored or is not, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from ..errors import BadRequest, FieldError
from ..rules.request import Actor, Context, RequestInfo
from ..rules.rule import Part, RuleError, Source, ask, dissect
from ..rules.tester import Examination, examine
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.record import Record
from ..schema.system import SUPERUSERS
from ..store.protocol import Reader
from ..store.query import Bindable
from ..values import text_of
from . import questions
from .access import unborn
from .create import new_key
from .draft import blank, resolve
from .trial_report import Broken, Reason, Report

FAILED = "Failed to test the rule."
WRITES = ("createRule", "updateRule", "manageRule")
"""Rules that see the body as it will be written, its modifiers applied."""
INVALID = "validation_invalid_value"


def refused(field: str, message: str, code: str = INVALID) -> BadRequest:
    """The refusal of one key of what was sent."""
    return BadRequest(FAILED, {field: FieldError(code, message)})


class Trial:
    """One asking, described by JSON data; `headers` are those of its request under their names in rules. Raises BadRequest."""

    def __init__(self, data: Mapping[str, Any], headers: Mapping[str, str], catalog: Catalog) -> None:
        self.catalog, self.headers = catalog, headers
        self.request, self.identity, self.record = (_object(data, name) for name in ("request", "identity", "record"))
        self.collection = self._collection("collection", _text(data, "collection"))
        self.named = _text(data, "ruleName")
        self.rule = self._rule(data)
        self.filter = _text(data, "filter")
        self.key = _text(self.record, "id", "record")
        self.values = _object(self.record, "values", "record")
        if self.key and "values" in self.record:
            raise refused("record", "Give either the id of a stored record or values of one that is not stored.")

    def _collection(self, field: str, name: str) -> Collection:
        collection = self.catalog.find(name) if name else None
        if collection is None:
            raise refused(field, "There is no such collection.", "validation_missing_collection")
        return collection

    def _rule(self, data: Mapping[str, Any]) -> str | None:
        """The rule's text, None for a locked one."""
        if self.named and data.get("rule") is not None:
            raise refused("ruleName", "Give either the text of a rule or the name of one.")
        if not self.named:
            return _text(data, "rule")
        auth = self.collection.auth
        rules = {**self.collection.rules(), **({"authRule": auth.auth_rule, "manageRule": auth.manage_rule or None} if auth else {})}
        if self.named not in rules:
            raise refused("ruleName", f"The collection has no rule {self.named!r}.")
        return rules[self.named]

    # ---- asking

    def report(self, reader: Reader) -> Report:
        """The verdict and its reasons. Raises BadRequest for an identity that does not exist."""
        info = self._info(self._actor(reader))
        row = self._row(reader) if self.key else None
        if self.key and row is None:
            return Report(self.catalog, "missing", self.rule)
        info, image = self._written(info, row)
        if reason := self._settled(info):
            return Report(self.catalog, reason, self.rule)
        return self._examined(reader, info, None if row else image)

    def _settled(self, info: RequestInfo) -> Reason | None:
        """Why nothing has to be asked."""
        if info.actor.superuser:
            return None if self.filter else "superuser"
        if self.rule is None or (self.named == "manageRule" and info.actor.record is None):
            return "locked"
        return None if self.rule or self.filter else "open"

    def _parts(self, info: RequestInfo) -> dict[str, Part]:
        rule = {"rule": Part(self.rule, True)} if self.rule and not info.actor.superuser else {}
        return {**rule, **({"filter": Part(self.filter, False)} if self.filter else {})}

    def _examined(self, reader: Reader, info: RequestInfo, image: Mapping[str, Bindable] | None) -> Report:
        parts = self._parts(info)
        asking = _Asking(self.catalog, self.collection, info, "table" if image is None else "draft" if self._creating(info) else "image")
        for name, part in parts.items():
            if broken := asking.broken(name, (part,)):
                return Report(self.catalog, "error", self.rule, error=broken)
        if broken := asking.broken("", tuple(parts.values())):
            return Report(self.catalog, "error", self.rule, error=broken)
        examination = asking.examine(reader, tuple(parts.values()), image, self.key)
        return Report(self.catalog, "expression", self.rule, tuple(parts), examination)

    # ---- who, how, about what

    def _actor(self, reader: Reader) -> Actor:
        if self.identity.get("superuser") is True:
            return Actor(superuser=True)
        key = _text(self.identity, "id", "identity")
        if not key:
            return Actor()
        collection = self._collection("identity", _text(self.identity, "collection", "identity"))
        row = reader.one(questions.row_by_id(collection), {questions.RECORD_ID: key}) if collection.is_auth else None
        if row is None:
            raise refused("identity", "There is no such auth record.", "validation_missing_record")
        return Actor(Record.from_row(collection, row), superuser=collection.name == SUPERUSERS)

    def _info(self, actor: Actor) -> RequestInfo:
        context = self.request.get("context") or "default"
        if context not in get_args(Context):
            raise refused("request", f"context is one of {', '.join(get_args(Context))}.")
        query = {name: text_of(value) for name, value in _object(self.request, "query", "request").items()}
        body = _object(self.request, "body", "request")
        method = _text(self.request, "method", "request").upper() or self._method()
        return RequestInfo(actor, cast(Context, context), method, query, self.headers, body)

    def _method(self) -> str:
        return {"createRule": "POST", "updateRule": "PATCH", "deleteRule": "DELETE"}.get(self.named, "GET")

    def _row(self, reader: Reader) -> Record | None:
        row = reader.one(questions.row_by_id(self.collection), {questions.RECORD_ID: self.key})
        return Record.from_row(self.collection, row) if row else None

    def _creating(self, info: RequestInfo) -> bool:
        """Is the record, where none is stored, one that the request would make?"""
        return self.named == "createRule" or (self.named in ("", *WRITES) and info.method == "POST")

    def _written(self, info: RequestInfo, stored: Record | None) -> tuple[RequestInfo, Mapping[str, Bindable]]:
        """The request as rules of this kind read it, and the record as an image: a create's is made of its body."""
        collection, superuser = self.collection, Actor(superuser=True)
        given = resolve(collection, self.values, blank(collection), superuser).values
        current = stored.values if stored else {**blank(collection), **given}
        if not (self.named in WRITES or (not self.named and info.method in ("POST", "PATCH"))):
            return info, Record(collection, dict(current)).to_row()
        draft = resolve(collection, info.body, current, info.actor)
        creating = stored is None and self._creating(info)
        values = {**current, **draft.values, **given} if creating else dict(current)
        if creating:
            values |= {"id": values["id"] or new_key(collection), **({"verified": False} if collection.is_auth else {})}
        return info.with_body(draft.body), Record(collection, values).to_row()


@dataclass(frozen=True, slots=True)
class _Asking:
    """How questions are asked in this trial."""

    catalog: Catalog
    collection: Collection
    info: RequestInfo
    source: Source

    @property
    def _asked(self) -> Collection:
        return unborn(self.collection) if self.source == "draft" else self.collection

    @property
    def _options(self) -> dict[str, Any]:
        actor = self.info.actor
        return {"actor": actor.record.collection if actor.record else None, "superuser": actor.superuser, "record": self.source}

    def broken(self, name: str, parts: tuple[Part, ...]) -> Broken | None:
        """Why these parts cannot be asked."""
        try:
            ask(self.catalog, self._asked, parts, **self._options)
        except RuleError as error:
            return Broken(name, parts[0].text if name else "", str(error), error.span)
        return None

    def examine(self, reader: Reader, parts: tuple[Part, ...], image: Mapping[str, Bindable] | None, key: str) -> Examination:
        """What the parts come to together."""
        question, dissected = dissect(self.catalog, self._asked, parts, **self._options)
        params = {**question.bind(self.info, image), questions.RECORD_ID: key}
        return examine(reader, question, dissected, params, questions.IS_THE_ONE if self.source == "table" else None)


# ---- what was sent


def _text(data: Mapping[str, Any], name: str, within: str = "") -> str:
    """A text, "" where there is none."""
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise refused(within or name, f"{name} must be a text.")
    return value or ""


def _object(data: Mapping[str, Any], name: str, within: str = "") -> Mapping[str, Any]:
    """An object, {} where there is none."""
    value = data.get(name)
    if value is not None and not isinstance(value, dict):
        raise refused(within or name, f"{name} must be an object.")
    return value or {}

"""Many creates in one collection as one step: worked on column by column, written with two statements, all or nothing.

It is for those that stand alone: nothing of one depends on another, and the database has to say no more than which of the
related records there are. Of whatever else, and where something is wrong, each is made by itself (`Creation`), which tells
what and with which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import ApiError
from ..rules.request import RequestInfo
from ..rules.rule import Question, RuleError
from ..schema.collection import Collection
from ..schema.fields import AutodateField, Field, JSONField, RelationField, TextField
from ..schema.fields.text import LOWERCASE_ID
from ..store.protocol import Reader, UniqueViolation, Writer
from ..store.query import Bindable, Image
from ..values import json_text
from . import companions, questions, save
from .access import holds, question_of, reads_body, refuse_locked, settled, writable
from .draft import blank, setters, told
from .parts import Parts
from .remembered import remembered

MOST = 500
"""Creates that are worked on without a pause."""

LIGHT = 64
"""Values that are written with others and take as long as one item of a batch by itself."""
SHORT = 5000
"""Characters that a value has at most which is nothing special."""

Payload = Mapping[str, Any]


class Apart(Exception):
    """These cannot be made together."""


class Creations:
    """Creates of one request in one collection, of payloads without uploads; `info` is the request without a body."""

    def __init__(self, parts: Parts, name: str, payloads: Sequence[Payload], info: RequestInfo) -> None:
        """Raises Apart."""
        self.payloads, self.info, self.count = payloads, info, len(payloads)
        self.catalog = parts.collections()[1]
        try:
            self.collection = writable(self.catalog, name)
            refuse_locked(self.collection.create_rule, info)
            self._question = self._compiled()
        except (ApiError, RuleError):
            raise Apart from None
        if not stand_alone(self.collection) or (self._question and not settled(self._question)):
            raise Apart
        self._given = self._drafted()
        self.columns = self._given | {field.name: _filled(self._given[field.name], field) for field in _self_made(self.collection)}
        self._check()

    @property
    def weight(self) -> int:
        """As how many items by themselves they may keep the writer busy."""
        return self.count if _is_long(self.collection) else self.count * len(self.collection.fields) // LIGHT

    # ---- draft

    def _compiled(self) -> Question | None:
        rule = self.collection.create_rule
        return question_of(self.catalog, self.collection, rule, self.info, draft=True) if rule and not self.info.actor.superuser else None

    def _drafted(self) -> dict[str, list[Any]]:
        """The values of each field."""
        known, zeros = setters(self.collection), blank(self.collection)
        found = {name: [zero] * self.count for name, zero in zeros.items()}
        for key in set().union(*self.payloads):
            setter = known.get(key)
            if setter is None or setter.how == "keep" or (setter.guarded and not self.info.actor.superuser):
                continue
            coerce, zero = setter.coerce, zeros[setter.name]
            if coerce is None or setter.takes_files:
                raise Apart
            found[key] = [coerce(payload[key]) if key in payload else zero for payload in self.payloads]
        return found

    def _check(self) -> None:
        for field in _checked(self.collection):
            values = self.columns[field.name]
            if any(map(field.check, values if isinstance(field, JSONField) else _distinct(values))):
                raise Apart

    # ---- gate

    @property
    def judged(self) -> bool:
        """Is there a rule to ask?"""
        return self._question is not None

    def judge(self, reader: Reader) -> None:
        """Raises Apart where the rule forbids one of them. It depends on nothing that is stored."""
        question = self._question
        assert question
        assert isinstance(question.root, Image)
        alike = not question.root.columns and not reads_body(question)
        for position in range(1 if alike else self.count):
            info = self.info.with_body(self._body(position)) if reads_body(question) else self.info
            if not holds(reader, question, info, image=self._image(question.root.columns, position)):
                raise Apart

    def _body(self, position: int) -> Payload:
        """What rules read as `@request.body.*`."""
        known, superuser = setters(self.collection), self.info.actor.superuser
        return {
            key: told(known[key].field, self._given[key][position]) if key in known else raw
            for key, raw in self.payloads[position].items()
            if superuser or key not in known or not known[key].guarded
        }

    def _image(self, names: Iterable[str], position: int) -> dict[str, Bindable]:
        """As much of the record as the rule reads: with its key, and before texts made themselves."""
        known = self._given | {"id": self.columns["id"]}
        return {name: self.collection.by_name[name].to_store(known[name][position]) for name in names}

    # ---- commit

    def apply(self, writer: Writer) -> None:
        """Makes them all. Raises Apart, with some of them made."""
        collection = self.collection
        for field in collection.relation_fields:
            self._refuse_missing(writer, field)
        self.columns |= {name: [moment] * self.count for name, moment in save.dates(collection, new=True).items()}
        stored = [list(map(encode, self.columns[name])) if encode else self.columns[name] for name, encode in collection.plan.encoders]
        try:
            save.insert_all(writer, collection, list(zip(*stored, strict=True)))
        except UniqueViolation:
            raise Apart from None

    def _refuse_missing(self, reader: Reader, field: RelationField) -> None:
        ids = {key for value in _distinct(self.columns[field.name]) for key in field.items(value)}
        target = self.catalog.find(field.collection_id)
        if ids and target is None:
            raise Apart
        if ids and target:
            rows = reader.rows(questions.ids_that_exist(target), {questions.RECORD_IDS: json_text(list(ids))})
            ids.difference_update(row[0] for row in rows)
        if ids and (target is not self.collection or not self._come_first(ids, field)):
            raise Apart

    def _come_first(self, ids: set[str], field: RelationField) -> bool:
        """Is each record that has one of these ids made before those that name it?"""
        for key, value in zip(self.columns["id"], self.columns[field.name], strict=True):
            if not ids.isdisjoint(field.items(value)):
                return False
            ids.discard(key)
        return True

    # ---- answer

    def shown(self) -> list[dict[str, Any]]:
        """The records as the actor may see them, after they were made."""
        keys, columns = [], []
        for key, fixed, field in self.collection.plan.shown[self.info.actor.superuser]:
            if fixed is not None or field:
                keys.append(key)
                columns.append(self.columns[key] if field else [fixed] * self.count)
        return [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)]


def _filled(texts: list[Any], field: TextField) -> list[Any]:
    """Texts that make themselves where none was given."""
    made = iter(field.autogenerate_many(texts.count("")))
    return [text or next(made) for text in texts]


def _distinct(values: list[Any]) -> Iterable[Any]:
    """The values, those that can be told apart quickly only once."""
    try:
        return set(values)
    except TypeError:
        return values


@remembered
def stand_alone(collection: Collection) -> bool:
    """Is a new record judged by itself, but for its relations?"""
    key = collection.field("id")
    usual = isinstance(key, TextField) and key.pattern == LOWERCASE_ID and bool(key.autogenerate_pattern)
    return usual and not collection.is_auth and not collection.secret_names and collection.name not in companions.NAMES


@remembered
def _is_long(collection: Collection) -> bool:
    """May its records be long?"""
    return any(field.body_limit or (isinstance(field, TextField) and field.max > SHORT) for field in collection.fields)


@remembered
def _self_made(collection: Collection) -> tuple[TextField, ...]:
    return tuple(field for field in collection.fields if isinstance(field, TextField) and field.autogenerate_pattern)


@remembered
def _checked(collection: Collection) -> tuple[Field, ...]:
    return tuple(field for field in collection.fields if not isinstance(field, AutodateField))

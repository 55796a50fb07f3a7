"""The life of a create: draft, gate, prepare, commit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from ..errors import BadRequest, Invalid
from ..rules.request import RequestInfo
from ..rules.rule import Question, RuleError
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.fields import TextField
from ..schema.record import Record
from ..store.protocol import Reader, Writer
from ..store.query import Bindable, Image
from ..values import new_id
from . import cascade, questions, save
from .access import holds, manages, question_of, reads_body, refuse_locked, settled, writable
from .cascade import SUPERUSERS
from .check import last_errors, stored_errors, value_errors
from .credentials import Credentials
from .draft import blank, resolve
from .parts import Parts
from .uploads import Placed, named, uploads_of

FAILED = "Failed to create record"
INSTALLER_EMAIL = "__pbinstaller@example.com"
"""The superuser of the first run; gone as soon as there is a real one."""


class Creation:
    """One create request. `payload` may hold uploads; `info` is the request without its body."""

    def __init__(self, parts: Parts, name: str, payload: Mapping[str, Any], info: RequestInfo) -> None:
        self.parts, self.payload = parts, payload
        self.mark, self.catalog = parts.collections()
        self.collection = writable(self.catalog, name)
        refuse_locked(self.collection.create_rule, info)
        self.draft = resolve(self.collection, payload, blank(self.collection), info.actor)
        self.info = info
        self.values = {**blank(self.collection), **self.draft.values}
        self.values["id"] = self.values["id"] or new_key(self.collection)
        self.question = self._question()
        self.hashes: Mapping[str, str] = {}
        self.dated: Mapping[str, Any] = {}

    async def run(self) -> Record:
        """The record as stored. Raises BadRequest, and Moved where the collections changed meanwhile."""
        manager = await self._gate()
        _autogenerate(self.collection, self.values)
        await self._check(manager)
        placed = Placed(self.parts.storage, self.collection.id, self.values["id"])
        try:
            self.hashes = await self.parts.hashes(self.collection, self.draft.values)
            await placed.put(uploads_of(self.collection, self.values))
            return await self.parts.write(self._commit, self.info)
        except Exception:
            await placed.drop()
            raise

    def apply(self, writer: Writer) -> Record:
        """The create as a whole, in a transaction under way; `hashes` are given and blobs in their places. May be called again."""
        self.rehearse(writer)
        return self._store(writer)

    def rehearse(self, reader: Reader) -> None:
        """Raises BadRequest where the rule or the values forbid the create, as things are."""
        manager = self.info.actor.superuser or (self.judged and self.judge(reader))
        _autogenerate(self.collection, self.values)
        if errors := self._value_errors(manager):
            _refuse(self._stored_errors(reader) | errors)

    # ---- gate

    @cached_property
    def asking(self) -> RequestInfo:
        """The request as rules read it."""
        return self.info.with_body(self.draft.body)

    def _image_for(self, question: Question) -> Mapping[str, Bindable]:
        """As much of the image as the question reads."""
        if self.collection.is_auth or not isinstance(question.root, Image):
            return self.image
        by_name = self.collection.by_name
        return {name: by_name[name].to_store(self.values[name]) for name in question.root.columns}

    def _info_for(self, question: Question) -> RequestInfo:
        return self.asking if reads_body(question) else self.info

    def _question(self) -> Question | None:
        rule = self.collection.create_rule
        if not rule or self.info.actor.superuser:
            return None
        try:
            return question_of(self.catalog, self.collection, rule, self.info, draft=True)
        except RuleError as error:
            raise BadRequest(FAILED) from error

    async def _gate(self) -> bool:
        """Is the actor let in (BadRequest when not), and is he a manager of the record?"""
        if self.info.actor.superuser:
            return True
        return self.judged and await self.parts.read(self.catalog, self.judge)

    @property
    def judged(self) -> bool:
        """Is there a rule to ask?"""
        return bool(self.question or (self.collection.auth and self.collection.auth.manage_rule and self.info.actor.record))

    @cached_property
    def image(self) -> Mapping[str, Bindable]:
        """The record as rules see it: nobody gets in by calling himself verified."""
        values = {**self.values, "verified": False} if self.collection.is_auth else self.values
        return Record(self.collection, values).to_row()

    def judge(self, reader: Reader) -> bool:
        """Is the actor a manager of the record? Raises BadRequest where he isn't let in."""
        self._ask(reader)
        if self.collection.auth is None:
            return False
        return manages(reader, self.catalog, self.collection, self.asking, image=self.image)

    def _ask(self, reader: Reader) -> None:
        if self.question and not holds(reader, self.question, self._info_for(self.question), image=self._image_for(self.question)):
            raise BadRequest(FAILED)

    # ---- check and prepare

    async def _check(self, manager: bool) -> None:
        if errors := self._value_errors(manager):
            _refuse(await self.parts.read(self.catalog, self._stored_errors) | errors)

    def _value_errors(self, manager: bool) -> dict[str, Any]:
        """What is wrong with the values by themselves. Raises BadRequest where it is the credentials."""
        if self.collection.is_auth:
            _refuse(Credentials(self.draft.body).errors(self.values, None, manager))
        return dict(value_errors(self.collection, self.values, self.collection.names, None))

    def _stored_errors(self, reader: Reader) -> dict[str, Any]:
        return dict(stored_errors(reader, self.catalog, self.collection, self.values, (), new=True))

    # ---- commit

    def _commit(self, writer: Writer) -> Record:
        self.parts.refuse_moved(self.mark)
        if self.question and not settled(self.question):
            self._ask(writer)
        return self._store(writer)

    def _store(self, writer: Writer) -> Record:
        self._refuse_stored(writer)
        values = {**self.values, **self.hashes}
        if self.collection.name == SUPERUSERS:
            values["verified"] = True
        try:
            record = save.insert(writer, self.collection, values, self.dated)
        except Invalid as error:
            raise BadRequest(FAILED, error.errors) from error
        if self.collection.name == SUPERUSERS:
            _dismiss_installer(writer, self.catalog, record)
        return record

    def _refuse_stored(self, writer: Writer) -> None:
        _refuse(stored_errors(writer, self.catalog, self.collection, self.values, (), new=True))
        _refuse(last_errors(writer, self.catalog, self.collection, self.values, new=True))


async def create(parts: Parts, name: str, payload: Mapping[str, Any], info: RequestInfo) -> Record:
    """Creates a record. Raises NotFound, Forbidden, BadRequest with what is wrong with which field."""
    payload = await named(payload)
    return await parts.settled(lambda: Creation(parts, name, payload, info).run())


def _refuse(errors: Mapping[str, Any]) -> None:
    if errors:
        raise BadRequest(FAILED, errors)


def new_key(collection: Collection) -> str:
    """A key for a record that came without one."""
    field = collection.field("id")
    return field.autogenerate() if isinstance(field, TextField) and field.autogenerate_pattern else new_id()


def _autogenerate(collection: Collection, values: dict[str, Any]) -> None:
    """Texts that make themselves, where none was given."""
    for field in collection.fields:
        if isinstance(field, TextField) and field.autogenerate_pattern and not values[field.name]:
            values[field.name] = field.autogenerate()


def _dismiss_installer(writer: Writer, catalog: Catalog, newcomer: Record) -> None:
    """The superuser of the first run goes when a real one has come."""
    collection = newcomer.collection
    row = writer.one(questions.row_by_email(collection), {questions.EMAIL: INSTALLER_EMAIL})
    if row and newcomer.get("email") != INSTALLER_EMAIL:
        cascade.delete(writer, catalog, Record.from_row(collection, row))

"""The writes of a batch, each as one step of a transaction they share."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from ..errors import ApiError, Changed, NotFound
from ..rules.request import RequestInfo
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.record import Record
from ..store.protocol import Reader, Writer
from ..values import text_of
from . import cascade, companions, questions
from .access import writable
from .create import Creation
from .credentials import password_fields
from .delete import Deletion
from .draft import blank, resolve
from .parts import Parts
from .update import Update
from .uploads import Placed, has_uploads, uploads_of

Verb = Literal["create", "update", "upsert", "delete"]


@dataclass(slots=True)
class Item:
    """One write that is asked for. An upsert updates the record its payload's `id` names, or creates it where there is none.

    `payload` may hold uploads. `info` may be without a body where that is the payload; many items may share it.
    With `refusal` an item is refused when its turn comes.
    """

    verb: Verb
    collection: str
    record_id: str
    payload: Mapping[str, Any]
    info: RequestInfo
    expand: str = ""
    refusal: ApiError | None = None
    expected: frozenset[str] | None = None
    """The versions it is meant for, see `refuse_changed`."""


class Work(Protocol):
    """A write that can be made in a transaction under way."""

    @property
    def collection(self) -> Collection: ...

    def rehearse(self, reader: Reader) -> None:
        """Raises ApiError where it cannot be made as things are."""

    def apply(self, writer: Writer) -> Record | None:
        """The record as stored, None where it is gone. Raises ApiError."""


class Upsert:
    """An update or a create, decided when its turn comes."""

    def __init__(self, parts: Parts, item: Item) -> None:
        self._parts, self._item = parts, item
        self.collection = writable(parts.collections()[1], item.collection)
        self.hashes: Mapping[str, str] = {}
        self._creation: Creation | None = None
        self._update: Update | None = None

    def rehearse(self, reader: Reader) -> None:
        """Raises ApiError where neither could be made as things are."""
        self._choice(reader).rehearse(reader)

    def apply(self, writer: Writer) -> Record:
        """The record as stored."""
        return self._choice(writer).apply(writer)

    def _choice(self, reader: Reader) -> Creation | Update:
        exists = reader.exists(questions.exists_by_id(self.collection), {questions.RECORD_ID: self._item.record_id})
        if not exists and self._item.expected is not None:
            raise Changed
        work = self._updating() if exists else self._creating()
        work.hashes = self.hashes
        return work

    def possible(self) -> list[Creation | Update]:
        """What it may turn out to be: of the two, those that are not refused anyway."""
        found: list[Creation | Update] = []
        for attempt in (self._creating, self._updating):
            with suppress(ApiError):
                found.append(attempt())
        return found

    def _updating(self) -> Update:
        if self._update is None:
            item = self._item
            info = replace(item.info, method="PATCH")
            self._update = Update(self._parts, item.collection, item.record_id, item.payload, info, item.expected)
        return self._update

    def _creating(self) -> Creation:
        if self._creation is None:
            item = self._item
            self._creation = Creation(self._parts, item.collection, item.payload, replace(item.info, method="POST"))
        return self._creation


class Step:
    """One item on its way: what it does, what is made ready for it, and why it is refused where that is known beforehand."""

    def __init__(self, parts: Parts, item: Item) -> None:
        self.item, self._parts = item, parts
        self.refusal = item.refusal
        self.work: Work | None = None
        self.placed: Placed | None = None
        if self.refusal is None:
            try:
                self.work = _work(parts, item)
            except ApiError as error:
                self.refusal = error

    def apply(self, writer: Writer) -> Record | None:
        """Makes the write. Raises ApiError."""
        if self.work and self.refusal:
            self.work.rehearse(writer)
        if self.work is None or self.refusal:
            raise self.refusal or NotFound()
        return self.work.apply(writer)

    # ---- what takes its time and is done before the transaction

    def costs(self) -> bool:
        """Are there passwords to hash or uploads to store?"""
        item, work = self.item, self.work
        if work is None or not item.payload:
            return False
        files = work.collection.file_fields and has_uploads(item.payload)
        return bool(files) or any(field.name in item.payload for field in password_fields(work.collection))

    async def prepare(self) -> None:
        """Hashes its passwords and puts its uploads in their places."""
        work, item = self.work, self.item
        assert isinstance(work, Creation | Update | Upsert)
        values = resolve(work.collection, item.payload, blank(work.collection), item.info.actor).values
        work.hashes = await self._parts.hashes(work.collection, values)
        key = work.values["id"] if isinstance(work, Creation) else item.record_id
        self.placed = Placed(self._parts.storage, work.collection.id, key)
        await self.placed.put(uploads_of(work.collection, values))

    def depends_on(self, touched: set[str]) -> bool:
        """Could changes of rows in the collections of these names change its verdict?"""
        work = self.work
        if not touched or work is None:
            return False
        if isinstance(work, Upsert):
            return work.collection.name in touched or any(_depends(one, touched) for one in work.possible())
        return isinstance(work, Creation | Update) and _depends(work, touched)

    def touches(self, catalog: Catalog) -> set[str]:
        """Names of the collections in which it may change rows."""
        if self.work is None:
            return set()
        collection = self.work.collection
        gone = cascade.reachable(catalog, collection) if isinstance(self.work, Deletion) else ()
        return {collection.name, *(other.name for other in gone), *(companions.NAMES if collection.is_auth else ())}


def _work(parts: Parts, item: Item) -> Work:
    name, payload, info = item.collection, item.payload, item.info
    match item.verb:
        case "create":
            return Creation(parts, name, payload, info)
        case "update":
            return Update(parts, name, item.record_id, payload, info, item.expected)
        case "delete":
            return Deletion(parts, name, item.record_id, info, item.expected)
        case "upsert":
            return Upsert(parts, item)


def _depends(work: Creation | Update, touched: set[str]) -> bool:
    collection, question = work.collection, work.question
    if collection.auth and collection.auth.manage_rule:
        return True
    read = set(question.reads.tables) if question else set()
    views = any((found := work.catalog.find(name)) is None or found.is_view for name in read)
    own = isinstance(work, Update) and collection.name in touched
    return own or views or not read.isdisjoint(touched)


def settled_verb(item: Item) -> Item:
    """The item with the record that an upsert is about; without one it is a create."""
    if item.verb != "upsert":
        return item
    key = text_of(item.payload.get("id"))
    return replace(item, record_id=key) if key else replace(item, verb="create", info=replace(item.info, method="POST"))

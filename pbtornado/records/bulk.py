"""Updates and deletes of all records that a filter finds: one transaction, all or nothing, each record under the collection's rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import ApiError, BadRequest, Forbidden, NotFound
from ..rules.request import RequestInfo
from ..rules.rule import Part, PrivateName, Question, RuleError, ask
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..store.protocol import Reader, Writer
from ..store.query import Bindable, Column, Order, Param, Select
from . import cascade, questions
from .access import bound, reads_body, refuse_locked, writable
from .credentials import password_fields
from .delete import Deletion
from .parts import Parts
from .remembered import remembered
from .update import Update
from .uploads import has_uploads

MOST = 10_000
"""Records that one request may write."""
QUICK = 50
"""Records up to which the loop itself writes them."""


@dataclass(frozen=True, slots=True)
class Meant:
    """The records that a request is about: those of the collection that the filter finds, the first `limit` where it is not 0."""

    collection: str
    filter: str
    limit: int = 0

    @classmethod
    def parse(cls, collection: str, filter: str, limit: str) -> Meant:
        """The same from texts of a query. Raises BadRequest for a limit that is none."""
        number = int(limit) if limit.isascii() and limit.isdecimal() and len(limit) < 9 else 0
        if limit and not 0 < number <= MOST:
            raise BadRequest(f"The limit must be a number from 1 to {MOST}.")
        return cls(collection, filter, number)


class Bulk:
    """One request: `work` writes the record of an id in a transaction under way."""

    def __init__(self, parts: Parts, meant: Meant, info: RequestInfo, rule: Callable[[Collection], str | None]) -> None:
        self.parts = replace(parts, pinned=parts.collections())
        self.meant, self.info = meant, info
        self.mark, self.catalog = self.parts.collections()
        self.collection = writable(self.catalog, meant.collection)
        refuse_locked(self.collection.list_rule, info)
        refuse_locked(rule(self.collection), info)
        if not meant.filter.strip():
            raise BadRequest("A filter is needed.")
        self.question = _compiled(self.catalog, self.collection, rule(self.collection) or "", meant.filter, info)

    async def run(self, work: Callable[[Writer, str], object]) -> dict[str, Any]:
        """`{"count": records written, "more": whether the limit left some}`. Raises BadRequest, and Moved."""
        keys = await self.parts.read(self.catalog, self._keys)
        long = len(keys) > QUICK or await self.parts.read(self.catalog, self._is_long)
        return await self.parts.write(lambda writer: self._commit(writer, work), self.info, long=long)

    def _is_long(self, reader: Reader) -> bool:
        return cascade.is_long(reader, self.catalog, self.collection)

    def _commit(self, writer: Writer, work: Callable[[Writer, str], object]) -> dict[str, Any]:
        self.parts.refuse_moved(self.mark)
        keys = self._keys(writer)
        limit = self.meant.limit or MOST
        written = sum(_done(writer, work, key) for key in keys[:limit])
        return {"count": written, "more": len(keys) > limit}

    def _keys(self, reader: Reader) -> Sequence[str]:
        """The ids, one more than may be written where there are so many. Raises BadRequest where that is too many."""
        limit = self.meant.limit or MOST
        params: dict[str, Bindable] = bound(self.question, self.info, {questions.PAGE_LIMIT: limit + 1})
        keys = [str(row[0]) for row in reader.rows(_ids(self.question), params)]
        if len(keys) > limit and not self.meant.limit:
            raise BadRequest(f"The filter finds more than {MOST} records; give a limit.")
        return keys


def _compiled(catalog: Catalog, collection: Collection, rule: str, filter: str, info: RequestInfo) -> Question:
    """The records an actor may list and write. A rule that reads the body is only asked of each record at its turn."""
    superuser, actor = info.actor.superuser, info.actor.record.collection if info.actor.record else None

    def question(*rules: str) -> Question:
        trusted = (Part(text, True) for text in rules if text and not superuser)
        return ask(catalog, collection, (*trusted, Part(filter, superuser)), actor=actor, superuser=superuser)

    try:
        compiled = question(collection.list_rule or "", rule)
        return question(collection.list_rule or "") if reads_body(compiled) else compiled
    except PrivateName as error:
        raise Forbidden(str(error)) from error
    except RuleError as error:
        raise BadRequest from error


@remembered
def _ids(question: Question) -> Select:
    """At most `page_limit` ids, in the order of the rows."""
    order = (Order(Column("r", "rowid")),)
    return Select(
        (questions.THE_ID,),
        question.root,
        "r",
        question.joins,
        question.where,
        order,
        question.distinct,
        limit=Param(questions.PAGE_LIMIT),
    )


def _done(writer: Writer, work: Callable[[Writer, str], object], key: str) -> bool:
    """Whether a record was written: not one that went along with another, nor one whose rule forbids it at its turn."""
    try:
        work(writer, key)
    except NotFound:
        return False
    except ApiError as error:
        failure = {"code": "bulk_request_failed", "message": "Bulk request failed.", "response": error.body()}
        raise BadRequest("Bulk transaction failed.", {"records": {key: failure}}) from error
    return True


async def bulk_update(parts: Parts, meant: Meant, payload: Mapping[str, Any], info: RequestInfo) -> dict[str, Any]:
    """Changes all these records in the same way. Raises NotFound, Forbidden, BadRequest that says which record failed."""

    async def verb() -> dict[str, Any]:
        bulk = Bulk(parts, meant, info, lambda collection: collection.update_rule)
        if has_uploads(payload) or not _one_at_a_time(bulk.collection).isdisjoint(payload):
            raise BadRequest("Files and passwords are changed one record at a time.")
        return await bulk.run(lambda writer, key: Update(bulk.parts, meant.collection, key, payload, info).apply(writer))

    return await parts.settled(verb)


def _one_at_a_time(collection: Collection) -> set[str]:
    """Keys of a payload that need work of their own for each record."""
    return {"passwordConfirm", "oldPassword", *(field.name for field in password_fields(collection))} if collection.is_auth else set()


async def bulk_delete(parts: Parts, meant: Meant, info: RequestInfo) -> dict[str, Any]:
    """Deletes all these records and what cannot be without them. Raises NotFound, Forbidden, BadRequest."""

    async def verb() -> dict[str, Any]:
        bulk = Bulk(parts, meant, info, lambda collection: collection.delete_rule)
        return await bulk.run(lambda writer, key: Deletion(bulk.parts, meant.collection, key, info).apply(writer))

    return await parts.settled(verb)

"""The life of a delete: gate, then a commit that asks again and takes along what cannot be without the record."""

from __future__ import annotations

from ..errors import BadRequest, Invalid, NotFound
from ..rules.request import RequestInfo
from ..schema.record import Record
from ..store.protocol import Reader, Writer
from . import cascade
from .access import refuse_locked, writable
from .parts import Parts
from .read import by_rule, load_if
from .versions import refuse_changed


class Deletion:
    """One delete request; see `refuse_changed` for `expected`."""

    def __init__(self, parts: Parts, name: str, record_id: str, info: RequestInfo, expected: frozenset[str] | None = None) -> None:
        self.parts, self.record_id, self.info, self.expected = parts, record_id, info, expected
        self.mark, self.catalog = parts.collections()
        self.collection = writable(self.catalog, name)
        if not record_id:
            raise NotFound
        refuse_locked(self.collection.delete_rule, info)
        self.question = by_rule(self.catalog, self.collection, self.collection.delete_rule, info)

    async def run(self) -> None:
        """Raises NotFound, BadRequest, and Moved where the collections changed meanwhile."""
        await self.parts.write(self._commit, self.info, long=await self.parts.read(self.catalog, self._gate))

    def _gate(self, reader: Reader) -> bool:
        self.rehearse(reader)
        return self.is_long(reader)

    def is_long(self, reader: Reader) -> bool:
        """May it take so long that it should not hold up the loop?"""
        return cascade.is_long(reader, self.catalog, self.collection)

    def _commit(self, writer: Writer) -> None:
        self.parts.refuse_moved(self.mark)
        self.apply(writer)

    def rehearse(self, reader: Reader) -> None:
        """Raises NotFound where there is no such record, or not for this actor, as things are; Changed."""
        self._loaded(reader)

    def _loaded(self, reader: Reader) -> Record:
        record = load_if(reader, self.question, self.collection, self.record_id, self.info)
        refuse_changed(reader, self.catalog, record, self.info, self.expected)
        return record

    def apply(self, writer: Writer) -> None:
        """The delete as a whole, in a transaction under way."""
        record = self._loaded(writer)
        try:
            cascade.delete(writer, self.catalog, record)
        except Invalid as error:  # relations that let go of it are no longer unique
            raise BadRequest(cascade.REFERENCED, error.errors) from error


async def delete(parts: Parts, name: str, record_id: str, info: RequestInfo, expected: frozenset[str] | None = None) -> None:
    """Deletes a record and what cannot be without it. Raises NotFound, Forbidden, Changed, BadRequest."""
    await parts.settled(lambda: Deletion(parts, name, record_id, info, expected).run())

"""What the verbs of records work with, and the ways of writing they share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ..errors import BadRequest, Busy
from ..files.storage import Storage
from ..passwords import Passwords
from ..rules.request import RequestInfo
from ..schema.catalog import ATTEMPTS, Catalog, Catalogs, Moved
from ..schema.collection import Collection
from ..store.protocol import BadQuestion, Origin, Reader, Store, Writer
from .credentials import password_fields

T = TypeVar("T")


class RecordStore(Store, Protocol):
    """A store that says when collections moved."""

    @property
    def schema_mark(self) -> int:
        """Moves whenever any process committed a change of a collection; cheap, and readable from any thread."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The store and what stands around it."""

    store: RecordStore
    catalogs: Catalogs
    storage: Storage
    passwords: Passwords
    pinned: tuple[int, Catalog] | None = None
    """What `collections` gives while many writes are made ready for one transaction."""

    def collections(self) -> tuple[int, Catalog]:
        """The collections as they are now, and the mark by which `refuse_moved` knows them again."""
        if self.pinned:
            return self.pinned
        mark = self.store.schema_mark
        return mark, self.catalogs.current

    def refuse_moved(self, mark: int) -> None:
        """For writers: raises Moved where collections are no longer what they were at `mark`."""
        if self.store.schema_mark != mark:
            raise Moved

    async def read(self, catalog: Catalog, question: Callable[[Reader], T]) -> T:
        """Answers a question asked of a catalog, on a snapshot that shows the same collections. Raises Moved."""

        def answer(reader: Reader) -> T:
            catalog.refuse_moved(reader)
            return question(reader)

        return await self.store.read(answer)

    async def write(self, work: Callable[[Writer], T], info: RequestInfo, *, long: bool = False) -> T:
        """Runs work in the writer, in the name of the actor."""
        return await self.store.write(work, Origin(info.request_id, info.actor.label), long=long)

    async def asked(self, question: Callable[[Catalog], Callable[[Reader], T]]) -> T:
        """Answers a question, asked of the collections as its snapshot shows them. Raises Busy, BadRequest."""

        async def verb() -> T:
            catalog = self.catalogs.current
            return await self.read(catalog, question(catalog))

        return await self.settled(verb)

    async def settled(self, verb: Callable[[], Awaitable[T]]) -> T:
        """Runs a verb, again where it was overtaken by a change of collections.

        Raises Busy where that goes on, BadRequest for a filter or rule that the database does not understand.
        """
        misunderstood: BadQuestion | None = None
        for _ in range(ATTEMPTS):
            try:
                return await verb()
            except Moved:
                pass
            except BadQuestion as error:
                if misunderstood:
                    raise BadRequest from error
                misunderstood = error
            self.catalogs.renew()
        raise Busy

    async def hashes(self, collection: Collection, values: Mapping[str, Any]) -> dict[str, str]:
        """A hash for each plain password among the values."""
        plain = [(field, values[field.name]) for field in password_fields(collection) if values.get(field.name)]
        return {field.name: await self.passwords.hash(text, field.cost) for field, text in plain}

"""What the verbs of records work with, and the ways of writing they share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ..errors import BadRequest, Busy
from ..files.storage import Storage
from ..passwords import Passwords
from ..rules.request import RequestInfo
from ..schema.catalog import Catalogs
from ..schema.collection import Collection
from ..store.protocol import BadQuestion, Origin, Store, Writer
from .credentials import password_fields

T = TypeVar("T")

ATTEMPTS = 5
"""How often a write starts anew because collections changed under it."""


class Moved(Exception):
    """The collections changed between gate and commit: what was decided must be decided again."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The store and what stands around it."""

    store: Store
    catalogs: Catalogs
    storage: Storage
    passwords: Passwords

    async def write(self, work: Callable[[Writer], T], info: RequestInfo) -> T:
        """Runs work in the writer, in the name of the actor."""
        return await self.store.write(work, Origin(info.request_id, info.actor.label))

    async def settled(self, verb: Callable[[], Awaitable[T]]) -> T:
        """Runs a verb, again where it was overtaken by a change of collections.

        Raises Busy where that goes on, BadRequest for a filter or rule that the database does not understand.
        """
        for _ in range(ATTEMPTS):
            catalog = self.catalogs.current
            try:
                return await verb()
            except Moved:
                continue
            except BadQuestion as error:
                if self.catalogs.current is catalog:
                    raise BadRequest from error
        raise Busy

    async def hashes(self, collection: Collection, values: Mapping[str, Any]) -> dict[str, str]:
        """A hash for each plain password among the values."""
        plain = [(field, values[field.name]) for field in password_fields(collection) if values.get(field.name)]
        return {field.name: await self.passwords.hash(text, field.cost) for field, text in plain}

"""Who the connections' actors are, kept in step with the log."""

from __future__ import annotations

from collections.abc import Callable

from ..records.questions import RECORD_ID, row_by_id
from ..rules.request import GUEST, Actor
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection
from ..schema.record import Record
from ..store.protocol import Change, Reader
from .connection import Connection
from .match import PrivateReader
from .subscribers import Subscribers

TOKEN_KEY = "tokenKey"


class Actors:
    """The actors of all connections.

    An actor's record is renewed when it changes. Who lost his token key, his record or his
    collection is a guest from then on; the connection stays. A deleted record's connections become
    guests only after everything else its request did, because it still may hear of that.
    """

    def __init__(self, reader: PrivateReader, subscribers: Subscribers, catalogs: Catalogs) -> None:
        self._reader, self._subscribers, self._catalogs = reader, subscribers, catalogs
        self._connections: dict[str, set[Connection]] = {}
        self._deleted: dict[str, str] = {}

    @property
    def known(self) -> bool:
        """Is there anybody whose changes matter?"""
        return bool(self._connections or self._deleted)

    def still(self, actor: Actor) -> Actor:
        """The actor, or a guest where his token was revoked since he was identified."""
        record = actor.record
        if record is None:
            return actor
        now = self._now(record.collection.id, record.id)
        return actor if now and now.get(TOKEN_KEY) == record.get(TOKEN_KEY) else GUEST

    def become(self, connection: Connection, actor: Actor) -> None:
        """From now on the connection's topics are heard by this actor."""
        self.forget(connection)
        same = actor.label == connection.actor.label
        connection.actor = actor
        if actor.label:
            self._connections.setdefault(actor.label, set()).add(connection)
        if not same:
            self._subscribers.regroup(connection)

    def forget(self, connection: Connection) -> None:
        """The connection has ended."""
        label = connection.actor.label
        known = self._connections.get(label)
        if known:
            known.discard(connection)
            if not known:
                del self._connections[label]

    def concerned(self, change: Change) -> bool:
        """Is there anything to `follow` or `settle` before this change is told?"""
        return bool(self._deleted) or f"{change.collection}/{change.record}" in self._connections

    def follow(self, change: Change) -> None:
        """What a change of an auth record means for those who listen as that record."""
        label = f"{change.collection}/{change.record}"
        if label not in self._connections:
            return
        if change.action == "delete":
            self._deleted[label] = change.request
            return
        now = self._now(change.collection, change.record)
        if TOKEN_KEY in change.old:
            self._dismiss(label, but=now.get(TOKEN_KEY) if now else None)
        if now:
            self._renew(label, now)

    def settle(self, request: str = "") -> None:
        """Those deleted by another request than this one are guests now."""
        for label in [label for label, by in self._deleted.items() if not request or by != request]:
            del self._deleted[label]
            self._dismiss(label)

    def follow_catalog(self, catalog: Catalog) -> None:
        """Tokens of a collection that is gone, or has another secret, are worth nothing any more."""
        for label in list(self._connections):
            before = next(iter(self._connections[label])).actor.record
            now = catalog.by_id.get(before.collection.id) if before else None
            if before is None or now is None or _secret(now) != _secret(before.collection):
                self._dismiss(label)
            elif now is not before.collection and (record := self._now(now.id, before.id)):
                self._renew(label, record)

    def _dismiss(self, label: str, but: str | None = None) -> None:
        """Makes guests of a record's connections, save those that know its newest token key."""
        for connection in list(self._connections.get(label, ())):
            record = connection.actor.record
            if but is None or record is None or record.get(TOKEN_KEY) != but:
                self.become(connection, GUEST)

    def _renew(self, label: str, record: Record) -> None:
        """Gives a record's connections its newer values; each keeps the token key that it knows."""
        for connection in self._connections.get(label, ()):
            known = connection.actor.record
            values = {**record.values, TOKEN_KEY: known.get(TOKEN_KEY) if known else None}
            connection.actor = Actor(Record(record.collection, values), connection.actor.superuser)

    def _now(self, collection: str, record: str) -> Record | None:
        """The auth record as it is stored."""

        def question(catalog: Catalog) -> Callable[[Reader], Record | None]:
            known = catalog.by_id.get(collection)
            return lambda reader: _stored(reader, known, record) if known and known.is_auth else None

        return self._catalogs.read_with(self._reader.read, question)


def _stored(reader: Reader, collection: Collection, record: str) -> Record | None:
    row = reader.one(row_by_id(collection), {RECORD_ID: record})
    return Record.from_row(collection, row) if row else None


def _secret(collection: Collection) -> str:
    return collection.auth.auth_token.secret if collection.auth else ""

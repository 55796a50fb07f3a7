"""Who the connections' actors are, kept in step with the log."""

from __future__ import annotations

from ..records.questions import IS_THE_ONE, RECORD_ID
from ..records.remembered import remembered
from ..rules.request import GUEST, Actor
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.record import Record
from ..store.protocol import Change
from ..store.query import Column, Select, Table
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

    def __init__(self, reader: PrivateReader, subscribers: Subscribers) -> None:
        self._reader, self._subscribers = reader, subscribers
        self._connections: dict[str, set[Connection]] = {}
        self._deleted: dict[str, str] = {}

    def still(self, actor: Actor) -> Actor:
        """The actor, or a guest where his token was revoked since he was identified."""
        record = actor.record
        return actor if record is None or record.get(TOKEN_KEY) == self._token_key(record.collection, record.id) else GUEST

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

    def follow(self, change: Change, collection: Collection) -> None:
        """What a change of an auth record means for those who listen as that record."""
        label = f"{collection.id}/{change.record}"
        if label not in self._connections:
            return
        if change.action == "delete":
            self._deleted[label] = change.request
            return
        if TOKEN_KEY in change.old:
            self._dismiss(label, but=self._token_key(collection, change.record))
        for connection in self._connections.get(label, ()):
            connection.actor = _renewed(connection.actor, Record.from_image(collection, change.image))

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
                continue
            for connection in self._connections[label]:
                connection.actor = _renewed(connection.actor, Record(now, dict(before.values)))

    def _dismiss(self, label: str, but: str | None = None) -> None:
        """Makes guests of a record's connections, save those that know its newest token key."""
        for connection in list(self._connections.get(label, ())):
            record = connection.actor.record
            if but is None or record is None or record.get(TOKEN_KEY) != but:
                self.become(connection, GUEST)

    def _token_key(self, collection: Collection, record: str) -> str | None:
        row = self._reader.one(token_key_of(collection), {RECORD_ID: record})
        return str(row[0]) if row else None


def _renewed(actor: Actor, record: Record) -> Actor:
    """The actor with newer values; the log does not tell his token key."""
    record.values[TOKEN_KEY] = actor.record.get(TOKEN_KEY) if actor.record else None
    return Actor(record, actor.superuser)


@remembered
def token_key_of(collection: Collection) -> Select:
    """The token key of the record `record_id`."""
    return Select((Column("r", TOKEN_KEY),), Table(collection.name), where=IS_THE_ONE)


def _secret(collection: Collection) -> str:
    return collection.auth.auth_token.secret if collection.auth else ""

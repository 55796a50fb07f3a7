"""Who the connections' actors are, kept in step with the log."""

from __future__ import annotations

from ..rules.request import GUEST, Actor
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.record import Record
from ..store.protocol import Change
from .connection import Connection
from .subscribers import Subscribers

TOKEN_KEY = "tokenKey"


class Actors:
    """The actors of all connections.

    An actor's record is renewed when it changes. Who lost his token key, his record or his
    collection is a guest from then on; the connection stays. A deleted record's connections become
    guests only after everything else its request did, because it still may hear of that.
    """

    def __init__(self, subscribers: Subscribers) -> None:
        self._subscribers = subscribers
        self._connections: dict[str, set[Connection]] = {}
        self._deleted: dict[str, str] = {}

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
        elif TOKEN_KEY in change.old:
            self._dismiss(label)
        else:
            record = Record.from_image(collection, change.image)
            for connection in self._connections[label]:
                connection.actor = Actor(record, connection.actor.superuser)

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
                connection.actor = Actor(Record(now, before.values), connection.actor.superuser)

    def _dismiss(self, label: str) -> None:
        for connection in list(self._connections.get(label, ())):
            self.become(connection, GUEST)


def _secret(collection: Collection) -> str:
    return collection.auth.auth_token.secret if collection.auth else ""

"""What a change looks like to each of those who hear of it; made once for all who see the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..records.expand import Expansion, branches
from ..records.export import present
from ..rules.projection import Projection
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.record import Record
from ..store.protocol import Change, Position
from ..values import json_bytes
from .connection import event
from .match import PrivateReader
from .resume import mark_of
from .subscribers import Subscription

Sight = tuple[Any, ...]
"""What tells two subscribers' payloads apart."""


class Payloads:
    """The events of one change at one position."""

    def __init__(self, reader: PrivateReader, catalog: Catalog, collection: Collection, change: Change, epoch: str) -> None:
        self._reader, self._catalog, self._collection, self._change = reader, catalog, collection, change
        self._position = str(Position(epoch, change.seq))
        self._bodies: dict[Sight, bytes] = {}
        self._events: dict[tuple[str, Sight], bytes] = {}

    @property
    def size(self) -> int:
        """Bytes of the events made so far, each counted once."""
        return sum(map(len, self._events.values()))

    def frames(self, owed: Sequence[tuple[Subscription, bool, bool]]) -> bytes:
        """One connection's events of this change: for each subscription, whether its record leaves it and whether it sees the email.

        Several topics may speak of one change. All but the last of them say in their id how far the
        connection got with it, so that a stream cut in between goes on with the next.
        """
        if len(owed) == 1:
            return self._event(*owed[0])
        ordered = sorted(owed, key=lambda one: one[0].topic.text)
        frames = [self._marked(*one) for one in ordered[:-1]]
        return b"".join([*frames, self._event(*ordered[-1])])

    def _event(self, subscription: Subscription, leaves: bool, email: bool) -> bytes:
        sight = self._sight(subscription, leaves, email)
        key = (subscription.topic.text, sight)
        if key not in self._events:
            self._events[key] = event(self._position, subscription.topic.text, self._body(sight, subscription))
        return self._events[key]

    def _marked(self, subscription: Subscription, leaves: bool, email: bool) -> bytes:
        body = self._body(self._sight(subscription, leaves, email), subscription)
        return event(f"{self._position}.{mark_of(subscription.topic.text)}", subscription.topic.text, body)

    def _sight(self, subscription: Subscription, leaves: bool, email: bool) -> Sight:
        topic, actor = subscription.topic, subscription.actor
        place = topic.wants("position")
        if leaves:
            return (True, place)
        expand = topic.option("expand")
        asker = (actor.label, topic.request) if expand else ()
        return (False, place, actor.superuser, email, topic.option("fields"), expand, *asker)

    def _body(self, sight: Sight, subscription: Subscription) -> bytes:
        if sight not in self._bodies:
            leaves, place, *rest = sight
            record = self._trace() if leaves else self._record(subscription, *rest[:4])
            data = {"record": record, "action": "leave" if leaves else self._change.action}
            self._bodies[sight] = json_bytes({**data, "position": self._position} if place else data)
        return self._bodies[sight]

    def _trace(self) -> dict[str, str]:
        """All that may be told of a record that is out of sight."""
        return {"collectionId": self._collection.id, "collectionName": self._collection.name, "id": self._change.record}

    def _record(self, subscription: Subscription, superuser: bool, email: bool, fields: str, expand: str) -> Any:
        record = Record.from_image(self._collection, self._change.image)
        if expand:
            info = subscription.info.within("expand")
            self._reader.read(lambda reader: Expansion(reader, self._catalog, info, present).attach([record], branches(expand)))
        data = record.export(hidden=superuser, email=email)
        return Projection.parse(fields).apply(data) if fields else data


def emails_for(owner: str, subscriptions: Iterable[Subscription], managing: set[int] | None, collection: Collection) -> set[int]:
    """Those subscriptions (numbers) that see a private email: superusers, its owner, those who manage him."""
    return {
        one.number
        for one in subscriptions
        if one.actor.superuser
        or managing is None
        or one.number in managing
        or (one.actor.record is not None and one.actor.record.id == owner and one.actor.record.collection.id == collection.id)
    }

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
from .forms import Form
from .match import PrivateReader
from .resume import mark_of
from .subscribers import Subscription
from .topics import Topic

Sight = tuple[Form, Topic, bool, bool, bool, str]
"""What tells two subscribers' events apart: form, topic, leaves, email, superuser, and the actor where it matters."""


class Payloads:
    """The events of one change at one position."""

    def __init__(self, reader: PrivateReader, catalog: Catalog, collection: Collection, change: Change, epoch: str) -> None:
        self._reader, self._catalog, self._collection, self._change = reader, catalog, collection, change
        self._position = str(Position(epoch, change.seq))
        self._bodies: dict[tuple[bool, bool, str, bool], bytes] = {}
        self._events: dict[Sight, bytes] = {}

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
        found = self._events.get(sight)
        if found is None:
            body = self._body(subscription, leaves, email)
            found = self._events[sight] = sight[0].event(self._position, subscription.topic.text, body)
        return found

    def _marked(self, subscription: Subscription, leaves: bool, email: bool) -> bytes:
        text = subscription.topic.text
        form, position = subscription.connection.form, f"{self._position}.{mark_of(text)}"
        return form.event(position, text, self._body(subscription, leaves, email))

    def _sight(self, subscription: Subscription, leaves: bool, email: bool) -> Sight:
        """Relations are seen by rules that may ask for the actor; nothing else of an event does but whether he is a superuser."""
        topic, connection = subscription.topic, subscription.connection
        actor = connection.actor
        return connection.form, topic, leaves, email, actor.superuser, actor.label if topic.expand else ""

    def _body(self, subscription: Subscription, leaves: bool, email: bool) -> bytes:
        topic, actor = subscription.topic, subscription.actor
        position = topic.position and subscription.connection.form.repeats
        if leaves:
            return self._json(self._trace(), "leave", position)
        if topic.expand:
            return self._json(self._record(subscription, email), self._change.action, position)
        view = (actor.superuser, email, topic.fields, position)
        if view not in self._bodies:
            self._bodies[view] = self._json(self._record(subscription, email), self._change.action, position)
        return self._bodies[view]

    def _json(self, record: Any, action: str, position: bool) -> bytes:
        data = {"record": record, "action": action}
        return json_bytes({**data, "position": self._position} if position else data)

    def _trace(self) -> dict[str, str]:
        """All that may be told of a record that is out of sight."""
        return {"collectionId": self._collection.id, "collectionName": self._collection.name, "id": self._change.record}

    def _record(self, subscription: Subscription, email: bool) -> Any:
        record, topic = Record.from_image(self._collection, self._change.image), subscription.topic
        if topic.expand:
            info = subscription.info.within("expand")
            self._reader.read(lambda reader: Expansion(reader, self._catalog, info, present).attach([record], branches(topic.expand)))
        data = record.export(hidden=subscription.actor.superuser, email=email)
        return Projection.parse(topic.fields).apply(data) if topic.fields else data


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

"""Who listens, as superusers are told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from ..rules.request import Actor
from ..store.protocol import Position
from .connection import Connection
from .fanout import Fanout
from .subscribers import Subscription

MOST_TOPICS = 100
"""Topics that are told of one client."""
MOST_CHARACTERS = 2 << 20
"""Characters of topics and options that are told of all clients together."""
SECRET = re.compile(r"pass|token|secret|authorization|api_?key|^(?:auth|key|code)$", re.IGNORECASE)
"""Names of query values that may open something."""
HIDDEN = "***"


def report(worker: int, fanout: Fanout, connections: Iterable[Connection], most: int) -> dict[str, Any]:
    """The streams of a worker: `{"worker", "streams", "topics", "position", "lag", "items"}`, the newest `most` as items.

    `lag` is by how many changes live delivery is behind the log.
    """
    present = list(connections)
    head, position = fanout.head, fanout.position
    telling = _Telling(fanout, worker, head)
    return {
        "worker": worker,
        "streams": len(present),
        "topics": fanout.subscribers.count,
        "position": str(position),
        "lag": _lag(head, position),
        "items": [telling.item(one) for one in islice(reversed(present), most)],
    }


class _Telling:
    """What is told of each connection, as long as there is room for its topics."""

    def __init__(self, fanout: Fanout, worker: int, head: Position) -> None:
        self._fanout, self._worker, self._head = fanout, worker, head
        self._room = MOST_CHARACTERS

    def item(self, connection: Connection) -> dict[str, Any]:
        """One client."""
        subscriptions = self._fanout.subscribers.of.get(connection, {})
        stand = Position(self._fanout.position.epoch, self._fanout.stand(connection))
        return {
            "id": connection.id,
            "worker": self._worker,
            "transport": connection.form.name,
            "ip": connection.ip,
            "since": connection.began,
            "userAgent": connection.agent,
            "actor": told_actor(connection.actor),
            "state": "catchingUp" if connection.behind else "live",
            "position": str(stand),
            "lag": _lag(self._head, stand),
            "outboxBytes": connection.waiting,
            "events": connection.events,
            "bytes": connection.bytes,
            "topicCount": len(subscriptions),
            "topics": self._topics(subscriptions),
        }

    def _topics(self, subscriptions: Mapping[str, Subscription]) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []
        for text, subscription in islice(subscriptions.items(), MOST_TOPICS):
            self._room -= len(text)
            if self._room < 0:
                break
            told.append(_topic(subscription))
        return told


def _topic(subscription: Subscription) -> dict[str, Any]:
    """Of headers only their names: their values may be anybody's secrets."""
    topic = subscription.topic
    query = {name: HIDDEN if SECRET.search(name) else value for name, value in topic.query.items()}
    return {
        "topic": topic.text.partition("?")[0],
        "collectionId": subscription.collection,
        "query": query,
        "headers": sorted(topic.headers),
    }


def told_actor(actor: Actor) -> dict[str, str] | None:
    """As the change log's actors are told."""
    record = actor.record
    if record is None:
        return None
    collection = record.collection
    return {"id": record.id, "collectionId": collection.id, "collectionName": collection.name, "label": str(record.get("email") or "")}


def _lag(head: Position, at: Position) -> int:
    """How many changes lie between."""
    return max(0, head.seq - at.seq)

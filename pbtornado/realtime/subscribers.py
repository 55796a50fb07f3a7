"""Who listens to what: the table that rules are asked over, and the index that finds those a change concerns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from ..rules.request import Actor, RequestInfo
from ..rules.tree import RuleError
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from .connection import Connection
from .match import TABLE, Match, PrivateReader, Render
from .topics import Topic

COLUMNS = ("id", "topic", "auth_collection", "auth_id", "superuser", "request")
INDEXES = (("topic", "auth_id"),)
GroupKey = tuple[str, str, str, str, bool]
"""Collection id, record id or `*`, filter, the actors' collection id ("" for guests), superusers."""


@dataclass(slots=True, eq=False)
class Subscription:
    """One topic of one connection; it hears of changes after the seq `after`."""

    number: int
    connection: Connection
    topic: Topic
    after: int
    leave: bool
    collection: str = ""
    """The id of the collection that the topic names, or named last."""
    former: bool = False
    """That collection has another name now: what happened before that is still owed."""
    group: Group | None = None

    @property
    def actor(self) -> Actor:
        """Who hears it."""
        return self.connection.actor

    @property
    def info(self) -> RequestInfo:
        """The request that rules suppose behind it."""
        return RequestInfo(self.actor, "realtime", "GET", self.topic.query, self.topic.headers)


@dataclass(slots=True, eq=False)
class Group:
    """Subscriptions that one question answers for: same records, same rule and filter, actors of one collection."""

    number: int
    key: GroupKey
    match: Match
    manage: Match
    members: dict[int, Subscription] = field(default_factory=dict)
    leaving: int = 0
    """How many members want to hear of records that leave their sight."""

    def concerns(self, collection: str, record: str) -> bool:
        """Whether the topics here speak of this record (ids)."""
        return self.key[0] == collection and self.key[1] in ("*", record)


class Subscribers:
    """All subscriptions of this worker."""

    def __init__(self, reader: PrivateReader, catalog: Catalog, render: Render) -> None:
        self._reader, self._render = reader, render
        self._last = 0
        self._matches: WeakValueDictionary[tuple[str, str | None, str, str, bool], Match] = WeakValueDictionary()
        self._groups: dict[GroupKey, Group] = {}
        self._concerned: dict[tuple[str, str], dict[GroupKey, Group]] = {}
        self.catalog = catalog
        self.of: dict[Connection, dict[str, Subscription]] = {}
        self.count = 0
        reader.create_temp(TABLE, COLUMNS, INDEXES)

    def concerned(self, collection: str, record: str) -> Iterator[Group]:
        """Groups whose topics speak of this record (ids)."""
        for wanted in ("*", record):
            yield from self._concerned.get((collection, wanted), {}).values()

    def add(self, connection: Connection, topic: Topic, after: int) -> Subscription:
        """A new subscription. A topic that names no collection is kept but hears nothing."""
        self._last += 1
        leave = connection.leave or topic.leave
        subscription = Subscription(self._last, connection, topic, after, leave)
        self.of.setdefault(connection, {})[topic.text] = subscription
        self.count += 1
        self._enter(subscription)
        return subscription

    def drop(self, connection: Connection, text: str) -> None:
        """Ends one subscription."""
        self._leave(self.of[connection].pop(text))
        self.count -= 1
        if not self.of[connection]:
            del self.of[connection]

    def drop_all(self, connection: Connection) -> None:
        """Ends all subscriptions of a connection."""
        subscriptions = self.of.pop(connection, {})
        self.count -= len(subscriptions)
        for subscription in subscriptions.values():
            self._leave(subscription)

    def regroup(self, connection: Connection) -> None:
        """Follows a change of who the connection's actor is."""
        for subscription in self.of.get(connection, {}).values():
            self._leave(subscription)
            self._enter(subscription)

    def follow(self, catalog: Catalog) -> list[Subscription]:
        """Follows a change of the collections: names, rules and fields may all be others now.

        Returns the subscriptions whose topic names another collection than before.
        """
        self.catalog = catalog
        before = {one.number: one.collection for known in self.of.values() for one in known.values()}
        self._matches.clear()
        for connection in self.of:
            for subscription in self.of[connection].values():
                self._leave(subscription)
        for connection in self.of:
            self.regroup(connection)
        every = (one for known in self.of.values() for one in known.values())
        return [one for one in every if before[one.number] not in ("", one.collection)]

    def prepare(self, topic: Topic, actor: Actor) -> Match | None:
        """Compiles the question of a topic of this actor, if it names a collection. Raises RuleError where its filter is wrong."""
        collection = self.catalog.find(topic.collection)
        if collection is None:
            return None
        match = self._match_of(collection, topic, actor)
        try:
            match.check()
        except RuleError:  # a rule that is wrong is not the client's to know
            self._match(collection, "", topic.option("filter"), actor).check()
        return match

    def _match_of(self, collection: Collection, topic: Topic, actor: Actor) -> Match:
        rule = collection.list_rule if topic.record == "*" else collection.view_rule
        return self._match(collection, rule, topic.option("filter"), actor)

    def _match(self, collection: Collection, rule: str | None, filter: str, actor: Actor) -> Match:
        of = _collection_of(actor)
        key = (collection.id, rule, filter, of.id if of else "", actor.superuser)
        match = self._matches.get(key)
        if match is None:
            match = Match(self.catalog, collection, rule, filter, of, actor.superuser, render=self._render)
            self._matches[key] = match
        return match

    def _enter(self, subscription: Subscription) -> None:
        named = self.catalog.find(subscription.topic.collection)
        collection = named or self.catalog.by_id.get(subscription.collection)
        if collection is None:
            return
        subscription.collection, subscription.former = collection.id, named is None
        group = self._group(collection, subscription)
        subscription.group = group
        group.members[subscription.number] = subscription
        group.leaving += subscription.leave
        actor = subscription.actor
        self._reader.insert(
            TABLE,
            {
                "id": subscription.number,
                "topic": group.number,
                "auth_collection": actor.record.collection.id if actor.record else None,
                "auth_id": actor.record.id if actor.record else None,
                "superuser": int(actor.superuser),
                "request": subscription.topic.request,
            },
        )

    def _group(self, collection: Collection, subscription: Subscription) -> Group:
        actor, topic = subscription.actor, subscription.topic
        of = _collection_of(actor)
        key = (collection.id, topic.record, topic.option("filter"), of.id if of else "", actor.superuser)
        if key not in self._groups:
            self._last += 1
            match = self._match_of(collection, topic, actor)
            manage = self._match(collection, (collection.auth.manage_rule if collection.auth else None) or None, "", actor)
            group = Group(self._last, key, match, manage)
            self._groups[key] = self._concerned.setdefault(key[:2], {})[key] = group
        return self._groups[key]

    def _leave(self, subscription: Subscription) -> None:
        group, subscription.group = subscription.group, None
        if group is None:
            return
        self._reader.delete(TABLE, subscription.number)
        del group.members[subscription.number]
        group.leaving -= subscription.leave
        if not group.members:
            del self._groups[group.key]
            concerned = self._concerned[group.key[:2]]
            del concerned[group.key]
            if not concerned:
                del self._concerned[group.key[:2]]


def _collection_of(actor: Actor) -> Collection | None:
    return actor.record.collection if actor.record else None

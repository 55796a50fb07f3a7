"""Who listens to what: the table that rules are asked over, and the index that finds those a change concerns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from ..rules.request import Actor, RequestInfo
from ..rules.tree import RuleError
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from .connection import Connection
from .forms import Form
from .match import TABLE, Match, PrivateReader, Render
from .topics import Topic

COLUMNS = ("id", "topic", "auth_collection", "auth_id", "superuser", "request")
INDEXES = (("topic", "auth_id"),)
GroupKey = tuple[str, str, str, str, bool]
"""Collection id, record id or `*`, filter, the actors' collection id ("" for guests), superusers."""
CohortKey = tuple[GroupKey, str, str, Form, bool]
"""The group's, the topic's text, the actor, the form, whether leaving is told."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Sight:
    """What tells the events of two cohorts apart; one object for all that are equal.

    Relations are seen by rules that may ask for the actor; nothing else of an event depends on him, but whether he is a superuser.
    """

    topic: str
    form: Form
    superuser: bool
    expanding: str
    """The actor, where relations are shown."""


@dataclass(slots=True, eq=False)
class Subscription:
    """One topic of one connection; it hears of changes after the seq `after`."""

    connection: Connection
    topic: Topic
    after: int
    collection: str = ""
    """The id of the collection that the topic names, or named last."""
    cohort: Cohort | None = None


@dataclass(slots=True, eq=False)
class Cohort:
    """Subscriptions that see the same bytes of every change: one topic, one actor, one form. Rules are asked once for all of them."""

    number: int
    key: CohortKey
    sight: Sight
    group: Group
    topic: Topic
    form: Form
    leave: bool
    """Whether records are told of that leave sight."""
    former: bool
    """The collection has another name now: what happened before that is still owed."""
    members: dict[Connection, Subscription] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        """Who hears it."""
        return next(iter(self.members)).actor

    @property
    def info(self) -> RequestInfo:
        """The request that rules suppose behind it."""
        return RequestInfo(self.actor, "realtime", "GET", self.topic.query, self.topic.headers)


@dataclass(slots=True, eq=False)
class Group:
    """Cohorts that one question answers for: same records, same rule and filter, actors of one collection."""

    number: int
    key: GroupKey
    match: Match
    manage: Match
    members: dict[int, Cohort] = field(default_factory=dict)
    leaving: int = 0
    """How many members want to hear of records that leave their sight."""

    def changed(self) -> None:
        """It has other members now."""
        self.match.forget(self.number)
        self.manage.forget(self.number)

    def concerns(self, collection: str, record: str) -> bool:
        """Whether the topics here speak of this record (ids)."""
        return self.key[0] == collection and self.key[1] in ("*", record)


class Subscribers:
    """All subscriptions of this worker."""

    def __init__(self, reader: PrivateReader, catalog: Catalog, render: Render) -> None:
        self._reader, self._render = reader, render
        self._last = 0
        self._matches: WeakValueDictionary[tuple[str, str | None, str, str, bool], Match] = WeakValueDictionary()
        self._sights: WeakValueDictionary[tuple[str, Form, bool, str], Sight] = WeakValueDictionary()
        self._cohorts: dict[CohortKey, Cohort] = {}
        self._groups: dict[GroupKey, Group] = {}
        self._concerned: dict[tuple[str, str], dict[GroupKey, Group]] = {}
        self.catalog = catalog
        self.of: dict[Connection, dict[str, Subscription]] = {}
        self.count = 0
        self._moved: set[Connection] | None = None
        reader.create_temp(TABLE, COLUMNS, INDEXES)

    def concerned(self, collection: str, record: str) -> Iterator[Group]:
        """Groups whose topics speak of this record (ids)."""
        for wanted in ("*", record):
            yield from self._concerned.get((collection, wanted), {}).values()

    def watch(self) -> None:
        """From now on those are remembered that enter a cohort, for `moved`."""
        self._moved = self._moved or set()

    def moved(self) -> set[Connection]:
        """Connections that entered a cohort since it was first watched for it; told once."""
        moved, self._moved = self._moved, None
        return moved or set()

    def cohorts(self, connections: Iterable[Connection]) -> dict[Group, dict[int, Cohort]]:
        """The cohorts of these connections by group and number."""
        found: dict[Group, dict[int, Cohort]] = {}
        for connection in connections:
            for subscription in self.of.get(connection, {}).values():
                if cohort := subscription.cohort:
                    found.setdefault(cohort.group, {})[cohort.number] = cohort
        return found

    def add(self, connection: Connection, topic: Topic, after: int) -> Subscription:
        """A new subscription. A topic that names no collection is kept but hears nothing."""
        subscription = Subscription(connection, topic, after)
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
        every = [one for known in self.of.values() for one in known.values()]
        before = [one.collection for one in every]
        self._matches.clear()
        for subscription in every:
            self._leave(subscription)
        for subscription in every:
            self._enter(subscription)
        return [one for one, former in zip(every, before, strict=True) if former not in ("", one.collection)]

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
        subscription.collection = collection.id
        subscription.cohort = cohort = self._cohort(collection, subscription, former=named is None)
        cohort.members[subscription.connection] = subscription
        if self._moved is not None:
            self._moved.add(subscription.connection)

    def _cohort(self, collection: Collection, subscription: Subscription, former: bool) -> Cohort:
        connection, topic = subscription.connection, subscription.topic
        actor, leave = connection.actor, connection.leave or topic.leave
        group_key = _group_key(collection, topic, actor)
        key = (group_key, topic.text, actor.label, connection.form, leave)
        if key not in self._cohorts:
            self._last += 1
            group = self._group(group_key, collection, topic, actor)
            cohort = Cohort(self._last, key, self._sight(connection, topic), group, topic, connection.form, leave, former)
            self._cohorts[key] = group.members[cohort.number] = cohort
            group.leaving += leave
            group.changed()
            self._insert(cohort, actor)
        return self._cohorts[key]

    def _sight(self, connection: Connection, topic: Topic) -> Sight:
        actor = connection.actor
        key = (topic.text, connection.form, actor.superuser, actor.label if topic.expand else "")
        sight = self._sights.get(key)
        if sight is None:
            sight = self._sights[key] = Sight(*key)
        return sight

    def _insert(self, cohort: Cohort, actor: Actor) -> None:
        self._reader.insert(
            TABLE,
            {
                "id": cohort.number,
                "topic": cohort.group.number,
                "auth_collection": actor.record.collection.id if actor.record else None,
                "auth_id": actor.record.id if actor.record else None,
                "superuser": int(actor.superuser),
                "request": cohort.topic.request,
            },
        )

    def _group(self, key: GroupKey, collection: Collection, topic: Topic, actor: Actor) -> Group:
        if key not in self._groups:
            self._last += 1
            match = self._match_of(collection, topic, actor)
            manage = self._match(collection, (collection.auth.manage_rule if collection.auth else None) or None, "", actor)
            self._groups[key] = self._concerned.setdefault(key[:2], {})[key] = Group(self._last, key, match, manage)
        return self._groups[key]

    def _leave(self, subscription: Subscription) -> None:
        cohort, subscription.cohort = subscription.cohort, None
        if cohort is None:
            return
        del cohort.members[subscription.connection]
        if not cohort.members:
            self._end(cohort)

    def _end(self, cohort: Cohort) -> None:
        """Nobody is of the cohort any more, and perhaps nobody of its group."""
        group = cohort.group
        self._reader.delete(TABLE, cohort.number)
        del self._cohorts[cohort.key], group.members[cohort.number]
        group.leaving -= cohort.leave
        group.changed()
        if not group.members:
            del self._groups[group.key]
            concerned = self._concerned[group.key[:2]]
            del concerned[group.key]
            if not concerned:
                del self._concerned[group.key[:2]]


def _group_key(collection: Collection, topic: Topic, actor: Actor) -> GroupKey:
    of = _collection_of(actor)
    return (collection.id, topic.record, topic.option("filter"), of.id if of else "", actor.superuser)


def _collection_of(actor: Actor) -> Collection | None:
    return actor.record.collection if actor.record else None

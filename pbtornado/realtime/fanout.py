"""The consumer of the log that tells connections what they may hear: live, or again from the log."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

from ..measures import Histogram
from ..rules.request import Actor
from ..schema.catalog import Catalog, Catalogs
from ..store.changes import CHANGES, ChangeLog
from ..store.protocol import Change, Position, Reader, StoreBusy
from ..store.query import Column, Order, Select, Statement, Table, Value
from .actors import Actors
from .connection import Connection
from .forms import PLACE
from .match import Match, PrivateReader
from .resume import Resume, is_client_id, refusal
from .subscribers import Subscribers
from .telling import Telling
from .topics import Topic

T = TypeVar("T")

DELAYS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0)
LOG_SLICE = 64
"""Changes that a connection which is behind reads at once."""
TURN_SECONDS = 0.005
TURN_BYTES = 32 * 1024
"""After so much, the loop and the sockets get their turn."""

_SEQ = Column("r", "seq")
_NEWEST = Select((_SEQ,), Table(CHANGES), order=(Order(_SEQ, descending=True),), limit=Value(1))


def seconds_since(at: str) -> float:
    """How long ago the time of a change was, if it is less than an hour: only the clock's minutes and seconds are read."""
    ago = (time.time() - 60 * int(at[14:16]) - float(at[17:23])) % 3600
    return ago if ago < 3590 else 0.0


class Renderer(Protocol):
    """What makes a question ready to be asked often."""

    def render(self, select: Select) -> Statement: ...


class FanoutStore(Protocol):
    """What a store must offer to fan-out."""

    @property
    def dialect(self) -> Renderer:
        """Its language."""

    @property
    def changes(self) -> ChangeLog:
        """The log."""

    def private_reader(self) -> PrivateReader:
        """A connection of its own."""


class Fanout:
    """Tells every subscription of this worker the changes it may hear, in the order of the log.

    A connection that is live hears a change when this consumer gets it. One that is behind is handed
    the log from its position on, a slice at a time, until nothing is left; from that moment it is live.
    Either happens on the loop without a pause in between, so nothing is missed and nothing told twice.
    """

    name = "fanout"
    durable = False

    def __init__(self, store: FanoutStore, catalogs: Catalogs) -> None:
        self._store, self._catalogs, self._open = store, catalogs, False
        self.delays = Histogram(DELAYS)
        """Seconds from a write to its events."""
        self.resyncs: Counter[str] = Counter()
        """How often a client had to read anew, by reason."""

    def open(self) -> None:
        """Connects to the database; after the process is forked."""
        self._reader = self._store.private_reader()
        self.subscribers = Subscribers(self._reader, self._catalogs.current, self._store.dialect.render)
        self.actors = Actors(self._reader, self.subscribers, self._catalogs)
        self._telling = Telling(self._reader, self.subscribers)
        head = self._store.changes.position()
        self._epoch, self._cursor, self._open = head.epoch, head.seq, True

    def close(self) -> None:
        """Ends the connection to the database; nothing is told any more."""
        self._open = False
        self._reader.close()

    # ---- live

    def wanted(self) -> frozenset[str] | None:
        """None where nobody listens."""
        return None if self.subscribers.of or self.actors.known else frozenset()

    async def consume(self, changes: Sequence[Change], head: Position) -> None:
        """Tells changes to the connections that are live."""
        if self._open:
            self._check_epoch(head)
        told, began = 0, time.monotonic()
        for change in changes:
            if change.seq <= self._cursor or not self._open:
                continue
            told += self._live(change)
            if told > TURN_BYTES or time.monotonic() - began > TURN_SECONDS:
                await asyncio.sleep(0)
                told, began = 0, time.monotonic()
        if self._open and head.epoch == self._epoch:
            self._cursor = max(self._cursor, head.seq)
        if self._open and changes and self._cursor >= self._head().seq:
            self.actors.settle()

    def _live(self, change: Change) -> int:
        self.actors.settle(change.request)
        self.actors.follow(change)
        told = self._in_step(lambda: self._telling.live(change, self._epoch)) if self.subscribers.of else 0
        if told:
            self.delays.observe(seconds_since(change.at))
        self._cursor = change.seq
        return told

    def _in_step(self, work: Callable[[], T]) -> T:
        """Runs work on a snapshot that shows the collections under which the subscribers stand."""

        def question(catalog: Catalog) -> Callable[[Reader], T]:
            self._follow(catalog)
            return lambda reader: work()

        return self._catalogs.read_with(self._reader.read, question)

    def _follow(self, catalog: Catalog) -> None:
        if catalog is not self.subscribers.catalog:
            self.actors.follow_catalog(catalog)
            for subscription in self.subscribers.follow(catalog):
                connection = subscription.connection
                connection.tell(connection.form.resync(str(self._head()), "renamed", [subscription.topic.text]))
                self.resyncs["renamed"] += 1

    # ---- again from the log

    def pull(self, connection: Connection) -> None:
        """Hands a connection that is behind the next slice of the log; it is live when that was the last."""
        with suppress(StoreBusy):  # it stays behind, and asks again
            self._in_step(lambda: self._pull(connection))

    def _pull(self, connection: Connection) -> None:
        head = self._head()
        self._check_epoch(head)
        if not connection.behind:
            return
        changes = self._store.changes.read_after(self._reader, connection.position, LOG_SLICE)
        if reason := refusal(Position(self._epoch, connection.position), head, self._store.changes.oldest):
            self._resync(connection, reason, head)
        elif self._again(connection, changes) and len(changes) < LOG_SLICE:
            connection.behind = False
            self._tell_place(connection, connection.position)

    def _again(self, connection: Connection, changes: Sequence[Change]) -> bool:
        """False when the connection has as much as it can take, or the loop's turn is over, before the end."""
        began = time.monotonic()
        for change in changes:
            if connection.full or time.monotonic() - began > TURN_SECONDS:
                return False
            self._telling.again(change, self._epoch, connection)
            connection.position = change.seq
        return True

    # ---- subscribing

    def subscribe(self, connection: Connection, topics: Sequence[Topic], actor: Actor) -> Position:
        """Replaces the connection's topics, which this actor hears from now on; else as `add`."""
        head = self._arrived()
        self.actors.become(connection, self.actors.still(actor))
        wanted = {topic.text for topic in topics}
        self.drop(connection, [text for text in self.subscribers.of.get(connection, {}) if text not in wanted])
        return self._add(connection, topics, "", head)

    def add(self, connection: Connection, topics: Sequence[Topic], since: str = "") -> Position:
        """Adds to the connection's topics; returns the position after which it hears of everything.

        Topics it has already go on where they are. A new one goes on after the position that its options name, or
        after `since`, or, when these are the first topics, after the one the connection came with; else it starts
        now: with the first change committed after this moment.
        """
        return self._add(connection, topics, since, self._arrived())

    def drop(self, connection: Connection, texts: Iterable[str]) -> None:
        """Ends those of the connection's subscriptions."""
        for text in texts:
            if text in self.subscribers.of.get(connection, {}):
                self.subscribers.drop(connection, text)

    def become(self, connection: Connection, actor: Actor) -> None:
        """From now on this actor hears the connection's topics; a guest, where his token was revoked meanwhile."""
        self._arrived()
        self.actors.become(connection, self.actors.still(actor))

    def _arrived(self) -> Position:
        """The head, after what is known of collections and epoch is as of now."""
        self._follow(self._catalogs.current)
        head = self._head()
        self._check_epoch(head)
        return head

    def _add(self, connection: Connection, topics: Sequence[Topic], since: str, head: Position) -> Position:
        known = self.subscribers.of.get(connection, {})
        starts, lost = self._starts(connection, [topic for topic in topics if topic.text not in known], since, head)
        first = self._enter(connection, topics, starts, head)
        for reason, texts in lost.items():
            connection.tell(connection.form.resync(str(first), reason, texts))
            self.resyncs[reason] += 1
        connection.subscribed = connection.subscribed or bool(topics)
        return first

    async def prepare(self, topics: Sequence[Topic], actor: Actor) -> list[Match]:
        """Compiles what the topics ask, with pauses; keep it until they are subscribed. Raises RuleError where a filter is wrong."""
        matches, began = [], time.monotonic()
        for topic in topics:
            self._follow(self._catalogs.current)
            if topic.option("filter") and (match := self.subscribers.prepare(topic, actor)):
                matches.append(match)
            if time.monotonic() - began > TURN_SECONDS:
                await asyncio.sleep(0)
                began = time.monotonic()
        return matches

    def stand(self, connection: Connection) -> int:
        """The seq up to which the connection's socket took everything it was owed."""
        return connection.stand(self._cursor)

    @property
    def head(self) -> Position:
        """How far the log is."""
        return self._store.changes.position()

    @property
    def position(self) -> Position:
        """How far live delivery is."""
        return Position(self._epoch, self._cursor)

    def leave(self, connection: Connection) -> None:
        """Forgets a connection that has ended."""
        self.subscribers.drop_all(connection)
        self.actors.forget(connection)

    def _enter(self, connection: Connection, topics: Sequence[Topic], starts: dict[str, int], head: Position) -> Position:
        """Adds the topics that have a start; goes back in the log where one lies behind."""
        stand = connection.stand(self._cursor)
        kept = list(self.subscribers.of.get(connection, {}).values())
        first = min([*starts.values(), *([stand] if kept else [])], default=head.seq)
        if min(starts.values(), default=head.seq) < head.seq:
            for subscription in kept:
                subscription.after = max(subscription.after, stand)
            connection.go_back(first)
        for topic in topics:
            if topic.text in starts:
                self.subscribers.add(connection, topic, starts[topic.text])
        if not connection.behind:
            self._tell_place(connection, max(connection.position, self._cursor) if kept else first)
        return Position(self._epoch, first)

    def _starts(
        self, connection: Connection, topics: Sequence[Topic], since: str, head: Position
    ) -> tuple[dict[str, int], dict[str, list[str]]]:
        """The seq after which each topic starts; and, by reason, those whose position the log cannot go on after."""
        came_with = since or ("" if connection.subscribed or is_client_id(connection.since) else connection.since)
        own = {topic.text: topic.option("since") for topic in topics}
        speaking = {topic.text for topic in topics if self.subscribers.catalog.find(topic.collection)}
        shared = [text for text, since in own.items() if not since]
        starts: dict[str, int] = dict.fromkeys(own, head.seq)
        lost: dict[str, list[str]] = {}
        asked = [(came_with, shared), *((since, [text]) for text, since in own.items())]
        for since, texts in [(since, texts) for since, texts in asked if since and texts]:
            resume = Resume.parse(since)
            reason = resume.refusal(head, self._store.changes.oldest) if resume else "unknown"
            if resume and not reason:
                starts |= resume.after(texts) if texts is shared else dict.fromkeys(texts, resume.position.seq)
            elif known := [text for text in texts if text in speaking]:
                lost.setdefault(reason, []).extend(known)
        return starts, lost

    def _tell_place(self, connection: Connection, seq: int) -> None:
        connection.stands_at(Position(self._epoch, seq), PLACE in self.subscribers.of.get(connection, {}))

    # ---- when the log cannot go on

    def _check_epoch(self, head: Position) -> None:
        """In another epoch nobody can know what he missed."""
        if head.epoch == self._epoch:
            return
        self._epoch, self._cursor = head.epoch, head.seq
        for connection in self.subscribers.of:
            self._resync(connection, "epoch", head)

    def _resync(self, connection: Connection, reason: str, head: Position) -> None:
        subscriptions = self.subscribers.of.get(connection, {})
        connection.drop_changes()
        connection.behind, connection.position = False, head.seq
        for subscription in subscriptions.values():
            subscription.after = head.seq
        topics = [text for text, subscription in subscriptions.items() if subscription.group]
        connection.tell(connection.form.resync(str(head), reason, topics))
        self.resyncs[reason] += 1

    def _head(self) -> Position:
        """The newest commit, whichever worker made it and whether or not it lived to say so."""
        head, newest = self._store.changes.position(), self._reader.one(_NEWEST)
        return Position(head.epoch, max(head.seq, newest[0])) if newest else head

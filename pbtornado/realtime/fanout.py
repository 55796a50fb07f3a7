"""The consumer of the log that tells connections what they may hear: live, or again from the log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from ..measures import Histogram
from ..rules.request import Actor
from ..schema.catalog import Catalog, Catalogs
from ..store.changes import CHANGES, ChangeLog
from ..store.protocol import Change, Position, Reader, StoreBusy
from ..store.query import Column, Order, Select, Statement, Table, Value
from .actors import Actors
from .connection import WRITE_BYTES, Connection
from .forms import PLACE
from .match import Match, PrivateReader
from .pace import TURN_SECONDS, flush, rest
from .parcels import Parcels
from .resume import is_client_id, refusal, starts
from .subscribers import Subscribers
from .telling import Telling
from .topics import Topic

T = TypeVar("T")
log = logging.getLogger("pbtornado.realtime")

DELAYS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0)
LOG_SLICE = 64
"""Changes that a connection which is behind reads at once."""
MOST_FED = 32
"""Connections that are handed a slice of the log together."""
MOST_ASKED = 1000
"""Topics that such connections have together."""
SHORTEST_REST = 0.001

_SEQ = Column("r", "seq")
_NEWEST = Select((_SEQ,), Table(CHANGES), order=(Order(_SEQ, descending=True),), limit=Value(1))


def seconds_since(at: str) -> float:
    """How long ago the time of a change was; 0 where it lies ahead."""
    return max(0.0, time.time() - datetime.fromisoformat(at).timestamp())


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
    What a turn has decided is in the outboxes before anything else happens, so nothing is missed and nothing told twice.
    """

    name = "fanout"
    durable = False

    def __init__(self, store: FanoutStore, catalogs: Catalogs) -> None:
        self._store, self._catalogs, self._open = store, catalogs, False
        self._hungry: dict[Connection, None] = {}
        """Connections that are behind and have room, in the order they asked."""
        self._feeding: asyncio.Task[None] | None = None
        self._unfinished: tuple[Parcels, Iterator[None]] | None = None
        """Of a change that one turn was too short for: what is left to do."""
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
        if self._feeding:
            self._feeding.cancel()
        self._reader.close()

    # ---- live

    def wanted(self) -> frozenset[str] | None:
        """None where nobody listens."""
        return None if self.subscribers.of or self.actors.known else frozenset()

    async def consume(self, changes: Sequence[Change], head: Position) -> None:
        """Tells changes to the connections that are live."""
        began, heard = time.monotonic(), False
        if self._open:
            self._check_epoch(head)
        ahead, epoch, self._unfinished = [change for change in changes if change.seq > self._cursor], self._epoch, None
        while ahead and self._open and self._epoch == epoch:
            told, connections = self._turn(ahead)
            await flush(connections) if connections else await asyncio.sleep(0)
            heard = heard or bool(connections)
            ahead = ahead[told:]
        if self._open and head.epoch == self._epoch:
            self._cursor = max(self._cursor, head.seq)
        if self._open and changes and self._cursor >= self._head().seq:
            self.actors.settle()
        if heard:
            await rest(began)

    def _turn(self, changes: Sequence[Change]) -> tuple[int, list[Connection]]:
        """Tells the first of these changes, as many as a turn has room for; how many, and who is owed them now."""
        self.actors.settle(changes[0].request)
        self.actors.follow(changes[0])
        (parcels, steps), self._unfinished = self._unfinished or (Parcels(), None), None
        told = self._in_step(lambda: self._tell(changes, parcels, steps)) if self.subscribers.of else 1
        if not told:
            return 0, []
        for connection in self.subscribers.moved():  # in between two turns of one change: perhaps it was asked about twice, or never
            if not connection.behind:
                connection.go_back(self.stand(connection))
        connections = parcels.deliver(lambda connection: not connection.behind)
        self._cursor = changes[told - 1].seq
        return told, connections

    def _tell(self, changes: Sequence[Change], parcels: Parcels, steps: Iterator[None] | None) -> int:
        """Puts the events of the first changes into parcels, of which `steps` are those of the first that have been begun.

        What an actor's change means is followed before it is told. A change that is too much for one turn goes on in the next.
        """
        began = time.monotonic()
        for number, change in enumerate(changes):
            if number and (parcels.size > WRITE_BYTES or self.actors.concerned(change)):
                return number
            steps, before = steps or self._telling.tell(change, self._epoch, parcels), parcels.size
            for _ in steps:
                if time.monotonic() - began > TURN_SECONDS:
                    self._leave_unfinished(parcels, None if number else steps)
                    return number
            steps = None
            if parcels.size > before:
                self.delays.observe(seconds_since(change.at))
        return len(changes)

    def _leave_unfinished(self, parcels: Parcels, steps: Iterator[None] | None) -> None:
        """The first change of a turn goes on in the next; a later one is begun anew then."""
        if steps:
            self._unfinished = parcels, steps
            self.subscribers.watch()

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
        """A connection that is behind has room for the next slice of the log."""
        self._hungry[connection] = None
        if self._feeding is None:
            self._feeding = asyncio.create_task(self._feed())

    async def _feed(self) -> None:
        """Hands the log to those that are behind, slice by slice; three quarters of the time are for others."""
        while self._hungry and self._open:
            began = time.monotonic()
            try:
                await flush(self._in_step(self._again))
            except StoreBusy:
                pass  # they stay behind, and ask again
            except Exception:
                log.exception("the log could not be read for streams that are behind: they end")
                for connection in list(self._hungry):
                    connection.close("failed")
                self._hungry.clear()
            await asyncio.sleep(max(3 * (time.monotonic() - began), SHORTEST_REST))
        self._feeding = None

    def _again(self) -> list[Connection]:
        """Hands the next slice to the one that has waited longest, and to those that stand in the same slice; who got it."""
        self._check_epoch(head := self._head())
        after = next(iter(self._hungry)).position
        changes = self._store.changes.read_after(self._reader, after, LOG_SLICE)
        oldest, upto = self._store.changes.oldest, changes[-1].seq if changes else after
        fed = self._together(after, upto)
        going = {one for one in fed if one.behind and not self._lost(one, head, oldest)}
        parcels = Parcels()
        told = self._tell_again(changes, going, parcels)
        parcels.deliver(going.__contains__)
        for connection in going:
            connection.position = max(connection.position, changes[told - 1].seq if told else after)
            if told == len(changes) < LOG_SLICE:
                connection.behind = False
                self._tell_place(connection, connection.position)
        for connection in fed:
            del self._hungry[connection]
        return list(going)

    def _together(self, after: int, upto: int) -> list[Connection]:
        """The first of those that stand there, as many as can be handed a slice in one turn."""
        fed: list[Connection] = []
        topics = 0
        for connection in self._hungry:
            if after <= connection.position <= upto:
                topics += len(self.subscribers.of.get(connection, ()))
                if (fed and topics > MOST_ASKED) or len(fed) == MOST_FED:
                    break
                fed.append(connection)
        return fed

    def _lost(self, connection: Connection, head: Position, oldest: int) -> bool:
        """Can the log not go on where the connection stands? Then it is told so."""
        reason = refusal(Position(self._epoch, connection.position), head, oldest)
        if reason:
            self._resync(connection, reason, head)
        return bool(reason)

    def _tell_again(self, changes: Sequence[Change], connections: Iterable[Connection], parcels: Parcels) -> int:
        """Puts the events of the first changes into parcels, as many as a turn has room for; how many."""
        began, only = time.monotonic(), self.subscribers.cohorts(connections)
        for number, change in enumerate(changes):
            if number and (parcels.size > WRITE_BYTES or time.monotonic() - began > TURN_SECONDS):
                return number
            for _ in self._telling.tell(change, self._epoch, parcels, only):
                pass
        return len(changes)

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
        self._hungry.pop(connection, None)
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
        """The seq after which each topic starts; and, by reason, those that are to be told that the log cannot go on there."""
        came_with = since or ("" if connection.subscribed or is_client_id(connection.since) else connection.since)
        own = {topic.text: topic.option("since") for topic in topics}
        oldest = self._store.changes.oldest if came_with or any(own.values()) else 0
        found, lost = starts(own, came_with, head, oldest)
        speaking = {topic.text for topic in topics if self.subscribers.catalog.find(topic.collection)}
        return found, {reason: known for reason, texts in lost.items() if (known := [text for text in texts if text in speaking])}

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
        topics = [text for text, subscription in subscriptions.items() if subscription.cohort]
        connection.tell(connection.form.resync(str(head), reason, topics))
        self.resyncs[reason] += 1

    def _head(self) -> Position:
        """The newest commit, whichever worker made it and whether or not it lived to say so."""
        head, newest = self._store.changes.position(), self._reader.one(_NEWEST)
        return Position(head.epoch, max(head.seq, newest[0])) if newest else head

"""The door of this package: connect, subscribe, close."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import BadRequest, Busy, FieldError, Forbidden, NotFound
from ..rules.projection import Projection
from ..rules.request import GUEST, Actor, RequestInfo
from ..rules.tree import RuleError
from ..schema.catalog import Catalogs
from ..store.protocol import Position
from ..values import random_text
from . import clients
from .connection import Connection
from .fanout import Fanout, FanoutStore
from .forms import SSE, WEBSOCKET, Form
from .match import Match
from .pace import Arrivals
from .topics import LONGEST_TOPIC, MOST_TOPICS, Topic, parse_topics

log = logging.getLogger("pbtornado.realtime")

CLIENT_ID_LENGTH = 40
LONGEST_CLIENT_ID = 255
MOST_CONNECTIONS = 20_000
"""Connections of one worker."""
MOST_SUBSCRIPTIONS = 500_000
"""Topics of all connections of one worker."""
BEAT_SECONDS = (35.0, 50.0)
"""A stream on which nothing goes shows after so long that it lives, each at another moment."""
SILENT_SECONDS = 90.0
"""How long a client that answers beats may owe one an answer: it may be reading what came before, slowly."""
IDLE_SECONDS = 300.0
"""How long a connection without topics stays."""
TICK_SECONDS = 1.0
UNKNOWN = "Missing or invalid client id."
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Tally:
    """What streams took, in events and bytes, and how often they fell behind; how many there are now, and of how many topics."""

    events: int = 0
    bytes: int = 0
    fallen: int = 0
    streams: int = 0
    topics: int = 0
    behind: int = 0

    def add(self, connection: Connection) -> None:
        """Counts what one took."""
        self.events += connection.events
        self.bytes += connection.bytes
        self.fallen += connection.fallen


class Elsewhere(Exception):
    """The client is connected to another worker of this server: ask that one."""

    def __init__(self, worker: int) -> None:
        super().__init__(f"the client is at worker {worker}")
        self.worker = worker


class Realtime:
    """The streams of one worker. `fanout` is the consumer of the log that feeds them."""

    def __init__(self, store: FanoutStore, catalogs: Catalogs, worker: int = 0) -> None:
        self.fanout = Fanout(store, catalogs)
        self._arrivals = Arrivals()
        self.worker = worker
        self._connections: dict[str, Connection] = {}
        self._ticker: asyncio.Task[None] | None = None
        self.ended = {form.name: Tally() for form in (SSE, WEBSOCKET)}
        """What the streams that have ended took, by form."""
        self.reasons: Counter[str] = Counter()
        """Why they have."""

    async def start(self) -> None:
        """Opens what the streams need; after the store, before the log is consumed."""
        self.fanout.open()
        self._ticker = asyncio.create_task(self._tick())

    def stop(self) -> None:
        """Ends every stream; what is still consumed of the log is told to nobody."""
        for connection in list(self._connections.values()):
            self.close(connection, "stop")
        if self._ticker:
            self._ticker.cancel()
            self._ticker = None
            self.fanout.close()

    async def admitted(self) -> None:
        """Waits until there is time for another stream, where many come at once."""
        await self._arrivals.admitted()

    def connect(self, ip: str, *, since: str = "", leave: bool = False, agent: str = "", form: Form = SSE) -> Connection:
        """A new stream for the client at `ip`, written in `form`; the first thing it is owed tells its id.

        `since` is a position its first topics go on after; `leave` asks for events of records that
        leave the client's sight; `agent` is what it calls itself. Raises Busy.
        """
        if self._ticker is None or len(self._connections) >= MOST_CONNECTIONS:
            raise Busy(headers={"Retry-After": "10"})
        connection = Connection(new_client_id(self.worker), ip, since=since, leave=leave, agent=agent, form=form, now=_now())
        connection.pull = self.fanout.pull
        connection.beat_at = _now() + random.uniform(*BEAT_SECONDS)
        connection.tell(form.greeting(connection.id))
        self._connections[connection.id] = connection
        return connection

    def close(self, connection: Connection, reason: str = "gone") -> None:
        """Ends a stream and forgets its topics; does nothing when that is done already."""
        connection.close(reason)
        if self._connections.pop(connection.id, None):
            self.fanout.leave(connection)
            self.ended[connection.form.name].add(connection)
            self.reasons[connection.closed] += 1

    def disconnect(self, client_id: str) -> None:
        """Ends the stream of a client, which may connect again. Raises NotFound, and Elsewhere."""
        self.close(self._find(client_id), "ended")

    def tallies(self) -> dict[str, Tally]:
        """By form: the streams there are, their topics, and what all there ever were took."""
        tallies = {name: replace(ended) for name, ended in self.ended.items()}
        for connection in self._connections.values():
            tally = tallies[connection.form.name]
            tally.add(connection)
            tally.streams += 1
            tally.topics += len(self.fanout.subscribers.of.get(connection, ()))
            tally.behind += connection.behind
        return tallies

    def report(self, most: int) -> dict[str, Any]:
        """The streams of this worker, the newest `most` of them one by one; see `clients.report`."""
        return clients.report(self.worker, self.fanout, self._connections.values(), most)

    async def subscribe(self, client_id: str, topics: Sequence[str], info: RequestInfo) -> Position:
        """Replaces the topics of a client by these; the actor of `info` is who hears them from now on.

        Returns the position after which the client hears of everything. Raises BadRequest (too many or
        too long, another address than the stream's, a filter or projection that cannot be understood), NotFound,
        Forbidden (another actor than before), Busy, and Elsewhere.
        """
        refuse_sizes(client_id, topics)
        connection = self._find(client_id)
        if connection.ip and connection.ip != info.ip:
            raise BadRequest("Invalid realtime client.")
        refuse_another(connection, info.actor)
        parsed = self._parsed(topics)
        prepared = await self._prepared(connection, parsed, info.actor)
        position = self.fanout.subscribe(connection, parsed, info.actor)
        del prepared  # the topics hold on to their questions now
        connection.quiet_since = _now()
        return position

    async def add(self, connection: Connection, topics: Sequence[str], since: str = "") -> Position:
        """Adds to the topics of a client, heard by who it is already; new ones go on after `since`.

        Returns the position after which the client hears of everything. Raises BadRequest as `subscribe`, NotFound, Busy.
        """
        refuse_sizes(connection.id, topics, "topics")
        parsed = self._parsed(topics)
        actor, known = connection.actor, self.fanout.subscribers.of.get(connection, {})
        if len(known) + sum(topic.text not in known for topic in parsed) > MOST_TOPICS:
            raise BadRequest(errors={"topics": _too_long(MOST_TOPICS)})
        prepared = await self._prepared(connection, parsed, actor)
        position = self.fanout.add(connection, parsed, since)
        del prepared
        return position

    def drop(self, connection: Connection, topics: Sequence[str]) -> None:
        """Ends those of a client's topics; does nothing for others."""
        self.fanout.drop(connection, topics)

    async def sign_in(self, connection: Connection, actor: Actor) -> None:
        """From now on a guest's topics are heard by this actor. Raises Forbidden, BadRequest, NotFound as `subscribe`."""
        refuse_another(connection, actor)
        topics = [subscription.topic for subscription in self.fanout.subscribers.of.get(connection, {}).values()]
        prepared = await self._prepared(connection, topics, actor)
        self.fanout.become(connection, actor)
        del prepared

    def sign_out(self, connection: Connection) -> None:
        """From now on a guest hears the client's topics."""
        self.fanout.become(connection, GUEST)

    def _parsed(self, texts: Sequence[str]) -> list[Topic]:
        """The topics. Raises BadRequest where one cannot be shown as it wants, Busy where there are too many of all clients."""
        topics = parse_topics(texts)
        for topic in topics:
            Projection.parse(topic.fields)
        if self.fanout.subscribers.count + len(topics) > MOST_SUBSCRIPTIONS:
            raise Busy(headers={"Retry-After": "10"})
        return topics

    async def _prepared(self, connection: Connection, topics: Sequence[Topic], actor: Actor) -> list[Match]:
        """The topics' questions, to be kept until they are subscribed. Raises BadRequest, NotFound."""
        try:
            prepared = await self.fanout.prepare(topics, actor)
        except RuleError as error:
            raise BadRequest(f"Invalid filter of a topic: {error}") from error
        if connection.closed:
            raise NotFound(UNKNOWN)
        return prepared

    def _find(self, client_id: str) -> Connection:
        connection = self._connections.get(client_id)
        if connection is None:
            worker = worker_of(client_id)
            if worker is not None and worker != self.worker:
                raise Elsewhere(worker)
            raise NotFound(UNKNOWN)
        return connection

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = _now()
            try:
                for connection in list(self._connections.values()):
                    self._look_after(connection, now)
            except Exception:
                log.exception("streams could not be looked after; tried again in %s s", TICK_SECONDS)

    def _look_after(self, connection: Connection, now: float) -> None:
        if connection.closed:
            self.close(connection)
        elif connection in self.fanout.subscribers.of:
            connection.quiet_since = now
        elif now - connection.quiet_since > IDLE_SECONDS:
            self.close(connection, "idle")
        if connection.asked_at and now - connection.asked_at > SILENT_SECONDS:
            self.close(connection, "silent")
        if now >= connection.beat_at:
            connection.beat(now)
            connection.beat_at = now + random.uniform(*BEAT_SECONDS)


def new_client_id(worker: int) -> str:
    """An unguessable id whose first two characters name the worker."""
    high, low = divmod(worker, len(_DIGITS))
    return _DIGITS[high] + _DIGITS[low] + random_text(CLIENT_ID_LENGTH - 2)


def worker_of(client_id: str) -> int | None:
    """The worker a client's id names; None where it is no such id."""
    if len(client_id) != CLIENT_ID_LENGTH or client_id[0] not in _DIGITS or client_id[1] not in _DIGITS:
        return None
    return _DIGITS.index(client_id[0]) * len(_DIGITS) + _DIGITS.index(client_id[1])


def refuse_another(connection: Connection, actor: Actor) -> None:
    """Raises Forbidden where the connection is another account's already."""
    if connection.actor.record and connection.actor.label != actor.label:
        raise Forbidden("The current and the previous request authorization don't match.")


def refuse_sizes(client_id: str, topics: Sequence[str], named: str = "subscriptions") -> None:
    """Raises BadRequest with the fields' errors; `named` is what the topics are called."""
    errors: dict[str, object] = {}
    if not client_id:
        errors["clientId"] = FieldError("validation_required", "Cannot be blank.")
    elif len(client_id.encode()) > LONGEST_CLIENT_ID:
        limits = {"max": LONGEST_CLIENT_ID, "min": 1}
        errors["clientId"] = FieldError("validation_length_out_of_range", f"The length must be between 1 and {LONGEST_CLIENT_ID}.", limits)
    if len(topics) > MOST_TOPICS:
        errors[named] = _too_long(MOST_TOPICS)
    elif long := {str(number): _too_long(LONGEST_TOPIC) for number, text in enumerate(topics) if len(text.encode()) > LONGEST_TOPIC}:
        errors[named] = long
    if errors:
        raise BadRequest(errors=errors)


def _too_long(limit: int) -> FieldError:
    return FieldError("validation_length_too_long", f"The length must be no more than {limit}.", {"max": limit, "min": 0})


def _now() -> float:
    return asyncio.get_running_loop().time()

"""Realtime over server-sent events: the stream, and what its client subscribes to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from tornado.iostream import StreamClosedError

from ..errors import BadRequest, NotFound
from ..realtime.connection import Connection
from ..realtime.realtime import UNKNOWN, Elsewhere
from ..records.changes.wanted import NOT_A_NUMBER
from ..values import parse_json, text_of
from .handler import JSON, READING, ApiHandler
from .info import from_sibling
from .siblings import Siblings

_ON = ("1", "t", "true")
LONGEST_AGENT = 500
MOST_CLIENTS = 1000
SIBLING_SECONDS = 2.0
"""How long the other workers may take to tell of their streams."""


class Events(ApiHandler):
    """/api/realtime: GET opens a stream that lasts; POST says what is heard on it."""

    unlogged = lasting = READING
    connection: Connection | None = None

    async def get(self) -> None:
        realtime = self.backend.realtime
        await realtime.admitted()
        since = self.request.headers.get("Last-Event-ID", "") or self.query("since")
        agent = self.request.headers.get("User-Agent", "")[:LONGEST_AGENT]
        self.connection = realtime.connect(self.ip, since=since, leave=is_on(self.query("leave")), agent=agent)
        over = asyncio.Event()
        try:
            self._announce()
            await self.flush()
            assert self.request.connection
            self.connection.attach(self.request.connection.write, over.set)
            await over.wait()
        except StreamClosedError:
            pass  # the client has gone, which is how most streams end
        finally:
            realtime.close(self.connection)
            self.sent = self.connection.bytes

    async def head(self, *path: str) -> None:
        self._announce()

    async def post(self) -> None:
        strict = self.request.headers.get("Content-Type", JSON).startswith(JSON) and not from_sibling(self.request)
        client, topics = wanted(self.body().fields, strict)
        try:
            await self.backend.realtime.subscribe(client, topics, self.info())
        except Elsewhere as error:
            await self._hand_over(error.worker)
            return
        self.answer_nothing()

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self.connection:
            self.backend.realtime.close(self.connection)

    def _announce(self) -> None:
        """The head of a stream: nobody on its way may keep or gather it."""
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")

    async def _hand_over(self, worker: int) -> None:
        siblings: Siblings = self.settings["siblings"]
        if not siblings.elsewhere(worker, self.request):
            raise NotFound(UNKNOWN)
        await siblings.hand_over(worker, self)


def is_on(text: str) -> bool:
    """Does a query value say yes?"""
    return text.lower() in _ON


def wanted(fields: Mapping[str, Any], strict: bool) -> tuple[str, list[str]]:
    """The client's id and its topics; a form may say them in any type, JSON may not (BadRequest)."""
    client, topics = fields.get("clientId") or "", fields.get("subscriptions") or []
    if not strict:
        return text_of(client), [text_of(topic) for topic in (topics if isinstance(topics, list) else [topics])]
    if not isinstance(client, str) or not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
        raise BadRequest
    return client, topics


class Clients(ApiHandler):
    """GET /api/realtime/clients: the streams of all workers, for superusers. A sibling is told of this worker's alone."""

    only = "superuser"
    unlogged = READING

    async def get(self) -> None:
        most = self._most()
        own = self.backend.report(most)
        if from_sibling(self.request):
            self.answer(own)
            return
        siblings: Siblings = self.settings["siblings"]
        others = await siblings.ask_others(self.request, SIBLING_SECONDS)
        told = [own, *(parse_json(answer) for answer in others.values() if answer is not None)]
        self.answer(together(told, [worker for worker, answer in others.items() if answer is None], most))

    def _most(self) -> int:
        limit = self.query("limit") or str(MOST_CLIENTS)
        if not (limit.isascii() and limit.isdecimal()):
            raise BadRequest(errors={"limit": NOT_A_NUMBER})
        return min(int(limit[:10]), MOST_CLIENTS)


class OneClient(ApiHandler):
    """DELETE /api/realtime/clients/{id}: ends a stream, for superusers."""

    only = "superuser"

    async def delete(self, id: str) -> None:
        try:
            self.backend.realtime.disconnect(id)
        except Elsewhere as error:
            siblings: Siblings = self.settings["siblings"]
            if not siblings.elsewhere(error.worker, self.request):
                raise NotFound(UNKNOWN) from None
            await siblings.hand_over(error.worker, self)
            return
        self.answer_nothing()


def together(told: Sequence[Mapping[str, Any]], silent: Sequence[int], most: int) -> dict[str, Any]:
    """What all workers told, as one; `silent` are those that did not answer in time."""
    told = sorted(told, key=lambda one: int(one["worker"]))  # so that streams of the same moment are always in the same order
    items = sorted((item for one in told for item in one["items"]), key=lambda item: str(item["since"]), reverse=True)
    workers = [{name: value for name, value in one.items() if name != "items"} for one in told]
    return {
        "total": sum(one["streams"] for one in told),
        "workers": workers,
        "silent": list(silent),
        "items": items[:most],
    }


ROUTES = [(r"/api/realtime", Events), (r"/api/realtime/clients", Clients), (r"/api/realtime/clients/([^/]+)", OneClient)]

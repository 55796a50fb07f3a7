"""Realtime over server-sent events: the stream, and what its client subscribes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tornado.iostream import StreamClosedError

from ..errors import BadRequest, NotFound
from ..realtime.connection import Connection
from ..realtime.realtime import UNKNOWN, Elsewhere
from ..values import text_of
from .handler import JSON, READING, ApiHandler
from .info import from_sibling
from .siblings import Siblings

_ON = ("1", "t", "true")


class Events(ApiHandler):
    """/api/realtime: GET opens a stream that lasts; POST says what is heard on it."""

    unlogged = READING
    connection: Connection | None = None

    async def get(self) -> None:
        realtime = self.backend.realtime
        since = self.request.headers.get("Last-Event-ID", "") or self.query("since")
        self.connection = realtime.connect(self.ip, since=since, leave=self.query("leave").lower() in _ON)
        try:
            self._announce()
            while owed := await self.connection.next():
                self.write(owed)
                await self.flush()
        except StreamClosedError:
            pass  # the client has gone, which is how most streams end
        finally:
            realtime.close(self.connection)

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


def wanted(fields: Mapping[str, Any], strict: bool) -> tuple[str, list[str]]:
    """The client's id and its topics; a form may say them in any type, JSON may not (BadRequest)."""
    client, topics = fields.get("clientId") or "", fields.get("subscriptions") or []
    if not strict:
        return text_of(client), [text_of(topic) for topic in (topics if isinstance(topics, list) else [topics])]
    if not isinstance(client, str) or not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
        raise BadRequest
    return client, topics


ROUTES = [(r"/api/realtime", Events)]

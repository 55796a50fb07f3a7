"""Realtime over a WebSocket: the same streams as over server-sent events, asked for by messages on the socket itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest
from tornado.ioloop import IOLoop
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketHandler

from ..errors import BadRequest, FieldError, Forbidden, Unauthorized
from ..realtime.clients import told_actor
from ..realtime.connection import Connection
from ..realtime.forms import WEBSOCKET, WEBSOCKET_DEFLATED, Messages
from ..rules.request import GUEST
from ..values import parse_json
from .deflate import Inflater, agreed
from .handler import READING, ApiHandler, Failure, as_api_error
from .realtime import LONGEST_AGENT, is_on

LONGEST_MESSAGE = 256 * 1024
"""Bytes of a client's message; who sends a longer one is hung up on."""
LONGEST_ID = 100
CLOSE_SECONDS = 1.0
"""How long a client has to say goodbye, too."""
_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")
_ENDS = {"stop": (1001, "the server stops"), "slow": (1013, "too much waits"), "idle": (1000, "no topics"), "ended": (1000, "ended")}
"""The close code and reason by why a connection ended."""
_TEXTS = FieldError("validation_invalid_value", "Must be a list of topics.")
_BLANK = FieldError("validation_required", "Cannot be blank.")
_ID = FieldError("validation_invalid_value", f"Must be a number, or a text of at most {LONGEST_ID} characters.")
Said = Mapping[str, Any]


class Socket(ApiHandler, WebSocketHandler):
    """GET /api/realtime/ws: every message is answered under the id it was given; topics are added and dropped one by one."""

    unlogged = READING
    connection: Connection
    _form: Messages
    max_message_size = LONGEST_MESSAGE

    # ---- the connection

    async def get(self) -> None:
        refuse_no_upgrade(self.request)
        self._refuse_site()
        if "token" in self.queries:
            raise BadRequest("A token goes into a message, not into the address, which others may read.")
        agent = self.request.headers.get("User-Agent", "")[:LONGEST_AGENT]
        realtime = self.backend.realtime
        await realtime.admitted()
        since, leave = self.query("since"), is_on(self.query("leave"))
        self._form = WEBSOCKET_DEFLATED if self._agree() else WEBSOCKET
        self.connection = realtime.connect(self.ip, since=since, leave=leave, agent=agent, form=self._form)
        try:
            if self.actor.record:
                await realtime.sign_in(self.connection, self.actor)
            with suppress(StreamClosedError):
                await WebSocketHandler.get(self)
        finally:
            self.settings["open_requests"].discard(self)
            realtime.close(self.connection)

    def _refuse_site(self) -> None:
        """Raises Forbidden for pages of sites that may not read our answers."""
        origin = self.request.headers.get("Origin")
        if origin and not self.origins.answer(origin) and urlsplit(origin).netloc.lower() != self.request.host.lower():
            raise Forbidden("Pages of this site may not connect.")

    def _agree(self) -> bool:
        """Will messages be compressed? Tornado, which agrees to a memory for each connection, is not asked."""
        answer = agreed(self.request.headers.get("Sec-WebSocket-Extensions", ""))
        if answer:
            self.set_header("Sec-WebSocket-Extensions", answer)
        return bool(answer)

    def check_origin(self, origin: str) -> bool:
        """True: it has been looked at."""
        return True

    def open(self) -> None:
        assert self.ws_connection
        self.stream = self.ws_connection.stream
        if self._form is WEBSOCKET_DEFLATED:
            self.ws_connection._decompressor = Inflater(LONGEST_MESSAGE, self.close)  # type: ignore[attr-defined]
        self.settings["open_requests"].add(self)
        self.set_nodelay(True)
        self.connection.attach(self._send, self._say_goodbye)

    def _send(self, data: bytes) -> asyncio.Future[None]:
        assert self.stream
        try:
            return self.stream.write(data)
        except StreamClosedError as error:
            gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            gone.set_exception(error)
            return gone

    def _say_goodbye(self) -> None:
        """The stream has ended: says why, and waits no longer than it may for the client to do so too."""
        assert self.stream
        self.close(*_ENDS.get(self.connection.closed, (1000, "")))
        IOLoop.current().call_later(CLOSE_SECONDS, self.stream.close)

    # ---- messages

    def on_pong(self, data: bytes) -> None:
        self.connection.asked_at = 0.0

    async def on_message(self, message: str | bytes) -> None:
        """Answers a message; whatever is wrong with it, the connection stays."""
        self.connection.asked_at = 0.0
        said: Said = {}
        try:
            said = spoken(message)
            answer = await self._answer(said)
        except Exception as error:
            answer = self._refusal(error)
        if answer["type"] != "ok" or "id" in said:
            named = {"id": said["id"]} if "id" in said else {}
            self.connection.tell(self._form.message({"type": answer["type"], **named, **answer}))

    async def _answer(self, said: Said) -> dict[str, Any]:
        self.actor = self.connection.actor
        self.refuse_too_many("GET", self.request.path)
        kind = said.get("type")
        verb = _VERBS.get(kind) if isinstance(kind, str) else None
        if verb is None:
            raise BadRequest(f"The type of a message is one of {', '.join(_VERBS)}.")
        return await verb(self, said)

    def _refusal(self, error: Exception) -> dict[str, Any]:
        refused = as_api_error(error, 500, "GET")
        if isinstance(refused, Failure):
            self.log_exception(type(error), error, error.__traceback__)
        return {"type": "error", **refused.body()}

    async def _subscribe(self, said: Said) -> dict[str, Any]:
        since = said.get("since", "")
        if not isinstance(since, str):
            raise BadRequest(errors={"since": FieldError("validation_invalid_value", "Must be a position.")})
        position = await self.backend.realtime.add(self.connection, topics_of(said), since)
        return {"type": "ok", "position": str(position)}

    async def _unsubscribe(self, said: Said) -> dict[str, Any]:
        self.backend.realtime.drop(self.connection, topics_of(said))
        return {"type": "ok"}

    async def _sign_in(self, said: Said) -> dict[str, Any]:
        token = said.get("token")
        if not isinstance(token, str) or not token:
            raise BadRequest(errors={"token": _BLANK})
        self.actor = await self.backend.identify(token)
        if self.actor.record is None:
            raise Unauthorized("The request requires valid record authorization token.")
        if self.actor.superuser:
            self.refuse_outsider()
        await self.backend.realtime.sign_in(self.connection, self.actor)
        return {"type": "ok", "actor": told_actor(self.connection.actor)}

    async def _sign_out(self, said: Said) -> dict[str, Any]:
        self.backend.realtime.sign_out(self.connection)
        return {"type": "ok", "actor": told_actor(GUEST)}

    async def _ping(self, said: Said) -> dict[str, Any]:
        return {"type": "pong"}


_VERBS: Mapping[str, Callable[[Socket, Said], Awaitable[dict[str, Any]]]] = {
    "subscribe": Socket._subscribe,
    "unsubscribe": Socket._unsubscribe,
    "signIn": Socket._sign_in,
    "signOut": Socket._sign_out,
    "ping": Socket._ping,
}


def refuse_no_upgrade(request: HTTPServerRequest) -> None:
    """Raises BadRequest where a request is not the beginning of a WebSocket."""
    headers = request.headers
    connection = {word.strip().lower() for word in headers.get("Connection", "").split(",")}
    if request.method != "GET" or request.version != "HTTP/1.1" or "upgrade" not in connection:
        raise BadRequest("Here begin WebSockets: the request must ask for the upgrade.")
    if headers.get("Upgrade", "").lower() != "websocket" or not _KEY.fullmatch(headers.get("Sec-WebSocket-Key", "")):
        raise BadRequest("Here begin WebSockets: the request must ask for the upgrade, with a key.")
    if headers.get("Sec-WebSocket-Version") != "13":
        raise BadRequest("WebSockets are spoken in version 13 here.", headers={"Sec-WebSocket-Version": "13"})


def spoken(message: str | bytes) -> Said:
    """A client's message: a JSON object whose id, if it has one, is a number or a short text. Raises BadRequest."""
    try:
        said = parse_json(message)
    except ValueError:
        raise BadRequest("A message is a JSON object.") from None
    if not isinstance(said, dict):
        raise BadRequest("A message is a JSON object.")
    id = said.get("id", "")
    if not isinstance(id, str | int | float) or isinstance(id, bool) or len(str(id)) > LONGEST_ID:
        raise BadRequest(errors={"id": _ID})
    return said


def topics_of(said: Said) -> list[str]:
    """The topics a message names. Raises BadRequest."""
    topics = said.get("topics")
    if not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
        raise BadRequest(errors={"topics": _TEXTS})
    return topics


ROUTES = [(r"/api/realtime/ws", Socket)]

"""What every handler has in common: who asks, how an answer and a failure are written."""

from __future__ import annotations

import errno
import logging
from collections.abc import Awaitable, Container, Mapping
from random import getrandbits
from typing import Any, ClassVar

from tornado.httputil import HTTPHeaders
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream
from tornado.web import HTTPError, RequestHandler, stream_request_body

from ..errors import ApiError, BadRequest, Busy, Forbidden, NotFound, TooLarge, Unauthorized
from ..rules.projection import Projection
from ..rules.request import RequestInfo
from ..store.protocol import CommitFailed, Position, StoreBusy, TooSlow
from ..values import json_bytes
from .body import Body, BodyReader
from .headers import SECURITY, Origins, cross_origin, date_now, preflight
from .info import query_values, request_info
from .limits import Limited

log = logging.getLogger("pbtornado.http")

JSON = "application/json"
READING = frozenset(("GET", "HEAD"))
MIN_SEQ = "minSeq"
HEAR_SECONDS = 10.0
"""How long a client may go on sending a body that has been refused."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_FAILURES: dict[int, type[ApiError]] = {400: BadRequest, 404: NotFound, 405: NotFound, 413: TooLarge}


class Failure(ApiError):
    """500: our own mistake; the log says more, the answer does not."""

    status = 500


class Answers(Limited):
    """How every answer and every failure leaves this server, whoever writes it."""

    unlogged: ClassVar[Container[str]] = ()
    """Methods whose successes are not worth a line of the logs."""
    refused: ApiError | None = None
    """What the request was refused with."""
    lasting: ClassVar[Container[str]] = ()
    """Methods whose answers last as long as the client likes: how long says nothing of us."""
    sent = 0
    """Bytes of the answer's body."""
    passed_on = False
    """Did another worker answer it, who has told the logs?"""

    _request_id: str = ""

    @property
    def request_id(self) -> str:
        """Names this request in the change log and the server's log."""
        if not self._request_id:
            self._request_id = f"{getrandbits(64):016x}"
        return self._request_id

    @property
    def origins(self) -> Origins:
        """The sites that may read answers."""
        origins: Origins = self.settings["origins"]
        return origins

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """A path that is no text names nothing, which is not found, not malformed."""
        return value.decode("utf-8", "replace")

    def clear(self) -> None:
        # Tornado's own makes headers of which none would be left; every request comes through here
        self._headers, self._write_buffer = HTTPHeaders(), []
        self._status_code, self._reason = 200, "OK"
        self.set_default_headers()

    def set_default_headers(self) -> None:
        headers = self._headers
        headers["Content-Type"] = JSON
        for name, value in SECURITY:
            headers[name] = value
        for name, value in cross_origin(self.request.headers, self.origins):
            headers[name] = value
        headers["Date"] = date_now()

    def options(self, *path: str) -> None:
        self._headers.clear()
        self.set_status(204)
        for name, value in preflight(self.request.headers, self.origins):
            self.add_header(name, value)
        self.finish()

    def write(self, chunk: str | bytes | dict[str, Any]) -> None:
        self.sent += len(chunk)
        super().write(chunk)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.finish(self.failure(kwargs.get("exc_info", (None, None, None))[1], status_code))

    def failure(self, exception: BaseException | None, status: int) -> bytes:
        """The body of the answer to an exception; its status and headers are set."""
        self.refused = error = as_api_error(exception, status, self.request.method)
        self.set_status(error.status)
        for name, value in error.headers.items():
            self.set_header(name, value)
        return json_bytes(error.body()) + b"\n"

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if cannot_store(value):
            log.error("request %s (%s %s) could not be stored: %s", self.request_id, self.request.method, self.request.path, value)
        elif isinstance(as_api_error(value, 500, self.request.method), Failure):
            log.error("request %s (%s %s) failed", self.request_id, self.request.method, self.request.path, exc_info=(typ, value, tb))


@stream_request_body
class ApiHandler(Answers):
    """A request to the API. A subclass defines `get`, `post`, `patch`, `delete`; it raises ApiError to refuse.

    `self.actor` is who asks; `self.backend` the program behind; `self.info()` what rules may read.
    The body has arrived when a verb's method starts: `self.body()`.
    """

    only: ClassVar[str] = ""
    """Who may ask: "" anybody, "auth" somebody signed in, "superuser"."""

    reader: BodyReader | None = None
    stream: IOStream | None = None
    """The connection, where the answer was to speak something else than HTTP on it."""
    _query: Mapping[str, str] | None = None
    _info: RequestInfo | None = None
    _heard: object | None = None

    # ---- before the verb

    def prepare(self) -> Awaitable[None] | None:
        """Finds who asks and gets ready for the body, of which nothing has been read yet."""
        self.settings["open_requests"].add(self)
        if self.request.method == "OPTIONS":
            return None
        token = self.token()
        if token or MIN_SEQ in self.request.query:
            return self._prepare(token)
        self._admit()
        return None

    async def _prepare(self, token: str) -> None:
        if token:
            self.actor = await self.backend.identify(token)
        self._admit()
        if MIN_SEQ in self.request.query and self.request.method in READING and (least := self.query(MIN_SEQ)):
            await self.backend.reached.wait(least)

    def _admit(self) -> None:
        try:
            self.admit()
        except (ApiError, HTTPError) as error:
            if not sends_body(self.request.headers):
                raise
            self.turn_away(error)

    def admit(self) -> None:
        """Refuses what nobody or not this actor may ask, before the body is read; else makes the body's reader."""
        verb = (self.request.method or "").lower().replace("head", "get")
        if getattr(type(self), verb, None) is getattr(RequestHandler, verb, None):
            raise HTTPError(405)
        if self.actor.superuser:
            self.refuse_outsider()
        self.count()
        if self.only and self.actor.record is None:
            raise Unauthorized("The request requires valid record authorization token.")
        if self.only == "superuser" and not self.actor.superuser:
            raise Forbidden("The authorized record is not allowed to perform this action.")
        if self.request.method not in READING or sends_body(self.request.headers):
            self.reader = self.body_reader()

    def body_reader(self) -> BodyReader:
        """What takes the body of this request; raises ApiError where there can be none."""
        in_memory = 2 * self.backend.options.body_limit  # a collection's own limit may be far higher, but is meant for files
        return BodyReader(self.request.headers, limit=self.body_limit(), temporary=self.backend.temporary, in_memory=in_memory)

    def turn_away(self, error: Exception) -> None:
        """Answers now, and hears the rest of the body for a while: who is cut off while sending never reads the answer."""
        self.clear()
        self.write(self.failure(error, getattr(error, "status_code", 500)))
        self.set_header("Content-Length", sum(map(len, self._write_buffer)))
        self.flush()
        self._heard = IOLoop.current().call_later(HEAR_SECONDS, self._end)
        setattr(self, (self.request.method or "").lower(), self._end)

    def _end(self, *path: str) -> None:
        """The refused body has arrived, or has had its time."""
        if not self._finished:
            self.finish()
            RequestHandler.on_connection_close(self)

    def body_limit(self) -> int:
        """How many bytes the body of this request may have; raises ApiError where there can be none."""
        return self.backend.options.body_limit

    def data_received(self, chunk: bytes) -> None:
        if self.reader:
            self.reader.feed(chunk)

    # ---- what the request says

    def token(self) -> str:
        """The token of the Authorization header, with or without `Bearer`."""
        text: str = self.request.headers.get("Authorization", "")
        return text[7:] if text[:7].lower() == "bearer " else text

    def query(self, name: str, default: str = "") -> str:
        """The first value of a query key."""
        return self.queries.get(name, default)

    @property
    def queries(self) -> Mapping[str, str]:
        """The first value of each query key; BadRequest where there are too many."""
        if self._query is None:
            try:
                self._query = query_values(self.request.query)
            except ValueError:
                raise BadRequest from None
        return self._query

    def body(self, failure: str = "") -> Body:
        """The body, parsed; BadRequest where it is malformed, with the sentence `failure` or else its own."""
        if self.reader is None:
            return Body()
        try:
            return self.reader.finish()
        except BadRequest as error:
            raise BadRequest(failure or error.message) from error

    def info(self) -> RequestInfo:
        """What rules may read of this request. Raises BadRequest where its body is malformed."""
        if self._info is None:
            body = self.body().fields
            self._info = request_info(self.request, self.actor, self.queries, body, self.request_id, self.ip)
        return self._info

    # ---- the answer

    def answer(self, data: Any, status: int = 200) -> None:
        """Sends data as JSON; `?fields=` picks from it."""
        self.tell_written()
        self.set_status(status)
        self.finish(self.encoded(data) if 200 <= status < 300 else json_bytes(data) + b"\n")

    def encoded(self, data: Any) -> bytes:
        """Data as JSON, with what `?fields=` picks of it."""
        fields = self.query("fields")
        return json_bytes(Projection.parse(fields).apply(data) if fields else data) + b"\n"

    def answer_nothing(self) -> None:
        """204."""
        self.tell_written()
        self.set_status(204)
        self.clear_header("Content-Type")
        self.finish()

    def tell_written(self) -> None:
        """Says in the answer's head which change was the last that this request made, if it made any."""
        if self.request.method in READING or not self._request_id:
            return
        store = self.backend.store
        if seq := store.last_of(self._request_id):
            self.set_header("X-PB-Seq", str(seq))
            self.set_header("X-PB-Position", str(Position(store.position().epoch, seq)))
            if "Access-Control-Allow-Origin" in self._headers:
                self.add_header("Access-Control-Expose-Headers", "X-PB-Seq, X-PB-Position")

    def compute_etag(self) -> str | None:
        """None: an answer of the API belongs to one moment and one actor, unless its handler knows better."""
        return None

    async def head(self, *path: str) -> None:
        answer = self.get(*path)
        if answer is not None:
            await answer

    def on_finish(self) -> None:
        self.settings["open_requests"].discard(self)
        if self._heard:
            IOLoop.current().remove_timeout(self._heard)
        if self.reader:
            self.reader.discard()

    def on_connection_close(self) -> None:
        super().on_connection_close()  # ends the wait for a body that will not come
        self.settings["open_requests"].discard(self)
        if self.reader:
            self.reader.cut()


def sends_body(headers: HTTPHeaders) -> bool:
    """Whether a body follows a request's headers."""
    return headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in headers


def cannot_store(error: BaseException | None) -> bool:
    """Is the disk full, or is it no longer to be written to?"""
    return isinstance(error, CommitFailed) or (isinstance(error, OSError) and error.errno in _FULL)


def as_api_error(error: BaseException | None, status: int, method: str | None) -> ApiError:
    """The failure an exception is answered with."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, StoreBusy):
        return Busy(headers={"Retry-After": "1"})
    if isinstance(error, TooSlow):
        return BadRequest()
    if cannot_store(error):
        return Busy("The server cannot store anything now, try again later.", headers={"Retry-After": "10"})
    if isinstance(error, HTTPError):
        status = error.status_code
    if status in (403, 404, 405) and method in ("GET", "HEAD"):
        return NotFound("File not found.")
    return _FAILURES.get(status, Failure)()

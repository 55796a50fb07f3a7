"""HTTP/1.1 straight on the loop's transports: bytes come from the parser of httptools and go to Tornado's handlers.

Tornado's own connection costs more than most requests do, so this stands in its place where httptools is installed.
"""

from __future__ import annotations

import logging
import os
import socket
from asyncio import BaseTransport, Future, Protocol, Transport, get_running_loop
from collections import deque
from typing import Any, cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser
from tornado.httputil import HTTPHeaders, HTTPInputError, RequestStartLine
from tornado.iostream import IOStream, StreamClosedError
from tornado.web import Application

from .exchange import Context, Exchange

log = logging.getLogger("pbtornado.http")

MALFORMED = b"HTTP/1.1 400 Bad Request\r\n\r\n"
VERSIONS = ("1.1", "1.0")
MOST_WAITING = 16
"""Requests that one connection may send before the first is answered; more are left in the socket."""
MOST_HELD = 1 << 20
"""Bytes of a body that wait for their handler; more are left in the socket."""


class Headers(HTTPHeaders):
    """Headers that are asked for mostly in vain: what is not there is told without an exception."""

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401  # it is the other one


class Limits:
    """What a connection may take: bytes of a request's head, seconds of silence, seconds for a body."""

    def __init__(self, head: int, idle: float, body: float) -> None:
        self.head, self.idle, self.body = head, idle, body
        self.keep_alive = True


class Wire(Protocol):
    """One connection: its requests are answered one after another in the order they came."""

    def __init__(self, application: Application, limits: Limits, open_wires: set[Wire]) -> None:
        self.closed = False
        self.context: Context
        self._application, self._limits, self._open = application, limits, open_wires
        self._parser = HttpRequestParser(self)
        self._exchanges: deque[Exchange] = deque()
        self._begun = False
        self._beyond: IOStream | None = None
        """The connection, once it speaks another protocol than HTTP."""
        self._stopped_reading = self._in_head = self._old_head = False
        self._clear_head()

    # ---- the connection

    def connection_made(self, transport: BaseTransport) -> None:
        self._transport, self._loop = cast(Transport, transport), get_running_loop()
        self._sent: Future[None] = self._loop.create_future()
        self._sent.set_result(None)
        self._drained: Future[None] | None = None
        of = transport.get_extra_info("socket")
        self.context = Context.of(of.family, transport.get_extra_info("peername"))
        self._since = self._loop.time()
        self._open.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        if self._beyond is None:
            self._open.discard(self)
        if self._drained:
            self._resume(StreamClosedError(error))
        if self._exchanges and self._begun:
            self._exchanges[0].cut()
        self._exchanges.clear()

    def overdue(self, now: float) -> bool:
        """Has the client kept us waiting for too long?"""
        if self._beyond:
            return False
        if not self._exchanges:
            return now - self._since > self._limits.idle
        return not self._exchanges[-1].received and now - self._since > self._limits.body

    @property
    def ending(self) -> bool:
        """Is it of no use to write more?"""
        return self.closed or self._transport.is_closing()

    @property
    def busy(self) -> bool:
        """Is something under way, or still to be sent?"""
        return bool(self._exchanges or self._beyond) or self._transport.get_write_buffer_size() > 0

    def close(self) -> None:
        """Ends the connection when what is written has been sent."""
        self._transport.close()

    def abort(self) -> None:
        """Ends the connection at once."""
        if self._beyond:
            self._beyond.close()
        self._transport.abort()

    # ---- what comes

    def data_received(self, data: bytes) -> None:
        try:
            self._feed(data)
        except (HttpParserError, HTTPInputError) as error:
            if isinstance(error, HttpParserCallbackError) and not isinstance(error.__context__, HTTPInputError):
                log.error("a request could not be read", exc_info=error.__context__)
            self._refuse()
        else:
            self._begin()

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:  # nobody is asked to speak anything else: what follows is a request
            rest = data[upgrade.args[0] :]
            self._parser = HttpRequestParser(self)
            if rest and not self._stopped_reading:
                self._feed(rest)
        if self._in_head:
            self._grow_head(len(data) if self._old_head else 0)
            self._old_head = True

    def _refuse(self) -> None:
        """Answers what is no request; answers to those before it come first."""
        self._pause()
        if self._exchanges and self._exchanges[0].received:
            self._exchanges[0].keep_alive = False
            self._begin()
            return
        if not (self._exchanges and self._exchanges[0].answering):
            self.send(MALFORMED)
        self.close()

    def _clear_head(self) -> None:
        self._url, self._headers, self._head_size = b"", Headers(), 0
        self._in_head = self._old_head = False

    def _grow_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > self._limits.head:
            raise HTTPInputError("the head of a request is too long")

    # what httptools calls

    def on_message_begin(self) -> None:
        self._clear_head()
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        headers, text = self._headers, name.decode("latin1")
        if text in headers:
            headers.add(text, value.decode("latin1"))
        else:
            headers[text] = value.decode("latin1")  # the parser has looked at it already
        self._head_size += len(name) + len(value)

    def on_headers_complete(self) -> None:
        parser, self._in_head = self._parser, False
        version = parser.get_http_version()
        if version not in VERSIONS:
            raise HTTPInputError("not a version of HTTP we speak")
        self._grow_head(len(self._url))
        start_line = RequestStartLine(parser.get_method().decode("latin1"), self._url.decode("latin1"), f"HTTP/{version}")
        keep_alive = parser.should_keep_alive() and self._limits.keep_alive
        self._exchanges.append(Exchange(self, start_line, self._headers, keep_alive))
        self._since = self._loop.time()

    def on_body(self, chunk: bytes) -> None:
        exchange = self._exchanges[-1]
        exchange.body(chunk)
        if exchange.held > MOST_HELD:
            self._pause()

    def on_message_complete(self) -> None:
        self._exchanges[-1].end()
        if len(self._exchanges) >= MOST_WAITING:
            self._pause()

    def _pause(self) -> None:
        if not self._stopped_reading:
            self._stopped_reading = True
            self._transport.pause_reading()

    def relieved(self) -> None:
        """There is room again for what comes."""
        if self._stopped_reading and len(self._exchanges) < MOST_WAITING and not self.ending:
            self._stopped_reading = False
            self._transport.resume_reading()

    def _begin(self) -> None:
        """Starts the oldest request, if it is its turn."""
        if self._begun or not self._exchanges or self._drained or self.closed:
            return
        self._begun = True
        try:
            self._exchanges[0].begin(self._application)
        except HTTPInputError:
            self._transport.write(MALFORMED)
            self.close()

    # ---- what goes

    def send(self, data: bytes) -> Future[None]:
        """Writes; the future is done when more would not have to wait. It raises StreamClosedError."""
        if self.ending:
            gone = self._loop.create_future()
            gone.set_exception(StreamClosedError())
            gone.exception()
            return gone
        self._transport.write(data)
        return self._drained or self._sent

    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        self._resume()
        self._begin()

    def _resume(self, error: Exception | None = None) -> None:
        drained, self._drained = self._drained, None
        if drained is None or drained.done():
            return
        if error is None:
            drained.set_result(None)
        else:
            drained.set_exception(error)
            drained.exception()

    def answered(self, exchange: Exchange) -> None:
        """The oldest request has its answer: the next one's turn, or the end."""
        if self.closed:
            return
        self._exchanges.popleft()
        self._begun, self._since = False, self._loop.time()
        if not (exchange.received and exchange.keep_alive and self._limits.keep_alive):
            self.close()
            return
        self.relieved()
        self._begin()

    def detach(self) -> IOStream:
        """The connection as a stream of Tornado's: it counts as open until that is closed. Raises StreamClosedError."""
        if self.ending or self._transport.get_write_buffer_size() > 0:  # answers to requests before are on their way still
            self.abort()
            raise StreamClosedError
        taken = self._transport.get_extra_info("socket")
        own = socket.socket(taken.family, taken.type, fileno=os.dup(taken.fileno()))
        own.setblocking(False)
        self._exchanges.clear()
        self.closed, self._beyond = True, IOStream(own)
        self._beyond.set_close_callback(lambda: self._open.discard(self))
        self._transport.abort()
        return self._beyond

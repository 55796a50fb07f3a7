"""One request and its answer on a connection: what Tornado's handlers read from and write to."""

from __future__ import annotations

import socket
from asyncio import Future
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPOutputError,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.web import Application

if TYPE_CHECKING:
    from .wire import Wire

CONTINUE = b"HTTP/1.1 100 (Continue)\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
BODILESS = (204, 304)
SWITCHING = 101


@dataclass(frozen=True, slots=True)
class Context:
    """Who is at the other end; `remote_ip` is "0.0.0.0" where it is no address of the network."""

    address_family: int
    remote_ip: str
    protocol: str = "http"

    @classmethod
    def of(cls, family: int, peer: Any) -> Context:
        """That of a socket's family and its peer's name."""
        return cls(family, peer[0] if family in (socket.AF_INET, socket.AF_INET6) and peer else "0.0.0.0")


class Exchange(HTTPConnection):
    """Hands the body of one request to its handler as it arrives, and writes the answer."""

    def __init__(self, wire: Wire, start_line: RequestStartLine, headers: HTTPHeaders, keep_alive: bool) -> None:
        self.context, self.keep_alive = wire.context, keep_alive
        self.received = self.answering = self.finished = False
        """All of the request is here; some of the answer is written; all of it is."""
        self.held = 0
        """Bytes of the body that wait until the handler is ready for them."""
        self._wire, self._start_line, self._headers = wire, start_line, headers
        self._chunks: list[bytes] = []
        self._delegate: HTTPMessageDelegate | None = None
        self._ready = self._told = False
        self._chunked = False
        self._owed: int | None = None
        self._farewell = b""
        """The head of an answer that ends HTTP on this connection; it goes out on what takes the place of HTTP."""
        self._on_close: Callable[[], None] | None = None

    # ---- the request

    def begin(self, application: Application) -> None:
        """Finds the handler and tells it that the head is here. Raises HTTPInputError for a request that is none."""
        request = HTTPServerRequest(connection=self, start_line=self._start_line, headers=self._headers)
        self._delegate = application.find_handler(request)
        ready: Any = self._delegate.headers_received(self._start_line, self._headers)
        if ready is None:
            self._hand_over()
        else:
            ready.add_done_callback(self._hand_over)

    def body(self, chunk: bytes) -> None:
        """The next bytes of the body."""
        if self._ready:
            self._deliver(chunk)
        else:
            self._chunks.append(chunk)
            self.held += len(chunk)

    def end(self) -> None:
        """The body is complete."""
        self.received = True
        if self._ready:
            self._tell()

    def cut(self) -> None:
        """The connection is gone."""
        if self._delegate is not None and not self._told:
            self._told = True
            self._delegate.on_connection_close()
        elif self._on_close:
            self._on_close()
        self._on_close = None

    def _hand_over(self, ready: Future[None] | None = None) -> None:
        """The handler is ready for the body: it gets what is here, and the rest as it comes."""
        self._ready, chunks = True, self._chunks
        self._chunks, self.held = [], 0
        if not self.received and not self.finished and self._headers.get("Expect", "").lower() == "100-continue":
            self._wire.send(CONTINUE)
        for chunk in chunks:
            self._deliver(chunk)
        self._wire.relieved()
        if self.received:
            self._tell()

    def _deliver(self, chunk: bytes) -> None:
        if self._delegate is not None and not self._told and not self.finished:
            self._delegate.data_received(chunk)

    def _tell(self) -> None:
        """The handler is told once that the request is over: complete, or not worth its while any more."""
        if self._delegate is None or self._told:
            return
        self._told, delegate = True, self._delegate
        if self.finished:
            self._delegate = None
            delegate.on_connection_close()
        else:
            delegate.finish()

    # ---- the answer

    def set_close_callback(self, callback: Callable[[], None] | None) -> None:
        """Whom to tell when the connection closes before the answer is written."""
        self._on_close = callback

    def write_headers(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders, chunk: bytes | None = None
    ) -> Future[None]:
        """The head of the answer, and the first of its body."""
        assert isinstance(start_line, ResponseStartLine)
        self.answering = True
        if start_line.code != SWITCHING:
            self._frame(start_line.code, headers)
        lines = [f"HTTP/1.1 {start_line.code} {start_line.reason}", *[f"{name}: {value}" for name, value in headers.get_all()]]
        head = "\r\n".join(lines)
        if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
            raise ValueError("a header with a line break in it")
        written = head.encode("latin1") + b"\r\n\r\n" + (self._framed(chunk) if chunk else b"")
        if start_line.code == SWITCHING:
            self._farewell, written = written, b""
        return self._wire.send(written)

    def _frame(self, code: int, headers: HTTPHeaders) -> None:
        """How the client will know where the answer ends, and whether another may follow."""
        newest, bodiless = self._start_line.version == "HTTP/1.1", self._start_line.method == "HEAD" or code in BODILESS or code < 200
        length = headers.get("Content-Length")
        self._chunked = newest and not bodiless and length is None
        if self._chunked:
            headers["Transfer-Encoding"] = "chunked"
        if not self.keep_alive and newest:
            headers["Connection"] = "close"
        elif self.keep_alive and not newest:
            headers["Connection"] = "Keep-Alive"
        self._owed = 0 if self._start_line.method == "HEAD" or code == 304 else None if length is None else int(length)

    def write(self, chunk: bytes) -> Future[None]:
        """More of the body; the future is done when more would not have to wait. It raises StreamClosedError."""
        return self._wire.send(self._framed(chunk))

    def _framed(self, chunk: bytes) -> bytes:
        if self._owed is not None:
            self._owed -= len(chunk)
            if self._owed < 0:
                self.close()
                raise HTTPOutputError("Tried to write more data than Content-Length")
        return b"%x\r\n%b\r\n" % (len(chunk), chunk) if self._chunked and chunk else chunk

    def finish(self) -> None:
        """The answer is complete."""
        if self._owed and not self._wire.ending:
            self.close()
            raise HTTPOutputError(f"Tried to write {self._owed} bytes less than Content-Length")
        if self._chunked:
            self._wire.send(LAST_CHUNK)
        self.finished, self._on_close = True, None
        if self._told:
            self._delegate = None  # it holds its handler, who holds us
        if not self._farewell:
            self._wire.answered(self)

    def close(self) -> None:
        """Breaks the connection."""
        self._wire.abort()

    def detach(self) -> Any:
        """The connection as a stream of Tornado's, for a protocol that begins where HTTP ends. Raises StreamClosedError."""
        stream = self._wire.detach()
        stream.write(self._farewell)
        return stream

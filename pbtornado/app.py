"""A server in this process: the backend, the application over it, and the sockets it listens on."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import time
from collections.abc import Iterable
from socket import AF_UNIX, socket
from typing import Any
from weakref import WeakSet

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream, StreamClosedError
from tornado.web import Application

from .backend import Backend
from .config import Options
from .http.handler import ApiHandler
from .http.headers import Origins
from .http.public import Unknown
from .http.routes import routes
from .http.siblings import Siblings
from .rates import Rates

log = logging.getLogger("pbtornado.app")

IDLE_SECONDS = 120.0
"""How long a connection may be silent between two requests, or take to send a request's head."""
BODY_SECONDS = 300.0
"""How long a body may take to arrive."""
LONGEST_BODY = 1 << 40
"""A ceiling for the parser alone: handlers refuse what is over their own limit, with a proper answer."""
READ_BUFFER = 1 << 20
LOOK_AGAIN = 0.01
MOST_CONNECTIONS = 25_000
"""Connections of one worker, if the system gives it files for as many."""
KEPT_FILES = 256
"""Files that are not for connections: the database, uploads, downloads."""
COMPLAIN_SECONDS = 60.0
OUT_OF_FILES_PAUSE = 0.005


class Server(HTTPServer):
    """Tornado's server with every limit spelled out, and an end that lets open requests finish."""

    open_requests: WeakSet[ApiHandler]
    streams: WeakSet[IOStream]
    connections = 0
    most_connections = MOST_CONNECTIONS
    _complained = -COMPLAIN_SECONDS

    def handle_stream(self, stream: IOStream, address: tuple[object, ...]) -> None:
        if self.connections >= self.most_connections and stream.socket.family != AF_UNIX:
            stream.close()
            self.complain(f"no more than {self.most_connections} connections at a time: others are turned away")
            return
        self.connections += 1
        self.streams.add(stream)
        super().handle_stream(stream, address)

    def on_close(self, server_conn: object) -> None:
        self.connections -= 1
        super().on_close(server_conn)

    def complain(self, sentence: str) -> None:
        """Says in the log what goes wrong again and again, but only once a minute."""
        if time.monotonic() - self._complained >= COMPLAIN_SECONDS:
            self._complained = time.monotonic()
            log.warning(sentence)

    def loop_failure(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What nobody caught. Being out of files, which every look at a listening socket finds anew, must not fill the log."""
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            self.complain("the system gives no more files: connections wait")
            time.sleep(OUT_OF_FILES_PAUSE)
        else:
            loop.default_exception_handler(context)

    async def finish(self, seconds: float) -> None:
        """Accepts nothing more, waits up to `seconds` for open requests and their answers, and closes the rest."""
        self.stop()
        self.conn_params.no_keep_alive = True
        self._close_idle()
        for _ in range(round(seconds / LOOK_AGAIN)):
            if not self._busy():
                break
            await asyncio.sleep(LOOK_AGAIN)
        await self.close_all_connections()

    def _busy(self) -> bool:
        return bool(self.open_requests) or any(stream.writing() for stream in self.streams if not stream.closed())

    def _close_idle(self) -> None:
        asking = {id(getattr(handler.request.connection, "stream", None)) for handler in self.open_requests}
        for stream in list(self.streams):
            if id(stream) not in asking and not stream.writing():
                stream.close()


def application(backend: Backend, siblings: Siblings | None = None) -> Application:
    """The Tornado application over a backend."""
    return Application(
        routes(backend.options),
        default_handler_class=Unknown,
        backend=backend,
        siblings=siblings or Siblings(),
        origins=Origins(backend.options.origins),
        open_requests=WeakSet(),
        log_function=lambda handler: None,
    )


def http_server(app: Application, options: Options) -> Server:
    """A server for the application that listens nowhere yet."""
    server = Server(
        app,
        max_header_size=options.header_limit,
        idle_connection_timeout=IDLE_SECONDS,
        body_timeout=BODY_SECONDS,
        max_body_size=LONGEST_BODY,
        max_buffer_size=READ_BUFFER,
    )
    server.open_requests, server.streams = app.settings["open_requests"], WeakSet()
    server.most_connections = connections_for(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return server


def connections_for(files: int) -> int:
    """How many connections a process may have that may open so many files: some have a file of their own."""
    return MOST_CONNECTIONS if files == resource.RLIM_INFINITY else max(16, min(MOST_CONNECTIONS, (files - KEPT_FILES) * 3 // 4))


class App:
    """One worker: `await start(sockets)`, serve, `await stop()`."""

    def __init__(self, options: Options, worker: int = 0, siblings: Siblings | None = None, rates: Rates | None = None) -> None:
        """`siblings` and `rates` connect the workers of one server; without them it is a server of its own."""
        self.backend = Backend(options, worker, rates)
        self.siblings = siblings or Siblings()
        self.application = application(self.backend, self.siblings)
        self.server = http_server(self.application, options)

    async def start(self, sockets: Iterable[socket]) -> None:
        """Opens the data directory and listens. Raises UnusableDirectory."""
        await self.backend.start()
        asyncio.get_running_loop().set_exception_handler(self.server.loop_failure)
        self.server.add_sockets(sockets)

    async def stop(self) -> None:
        """Ends streams at once, open requests within their time, then the backend: what was answered is stored."""
        self.backend.realtime.stop()
        try:
            await self.server.finish(self.backend.options.stop_seconds)
        except StreamClosedError:
            log.debug("a connection closed while the server stopped")
        self.siblings.close()
        await self.backend.stop()

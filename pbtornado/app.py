"""A server in this process: the backend, the application over it, and the sockets it listens on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from socket import socket
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


class Server(HTTPServer):
    """Tornado's server with every limit spelled out, and an end that lets open requests finish."""

    open_requests: WeakSet[ApiHandler]
    streams: WeakSet[IOStream]

    def handle_stream(self, stream: IOStream, address: tuple[object, ...]) -> None:
        self.streams.add(stream)
        super().handle_stream(stream, address)

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
    return server


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

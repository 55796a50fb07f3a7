"""A server in this process: the backend, the application over it, and the sockets it listens on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from socket import socket

from tornado.iostream import StreamClosedError
from tornado.web import Application

from .backend import Backend
from .config import Options
from .http.activity import log_activity
from .http.dispatch import Dispatch
from .http.headers import Origins
from .http.kept import KeptAnswers
from .http.public import Unknown
from .http.routes import routes
from .http.server import http_server
from .http.siblings import Siblings
from .http.traffic import Traffic
from .rates import Rates

log = logging.getLogger("pbtornado.app")


def application(backend: Backend, siblings: Siblings | None = None) -> Application:
    """The Tornado application over a backend."""
    return Dispatch(
        routes(backend.options),
        otherwise=Unknown,
        backend=backend,
        siblings=siblings or Siblings(),
        origins=Origins(backend.options.origins),
        open_requests=set(),
        traffic=Traffic(),
        kept=KeptAnswers(backend.recent, backend.catalogs),
        log_function=log_activity,
    )


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
        asyncio.get_running_loop().set_exception_handler(self.server.crowd.loop_failure)
        self.server.add_sockets(sockets)

    async def stop(self) -> None:
        """Ends streams at once, open requests within their time, then the backend: what was answered is stored."""
        self.backend.end_waiting()
        try:
            await self.server.finish(self.backend.options.stop_seconds)
        except StreamClosedError:
            log.debug("a connection closed while the server stopped")
        self.siblings.close()
        await self.backend.stop()

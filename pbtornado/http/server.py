"""The servers that speak HTTP: one on the loop's transports, and Tornado's own where httptools is not installed."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import time
from collections.abc import Iterable
from importlib.util import find_spec
from socket import AF_UNIX, socket
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.web import Application

from ..config import Options
from .handler import ApiHandler

if TYPE_CHECKING:
    from .wire import Wire

log = logging.getLogger("pbtornado.http")

IDLE_SECONDS = 120.0
"""How long a connection may be silent between two requests, or take to send a request's head."""
BODY_SECONDS = 300.0
"""How long a body may take to arrive."""
LONGEST_BODY = 1 << 40
"""A ceiling for the parser alone: handlers refuse what is over their own limit, with a proper answer."""
READ_BUFFER = 1 << 20
LOOK_AGAIN = 0.01
ACCEPTED = 8
"""Connections that are accepted at once, where there are so many: a thousand that come together must not be all that a worker sees to."""
ACCEPT_SECONDS = 0.003
"""How long until as many more of them are."""
MOST_ACCEPTED = 64
"""How many at once where the loop was busy for longer."""
MOST_CONNECTIONS = 25_000
"""Connections of one worker, if the system gives it files for as many."""
KEPT_FILES = 256
"""Files that are not for connections: the database, uploads, downloads."""
COMPLAIN_SECONDS = 60.0
OUT_OF_FILES_PAUSE = 0.005
SWEEP_SECONDS = 5.0
"""How often it is looked whether clients keep us waiting."""


class Server(Protocol):
    """Accepts connections of sockets and answers what comes with an application."""

    crowd: Crowd

    def add_sockets(self, sockets: Iterable[socket]) -> None:
        """Listens on these too."""

    def add_socket(self, socket: socket) -> None:
        """Listens on this too."""

    def stop(self) -> None:
        """Accepts no more connections."""

    async def finish(self, seconds: float) -> None:
        """Accepts nothing more, waits up to `seconds` for open requests and their answers, and closes the rest."""

    async def close_all_connections(self) -> None:
        """Ends all connections at once."""


def http_server(app: Application, options: Options) -> Server:
    """A server for the application that listens nowhere yet: the fastest there is."""
    return WireServer(app, options) if find_spec("httptools") else TornadoServer.of(app, options)


def connections_for(files: int) -> int:
    """How many connections a process may have that may open so many files: some have a file of their own."""
    return MOST_CONNECTIONS if files == resource.RLIM_INFINITY else max(16, min(MOST_CONNECTIONS, (files - KEPT_FILES) * 3 // 4))


class Crowd:
    """How many connections there may be, and what is said when more come."""

    def __init__(self) -> None:
        self.most = connections_for(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        self._complained = -COMPLAIN_SECONDS

    def admits(self, arrived: socket, present: int) -> bool:
        """May one more connect, where so many have? Siblings always may."""
        if present < self.most or arrived.family == AF_UNIX:
            return True
        self.complain(f"no more than {self.most} connections at a time: others are turned away")
        return False

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


class WireServer:
    """Connections are transports of the loop, read by httptools."""

    def __init__(self, app: Application, options: Options) -> None:
        from .wire import Limits

        self.crowd = Crowd()
        self._app, self._limits = app, Limits(options.header_limit, IDLE_SECONDS, BODY_SECONDS)
        self._wires: set[Wire] = set()
        self._arriving: set[asyncio.Task[Any]] = set()
        self._listening: list[socket] = []
        self._sweep: asyncio.TimerHandle | None = None

    def add_sockets(self, sockets: Iterable[socket]) -> None:
        for one in sockets:
            self.add_socket(one)

    def add_socket(self, listening: socket) -> None:
        listening.setblocking(False)
        self._listening.append(listening)
        self._accept_from(listening)
        self._sweep = self._sweep or asyncio.get_event_loop().call_later(SWEEP_SECONDS, self._close_overdue)

    def _accept_from(self, listening: socket) -> None:
        asyncio.get_event_loop().add_reader(listening.fileno(), self._accept_some, listening)

    def _accept_more(self, listening: socket, since: float) -> None:
        """Goes on with those that came since then: as many for each spell that has gone by."""
        if listening in self._listening:
            self._accept_from(listening)
            spells = round((asyncio.get_running_loop().time() - since) / ACCEPT_SECONDS)
            self._accept_some(listening, min(MOST_ACCEPTED, ACCEPTED * max(1, spells)))

    def _accept_some(self, listening: socket, most: int = ACCEPTED) -> None:
        """Accepts a few; where more wait, these have their first words before it is looked again."""
        for _ in range(most):
            try:
                arrived, _ = listening.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:  # it has gone before we looked
                continue
            self._accept(arrived)
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening.fileno())
        loop.call_later(ACCEPT_SECONDS, self._accept_more, listening, loop.time())

    def _accept(self, arrived: socket) -> None:
        from .wire import Wire

        if not self.crowd.admits(arrived, len(self._wires) + len(self._arriving)):
            arrived.close()
            return
        loop = asyncio.get_running_loop()
        task = loop.create_task(loop.connect_accepted_socket(lambda: Wire(self._app, self._limits, self._wires), arrived))
        self._arriving.add(task)
        task.add_done_callback(self._arrived)

    def _arrived(self, task: asyncio.Task[Any]) -> None:
        self._arriving.discard(task)
        if not task.cancelled():
            task.exception()  # who has gone before we looked is nobody's loss

    def _close_overdue(self) -> None:
        loop = asyncio.get_running_loop()
        for wire in [one for one in self._wires if one.overdue(loop.time())]:
            wire.close()
        self._sweep = loop.call_later(SWEEP_SECONDS, self._close_overdue)

    def stop(self) -> None:
        for listening in self._listening:
            asyncio.get_event_loop().remove_reader(listening.fileno())
            listening.close()
        self._listening = []
        if self._sweep:
            self._sweep.cancel()

    async def finish(self, seconds: float) -> None:
        self.stop()
        self._limits.keep_alive = False
        for wire in list(self._wires):
            if not wire.busy:
                wire.close()
        for _ in range(round(seconds / LOOK_AGAIN)):
            if not any(wire.busy for wire in self._wires):
                break
            await asyncio.sleep(LOOK_AGAIN)
        await self.close_all_connections()

    async def close_all_connections(self) -> None:
        for wire in list(self._wires):
            wire.abort()
        while self._wires:  # noqa: ASYNC110  # it takes the loop a turn or two
            await asyncio.sleep(0)


class TornadoServer(HTTPServer):
    """Tornado's server with every limit spelled out, and an end that lets open requests finish."""

    open_requests: set[ApiHandler]
    streams: WeakSet[IOStream]
    crowd: Crowd
    connections = 0

    @classmethod
    def of(cls, app: Application, options: Options) -> TornadoServer:
        """One for the application."""
        server = cls(
            app,
            max_header_size=options.header_limit,
            idle_connection_timeout=IDLE_SECONDS,
            body_timeout=BODY_SECONDS,
            max_body_size=LONGEST_BODY,
            max_buffer_size=READ_BUFFER,
        )
        server.open_requests, server.streams = app.settings["open_requests"], WeakSet()
        server.crowd = Crowd()
        return server

    def handle_stream(self, stream: IOStream, address: tuple[object, ...]) -> None:
        if not self.crowd.admits(stream.socket, self.connections):
            stream.close()
            return
        self.connections += 1
        self.streams.add(stream)
        super().handle_stream(stream, address)

    def on_close(self, server_conn: object) -> None:
        self.connections -= 1
        super().on_close(server_conn)

    async def finish(self, seconds: float) -> None:
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
        asking = {id(handler.stream or getattr(handler.request.connection, "stream", None)) for handler in self.open_requests}
        for stream in list(self.streams):
            if id(stream) not in asking and not stream.writing():
                stream.close()

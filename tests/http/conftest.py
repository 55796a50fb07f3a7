"""Both kinds of server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port
from tornado.web import Application

from pbtornado.backend import Backend
from pbtornado.http.server import Server, TornadoServer, WireServer
from tests.client import Client


@pytest.fixture(params=[WireServer, TornadoServer.of])
def each(request: pytest.FixtureRequest, io_loop: IOLoop, backend: Backend, app: Application) -> Iterator[Client]:
    """A client of each of the servers: our own connections, and Tornado's where httptools is not installed."""
    made: Callable[..., Server] = request.param
    socket, port = bind_unused_port()
    server = made(app, backend.options)
    server.add_socket(socket)
    client = Client(f"http://127.0.0.1:{port}", backend)
    client.server = server  # type: ignore[attr-defined]
    yield client
    client.close()
    server.stop()
    io_loop.run_sync(server.close_all_connections)

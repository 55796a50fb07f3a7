"""Requests handed from one worker to another."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pbtornado.http.siblings import Siblings
from tests.process import Server

if TYPE_CHECKING:
    from tornado.web import Application

    from tests.client import Client

WORKERS = 3


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of several workers."""
    with Server(tmp_path / "pb_data", "--workers", str(WORKERS)) as server:
        yield server


@contextmanager
def stream(server: Server) -> Iterator[str]:
    """An open stream; its client id."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/api/realtime")
    answer = connection.getresponse()
    yield answer.readline().decode().strip().removeprefix("id:")
    answer.close()
    connection.close()


def test_a_subscribe_finds_its_stream(server: Server) -> None:
    """Whichever worker a subscribe lands on, the one that has the stream answers it."""
    with stream(server) as client:
        body = {"clientId": client, "subscriptions": ["users/*"]}
        answers = {server.ask("POST", "/api/realtime", body, token="").status for _ in range(8 * WORKERS)}
    assert answers == {204}


@pytest.mark.parametrize("client", ["01" + "a" * 38, "zz" + "a" * 38, "x", ""])
def test_a_stream_nobody_has(server: Server, client: str) -> None:
    """A client id that is no worker's, or that its worker does not know, is refused the same way everywhere."""
    body = {"clientId": client, "subscriptions": []}
    answers = {server.ask("POST", "/api/realtime", body, token="").status for _ in range(8)}
    assert answers == {400 if not client else 404}


def test_errors_come_back_as_they_are(server: Server) -> None:
    """What the other worker refuses is refused in its words."""
    with stream(server) as client:
        body = {"clientId": client, "subscriptions": ["x" * 2501]}
        answers = [server.ask("POST", "/api/realtime", body, token="") for _ in range(8 * WORKERS)]
    assert {answer.status for answer in answers} == {400}
    assert len({answer.body for answer in answers}) == 1


async def test_a_worker_that_hangs_up(client: Client, app: Application, tmp_path: Path) -> None:
    """Where the other worker gives no answer, the client is told to come again."""
    hanging_up = await asyncio.start_unix_server(lambda _, writer: writer.close(), tmp_path / "1")
    app.settings["siblings"] = siblings = Siblings(0, (tmp_path / "0", tmp_path / "1"))
    answer = await client.post("/api/realtime", {"clientId": "01" + "a" * 38, "subscriptions": []})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    siblings.close()
    hanging_up.close()
    await hanging_up.wait_closed()

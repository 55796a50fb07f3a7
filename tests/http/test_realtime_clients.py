"""Who listens, as superusers see it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.data import account, superuser
from tests.process import Server
from tests.sse import Stream

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.client import Client

WORKERS = 3
CLIENTS = "/api/realtime/clients"


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    """What is done at the end."""
    with ExitStack() as stack:
        yield stack


def opened(server: Server, count: int, cleanup: ExitStack) -> list[Stream]:
    """Open streams."""
    streams = [Stream(server) for _ in range(count)]
    for stream in streams:
        cleanup.callback(stream.answer.close)
        cleanup.callback(stream.close)
    return streams


def told(server: Server, query: str = "") -> dict[str, Any]:
    """What a superuser is told."""
    answer = server.ask("GET", CLIENTS + query)
    assert answer.status == 200, answer.body
    data: dict[str, Any] = answer.json()
    return data


def until(server: Server, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Asks until it holds."""
    end = time.monotonic() + 10
    while not holds(answer := told(server)):
        assert time.monotonic() < end, answer
        time.sleep(0.05)
    return answer


def test_streams_of_all_workers(tmp_path: Path, cleanup: ExitStack) -> None:
    """Each stream with its client, topics, place and traffic; from whichever worker one asks."""
    with Server(tmp_path / "pb_data", "--workers", str(WORKERS)) as server:
        server.sign_in()
        server.create("/api/collections", {"name": "posts", "type": "base", "listRule": "", "createRule": ""})
        user = {"email": "ann@example.com", "password": "1234567890", "passwordConfirm": "1234567890"}
        ann = server.create("/api/collections/users/records", user)
        token = server.sign_in("users", "ann@example.com", "1234567890")
        streams = opened(server, 6, cleanup)
        options = {"query": {"filter": "id != ''", "token": "t0p"}, "headers": {"X-Word": "h1dden"}}
        for stream in streams:
            stream.subscribe(f"posts/*?options={quote(json.dumps(options))}", "nothing/*", token=token)
        server.create("/api/collections/posts/records", {})
        for stream in streams:
            next(stream.events)
        answer = until(server, lambda answer: all(one["events"] == 1 for one in answer["items"]))
        assert (answer["total"], answer["silent"], len(answer["items"])) == (6, [], 6)
        assert sum(one["streams"] for one in answer["workers"]) == 6
        assert [one["worker"] for one in answer["workers"]] == list(range(WORKERS))
        assert sum(one["writes"] for one in answer["workers"]) >= sum(one["commits"] for one in answer["workers"]) > 2
        assert {one["id"] for one in answer["items"]} == {stream.client for stream in streams}
        for one in answer["items"]:
            assert int(one["id"][1]) == one["worker"]
            assert (one["state"], one["lag"], one["outboxBytes"], one["ip"]) == ("live", 0, 0, "127.0.0.1")
            assert one["actor"] == {"id": ann["id"], "collectionId": ann["collectionId"], "collectionName": "users", "label": user["email"]}
            assert one["bytes"] > 100
        topic = answer["items"][0]["topics"][0]
        assert (topic["topic"], topic["query"], topic["headers"]) == ("posts/*", {"filter": "id != ''", "token": "***"}, ["x_word"])
        assert "h1dden" not in json.dumps(answer)
        some = told(server, "?limit=2")
        assert (some["total"], len(some["items"])) == (6, 2)
        assert [some["items"], told(server, "?limit=0")["items"]] == [answer["items"][:2], []]
        _disconnecting(server, streams)


def _disconnecting(server: Server, streams: list[Stream]) -> None:
    """Ends each stream from some worker; a second time there is none."""
    for stream in streams:
        assert server.ask("DELETE", f"{CLIENTS}/{stream.client}").status == 204
        with pytest.raises(ConnectionResetError, match="ended"):
            next(stream.events)
        assert server.ask("DELETE", f"{CLIENTS}/{stream.client}").status == 404
    assert until(server, lambda answer: answer["total"] == 0)["items"] == []


async def test_only_superusers(client: Client, backend: Backend) -> None:
    """Nobody else sees clients or ends their streams; unknown ids and limits are refused."""
    _, token = await account(backend, "ann@example.com")
    for method, path in (("GET", CLIENTS), ("DELETE", f"{CLIENTS}/00abc")):
        assert [(await client.send(method, path, token=who)).status for who in ("", token)] == [401, 403]
    client.token = await superuser(backend)
    for unknown in ("zz" + "a" * 38, "00" + "a" * 38, "x"):
        assert (await client.delete(f"{CLIENTS}/{unknown}")).status == 404
    assert list((await client.get(f"{CLIENTS}?limit=x")).error) == ["limit"]


def test_a_worker_that_does_not_answer(tmp_path: Path, cleanup: ExitStack) -> None:
    """It is named, and the others are told of within a bounded time."""
    with Server(tmp_path / "pb_data", "--workers", "2") as server:
        server.sign_in()
        streams = opened(server, 6, cleanup)
        until(server, lambda answer: answer["total"] == 6)
        first = server.workers()[0]
        os.kill(first, signal.SIGSTOP)
        try:
            answer = _told_by_the_other(server)
        finally:
            os.kill(first, signal.SIGCONT)
        assert answer["silent"] == [0]
        assert [one["worker"] for one in answer["workers"]] == [1]
        assert answer["total"] == len(answer["items"]) == sum(stream.client[1] == "1" for stream in streams)


def _told_by_the_other(server: Server) -> dict[str, Any]:
    """Asks again where the connection was given to the worker that does not answer."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=4)
        try:
            connection.request("GET", CLIENTS, headers={"Authorization": server.token})
            data: dict[str, Any] = json.loads(connection.getresponse().read())
            return data
        except TimeoutError:
            continue
        finally:
            connection.close()

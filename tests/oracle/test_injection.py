"""Whatever somebody sends, it never becomes a part of a statement, and is never answered with a failure of the server."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tornado.ioloop import IOLoop

from tests.client import Answer, Client
from tests.data import account, change_settings, collection, records, superuser
from tests.oracle import canaries
from tests.oracle.canaries import Asked
from tests.oracle.watched import CANARY, Watched, but_for_names
from tests.realtime.live import Ear

INPUTS = int(os.environ.get("FUZZ_INPUTS", "1500"))
FIELDS: tuple[dict[str, Any], ...] = (
    {"name": "title"},
    {"name": "n", "type": "number"},
    {"name": "done", "type": "bool"},
    {"name": "meta", "type": "json"},
    {"name": "tags", "type": "select", "values": ["a", "b"], "maxSelect": 2},
    {"name": "owner", "type": "relation", "collectionId": "_pb_users_auth_", "maxSelect": 1},
    {"name": "place", "type": "geoPoint"},
    {"name": "doc", "type": "file"},
)


def inputs(share: float) -> settings:
    """So much of all inputs; the same ones at each run, unless more are asked for than usual."""
    return settings(
        max_examples=max(round(INPUTS * share), 1),
        deadline=None,
        derandomize="FUZZ_INPUTS" not in os.environ,
        database=None,
        print_blob=True,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


class Fuzzed:
    """A server in this process, whom one may ask as anybody."""

    def __init__(self, loop: IOLoop, client: Client) -> None:
        self.loop, self.client, self.backend = loop, client, client.backend
        self.tokens = {"": ""}
        loop.run_sync(self.prepare)
        Watched.caught()

    async def prepare(self) -> None:
        """Somebody, something, and batches allowed."""
        self.tokens["superuser"] = await superuser(self.backend)
        id, self.tokens["user"] = await account(self.backend, "a@example.com")
        await collection(self.backend, "posts", *FIELDS)
        await collection(self.backend, "places", listRule="@request.auth.id != '' && @request.query.x != 'y'")
        rows = [{"id": f"post{n:011}", "title": str(n), "n": n, "owner": id, "meta": {"a": [n]}} for n in range(1, 4)]
        await records(self.backend, "posts", *rows)
        await change_settings(self.backend, batch={"enabled": True, "maxRequests": 50, "timeout": 30, "maxBodySize": 0})
        self.backend.records.throttle.miss = lambda *_: False  # type: ignore[method-assign]  # it makes who searches in vain wait

    def ask(self, asked: Asked) -> Answer:
        """One request; a failure of the server fails the test."""
        send = partial(self.client.send, asked.method, asked.path, asked.body, token=self.tokens[asked.who])
        answer: Answer = self.loop.run_sync(send)
        assert answer.status < 500, (asked, answer.status, answer.body)
        return answer

    def look(self) -> tuple[set[str], int]:
        """Past the server: names of all tables and views, and how many posts and accounts there are."""
        with closing(sqlite3.Connection(f"file:{self.backend.store.path}?mode=ro", uri=True)) as connection:
            names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
            counted = connection.execute("SELECT (SELECT count(*) FROM posts) + (SELECT count(*) FROM _superusers)").fetchone()[0]
        return names, counted


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every connection is watched."""
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Watched))
    yield
    Watched.caught()


@pytest.fixture
def fuzzed(watching: None, io_loop: IOLoop, client: Client) -> Fuzzed:
    """A watched server."""
    return Fuzzed(io_loop, client)


def test_the_watch_sees_what_it_should(fuzzed: Fuzzed) -> None:
    """Statements with the canary are caught, parameters with it are not."""
    connection = sqlite3.connect(":memory:")
    assert isinstance(connection, Watched)
    connection.execute("SELECT ?", (CANARY,))
    assert Watched.caught() == []
    connection.execute(f"SELECT '{CANARY}'")
    connection.execute(f'SELECT 1 AS "{CANARY}"')
    assert len(Watched.caught()) == 3
    connection.close()
    assert fuzzed.ask(Asked("GET", f"/api/collections/posts/records?filter=title='{CANARY}'")).json["items"] == []


def test_requests(fuzzed: Fuzzed) -> None:
    """Filters, sorts, expands, projections, ids, names, bodies: none of them is ever part of a statement."""

    @inputs(0.7)
    @given(canaries.requests)
    def fuzz(asked: Asked) -> None:
        fuzzed.ask(asked)
        assert Watched.caught() == []

    fuzz()


def test_definitions_of_collections(fuzzed: Fuzzed) -> None:
    """Names come into statements in quotes and as plain words only; nothing but the collection itself is made or changed."""
    before = fuzzed.look()

    @inputs(0.12)
    @given(canaries.definitions())
    def fuzz(definition: dict[str, Any]) -> None:
        answer = fuzzed.ask(Asked("POST", "/api/collections", definition, "superuser"))
        names, counted = fuzzed.look()
        assert names == before[0] | ({answer.json["name"]} if answer.status == 200 else set())
        assert counted == before[1]
        if answer.status == 200:
            gone = fuzzed.ask(Asked("DELETE", f"/api/collections/{answer.json['id']}", None, "superuser"))
            assert gone.status == 204, gone.body
        assert [text for text in Watched.caught() if but_for_names(text) and not is_index(text)] == []
        assert fuzzed.look() == before

    fuzz()


def is_index(statement: str) -> bool:
    """An index is made of an expression that a superuser wrote; it can do nothing else."""
    return statement.startswith(("CREATE INDEX ", "CREATE UNIQUE INDEX "))


def test_views(fuzzed: Fuzzed) -> None:
    """A view's SELECT is a statement that a superuser wrote: it may read, and changes nothing."""
    before = fuzzed.look()

    @inputs(0.08)
    @given(canaries.select_statements(), canaries.filters(), st.booleans())
    def fuzz(query: str, rule: str, dry: bool) -> None:
        path = "/api/collections/meta/dry-run-view" if dry else "/api/collections"
        body = {"query": query} if dry else {"name": CANARY, "type": "view", "viewQuery": query, "listRule": rule}
        answer = fuzzed.ask(Asked("POST", path, body, "superuser"))
        if answer.status == 200 and not dry:
            fuzzed.ask(Asked("GET", f"/api/collections/{CANARY}/records", None, "superuser"))
            gone = fuzzed.ask(Asked("DELETE", f"/api/collections/{CANARY}", None, "superuser"))
            assert gone.status == 204, gone.body
        assert fuzzed.look() == before

    fuzz()
    Watched.caught()


def test_topics(fuzzed: Fuzzed) -> None:
    """What is subscribed to is asked at each change without being part of a statement."""

    @inputs(0.1)
    @given(st.lists(canaries.topics(), min_size=1, max_size=3), st.sampled_from(["", "user", "superuser"]))
    def fuzz(topics: list[str], who: str) -> None:
        fuzzed.loop.run_sync(lambda: listen(fuzzed, topics, who))
        assert Watched.caught() == []

    fuzz()


async def listen(fuzzed: Fuzzed, topics: list[str], who: str) -> None:
    """Subscribes, and hears of a change."""
    ear = Ear(fuzzed.backend.realtime.connect("127.0.0.1"))
    client = fuzzed.client
    for wanted in (topics, ["posts/*?plain"]):
        body = {"clientId": ear.id, "subscriptions": [*wanted, "posts/*?plain"]}
        answer = await client.post("/api/realtime", body, token=fuzzed.tokens[who])
        assert answer.status < 500, (topics, answer.body)
        if answer.status == 204:
            break
    await client.patch("/api/collections/posts/records/post00000000001", {"n+": 1}, token=fuzzed.tokens["superuser"])
    while (await ear.next()).name != "posts/*?plain":
        pass
    fuzzed.backend.realtime.close(ear.connection)

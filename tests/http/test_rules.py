"""Rules on trial over HTTP."""

from __future__ import annotations

from pbtornado.backend import Backend
from tests import data
from tests.client import Client


async def test_superusers_try_rules(client: Client, backend: Backend) -> None:
    """A rule, who asks, how, about what; header names are those of HTTP."""
    await data.collection(backend, "posts", {"name": "title"})
    trial = {
        "collection": "posts",
        "rule": "title = 'a' && @request.headers.x_token = 't'",
        "request": {"headers": {"X-Token": "t"}},
        "record": {"values": {"title": "a"}},
    }
    answer = await client.post("/api/rules/test", trial, token=await data.superuser(backend))
    assert (answer.status, answer.json["allowed"], answer.json["parts"][0]["decided"]) == (200, True, True)


async def test_nobody_else_does(client: Client, backend: Backend) -> None:
    """Guests and auth records may not."""
    _, token = await data.account(backend, "ann@example.com")
    assert [(await client.post("/api/rules/test", {}, token=who)).status for who in ("", token)] == [401, 403]


async def test_malformed_headers(client: Client, backend: Backend) -> None:
    """Headers are an object of texts."""
    trial = {"collection": "users", "request": {"headers": {"a": 1}}}
    answer = await client.post("/api/rules/test", trial, token=await data.superuser(backend))
    assert (answer.status, list(answer.error)) == (400, ["request"])

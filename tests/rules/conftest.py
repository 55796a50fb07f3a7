"""A small world of posts, people and teams to ask rules about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pbtornado.rules.request import RequestInfo
from tests.rules.world import World, collection

ONE = {"type": "relation", "maxSelect": 1}
MANY = {"type": "relation", "maxSelect": 9}


def text(name: str, **more: Any) -> dict[str, Any]:
    """A text field."""
    return {"name": name, "type": "text", **more}


def people() -> Any:
    """The auth collection of the world."""
    return collection("people", text("nick"), {"name": "team", **ONE, "collectionId": "teams"}, type="auth", list_rule="")


def posts() -> Any:
    """A collection with every kind of value."""
    return collection(
        "posts",
        text("title"),
        text("secret", hidden=True),
        {"name": "n", "type": "number"},
        {"name": "day", "type": "date"},
        {"name": "data", "type": "json"},
        {"name": "place", "type": "geoPoint"},
        {"name": "tags", "type": "select", "values": ["a", "b", "c"], "maxSelect": 3},
        {"name": "author", **ONE, "collectionId": "people"},
        {"name": "readers", **MANY, "collectionId": "people"},
        {"name": "teams", **MANY, "collectionId": "teams"},
        {"name": "parent", **ONE, "collectionId": "posts"},
        list_rule="",
    )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Two teams, two people and three posts."""
    teams = collection("teams", text("title"), {"name": "rank", "type": "number"}, list_rule="rank > 1")
    comments = collection("comments", text("text"), {"name": "post", **ONE, "collectionId": "posts"}, list_rule="")
    vault = collection("vault", text("text"), {"name": "post", **ONE, "collectionId": "posts"})
    world = World.make(tmp_path / "data.db", people(), posts(), teams, comments, vault)
    world.add("teams", {"id": "red", "title": "Red", "rank": 1})
    world.add("teams", {"id": "blue", "title": "Blue", "rank": 2})
    world.add("people", {"id": "ann", "nick": "ann", "team": "red", "email": "ann@example.com", "emailVisibility": True})
    world.add("people", {"id": "bob", "nick": "bob", "team": "blue", "email": "bob@example.com"})
    world.add(
        "posts", {"id": "p1", "title": "One", "n": 1, "author": "ann", "tags": ["a"], "readers": ["ann"], "teams": ["red"], "secret": "x"}
    )
    world.add(
        "posts",
        {
            "id": "p2",
            "title": "two",
            "n": 2,
            "author": "bob",
            "tags": ["a", "b"],
            "readers": ["ann", "bob"],
            "teams": ["red", "blue"],
            "parent": "p1",
        },
    )
    world.add("posts", {"id": "p3", "data": {"a": {"b": [1, "x"]}}, "place": {"lon": 13.4, "lat": 52.5}, "day": "2024-02-29 12:00:00.000Z"})
    world.add("comments", {"id": "c1", "text": "good", "post": "p1"})
    world.add("comments", {"id": "c2", "text": "good", "post": "p2"})
    world.add("comments", {"id": "c3", "text": "bad", "post": "p2"})
    yield world
    world.close()


@pytest.fixture
def ann(world: World) -> RequestInfo:
    """A request by Ann."""
    return RequestInfo(world.actor("people", "ann"))


@pytest.fixture
def bob(world: World) -> RequestInfo:
    """A request by Bob."""
    return RequestInfo(world.actor("people", "bob"))

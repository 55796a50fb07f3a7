"""Records over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.store.protocol import Origin
from tests import data
from tests.client import Client

POSTS = "/api/collections/posts/records"
GONE = {"data": {}, "message": "The requested resource wasn't found.", "status": 404}


async def posts(client: Client, *titles: str) -> list[dict[str, Any]]:
    """A collection `posts` (title, count) with a record for each title."""
    await data.collection(client.backend, "posts", {"name": "title", "required": True}, {"name": "count", "type": "number"})
    return await data.records(client.backend, "posts", *({"title": title} for title in titles))


async def test_life_of_a_record(client: Client) -> None:
    """Created, viewed, changed, deleted, gone."""
    await posts(client)
    made = await client.post(POSTS, {"title": "one", "count": 1})
    assert (made.status, made.json["title"], made.json["collectionName"]) == (200, "one", "posts")
    path = f"{POSTS}/{made.json['id']}"
    assert (await client.get(path)).json == made.json
    changed = await client.patch(path, {"count+": 2})
    assert (changed.status, changed.json["count"]) == (200, 3)
    gone = await client.delete(path)
    assert (gone.status, gone.body) == (204, b"")
    assert (await client.get(path)).json == GONE


async def test_lists(client: Client) -> None:
    """filter, sort, page and fields come from the query."""
    await posts(client, "a", "b", "c")
    answer = await client.get(f"{POSTS}?filter=title!='b'&sort=-title&perPage=1&page=2&fields=title")
    assert answer.json == {"items": [{"title": "a"}], "page": 2, "perPage": 1, "totalItems": 2, "totalPages": 2}


async def test_cursors(client: Client) -> None:
    """`after` is the cursor a page ended with, empty for the first; without it an answer has no cursor."""
    await posts(client, "a", "b", "c")
    first = (await client.get(f"{POSTS}?sort=title&perPage=2&page=7&after=&fields=title")).json
    assert [item["title"] for item in first["items"]] == ["a", "b"]
    last = (await client.get(f"{POSTS}?sort=title&perPage=2&after={first['next']}")).json
    assert ([item["title"] for item in last["items"]], last["next"]) == (["c"], None)
    assert "next" not in (await client.get(f"{POSTS}?sort=title&perPage=2")).json
    assert (await client.get(f"{POSTS}?after=x")).status == 400


async def test_aggregates(client: Client) -> None:
    """`aggregate` asks for counts and the like instead of records."""
    await posts(client, "a", "b", "b")
    answer = await client.get(f"{POSTS}?aggregate=count,max:count&group=title&sort=-count&filter=title!='x'")
    groups = [{"group": {"title": title}, "count": count, "max": {"count": 0}} for title, count in (("b", 2), ("a", 1))]
    assert answer.json == {"items": groups, "page": 1, "perPage": 30, "totalItems": 2, "totalPages": 1}
    assert (await client.get(f"{POSTS}?aggregate=")).status == 400


async def test_bulk_writes(client: Client) -> None:
    """PATCH and DELETE of a list write what its filter finds; without a filter there is no such thing."""
    await posts(client, "a", "b", "c")
    changed = await client.patch(f"{POSTS}?filter=title!='c'", {"count+": 2})
    assert (changed.status, changed.json) == (200, {"count": 2, "more": False})
    assert (await client.delete(f"{POSTS}?filter=count=2&limit=1")).json == {"count": 1, "more": True}
    assert (await client.get(f"{POSTS}?sort=title&fields=title")).json["items"] == [{"title": "b"}, {"title": "c"}]
    assert (await client.delete(POSTS)).json == GONE
    assert (await client.patch(POSTS, {"count": 1})).json == GONE
    assert (await client.delete(f"{POSTS}/?filter=id!=''")).status == 404


@pytest.mark.parametrize("query", ["filter=nothing=1", "filter=(", "sort=nothing", "page=x", "perPage=1e3"])
async def test_bad_queries(client: Client, query: str) -> None:
    """A query that cannot be understood is 400."""
    await posts(client)
    answer = await client.get(f"{POSTS}?{query}")
    assert answer.json == {"data": {}, "message": "Something went wrong while processing your request.", "status": 400}


async def test_refused_values(client: Client) -> None:
    """What is wrong with a value stands under its name."""
    await posts(client)
    answer = await client.post(POSTS, {"count": 1})
    assert (answer.status, answer.json["message"]) == (400, "Failed to create record.")
    assert answer.error == {"title": {"code": "validation_required", "message": "Cannot be blank."}}


async def test_forms(client: Client) -> None:
    """A form is as good as JSON; its numbers are numbers."""
    await posts(client)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await client.send("POST", POSTS, body=b"title=one&count=2", headers=form)
    assert (answer.json["title"], answer.json["count"]) == ("one", 2)


async def test_unknown_collections(client: Client) -> None:
    """A collection that does not exist is 404 whatever is asked of it."""
    path = "/api/collections/nothing/records"
    assert (await client.get(path)).json["message"] == "Missing collection context."
    assert (await client.post(path, {})).json["message"] == "Missing or invalid collection context."
    assert (await client.delete(f"{path}/x")).status == 404


async def test_a_body_over_the_collections_limit(client: Client) -> None:
    """What a collection's fields cannot hold is not even read."""
    await posts(client)
    answer = await client.send("POST", POSTS, body=b'{"title":"' + b"x" * (40 << 20) + b'"}', headers={"Content-Type": "application/json"})
    assert answer.status == 413


async def test_every_write_is_in_the_log(client: Client) -> None:
    """A request that changes something appends what it changed, under its own name and its actor's."""
    await posts(client)
    id, token = await data.account(client.backend, "a@example.com")
    await client.post(POSTS, {"title": "one"}, token=token)
    store = client.backend.store
    last = (await store.read(lambda reader: store.changes.read_after(reader, store.head_mark - 1)))[-1]
    assert (last.action, last.image["title"], last.actor) == ("create", "one", f"_pb_users_auth_/{id}")
    assert last.request


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("PATCH", "/missing")])
async def test_views_are_read_only_whatever_is_sent(client: Client, method: str, path: str) -> None:
    """That is said before the body is looked at."""
    await posts(client)
    seen = {"name": "seen", "type": "view", "viewQuery": "SELECT id, title FROM posts"}
    await client.backend.collections.create(seen, Origin())
    answer = await client.send(method, f"/api/collections/seen/records{path}", body=b"x", headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.json["message"]) == (400, "Unsupported collection type.")

"""Conditional requests."""

from __future__ import annotations

from typing import Any

import pytest

from tests import data
from tests.client import Client

POSTS = "/api/collections/posts/records"
FIELDS: tuple[dict[str, Any], ...] = (
    {"name": "title"},
    {"name": "n", "type": "number"},
    {"name": "j", "type": "json"},
    {"name": "when", "type": "date"},
    {"name": "many", "type": "select", "values": ["a", "b"], "maxSelect": 2},
    {"name": "point", "type": "geoPoint"},
    {"name": "created", "type": "autodate", "onCreate": True},
    {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
)
VALUES = {"title": "one", "n": 5.0, "j": {"b": 1.0, "a": None}, "when": "2024-01-01", "many": ["b", "a"], "point": {"lon": 1.0, "lat": 2}}


async def post(client: Client) -> tuple[str, str]:
    """A record with every kind of value: its path and the tag it was made with."""
    await data.collection(client.backend, "posts", *FIELDS)
    made = await client.post(POSTS, VALUES)
    return f"{POSTS}/{made.json['id']}", made.headers["ETag"]


async def test_tags(client: Client) -> None:
    """Whoever makes, changes or reads a record gets its tag; it is strong, and another one after a change."""
    path, made = await post(client)
    read = await client.get(path)
    changed = await client.patch(path, {"n+": 1})
    assert made == read.headers["ETag"]
    assert made.startswith('"')
    assert changed.headers["ETag"] == (await client.get(path)).headers["ETag"] != made


async def test_not_modified(client: Client) -> None:
    """A reader who has the answer gets 304 without a body."""
    path, tag = await post(client)
    for header in (tag, f'"x", W/{tag}', "*"):
        answer = await client.get(path, headers={"If-None-Match": header})
        assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", tag)
        assert "Content-Type" not in answer.headers
    assert (await client.get(path, headers={"If-None-Match": '"x"'})).status == 200
    assert (await client.send("HEAD", path, headers={"If-None-Match": tag})).status == 304


async def test_every_answer_its_tag(client: Client) -> None:
    """Other fields and other actors get other tags; any of them will do for a write."""
    path, tag = await post(client)
    some, other = [(await client.get(f"{path}?fields={fields}")).headers["ETag"] for fields in ("title", "n")]
    assert len({tag, some, other}) == 3
    assert (await client.get(f"{path}?fields=title", headers={"If-None-Match": tag})).status == 200
    assert (await client.get(f"{path}?fields=title", headers={"If-None-Match": some})).status == 304
    assert (await client.send("PATCH", path, {}, headers={"If-Match": some})).status == 200


async def test_tags_follow_what_is_expanded(client: Client) -> None:
    """When only an expanded record changed, the answer is another one, but the record is not."""
    path, _ = await post(client)
    target = client.backend.catalogs.current.find("posts")
    assert target
    await data.collection(client.backend, "notes", {"name": "post", "type": "relation", "collectionId": target.id, "maxSelect": 1})
    (note,) = await data.records(client.backend, "notes", {"post": path.rpartition("/")[2]})
    whole, plain = f"/api/collections/notes/records/{note['id']}?expand=post", f"/api/collections/notes/records/{note['id']}"
    before = (await client.get(whole)).headers["ETag"]
    await client.patch(path, {"n": 7})
    assert (await client.get(whole, headers={"If-None-Match": before})).status == 200
    assert (await client.send("DELETE", plain, headers={"If-Match": before})).status == 204


@pytest.mark.parametrize("header", ['"x"', 'W/"x"', "", "x"])
async def test_another_version(client: Client, header: str) -> None:
    """A write that is meant for another version is 412, and nothing is changed."""
    path, tag = await post(client)
    for method in ("PATCH", "DELETE"):
        answer = await client.send(method, path, {"title": "two"}, headers={"If-Match": header or f"W/{tag}"})
        message = "The record is in another state than the request expects."
        assert answer.json == {"data": {}, "message": message, "status": 412}
    assert (await client.get(path)).headers["ETag"] == tag


async def test_the_version_that_is_there(client: Client) -> None:
    """A write that is meant for it, or for any, is made."""
    path, tag = await post(client)
    assert (await client.send("PATCH", path, {"title": "two"}, headers={"If-Match": f'"x", {tag}'})).status == 200
    assert (await client.send("DELETE", path, headers={"If-Match": tag})).status == 412
    assert (await client.send("DELETE", path, headers={"If-Match": "*"})).status == 204


async def test_other_sites_may_read_the_tag(client: Client) -> None:
    """A page of another origin is told so."""
    path, _ = await post(client)
    assert (await client.get(path, headers={"Origin": "https://other.example"})).headers["Access-Control-Expose-Headers"] == "ETag"
    assert "Access-Control-Expose-Headers" not in (await client.get(path)).headers


async def test_in_batches(client: Client) -> None:
    """A request of a batch has its own `If-Match`."""
    path, tag = await post(client)
    await data.change_settings(client.backend, batch={"enabled": True, "maxRequests": 9, "timeout": 3, "maxBodySize": 0})
    change = {"method": "PATCH", "url": path, "body": {"title": "two"}, "headers": {"if-match": tag}}
    assert (await client.post("/api/batch", {"requests": [change, change]})).error["requests"]["1"]["response"]["status"] == 412
    assert (await client.post("/api/batch", {"requests": [change]})).status == 200

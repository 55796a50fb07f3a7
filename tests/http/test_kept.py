"""Reads are answered as before only where they would be answered so anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tornado.web import Application

from pbtornado.http import kept as module
from pbtornado.http.kept import KeptAnswers
from tests import data
from tests.client import Client

POSTS = "/api/collections/posts/records"
FRESH = {"Cache-Control": "no-cache"}


@pytest.fixture
def kept(app: Application) -> KeptAnswers:
    """What the test's server keeps."""
    answers: KeptAnswers = app.settings["kept"]
    return answers


async def posts(client: Client, **options: Any) -> str:
    """A collection with two records, one of which names the other; the path of that one."""
    await data.collection(client.backend, "posts", {"name": "title"}, {"name": "n", "type": "number"}, **options)
    posts = client.backend.catalogs.current.find("posts")
    assert posts
    relation = {"name": "on", "type": "relation", "collectionId": posts.id, "maxSelect": 1}
    token = await data.superuser(client.backend)
    fields = [*[field.to_json() for field in posts.fields], relation]
    assert (await client.patch("/api/collections/posts", {"fields": fields}, token=token)).status == 200
    first, second = await data.records(client.backend, "posts", {"title": "a", "n": 1}, {"title": "b", "n": 2})
    assert (await client.patch(f"{POSTS}/{second['id']}", {"on": first["id"]}, token=token)).status == 200
    return f"{POSTS}/{second['id']}"


async def hits(client: Client, kept: KeptAnswers, path: str, headers: Mapping[str, str] | None = None) -> int:
    """How many of two equal reads were answered as before."""
    before = kept.hits
    one, other = [await client.get(path, headers=dict(headers or {})) for _ in range(2)]
    assert (one.status, one.body, one.headers.get("ETag")) == (other.status, other.body, other.headers.get("ETag"))
    assert one.status == 200, one.body
    return kept.hits - before


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?filter=n>0&sort=-n",
        "?expand=on&fields=id,expand.on.title",
        "?after=&perPage=1",
        "?aggregate=count,sum:n",
        "?filter=on.title='a'",
    ],
)
async def test_lists_are_kept(client: Client, kept: KeptAnswers, query: str) -> None:
    """The second of two equal requests is answered as the first."""
    await posts(client)
    assert await hits(client, kept, POSTS + query) == 1


@pytest.mark.parametrize(
    "query",
    ["?filter=created<@now", "?filter=strftime('%25Y')>'2000'", "?sort=@random", "?filter=n>5", "?filter=n>0&expand=nothing&sort=@random"],
)
async def test_what_the_time_or_chance_decides_is_not_kept(client: Client, kept: KeptAnswers, query: str) -> None:
    """Nor what was looked for in vain, which is counted each time."""
    await data.collection(
        client.backend, "posts", {"name": "n", "type": "number"}, {"name": "created", "type": "autodate", "onCreate": True}
    )
    await data.records(client.backend, "posts", {"n": 1})
    assert await hits(client, kept, POSTS + query) == 0


@pytest.mark.parametrize("rule", ["@request.headers.x_token = 'a'", "created < @now", "@request.headers.nothing:isset = false"])
async def test_rules_that_read_headers_or_the_time(client: Client, kept: KeptAnswers, rule: str) -> None:
    """What they let through is not kept, also where it is only expanded."""
    made = {"name": "created", "type": "autodate", "onCreate": True}
    await data.collection(client.backend, "topics", {"name": "title"}, made, viewRule=rule)
    topics = client.backend.catalogs.current.find("topics")
    assert topics
    await data.collection(client.backend, "posts", {"name": "topic", "type": "relation", "collectionId": topics.id, "maxSelect": 1})
    (topic,) = await data.records(client.backend, "topics", {"title": "t"})
    (post,) = await data.records(client.backend, "posts", {"topic": topic["id"]})
    for path in (f"/api/collections/topics/records/{topic['id']}", f"{POSTS}?expand=topic", f"{POSTS}/{post['id']}?expand=topic"):
        assert await hits(client, kept, path, {"X-Token": "a"}) == 0
    assert await hits(client, kept, POSTS) == 1


async def test_a_view_of_one_record_outlives_changes_of_others(client: Client, kept: KeptAnswers) -> None:
    """It depends on that record; a list on all, and what is expanded on its whole collection."""
    path = await posts(client)
    assert [await hits(client, kept, one) for one in (path, POSTS, f"{path}?expand=on")] == [1, 1, 1]
    await client.post(POSTS, {"title": "c"})
    before = kept.hits
    await client.get(path)
    assert kept.hits == before + 1
    await client.get(POSTS)
    await client.get(f"{path}?expand=on")
    assert kept.hits == before + 1


async def test_every_read_shows_the_last_write(client: Client, kept: KeptAnswers) -> None:
    """Of the record itself, of one that is expanded, of a rule, and of the collection's fields."""
    path = await posts(client)
    for title in ("x", "y"):
        await client.patch(path, {"title": title})
        assert (await client.get(path)).json["title"] == title
        assert (await client.get(f"{POSTS}?filter=title='{title}'")).json["totalItems"] == 1
    first = (await client.get(path)).json["on"]
    await client.patch(f"{POSTS}/{first}", {"title": "z"})
    assert (await client.get(f"{path}?expand=on")).json["expand"]["on"]["title"] == "z"
    token = await data.superuser(client.backend)
    await client.patch("/api/collections/posts", {"viewRule": "id = ''"}, token=token)
    assert (await client.get(path)).status == 404
    assert (await client.delete(path, token=token)).status == 204
    assert (await client.get(POSTS)).json["totalItems"] == 1


async def test_an_answer_is_for_whom_it_depends_on(client: Client, kept: KeptAnswers) -> None:
    """Two accounts share what no rule reads them for; what is one's own, the other never gets."""
    await data.collection(client.backend, "posts", {"name": "title"})
    await data.collection(client.backend, "notes", {"name": "owner"}, listRule="owner = @request.auth.name")
    tokens = {}
    for name in ("ann", "bob"):
        _, tokens[name] = await data.account(client.backend, f"{name}@example.com", name=name)
        await data.records(client.backend, "notes", {"owner": name})
        await data.records(client.backend, "posts", {"title": name})
    for name in ("ann", "bob", "ann", "bob"):
        answer = await client.get("/api/collections/notes/records", token=tokens[name])
        assert [item["owner"] for item in answer.json["items"]] == [name]
    assert kept.hits == 2
    for token in (*tokens.values(), ""):
        await client.get(POSTS, token=token)
    assert kept.hits == 3
    bob = client.backend.catalogs.current.find("users")
    assert bob
    account = await client.get("/api/collections/users/records", token=tokens["bob"])
    await client.patch(f"/api/collections/users/records/{account.json['items'][0]['id']}", {"name": "ann"}, token=tokens["bob"])
    answer = await client.get("/api/collections/notes/records", token=tokens["bob"])
    assert [item["owner"] for item in answer.json["items"]] == ["ann"]


async def test_emails_are_seen_by_their_owner_alone(client: Client, kept: KeptAnswers) -> None:
    """Though the same request by somebody else is kept."""
    client.backend.catalogs.renew()
    token = await data.superuser(client.backend)
    await client.patch("/api/collections/users", {"listRule": "", "viewRule": ""}, token=token)
    ann, anns = await data.account(client.backend, "ann@example.com")
    _, bobs = await data.account(client.backend, "bob@example.com")
    path = f"/api/collections/users/records/{ann}"
    for _ in range(2):
        assert ["email" in (await client.get(path, token=token)).json for token in (anns, bobs, "")] == [True, False, False]


async def test_views_are_not_kept(client: Client, kept: KeptAnswers) -> None:
    """What they read is the superuser's own SQL, and no change speaks of it."""
    await posts(client)
    token = await data.superuser(client.backend)
    seen = {"name": "seen", "type": "view", "viewQuery": "SELECT id, title FROM posts", "listRule": "", "viewRule": ""}
    assert (await client.post("/api/collections", seen, token=token)).status == 200
    assert await hits(client, kept, "/api/collections/seen/records") == 0


async def test_who_asks_for_a_fresh_answer_gets_one(client: Client, kept: KeptAnswers) -> None:
    """By `Cache-Control: no-cache`; and a body, which a rule may read, makes a request like no other."""
    await posts(client)
    assert await hits(client, kept, POSTS, FRESH) == 0
    before = kept.hits
    for _ in range(2):
        await client.send("GET", POSTS, {"a": 1})
    assert kept.hits == before


async def test_memory_is_bounded(client: Client, kept: KeptAnswers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers that nobody asks for go first; one that is too large is not kept at all."""
    await posts(client)
    monkeypatch.setattr(module, "MOST_BYTES", 4 * module.OVERHEAD + 2000)
    for page in range(1, 20):
        await client.get(f"{POSTS}?page={page}")
        await client.get(f"{POSTS}?page=1")
    assert kept.bytes <= module.MOST_BYTES
    assert 1 < len(kept) < 6
    assert kept.hits == 19
    full = len(kept)
    await client.get(f"{POSTS}?page=1&longer={'x' * 1500}")
    assert kept.bytes <= module.MOST_BYTES
    assert len(kept) < full  # what it is kept under counts too
    monkeypatch.setattr(module, "LARGEST", 100)
    assert await hits(client, kept, f"{POSTS}?perPage=7") == 0

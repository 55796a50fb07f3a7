"""Collections over HTTP."""

from __future__ import annotations

from tests.client import Client
from tests.data import superuser

BOOKS = {"name": "books", "type": "base", "fields": [{"name": "title", "type": "text"}]}


async def test_life_of_a_collection(client: Client) -> None:
    """Created, viewed, renamed, deleted, gone."""
    client.token = await superuser(client.backend)
    made = await client.post("/api/collections", BOOKS)
    assert (made.status, made.json["name"]) == (200, "books")
    assert (await client.get("/api/collections/books")).json == made.json
    renamed = await client.patch("/api/collections/books", {"name": "novels"})
    assert (renamed.json["name"], renamed.json["id"]) == ("novels", made.json["id"])
    assert (await client.delete("/api/collections/novels")).status == 204
    assert (await client.get("/api/collections/novels")).status == 404


async def test_lists(client: Client) -> None:
    """All collections, filtered and picked from as records are."""
    client.token = await superuser(client.backend)
    answer = await client.get("/api/collections?filter=type='auth'&sort=name&fields=name")
    assert answer.json["items"] == [{"name": "_superusers"}, {"name": "users"}]


async def test_secrets_stay_inside(client: Client) -> None:
    """What tokens are signed with is never answered."""
    client.token = await superuser(client.backend)
    assert "secret" not in (await client.get("/api/collections/users")).json["authToken"]


async def test_malformed_bodies(client: Client) -> None:
    """A body that is no description is 400 with PocketBase's sentence."""
    client.token = await superuser(client.backend)
    answer = await client.send("POST", "/api/collections", body=b"[", headers={"Content-Type": "application/json"})
    assert answer.status == 400
    assert answer.json["message"].startswith("Failed to load the")


async def test_only_superusers(client: Client) -> None:
    """Nobody else makes collections."""
    assert (await client.post("/api/collections", BOOKS)).status == 401


async def test_services_to_sign_in_through(client: Client) -> None:
    """Superusers see which there are, with their signs."""
    assert (await client.get("/api/collections/meta/oauth2-providers")).status == 401
    client.token = await superuser(client.backend)
    answer = await client.get("/api/collections/meta/oauth2-providers")
    assert [list(row) for row in answer.json] == [["name", "displayName", "logo"]] * 32


async def test_dry_run_of_a_view(client: Client) -> None:
    """Superusers see what a query would give before they store it."""
    query = {"query": "select 'a' as id, count(*) as n"}
    assert (await client.post("/api/collections/meta/dry-run-view", query)).status == 401
    client.token = await superuser(client.backend)
    answer = await client.post("/api/collections/meta/dry-run-view", query)
    assert ([field["name"] for field in answer.json["fields"]], answer.json["sample"][0]["n"]) == (["id", "n"], 1)
    answer = await client.post("/api/collections/meta/dry-run-view", {"query": "drop table users"})
    assert (answer.status, answer.json["message"][:30]) == (400, "Invalid view query. Raw error:")

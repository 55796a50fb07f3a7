"""Records brought back to what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.data import EVERYBODY, PASSWORD, account, collection, records, superuser
from tests.http.forms import END, MULTIPART, part

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.client import Answer, Client

POSTS = "/api/collections/posts/records"
CREATED = {"name": "created", "type": "autodate", "onCreate": True}
UPDATED = {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True}


@pytest.fixture
def root(client: Client, backend: Backend, io_loop: Any) -> Client:
    """A client that speaks for a superuser."""
    client.token = io_loop.run_sync(lambda: superuser(backend))
    return client


async def history(client: Client, record: str) -> list[dict[str, Any]]:
    """The changes of a record, the oldest first."""
    items: list[dict[str, Any]] = (await client.get(f"/api/changes?record={record}&after=0")).json["items"]
    return items


async def restore(client: Client, record: str, change: dict[str, Any], state: str = "", query: str = "", name: str = "posts") -> Answer:
    """Asks for a record to be brought back."""
    body = {"seq": change["seq"], **({"state": state} if state else {})}
    return await client.post(f"/api/collections/{name}/records/{record}/restore{query}", body)


async def test_an_earlier_state(root: Client, backend: Backend) -> None:
    """A record gets back the values it had after a change, and before one, as a new change."""
    await collection(backend, "posts", {"name": "title"}, {"name": "n", "type": "number"}, {"name": "data", "type": "json"}, UPDATED)
    (made,) = await records(backend, "posts", {"title": "one", "n": 1.5, "data": "12"})
    path = f"{POSTS}/{made['id']}"
    await root.patch(path, {"title": "two", "n": 2, "data": '"12"'})
    await root.patch(path, {"title": "three", "data": None})
    first, second, third = await history(root, made["id"])
    answer = await restore(root, made["id"], second)
    assert answer.status == 200, answer.body
    assert answer.json["record"] == (await root.get(path)).json
    assert (answer.json["action"], answer.json["record"]["title"], answer.json["record"]["data"]) == ("update", "two", "12")
    assert answer.json["differences"] == [
        {"field": "title", "now": "three", "then": "two"},
        {"field": "data", "now": None, "then": "12"},
    ]
    assert (await restore(root, made["id"], second, "before")).json["record"]["n"] == 1.5
    assert (await restore(root, made["id"], third)).json["record"]["title"] == "three"
    assert (await restore(root, made["id"], first)).json["record"]["data"] == 12
    assert [one["action"] for one in await history(root, made["id"])] == ["create", *["update"] * 6]


async def test_nothing_to_do(root: Client, backend: Backend) -> None:
    """A record that is as it was is not written."""
    await collection(backend, "posts", {"name": "title"}, UPDATED)
    (made,) = await records(backend, "posts", {"title": "one"})
    (change,) = await history(root, made["id"])
    answer = (await restore(root, made["id"], change)).json
    assert (answer["action"], answer["record"], answer["differences"]) == ("none", made, [])
    assert (await restore(root, made["id"], change, query="?dryRun=1")).json == {**answer, "dryRun": True, "record": None}
    assert len(await history(root, made["id"])) == 1


async def test_a_deleted_record(root: Client, backend: Backend) -> None:
    """It is there again under its id, made when it was first made."""
    await collection(backend, "posts", {"name": "title"}, CREATED, UPDATED)
    (made,) = await records(backend, "posts", {"title": "one"})
    await root.delete(f"{POSTS}/{made['id']}")
    *_, gone = await history(root, made["id"])
    answer = (await restore(root, made["id"], gone)).json
    assert (answer["action"], answer["state"]) == ("create", "before")
    assert {**answer["record"], "updated": ""} == {**made, "updated": ""}
    assert answer["record"]["updated"] > made["updated"]


async def test_a_dry_run(root: Client, backend: Backend) -> None:
    """It says what would change and what would be wrong, and writes nothing."""
    unique = ["CREATE UNIQUE INDEX `u` ON `posts` (`title`)"]
    await collection(backend, "posts", {"name": "title"}, indexes=unique)
    made, _ = await records(backend, "posts", {"title": "one"}, {"title": "two"})
    await root.patch(f"{POSTS}/{made['id']}", {"title": "three"})
    first, _ = await history(root, made["id"])
    answer = (await restore(root, made["id"], first, query="?dryRun=1")).json
    assert (answer["dryRun"], answer["problem"], answer["errors"], answer["record"]) == (True, "", {}, None)
    assert answer["differences"] == [{"field": "title", "now": "three", "then": "one"}]
    await records(backend, "posts", {"title": "one"})
    answer = (await restore(root, made["id"], first, query="?dryRun=1")).json
    assert answer["errors"]["title"]["code"] == "validation_not_unique"
    assert len(await history(root, made["id"])) == 2
    refused = await restore(root, made["id"], first)
    assert (refused.status, refused.error["title"]["code"]) == (400, "validation_not_unique")


async def test_relations_must_exist(root: Client, backend: Backend) -> None:
    """A record that named one that is gone is not brought back to that."""
    await collection(backend, "sites", {"name": "title"})
    sites = (await root.get("/api/collections/sites")).json["id"]
    await collection(backend, "posts", {"name": "site", "type": "relation", "collectionId": sites, "maxSelect": 1})
    (site,) = await records(backend, "sites", {})
    (made,) = await records(backend, "posts", {"site": site["id"]})
    await root.delete(f"/api/collections/sites/records/{site['id']}")
    first, *_ = await history(root, made["id"])
    refused = await restore(root, made["id"], first)
    assert (refused.status, refused.error["site"]["code"]) == (400, "validation_missing_rel_records")


async def test_fields_of_today(root: Client, backend: Backend) -> None:
    """Renamed fields are found under their names of now; newer ones stay as they are."""
    await collection(backend, "posts", {"name": "title"})
    (made,) = await records(backend, "posts", {"title": "one"})
    fields = (await root.get("/api/collections/posts")).json["fields"]
    renamed = [{**one, "name": "name"} if one["name"] == "title" else one for one in fields]
    await root.patch("/api/collections/posts", {"fields": [*renamed, {"name": "extra", "type": "text"}]})
    await root.patch(f"{POSTS}/{made['id']}", {"name": "two", "extra": "kept"})
    first, *_ = await history(root, made["id"])
    record = (await restore(root, made["id"], first)).json["record"]
    assert (record["name"], record["extra"]) == ("one", "kept")


async def test_files(root: Client, backend: Backend) -> None:
    """Files that the record still has come back in their order; those that are gone are named."""
    await collection(backend, "posts", {"name": "title"}, {"name": "docs", "type": "file", "maxSelect": 3})
    body = part("docs", b"a", "a.txt") + part("docs", b"b", "b.txt") + END
    made = (await root.send("POST", POSTS, headers={"Content-Type": MULTIPART}, body=body)).json
    first, second = made["docs"]
    await root.patch(f"{POSTS}/{made['id']}", {"docs": [second], "title": "two"})
    change, _ = await history(root, made["id"])
    answer = (await restore(root, made["id"], change)).json
    assert (answer["record"]["docs"], answer["record"]["title"]) == ([second], "")
    assert answer["missingFiles"] == [{"field": "docs", "name": first}]


async def test_an_account_keeps_its_password(root: Client, backend: Backend) -> None:
    """Passwords are not in the log, so the one it has stays."""
    ann, _ = await account(backend, "ann@example.com", name="Ann")
    await root.patch(f"/api/collections/users/records/{ann}", {"name": "Other"})
    first, _ = await history(root, ann)
    answer = (await restore(root, ann, first, name="users")).json
    assert (answer["record"]["name"], answer["reset"]) == ("Ann", [])
    signed = await root.post("/api/collections/users/auth-with-password", {"identity": "ann@example.com", "password": PASSWORD})
    assert signed.status == 200


async def test_a_deleted_account(root: Client, backend: Backend) -> None:
    """It comes back with a password nobody knows; old tokens are worth nothing."""
    ann, token = await account(backend, "ann@example.com", verified=True)
    await root.delete(f"/api/collections/users/records/{ann}")
    *_, gone = await history(root, ann)
    dry = (await restore(root, ann, gone, query="?dryRun=1", name="users")).json
    assert (dry["errors"], dry["reset"]) == ({}, ["password", "tokenKey"])
    answer = (await restore(root, ann, gone, name="users")).json
    assert (answer["record"]["email"], answer["record"]["verified"], answer["reset"]) == ("ann@example.com", True, ["password", "tokenKey"])
    signed = await root.post("/api/collections/users/auth-with-password", {"identity": "ann@example.com", "password": PASSWORD})
    assert signed.status == 400
    assert (await root.post("/api/collections/users/auth-refresh", {}, token=token)).status == 401


async def test_states_that_never_were(root: Client, backend: Backend) -> None:
    """Before a create and after a delete there is nothing to bring back; a change must be one of the record."""
    await collection(backend, "posts", {"name": "title"})
    made, other = await records(backend, "posts", {}, {})
    await root.delete(f"{POSTS}/{made['id']}")
    create, delete = await history(root, made["id"])
    for change, state in ((create, "before"), (delete, "after"), (create, "between")):
        answer = await restore(root, made["id"], change, state)
        assert (answer.status, list(answer.error)) == (400, ["state"])
    assert list((await restore(root, other["id"], create)).error) == ["seq"]
    for body in ({}, {"seq": "1"}, {"seq": 0}, {"seq": 10**30}, {"seq": True}):
        answer = await root.post(f"{POSTS}/{made['id']}/restore", body)
        assert (answer.status, list(answer.error)) == (400, ["seq"])


async def test_a_collection_of_the_same_id(root: Client, backend: Backend) -> None:
    """Changes of a collection that was dropped are not of the one that has its name and id now."""
    await collection(backend, "posts", {"name": "title"})
    (made,) = await records(backend, "posts", {"title": "one"})
    (change,) = await history(root, made["id"])
    await root.delete("/api/collections/posts")
    assert (await restore(root, made["id"], change)).status == 404
    await collection(backend, "posts", {"name": "title"})
    assert list((await restore(root, made["id"], change)).error) == ["seq"]


async def test_views_and_others(root: Client, backend: Backend) -> None:
    """Records of views cannot be restored, and only superusers restore."""
    await collection(backend, "posts", {"name": "title"})
    none = dict.fromkeys(EVERYBODY)
    await collection(backend, "all_posts", type="view", viewQuery="select id, title from posts", **none)
    (made,) = await records(backend, "posts", {})
    (change,) = await history(root, made["id"])
    assert (await restore(root, made["id"], change, name="all_posts")).status == 400
    assert (await restore(root, made["id"], change, name="nothing")).status == 404
    _, token = await account(backend, "ann@example.com")
    path, body = f"{POSTS}/{made['id']}/restore", {"seq": change["seq"]}
    assert (await root.post(path, body, token=token)).status == 403
    assert (await root.post(path, body, token="-")).status == 401

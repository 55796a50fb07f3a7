"""The change log over HTTP."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pbtornado.records.changes import search, waiting
from tests.data import PASSWORD, account, collection, records, superuser
from tests.process import Server

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.client import Client


async def changes(client: Client, query: str = "") -> dict[str, Any]:
    """The answer to a query."""
    answer = await client.get(f"/api/changes?{query}")
    assert answer.status == 200, answer.body
    data: dict[str, Any] = answer.json
    return data


async def items(client: Client, query: str = "") -> list[dict[str, Any]]:
    """The changes of a query's answer."""
    found: list[dict[str, Any]] = (await changes(client, query))["items"]
    return found


@pytest.fixture
def root(client: Client, backend: Backend, io_loop: Any) -> Client:
    """A client that speaks for a superuser."""
    client.token = io_loop.run_sync(lambda: superuser(backend))
    return client


async def test_only_superusers(client: Client, backend: Backend) -> None:
    """Nobody else reads the log."""
    _, token = await account(backend, "ann@example.com")
    for path in ("/api/changes", "/api/changes/1", "/api/changes/stats"):
        assert (await client.get(path)).status == 401
        assert (await client.get(path, token=token)).status == 403


async def test_a_change(root: Client, backend: Backend) -> None:
    """Who did what to which record by which request, what it was and what it is."""
    await collection(backend, "posts", {"name": "title"}, {"name": "count", "type": "number"})
    made = (await root.post("/api/collections/posts/records", {"title": "one", "count": 1})).json
    updated = (await root.patch(f"/api/collections/posts/records/{made['id']}", {"title": "two"})).json
    answer = await changes(root, "collection=posts")
    update, create = answer["items"]
    assert answer["head"] == update["seq"]
    assert answer["next"] is None
    assert update["position"] == f"{answer['epoch']}:{answer['head']}"
    assert len(update["request"]) == 16
    assert update["record"] == updated
    assert (update["action"], update["old"], update["changed"]) == ("update", {"title": "one"}, ["title"])
    assert update["collectionName"] == "posts"
    assert (update["collectionId"], update["recordId"]) == (made["collectionId"], made["id"])
    assert update["actor"]["label"] == "root@example.com"
    assert update["actor"]["collectionName"] == "_superusers"
    assert (create["action"], create["record"], create["old"], create["changed"]) == ("create", made, {}, [])


async def test_one_change(root: Client, backend: Backend) -> None:
    """A change by its seq is what the list has of it; one that is not there is not found."""
    await collection(backend, "posts", {"name": "title"})
    newest = (await items(root))[0]
    assert (await root.get(f"/api/changes/{newest['seq']}")).json == newest
    for unknown in (newest["seq"] + 1, 0, -1, "x", "9" * 30):
        assert (await root.get(f"/api/changes/{unknown}")).status == 404


async def test_what_is_asked_for(root: Client, backend: Backend) -> None:
    """By collection, record, action, actor and request."""
    await collection(backend, "posts", {"name": "title"})
    await collection(backend, "sites", {"name": "title"})
    ann, token = await account(backend, "ann@example.com")
    post = (await root.post("/api/collections/posts/records", {"title": "a"}, token=token)).json
    site = (await root.post("/api/collections/sites/records", {"title": "b"}, token="-")).json
    await root.delete(f"/api/collections/posts/records/{post['id']}")
    gone, made = await items(root, "collection=posts")
    both = await items(root, f"collection={post['collectionId']},sites")
    assert [one["recordId"] for one in both] == [post["id"], site["id"], post["id"]]
    assert [one["action"] for one in await items(root, f"record={post['id']}")] == ["delete", "create"]
    assert await items(root, "collection=posts&action=delete,update") == [gone]
    for actor in ("users", f"users:{ann}", f"_pb_users_auth_/{ann}"):
        assert await items(root, f"actor={actor}") == [made]
    assert (await items(root, "actor=superuser"))[0] == gone
    assert (await items(root, "actor=guest"))[0]["recordId"] == site["id"]
    assert await items(root, f"request={gone['request']}") == [gone]
    assert await items(root, "collection=nothing") == []


async def test_pages(root: Client, backend: Backend) -> None:
    """Newest first with `before`, oldest first with `after`; `next` leads on until the end."""
    await collection(backend, "posts", {"name": "title"})
    await records(backend, "posts", *[{"title": str(number)} for number in range(5)])

    async def titles(query: str) -> tuple[list[str], Any]:
        page = await changes(root, f"collection=posts&limit=2&{query}")
        return [one["record"]["title"] for one in page["items"]], page["next"]

    first, second = await titles(""), None
    assert first[0] == ["4", "3"]
    second = await titles(f"before={first[1]}")
    assert second[0] == ["2", "1"]
    assert await titles(f"before={second[1]}") == (["0"], None)
    first = await titles("after=0")
    assert first[0] == ["0", "1"]
    second = await titles(f"after={first[1]}")
    assert second[0] == ["2", "3"]
    assert await titles(f"after={second[1]}") == (["4"], None)


@pytest.mark.parametrize("query", ["action=drop", "after=-1", "before=x", "limit=1.5", "wait=soon"])
async def test_questions_that_are_none(root: Client, query: str) -> None:
    """They are refused, with the key that is wrong."""
    answer = await root.get(f"/api/changes?{query}")
    assert answer.status == 400
    assert list(answer.error) == [query.split("=")[0]]


async def test_a_long_search_stops_where_it_can_be_gone_on_with(root: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """What matches nothing for long answers what it has, and where to go on."""
    await collection(backend, "posts", {"name": "title"})
    await records(backend, "posts", *[{"title": str(number)} for number in range(5)])
    monkeypatch.setattr(search, "SECONDS", 0)
    monkeypatch.setattr(search, "FIRST_SLICE", 2)
    page = await changes(root, "action=delete")
    assert (page["items"], page["next"]) == ([], page["head"] - 1)
    page = await changes(root, "action=delete&after=0")
    assert (page["items"], page["next"]) == ([], page["oldest"] + 1)


async def test_a_page_of_large_records_ends_early(root: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page has a bounded number of bytes, and goes on where it ended."""
    await collection(backend, "posts", {"name": "title"})
    await records(backend, "posts", *[{"title": "x" * 1000} for _ in range(3)])
    monkeypatch.setattr(search, "PAGE_BYTES", 1500)
    first = await changes(root, "collection=posts")
    assert len(first["items"]) == 1
    assert len(await items(root, f"collection=posts&before={first['next']}")) == 1


async def test_fields_of_today(root: Client, backend: Backend) -> None:
    """A change from before its collection changed has the names and types of now; dropped fields are gone."""
    await collection(backend, "posts", {"name": "title"}, {"name": "dropped"})
    made = (await root.post("/api/collections/posts/records", {"title": "12", "dropped": "x"})).json
    await root.patch(f"/api/collections/posts/records/{made['id']}", {"title": "13"})
    fields = (await root.get("/api/collections/posts")).json["fields"]
    kept = [{**field, "name": "name"} if field["name"] == "title" else field for field in fields if field["name"] != "dropped"]
    assert (await root.patch("/api/collections/posts", {"fields": kept})).status == 200
    update, create = await items(root, "collection=posts&action=create,update")
    assert (update["old"], update["changed"], update["record"]["name"]) == ({"name": "12"}, ["name"], "13")
    assert "dropped" not in create["record"]


async def test_collections_that_are_gone(root: Client, backend: Backend) -> None:
    """Their changes are told in terms of what they were last; not of another one that has their name now."""
    await collection(backend, "posts", {"name": "title"}, {"name": "tags", "type": "select", "values": ["a", "b"], "maxSelect": 2})
    made = (await root.post("/api/collections/posts/records", {"title": "one", "tags": ["a"]})).json
    fields = (await root.get("/api/collections/posts")).json["fields"]
    await root.patch("/api/collections/posts", {"fields": [{**one, "name": one["name"].replace("title", "name")} for one in fields]})
    await root.delete("/api/collections/posts")
    await collection(backend, "posts", {"name": "other"})
    (gone,) = await items(root, f"record={made['id']}")
    assert (gone["collectionName"], gone["record"]["name"], gone["record"]["tags"]) == ("posts", "one", ["a"])


async def test_no_secrets(root: Client, backend: Backend) -> None:
    """A new password is told as a change of the password and the token key, without them or their hashes."""
    ann, _ = await account(backend, "ann@example.com")
    body = {"password": "new-" + PASSWORD, "passwordConfirm": "new-" + PASSWORD}
    assert (await root.patch(f"/api/collections/users/records/{ann}", body)).status == 200
    update = (await items(root, f"record={ann}&action=update"))[0]
    assert {"password", "tokenKey"} <= set(update["changed"])
    assert update["record"]["email"] == "ann@example.com"
    assert {"password", "tokenKey"}.isdisjoint({*update["old"], *update["record"]})


async def test_changes_of_collections(root: Client, backend: Backend) -> None:
    """They have a collection's JSON as the API shows it, without secrets of tokens."""
    await root.patch("/api/collections/users", {"listRule": "id != ''", "authToken": {"duration": 1000}})
    (change,) = await items(root, "collection=_collections&action=update")
    shown = (await root.get("/api/collections/users")).json
    assert (change["recordId"], change["collectionName"], change["record"]) == (shown["id"], "_collections", shown)
    assert change["changed"] == ["authToken", "listRule", "updated"]
    assert change["old"]["authToken"] == {"duration": 432000}
    assert "secret" not in json.dumps(change)


async def test_changes_of_settings(root: Client) -> None:
    """They have the settings as the API shows them, without passwords."""
    await root.patch("/api/settings", {"meta": {"appName": "Other"}, "smtp": {"password": "hidden-word", "host": "mail.example.com"}})
    (change,) = await items(root, "collection=_params")
    assert change["record"] == (await root.get("/api/settings")).json
    assert change["changed"] == ["meta", "smtp"]
    assert change["old"]["meta"]["appName"] == "Acme"
    assert "hidden-word" not in json.dumps(change)


async def test_actors_that_are_gone(root: Client, backend: Backend) -> None:
    """Their ids are told, not more."""
    await collection(backend, "posts", {"name": "title"})
    ann, token = await account(backend, "ann@example.com")
    await root.post("/api/collections/posts/records", {}, token=token)
    await root.delete(f"/api/collections/users/records/{ann}")
    (change,) = await items(root, "collection=posts")
    assert change["actor"] == {"id": ann, "collectionId": "_pb_users_auth_", "collectionName": "users", "label": ""}


# ---- waiting


async def test_an_answer_waits_for_its_change(root: Client, backend: Backend) -> None:
    """It comes with the first change that was asked for, not with others."""
    await collection(backend, "posts", {"name": "title"})
    await collection(backend, "sites", {"name": "title"})
    head = (await changes(root))["head"]
    waits = asyncio.ensure_future(changes(root, f"collection=posts&after={head}&wait=20"))
    while not backend.changes.waiting.count:
        await asyncio.sleep(0.01)
    await records(backend, "sites", {"title": "other"})
    await asyncio.sleep(0.05)
    assert not waits.done()
    await records(backend, "posts", {"title": "awaited"})
    page = await waits
    assert [one["record"]["title"] for one in page["items"]] == ["awaited"]
    assert backend.changes.waiting.count == 0


async def test_an_answer_waits_no_longer_than_asked(root: Client, backend: Backend) -> None:
    """It is empty then, and its head is where to go on."""
    await collection(backend, "posts", {"name": "title"})
    page = await changes(root, f"after={(await changes(root))['head']}&wait=1&collection=posts")
    assert (page["items"], page["next"]) == ([], None)


async def test_nobody_waits_for_who_has_gone(root: Client, backend: Backend) -> None:
    """A client that closes its connection waits no more."""
    head = (await changes(root))["head"]
    port = int(root.base.rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /api/changes?after={head}&wait=30 HTTP/1.1\r\nHost: x\r\nAuthorization: {root.token}\r\n\r\n".encode())
    while not backend.changes.waiting.count:
        await asyncio.sleep(0.01)
    writer.close()
    while backend.changes.waiting.count:
        await asyncio.sleep(0.01)


async def test_no_more_than_some_wait(root: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused for now."""
    monkeypatch.setattr(waiting, "MOST", 0)
    answer = await root.get(f"/api/changes?wait=5&after={(await changes(root))['head']}")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


async def test_who_waits_is_asked_again_who_he_is(root: Client, backend: Backend) -> None:
    """A superuser who is deleted meanwhile gets no answer."""
    await backend.auth.superusers.create("second@example.com", PASSWORD)
    second = await backend.auth.superusers.find("second@example.com")
    assert second
    token = (
        await root.post("/api/collections/_superusers/auth-with-password", {"identity": "second@example.com", "password": PASSWORD})
    ).json["token"]
    head = (await changes(root))["head"]
    waits = asyncio.ensure_future(root.get(f"/api/changes?after={head}&wait=20", token=token))
    while not backend.changes.waiting.count:
        await asyncio.sleep(0.01)
    assert (await root.delete(f"/api/collections/_superusers/records/{second.id}")).status == 204
    assert (await waits).status == 401


def test_at_any_worker(tmp_path: Path) -> None:
    """A change that another worker commits ends the waiting, and so does the end of the server."""
    with Server(tmp_path / "pb_data", "--workers", "2") as server:
        server.sign_in()
        server.create("/api/collections", {"name": "posts", "type": "base", "createRule": ""})
        asyncio.run(_wait_and_write(server))


async def _wait_and_write(server: Server) -> None:
    def ask(path: str) -> Any:
        return server.ask("GET", path).json()

    for _ in range(6):
        head = (await asyncio.to_thread(ask, "/api/changes?limit=1"))["head"]
        waits = asyncio.create_task(asyncio.to_thread(ask, f"/api/changes?after={head}&collection=posts&wait=20"))
        await asyncio.sleep(0.1)
        made = await asyncio.to_thread(server.create, "/api/collections/posts/records", {})
        assert [one["recordId"] for one in (await waits)["items"]] == [made["id"]]
    head = (await asyncio.to_thread(ask, "/api/changes?limit=1"))["head"]
    waits = asyncio.create_task(asyncio.to_thread(ask, f"/api/changes?after={head}&wait=30"))
    await asyncio.sleep(0.3)
    assert await asyncio.to_thread(server.stop) == 0
    assert (await waits)["items"] == []


# ---- counts


async def test_counts(root: Client, backend: Backend) -> None:
    """Changes of the last minutes are counted by collection and action, each once however often one asks."""
    await collection(backend, "posts", {"name": "title"})
    await records(backend, "posts", {}, {}, {})
    first = (await root.get("/api/changes/stats")).json
    await records(backend, "posts", {})
    second = (await root.get("/api/changes/stats")).json

    def creates(stats: dict[str, Any]) -> int:
        lines = [line for minute in stats["minutes"] for line in minute["counts"]]
        return sum(line["count"] for line in lines if (line["collectionName"], line["action"]) == ("posts", "create"))

    assert (creates(first), creates(second)) == (3, 4)
    assert second["from"] <= second["minutes"][0]["at"]
    assert sum(minute["total"] for minute in second["minutes"]) == second["head"] - second["oldest"] + 1

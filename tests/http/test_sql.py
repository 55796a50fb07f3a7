"""SQL over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.data import account, collection, records, superuser

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.client import Answer, Client


async def sql(client: Client, backend: Backend, query: object, **more: object) -> Answer:
    """Runs SQL as a superuser."""
    return await client.post("/api/sql", {"query": query, **more}, token=await superuser(backend))


async def test_reading(client: Client, backend: Backend) -> None:
    """The answer has PocketBase's shape."""
    await collection(backend, "posts", {"name": "title"})
    await records(backend, "posts", {"title": "one"})
    answer = (await sql(client, backend, "SELECT title, 1 AS n FROM posts")).json
    columns = [{"name": "title", "type": "TEXT", "nullable": True}, {"name": "n", "type": "", "nullable": True}]
    assert isinstance(answer.pop("execTime"), int)
    assert answer == {"affectedRows": 0, "columns": columns, "rows": [["one", "1"]]}


async def test_only_superusers(client: Client, backend: Backend) -> None:
    """Nobody else may run SQL."""
    _, token = await account(backend, "ann@example.com")
    assert (await client.post("/api/sql", {"query": "SELECT 1"})).status == 401
    assert (await client.post("/api/sql", {"query": "SELECT 1"}, token=token)).status == 403


@pytest.mark.parametrize(
    ("query", "code"), [("", "validation_required"), ("a" * 5001, "validation_length_too_long"), ("ä" * 2501, "validation_length_too_long")]
)
async def test_texts_that_are_none(client: Client, backend: Backend, query: str, code: str) -> None:
    """SQL has to be there, and not too long."""
    answer = await sql(client, backend, query)
    assert (answer.status, answer.error["query"]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("  ", "Failed to execute query. Raw error:\nempty query."),
        ("invalid", 'Failed to execute query. Raw error:\nSQL logic error: near "invalid": syntax error (1).'),
        (5, "An error occurred while loading the submitted data."),
    ],
)
async def test_refusals(client: Client, backend: Backend, query: object, message: str) -> None:
    """What the database says of it is told, in PocketBase's words."""
    answer = await sql(client, backend, query)
    assert answer.json == {"data": {}, "message": message, "status": 400}


async def test_collections_are_read_again(client: Client, backend: Backend) -> None:
    """A collection changed by SQL is in force at once."""
    await collection(backend, "posts", {"name": "title"})
    assert (await client.get("/api/collections/posts/records")).status == 200
    answer = await sql(client, backend, "UPDATE _collections SET listRule = NULL WHERE name = 'posts'")
    assert answer.json["affectedRows"] == 1
    assert (await client.get("/api/collections/posts/records")).status == 403


async def test_settings_are_read_again(client: Client, backend: Backend) -> None:
    """Settings changed by SQL are in force at once."""
    await sql(client, backend, "UPDATE _params SET value = json_set(value, '$.meta.appName', 'By hand') WHERE id = 'settings'")
    assert backend.settings.current["meta"]["appName"] == "By hand"


async def test_what_would_end_the_server(client: Client, backend: Backend) -> None:
    """SQL after which no collection could be read is undone."""
    for text in ("UPDATE _collections SET fields = '[{'", "DROP TABLE _collections"):
        answer = await sql(client, backend, text)
        assert answer.status == 400
        assert "collections could not be read any more" in answer.json["message"]
    assert (await client.get("/api/collections/users/records")).status == 200


async def test_only_to_read(client: Client, backend: Backend) -> None:
    """With `readOnly` nothing is written."""
    answer = await sql(client, backend, "DELETE FROM users", readOnly=True)
    assert "would write" in answer.json["message"]

"""The logs over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.data import account, superuser

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.client import Client


@pytest.mark.parametrize("path", ["/api/logs", "/api/logs/stats", "/api/logs/abc"])
async def test_only_superusers(client: Client, backend: Backend, path: str) -> None:
    """Nobody else reads logs."""
    _, token = await account(backend, "ann@example.com")
    assert (await client.get(path)).status == 401
    assert (await client.get(path, token=token)).status == 403


async def test_reading(client: Client, backend: Backend) -> None:
    """Lists, one line and hours have PocketBase's shapes; the query says which."""
    token = await superuser(backend)
    for _ in range(3):
        await client.get("/api/health")
    await client.get("/api/nothing")
    await backend.logs.flush()
    answer = (await client.get("/api/logs?filter=level%3C8&sort=-created&perPage=2&page=2&fields=message,id", token=token)).json
    assert {key: answer[key] for key in ("page", "perPage", "totalItems", "totalPages")} == {
        "page": 2,
        "perPage": 2,
        "totalItems": 3,
        "totalPages": 2,
    }
    (item,) = answer["items"]
    assert item["message"] == "GET /api/health"
    assert (await client.get(f"/api/logs/{item['id']}", token=token)).json["data"]["status"] == 200
    (hour,) = (await client.get("/api/logs/stats?filter=level%3C8", token=token)).json
    assert hour["total"] == 3


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/api/logs?filter=nope=1", 400, "Something went wrong while processing your request."),
        ("/api/logs?page=x", 400, "Something went wrong while processing your request."),
        ("/api/logs/stats?filter=((", 400, "Invalid filter format."),
        ("/api/logs/nope", 404, "The requested resource wasn't found."),
    ],
)
async def test_refusals(client: Client, backend: Backend, path: str, status: int, message: str) -> None:
    """What cannot be answered is refused in PocketBase's words."""
    answer = await client.get(path, token=await superuser(backend))
    assert answer.json == {"data": {}, "message": message, "status": status}


async def test_truncating(client: Client, backend: Backend) -> None:
    """A DELETE removes all lines, also those that were not written yet; nobody but superusers may, and it leaves no line itself."""
    _, account_token = await account(backend, "ann@example.com")
    token = await superuser(backend)
    await client.get("/api/health")
    await backend.logs.flush()
    await client.get("/api/health")
    assert (await client.delete("/api/logs", token=account_token)).status == 403
    answer = await client.delete("/api/logs", token=token)
    assert (answer.status, answer.body) == (204, b"")
    await backend.logs.flush()
    assert (await client.get("/api/logs", token=token)).json["totalItems"] == 0

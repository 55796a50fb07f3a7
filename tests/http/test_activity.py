"""A line for each request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pbtornado.http.activity import without_secrets
from pbtornado.rules.paging import Page
from pbtornado.store.protocol import Origin
from tests.conftest import ExpectLog
from tests.data import account, collection, superuser
from tests.process import Server

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.client import Client


async def lines(backend: Backend) -> list[dict[str, Any]]:
    """All lines there are, the first first."""
    await backend.logs.flush()
    found = await backend.log_search.lines("", "@rowid", Page(1, 1000))
    return list(found["items"])


async def line(backend: Backend) -> dict[str, Any]:
    """The only line there is."""
    (found,) = await lines(backend)
    return found


async def test_a_success(client: Client, backend: Backend) -> None:
    """The line of an answered request has PocketBase's keys, in its order."""
    await client.get("/api/health?x=a%20b", headers={"Referer": "http://a.b/c", "User-Agent": "Test"})
    found = await line(backend)
    assert (found["level"], found["message"]) == (0, "GET /api/health?x=a b")
    assert found["data"].pop("execTime") > 0
    assert found["data"] == {
        "auth": "",
        "method": "GET",
        "referer": "http://a.b/c",
        "remoteIP": "127.0.0.1",
        "status": 200,
        "type": "request",
        "url": "/api/health?x=a%20b",
        "userAgent": "Test",
        "userIP": "127.0.0.1",
    }
    assert list(found["data"]) == sorted(found["data"])


async def test_a_refusal(client: Client, backend: Backend) -> None:
    """A refused request says why, field by field."""
    await collection(backend, "posts", {"name": "title", "required": True})
    await client.post("/api/collections/posts/records", {})
    found = await line(backend)
    assert found["level"] == 8
    assert found["data"]["status"] == 400
    assert found["data"]["error"] == "Failed to create record."
    assert list(found["data"]["details"]) == ["title"]


async def test_who_asks(client: Client, backend: Backend) -> None:
    """A line names the collection of who asks, and if the settings want it who."""
    id, token = await account(backend, "ann@example.com")
    await client.get("/api/health", token=token)
    await backend.settings.update({"logs": {"logAuthId": True, "logIP": False}}, Origin())
    await client.get("/api/health", token=token)
    before, after = [one["data"] for one in await lines(backend)]
    assert (before["auth"], "authId" in before, before["userIP"]) == ("users", False, "127.0.0.1")
    assert (after["auth"], after["authId"], "userIP" in after, "remoteIP" in after) == ("users", id, False, False)


async def test_what_is_not_worth_a_line(client: Client, backend: Backend) -> None:
    """Reading logs, preflights and the dashboard leave no line unless they fail."""
    token = await superuser(backend)
    for method, path in (("GET", "/api/logs"), ("GET", "/api/logs/stats"), ("OPTIONS", "/api/health"), ("GET", "/_/")):
        assert (await client.send(method, path, token=token)).status < 300
    for path in ("/api/logs", "/_/nothing", "/nothing"):
        assert (await client.get(path)).status >= 400
    assert [one["message"] for one in await lines(backend)] == ["GET /api/logs", "GET /_/nothing", "GET /nothing"]


async def test_our_own_mistakes(client: Client, backend: Backend, expect_log: ExpectLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong in the server is a line too, beside the one that says what it was."""
    monkeypatch.setattr(backend.settings, "view", None)
    with expect_log("failed"):
        await client.get("/api/settings", token=await superuser(backend))
    found = {one["data"]["type"]: one for one in await lines(backend)}
    assert found["request"]["data"]["status"] == 500
    assert "NoneType" in found["pbtornado.http"]["data"]["error"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/api/files/a/b/c?token=SECRET&thumb=1x1", "/api/files/a/b/c?token=***&thumb=1x1"),
        ("/a?x=1&TOKEN=SECRET", "/a?x=1&TOKEN=***"),
        ("/a?%74oken=SECRET", "/a?%74oken=***"),
        ("/a?code=SECRET&state=SECRET&mfaId=SECRET", "/a?code=***&state=***&mfaId=***"),
        ("/a?token=SECRET=SECRET?token=SECRET", "/a?token=***"),
        ("http://a/b?password=SECRET#c", "http://a/b?password=***"),
        ("/a?token", "/a?token"),
        ("/token=a", "/token=a"),
        ("/a?", "/a?"),
    ],
)
def test_secrets(url: str, shown: str) -> None:
    """Values of query keys that open something are not shown."""
    assert without_secrets(url) == shown


async def test_nothing_secret(client: Client, backend: Backend) -> None:
    """Neither a URL's token, nor a header's, nor a password in a body is in any line."""
    token = await superuser(backend)
    url = f"/api/files/users/a/b.png?token={token}"
    await client.get(url, token=token, headers={"Referer": f"http://a.b{url}"})
    await client.post("/api/collections/users/auth-with-password", {"identity": "a", "password": "hush-hush"})
    text = str(await lines(backend))
    assert token not in text
    assert "hush-hush" not in text


async def test_long_texts(client: Client, backend: Backend) -> None:
    """What a client may choose is cut."""
    await client.get("/api/health?x=" + "y" * 5000, headers={"User-Agent": "u" * 5000})
    data = (await line(backend))["data"]
    assert (len(data["url"]), len(data["userAgent"])) == (3000, 2000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of several workers."""
    with Server(tmp_path / "pb_data", "--workers", "3") as server:
        server.sign_in()
        yield server


def test_each_request_once(server: Server) -> None:
    """What a worker hands to another is one line; all workers write, and what waits is written at the end."""
    for _ in range(12):
        assert server.ask("POST", "/api/crons/__pbOTPCleanup__").status == 204
    server.stop()
    server.start()
    found = server.ask("GET", "/api/logs?filter=message~'OTPCleanup'".replace("'", "%22")).json()
    assert found["totalItems"] == 12
    assert {one["data"]["auth"] for one in found["items"]} == {"_superusers"}

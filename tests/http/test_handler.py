"""The life of a request, whatever it asks for."""

from __future__ import annotations

import errno
import json

import pytest

from pbtornado.errors import ApiError, Busy, NotFound
from pbtornado.http.handler import Failure, as_api_error
from pbtornado.store.protocol import CommitFailed, StoreBusy
from tests.client import Client
from tests.conftest import ExpectLog

NOT_FOUND = {"data": {}, "message": "The requested resource wasn't found.", "status": 404}
NO_FILE = {"data": {}, "message": "File not found.", "status": 404}


async def test_headers_of_every_answer(client: Client) -> None:
    """Answers carry the security headers and no name of the software."""
    headers = (await client.get("/api/health")).headers
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-XSS-Protection"] == "1; mode=block"
    assert headers["Content-Type"] == "application/json"
    assert "Server" not in headers


@pytest.mark.parametrize("path", ["/api/nothing", "/nothing", "/", "/api/health/"])
async def test_unknown_paths(client: Client, path: str) -> None:
    """A path nobody knows is a JSON 404; one that is read is taken for a file."""
    assert (await client.get(path)).json == NO_FILE
    assert (await client.post(path, {})).json == NOT_FOUND


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
async def test_methods_a_path_does_not_have(client: Client, method: str) -> None:
    """A known path asked in a way it does not know is 404, as if it were unknown."""
    assert (await client.send(method, "/api/health", {})).json == NOT_FOUND


async def test_head(client: Client) -> None:
    """HEAD is GET without the body."""
    answer = await client.send("HEAD", "/api/health")
    assert answer.status == 200
    assert answer.body == b""
    assert int(answer.headers["Content-Length"]) > 0


async def test_preflight(client: Client) -> None:
    """OPTIONS on any path is answered for browsers of other sites."""
    asked = {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
    answer = await client.send("OPTIONS", "/api/collections", headers=asked)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Frame-Options" not in answer.headers


async def test_untidy_paths(client: Client) -> None:
    """A path with `//` or dots is sent to its proper spelling, never to another host."""
    answer = await client.get("//evil.example/../api/health?a=1")
    assert answer.status == 307
    assert answer.headers["Location"] == "/api/health?a=1"


@pytest.mark.parametrize("token", ["nonsense", "Bearer x.y.z", "é", "a" * 5000])
async def test_a_bad_token_is_a_guest(client: Client, token: str) -> None:
    """A token that is none makes a guest, not a failure."""
    answer = await client.send("GET", "/api/collections/_superusers/records", headers={"Authorization": token})
    assert answer.status == 403


@pytest.mark.parametrize("path", ["/api/collections/%ff/records", "/api/collections/users/records/%ff", "/%ff", "/_/%ff"])
async def test_paths_that_are_no_text(client: Client, path: str) -> None:
    """A path that is no text names nothing."""
    assert (await client.get(path)).status in (403, 404)


async def test_only_superusers(client: Client) -> None:
    """What is for superusers only is 401 to a guest."""
    answer = await client.get("/api/collections")
    assert answer.json == {"data": {}, "message": "The request requires valid record authorization token.", "status": 401}


async def test_over_long_bodies(client: Client) -> None:
    """A body over the limit is 413, whether it says so or is only found out."""
    answer = await client.send("POST", "/api/collections/users/auth-with-password", body=b" " * (33 << 20))
    assert answer.status == 413
    assert answer.json["message"] == "Request entity too large."


async def test_malformed_json(client: Client) -> None:
    """A body that is no JSON is 400."""
    answer = await client.send("POST", "/api/collections/users/records", body=b'{"a":', headers={"Content-Type": "application/json"})
    assert answer.status == 400
    assert answer.json == {"data": {}, "message": "Something went wrong while processing your request.", "status": 400}


async def test_own_mistakes(client: Client, expect_log: ExpectLog) -> None:
    """An unexpected exception is 500 without a word about it in the answer, and a line in the log."""

    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret")

    client.backend.records.list = broken  # type: ignore[method-assign, assignment]
    with expect_log("GET /api/collections/users/records"):
        answer = await client.get("/api/collections/users/records")
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert json.loads(answer.body)["message"] == "Something went wrong while processing your request."


@pytest.mark.parametrize(
    ("error", "kind"),
    [(StoreBusy(), Busy), (CommitFailed(), Busy), (OSError(errno.ENOSPC, "full"), Busy), (NotFound(), NotFound), (KeyError("x"), Failure)],
)
def test_exceptions_as_answers(error: Exception, kind: type[ApiError]) -> None:
    """Every exception has one answer; a full queue or disk says when to come again."""
    answer = as_api_error(error, 500, "GET")
    assert type(answer) is kind
    assert ("Retry-After" in answer.headers) == (kind is Busy)


@pytest.mark.parametrize("path", ["/_/..%2f..%2fsecret", "/_/%00", "/_//etc/passwd"])
async def test_paths_out_of_the_dashboard(client: Client, path: str) -> None:
    """They lead nowhere, and are nothing the log has to tell of."""
    assert (await client.get(path)).status == 404

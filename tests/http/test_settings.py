"""Settings over HTTP."""

from __future__ import annotations

import sqlite3

import pytest
from tornado.ioloop import IOLoop

from pbtornado.backend import Backend
from pbtornado.config import Options
from tests.client import Client
from tests.data import account, superuser

SETTINGS = "/api/settings"
SECRETS = {"smtp": {"password": "hush-1"}, "s3": {"secret": "hush-2"}, "backups": {"s3": {"secret": "hush-3"}}}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PATCH", ""), ("POST", "/test/s3"), ("POST", "/test/email"), ("POST", "/apple/generate-client-secret")],
)
async def test_only_superusers(client: Client, method: str, path: str) -> None:
    """Guests are asked to sign in, accounts are refused."""
    _, token = await account(client.backend, "a@example.com")
    assert [(await client.send(method, SETTINGS + path, token=who)).status for who in ("", token)] == [401, 403]


async def test_view_and_change(client: Client) -> None:
    """A change says only what differs and is answered with everything; `fields` picks from it."""
    client.token = await superuser(client.backend)
    before = (await client.get(SETTINGS)).json
    changed = await client.patch(SETTINGS, {"meta": {"appName": "Shop"}, "logs": {"maxDays": 9}})
    assert changed.json == {**before, "meta": {**before["meta"], "appName": "Shop"}, "logs": {**before["logs"], "maxDays": 9}}
    assert (await client.get(f"{SETTINGS}?fields=meta.appName")).json == {"meta": {"appName": "Shop"}}
    assert list(before) == ["superuserIPs", "smtp", "backups", "s3", "meta", "rateLimits", "trustedProxy", "batch", "logs"]


async def test_a_refused_change_changes_nothing(client: Client) -> None:
    """All or nothing, and every mistake at once."""
    client.token = await superuser(client.backend)
    before = (await client.get(SETTINGS)).json
    refused = await client.patch(SETTINGS, {"meta": {"appName": ""}, "logs": {"maxDays": -1}, "batch": {"timeout": 9}})
    assert (refused.status, sorted(refused.error)) == (400, ["logs", "meta"])
    assert (await client.get(SETTINGS)).json == before


async def test_secrets(client: Client, options: Options) -> None:
    """Secrets are kept until others are given, and never seen again: not in answers, not in the change log."""
    client.token = await superuser(client.backend)
    answers = [await client.patch(SETTINGS, SECRETS), await client.patch(SETTINGS, {"smtp": {"host": "mail.example.com"}})]
    assert not [answer for answer in answers if b"hush" in answer.body or b"password" in answer.body or b"secret" in answer.body]
    current = client.backend.settings.current
    assert [current["smtp"]["password"], current["s3"]["secret"], current["backups"]["s3"]["secret"]] == ["hush-1", "hush-2", "hush-3"]
    with sqlite3.connect(options.data_dir / "data.db") as database:
        logged = database.execute("SELECT action, record, image || old FROM _changes WHERE collection = '_params'").fetchall()
    database.close()
    assert [(action, record, "hush" in text) for action, record, text in logged] == [("update", "settings", False)] * 2


async def test_every_worker_obeys_at_once(client: Client, io_loop: IOLoop, options: Options) -> None:
    """Another worker of the same directory has the settings as soon as the change is answered."""
    other = Backend(options, worker=1)
    await other.start()
    client.token = await superuser(client.backend)
    assert (await client.patch(SETTINGS, {"superuserIPs": ["10.0.0.0/8"]})).status == 200
    assert not other.settings.admits_superuser("127.0.0.1")
    assert (await client.get(SETTINGS)).status == 403
    await other.stop()


@pytest.mark.parametrize("form", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
async def test_forms(client: Client, form: str) -> None:
    """A form names what it changes with dots."""
    client.token = await superuser(client.backend)
    part = b'--x\r\nContent-Disposition: form-data; name="backups.s3.bucket"\r\n\r\nb\r\n--x--\r\n'
    body = part if "multipart" in form else b"backups.s3.bucket=b"
    answer = await client.send("PATCH", SETTINGS, body=body, headers={"Content-Type": form})
    assert answer.json["backups"]["s3"]["bucket"] == "b"
    assert answer.json["s3"]["bucket"] == ""


async def test_lists_have_an_end(client: Client) -> None:
    """Every request is held against the lists, so they may not be arbitrarily long."""
    client.token = await superuser(client.backend)
    answer = await client.patch(SETTINGS, {"superuserIPs": ["127.0.0.1"] * 1001})
    assert answer.error["superuserIPs"]["code"] == "validation_length_too_long"


async def test_a_mail_that_cannot_be_sent(client: Client) -> None:
    """A trial that nothing is wrong with fails with a reason."""
    client.token = await superuser(client.backend)
    answer = await client.post(f"{SETTINGS}/test/email", {"email": "a@example.com", "template": "otp"})
    assert (answer.status, answer.json["message"].split("\n")[0]) == (400, "Failed to send the test email. Raw error: ")

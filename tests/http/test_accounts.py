"""Letters and what follows from them, over HTTP as a client does it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.data import account, change_settings, superuser, token_of

if TYPE_CHECKING:
    from tests.client import Client
    from tests.post import PostOffice

USERS = "/api/collections/users"
ANN = "ann@example.com"


async def mailing(client: Client, post_office: PostOffice, **options: Any) -> tuple[str, str]:
    """Ann's id and token, on a server that sends mail; `options` change the collection."""
    await change_settings(client.backend, smtp=post_office.settings)
    if options:
        await client.backend.collections.update("users", options)
    return await account(client.backend, ANN)


async def found(post_office: PostOffice, pattern: str, count: int = 1) -> str:
    """What the pattern finds in the last letter."""
    body = (await post_office.next(count)).get_body(("html",))
    assert body
    match = re.search(pattern, body.get_content())
    assert match
    return match[1]


LINK = r"/_/#/auth/[a-z-]+/([\w.-]+)"
CODE = r"<strong>(\d+)</strong>"


async def test_verification(client: Client, post_office: PostOffice) -> None:
    """A letter is asked for, its token confirmed; both answers are empty."""
    id, _ = await mailing(client, post_office)
    asked = await client.post(f"{USERS}/request-verification", {"email": ANN})
    confirmed = await client.post(f"{USERS}/confirm-verification", {"token": await found(post_office, LINK)})
    assert [(answer.status, answer.body) for answer in (asked, confirmed)] == [(204, b"")] * 2
    token = await token_of(client.backend, "users", id)
    assert (await client.get(f"{USERS}/records/{id}", token=token)).json["verified"] is True


async def test_password_reset(client: Client, post_office: PostOffice) -> None:
    """The new password signs in, the old one does not."""
    await mailing(client, post_office)
    assert (await client.post(f"{USERS}/request-password-reset", {"email": ANN})).status == 204
    new = {"token": await found(post_office, LINK), "password": "new-password", "passwordConfirm": "new-password"}
    assert (await client.post(f"{USERS}/confirm-password-reset", new)).status == 204
    tries = [{"identity": ANN, "password": password} for password in ("1234567890", "new-password")]
    assert [(await client.post(f"{USERS}/auth-with-password", one)).status for one in tries] == [400, 200]


async def test_email_change(client: Client, post_office: PostOffice) -> None:
    """Who is signed in asks; the token and the password confirm."""
    _, token = await mailing(client, post_office)
    assert (await client.post(f"{USERS}/request-email-change", {"newEmail": "new@example.com"}, token=token)).status == 204
    sent = {"token": await found(post_office, LINK), "password": "1234567890"}
    assert (await client.post(f"{USERS}/confirm-email-change", sent)).status == 204
    assert (await client.post(f"{USERS}/auth-with-password", {"identity": "new@example.com", "password": "1234567890"})).status == 200


@pytest.mark.parametrize(("token", "status"), [("", 401), ("root", 403)])
async def test_email_change_of_others(client: Client, post_office: PostOffice, token: str, status: int) -> None:
    """Nobody asks for somebody else."""
    await mailing(client, post_office)
    token = token and await superuser(client.backend)
    assert (await client.post(f"{USERS}/request-email-change", {"newEmail": "new@example.com"}, token=token)).status == status


@pytest.mark.parametrize(
    ("verb", "message"),
    [
        ("request-verification", "All superusers are verified by default."),
        ("confirm-verification", "All superusers are verified by default."),
        ("request-email-change", "All superusers can change their emails directly."),
        ("confirm-email-change", "All superusers can change their emails directly."),
    ],
)
async def test_superusers(client: Client, verb: str, message: str) -> None:
    """Superusers have no need of these."""
    answer = await client.post(f"/api/collections/_superusers/{verb}", {}, token=await superuser(client.backend))
    assert (answer.status, answer.json["message"]) == (400, message)


async def test_one_time_password(client: Client, post_office: PostOffice) -> None:
    """A code is asked for, and signs in with its id."""
    id, _ = await mailing(client, post_office, otp={"enabled": True})
    asked = await client.post(f"{USERS}/request-otp", {"email": ANN})
    sent = {"otpId": asked.json["otpId"], "password": await found(post_office, CODE)}
    answer = await client.post(f"{USERS}/auth-with-otp", sent)
    assert (asked.status, list(asked.json), answer.status, answer.json["record"]["id"]) == (200, ["otpId"], 200, id)


async def test_two_ways(client: Client, post_office: PostOffice) -> None:
    """The first way is answered with a session's id, the second one with the token."""
    await mailing(client, post_office, otp={"enabled": True}, mfa={"enabled": True})
    first = await client.post(f"{USERS}/auth-with-password", {"identity": ANN, "password": "1234567890"})
    asked = await client.post(f"{USERS}/request-otp", {"email": ANN})
    sent = {"otpId": asked.json["otpId"], "password": await found(post_office, CODE), **first.json}
    second = await client.post(f"{USERS}/auth-with-otp", sent)
    assert (first.status, list(first.json), second.status, "token" in second.json) == (401, ["mfaId"], 200, True)


async def test_impersonate(client: Client) -> None:
    """A superuser gets somebody's token; nobody else does."""
    id, own = await account(client.backend, ANN)
    root = await superuser(client.backend)
    url = f"{USERS}/impersonate/{id}"
    assert [(await client.post(url, token=token)).status for token in ("", own)] == [401, 403]
    answer = await client.post(url, {"duration": 60}, token=root)
    assert (answer.status, answer.json["record"]["email"]) == (200, ANN)
    assert (await client.get(f"{USERS}/records/{id}", token=answer.json["token"])).status == 200
    assert (await client.post(f"{USERS}/impersonate/nobody", token=root)).status == 404


@pytest.mark.parametrize("body", [b"duration=60", b"duration=", b""])
async def test_impersonate_by_form(client: Client, body: bytes) -> None:
    """A form's duration is read as a number."""
    id, _ = await account(client.backend, ANN)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    root = await superuser(client.backend)
    assert (await client.send("POST", f"{USERS}/impersonate/{id}", body=body, headers=form, token=root)).status == 200


async def test_trial(client: Client, post_office: PostOffice) -> None:
    """A superuser tries out whether mail goes out."""
    await mailing(client, post_office)
    sent = {"email": ANN, "template": "verification"}
    assert (await client.post("/api/settings/test/email", sent, token=await superuser(client.backend))).status == 204
    assert post_office.letters[0]["To"] == ANN


async def test_alert(client: Client, post_office: PostOffice) -> None:
    """A sign-in with another program is told by mail."""
    await mailing(client, post_office)
    for agent in ("one", "two", "two"):
        sent = {"identity": ANN, "password": "1234567890"}
        assert (await client.post(f"{USERS}/auth-with-password", sent, headers={"User-Agent": agent})).status == 200
    assert re.search(r"<em>[^<]* - 127.0.0.1 two</em>", await found(post_office, r"(?s)(.*)"))
    assert len(post_office.letters) == 1

"""Addresses behind proxies, and where superusers may come from."""

from __future__ import annotations

from pathlib import Path

import pytest
from tornado.httputil import HTTPHeaders

from pbtornado.http.limits import real_ip
from pbtornado.http.routes import API
from tests.client import SUPERUSER, Client
from tests.data import change_settings, superuser
from tests.process import Server

TAGS = {
    *("list", "view", "create", "update", "delete", "file", "listAuthMethods", "authRefresh", "auth"),
    *("authWithPassword", "authWithOAuth2", "authWithOTP", "requestOTP"),
    *(verb + thing for verb in ("request", "confirm") for thing in ("PasswordReset", "Verification", "EmailChange")),
}


@pytest.mark.parametrize(
    ("headers", "leftmost", "ip"),
    [
        ([], False, "9.9.9.9"),
        (["1.1.1.1, 2.2.2.2"], False, "2.2.2.2"),
        (["1.1.1.1, 2.2.2.2"], True, "1.1.1.1"),
        (["1.1.1.1", "2.2.2.2"], True, "2.2.2.2"),
        (["nonsense, 1.1.1.1,"], True, "1.1.1.1"),
        (["::1"], False, "0000:0000:0000:0000:0000:0000:0000:0001"),
    ],
)
def test_the_address_a_proxy_tells(headers: list[str], leftmost: bool, ip: str) -> None:
    """Of a trusted header the last one counts, and in it the outermost valid address on the side that was chosen."""
    sent = HTTPHeaders()
    for value in headers:
        sent.add("X-Forwarded-For", value)
    assert real_ip(sent, "9.9.9.9", {"headers": ["X-Forwarded-For"], "useLeftmostIP": leftmost}) == ip


async def test_superusers_from_elsewhere(client: Client) -> None:
    """A superuser from an address that is not listed may do nothing, from the next request on."""
    token = await superuser(client.backend)
    await change_settings(client.backend, superuserIPs=["10.0.0.0/8"])
    answer = await client.get("/api/collections", token=token)
    assert (answer.status, answer.json["message"]) == (403, "You are not allowed to perform this request.")
    await change_settings(client.backend, trustedProxy={"headers": ["X-Real-IP"], "useLeftmostIP": False})
    assert (await client.get("/api/collections", token=token, headers={"X-Real-IP": "10.1.2.3"})).status == 200


async def test_superusers_sign_in_from_where_they_may(client: Client) -> None:
    """From an address that is not listed no superuser signs in; a wrong password is said to be wrong all the same."""
    await superuser(client.backend)
    await change_settings(client.backend, superuserIPs=["10.0.0.0/8"])
    right = dict(zip(("identity", "password"), SUPERUSER, strict=True))
    url = "/api/collections/_superusers/auth-with-password"
    assert (await client.post(url, right, token="")).status == 403
    assert (await client.post(url, {**right, "password": "wrong"}, token="")).status == 400


async def test_a_rule_for_everything(client: Client) -> None:
    """A rule for `/` counts whatever is asked for, also where nothing answers; another rule's requests count for that."""
    rules = [{"label": label, "audience": "", "maxRequests": 2, "duration": 60} for label in ("/", "/api/health")]
    await change_settings(client.backend, rateLimits={"enabled": True, "excludedIPs": [], "rules": rules})
    paths = ("/nothing", "/_/", "/api/nothing", "/api/health", "/api/health", "/api/health")
    assert [(await client.get(path)).status for path in paths] == [404, 200, 429, 200, 200, 429]


async def test_heads_count_as_gets(client: Client) -> None:
    """Whoever asks for heads uses up the same limit."""
    rules = [{"label": "users:list", "audience": "", "maxRequests": 2, "duration": 60}]
    await change_settings(client.backend, rateLimits={"enabled": True, "excludedIPs": [], "rules": rules})
    path = "/api/collections/users/records"
    assert [(await client.send(method, path)).status for method in ("HEAD", "GET", "HEAD", "GET")] == [200, 200, 429, 429]


def test_tags_are_words_of_rate_limits() -> None:
    """Whatever endpoints say they do has a word that rules may use."""
    handlers = [route[1] for route in API]
    named = {tag for handler in handlers for tags in handler.tags.values() for tag in tags}
    assert named <= TAGS
    assert {"list", "view", "create", "update", "delete", "file", "listAuthMethods", "authRefresh", "auth", "authWithPassword"} <= named


def test_workers_count_together(tmp_path: Path) -> None:
    """A limit set at one worker is kept to by all, as one."""
    rules = [{"label": "/api/health", "audience": "", "maxRequests": 20, "duration": 600}]
    with Server(tmp_path / "pb_data", "--workers", "2") as server:
        server.sign_in()
        assert server.ask("PATCH", "/api/settings", {"rateLimits": {"enabled": True, "rules": rules}}).status == 200
        statuses = [server.ask("GET", "/api/health", token="").status for _ in range(40)]
    assert statuses == [200] * 20 + [429] * 20

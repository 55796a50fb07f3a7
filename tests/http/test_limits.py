"""Addresses behind proxies, and where superusers may come from."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders

from pbtornado.http.limits import real_ip
from tests.client import SUPERUSER, Client
from tests.data import change_settings, superuser


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

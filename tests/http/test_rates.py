"""How often somebody may ask."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.http.rates import rule_for
from tests.client import Client
from tests.data import account, change_settings, superuser

USERS = "/api/collections/users/records"


@pytest.mark.parametrize(
    ("labels", "signed_in", "found"),
    [
        (["posts:list", "*:list", "GET /api/x", "/api/x"], False, 1),
        (["books:list", "*:list", "GET /api/x", "/api/x"], False, 2),
        (["GET /api/x", "/api/x"], False, 3),
        (["GET /other", "/other"], False, None),
        (["GET /me", "/me"], True, 4),
        (["GET /me", "/me"], False, None),
    ],
)
def test_which_rule(labels: list[str], signed_in: bool, found: int | None) -> None:
    """The most telling label decides; a prefix stands for all paths below it; rules of another audience are not seen."""
    names = ["abc", "posts:list", "*:list", "/api/", "/me"]
    rules: list[dict[str, Any]] = [{"label": label, "audience": "@auth" if label == "/me" else ""} for label in names]
    rule = rule_for(rules, labels, signed_in=signed_in)
    assert rule is (None if found is None else rules[found])


async def test_used_up(client: Client) -> None:
    """A used up limit is 429; a superuser and an excluded address have none."""
    limit = {"enabled": True, "excludedIPs": [], "rules": [{"label": "users:list", "audience": "", "maxRequests": 1, "duration": 60}]}
    await change_settings(client.backend, rateLimits=limit)
    assert (await client.get(USERS)).status == 200
    refused = await client.get(USERS)
    assert refused.json == {"data": {}, "message": "Too Many Requests.", "status": 429}
    assert (await client.get(USERS, token=await superuser(client.backend))).status == 200
    _, token = await account(client.backend, "a@example.com")
    assert (await client.get(USERS, token=token)).status == 429
    await change_settings(client.backend, rateLimits={**limit, "excludedIPs": ["127.0.0.0/8"]})
    assert (await client.get(USERS)).status == 200

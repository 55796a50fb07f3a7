"""GET /api/health."""

from __future__ import annotations

from tests.client import Client
from tests.data import superuser


async def test_healthy(client: Client) -> None:
    """Anybody learns that the server is there, and nothing else."""
    answer = await client.get("/api/health")
    assert answer.status == 200
    assert answer.json == {"message": "API is healthy.", "code": 200, "data": {}}


async def test_superusers_learn_more(client: Client) -> None:
    """A superuser sees the address the server takes him for, and the header of a proxy that may be in front."""
    token = await superuser(client.backend)
    answer = await client.get("/api/health", token=token, headers={"X-Forwarded-For": "1.2.3.4"})
    assert answer.json["data"] == {"canBackup": True, "possibleProxyHeader": "X-Forwarded-For", "realIP": "127.0.0.1"}


async def test_fields_pick_from_the_answer(client: Client) -> None:
    """`?fields=` works on every answer."""
    assert (await client.get("/api/health?fields=code")).json == {"code": 200}

"""What follows from new credentials that the program itself writes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pbtornado.errors import Invalid
from pbtornado.records.guard import wrong_values
from pbtornado.rules.request import Actor, RequestInfo
from pbtornado.schema.record import Record

if TYPE_CHECKING:
    from pbtornado.backend import Backend

ROOT = RequestInfo(actor=Actor(superuser=True))


async def account(backend: Backend, email: str = "ann@example.com") -> Record:
    """An account as it is stored."""
    made = await backend.records.create("users", {"email": email, "password": "1234567890", "passwordConfirm": "1234567890"}, ROOT)
    found = await backend.auth.identity.by_id(backend.auth.collection("users"), made["id"])
    assert found
    return found


async def test_harmless_change(backend: Backend) -> None:
    """Who becomes verified keeps his sessions."""
    ann = await account(backend)
    changed = await backend.records.change_account(ann, {"verified": True})
    assert changed
    assert (changed.get("verified"), changed.get("tokenKey")) == (True, ann.get("tokenKey"))


@pytest.mark.parametrize("values", [{"email": "new@example.com"}, {"password": "a hash"}])
async def test_new_credentials(backend: Backend, values: dict[str, str]) -> None:
    """With another address or password sessions end."""
    ann = await account(backend)
    changed = await backend.records.change_account(ann, values)
    assert changed
    assert changed.get("tokenKey") != ann.get("tokenKey")


async def test_one_proof_one_change(backend: Backend) -> None:
    """Of changes that rest on the same credentials only the first is made."""
    ann = await account(backend)
    changes = [backend.records.change_account(ann, {"password": f"hash {number}"}) for number in range(3)]
    assert sum(changed is not None for changed in await asyncio.gather(*changes)) == 1


async def test_an_account_that_is_gone(backend: Backend) -> None:
    """There is nothing to change."""
    ann = await account(backend)
    await backend.records.delete("users", ann.id, ROOT)
    assert await backend.records.change_account(ann, {"verified": True}) is None


async def test_address_of_another(backend: Backend) -> None:
    """What must be unique is."""
    ann = await account(backend)
    await account(backend, "bob@example.com")
    with pytest.raises(Invalid) as refused:
        await backend.records.change_account(ann, {"email": "bob@example.com"})
    assert list(refused.value.errors) == ["email"]


async def test_wrong_values(backend: Backend) -> None:
    """Only the new values are looked at, not what else the record holds."""
    ann = await account(backend)
    ann.values["name"] = "x" * 1000
    assert list(wrong_values(ann, {"password": "short", "email": "new@example.com"})) == ["password"]

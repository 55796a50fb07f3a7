"""Superusers as the program makes them, the first one above all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pbtornado import tokens
from pbtornado.auth.password import Attempt
from pbtornado.auth.superusers import Missing
from pbtornado.errors import BadRequest
from pbtornado.records.create import INSTALLER_EMAIL
from pbtornado.rules.request import GUEST, RequestInfo

if TYPE_CHECKING:
    from pbtornado.backend import Backend

NEW = {"email": "su@example.com", "password": "1234567890", "passwordConfirm": "1234567890"}


async def signs_in(backend: Backend, email: str, password: str) -> bool:
    """Whether these let a superuser in."""
    try:
        return bool(await backend.auth.with_password("_superusers", Attempt(email, password), RequestInfo()))
    except BadRequest:
        return False


async def test_create(backend: Backend) -> None:
    """A superuser that was made is verified and signs in."""
    await backend.auth.superusers.create("su@example.com", "1234567890")
    assert await signs_in(backend, "su@example.com", "1234567890")
    record = await backend.auth.superusers.find("su@example.com")
    assert record is not None
    assert record.get("verified") is True


@pytest.mark.parametrize(("email", "password", "field"), [("su@example.com", "short", "password"), ("no email", "1234567890", "email")])
async def test_bad_values(backend: Backend, email: str, password: str, field: str) -> None:
    """Passwords and addresses are checked as for anybody."""
    with pytest.raises(BadRequest) as error:
        await backend.auth.superusers.create(email, password)
    assert list(error.value.errors) == [field]


async def test_create_twice(backend: Backend) -> None:
    """An address is taken once."""
    await backend.auth.superusers.create("su@example.com", "1234567890")
    with pytest.raises(BadRequest) as error:
        await backend.auth.superusers.create("su@example.com", "1234567890")
    assert error.value.body()["data"]["email"]["code"] == "validation_not_unique"


async def test_update(backend: Backend) -> None:
    """Another password lets in, the old one no more."""
    await backend.auth.superusers.create("su@example.com", "1234567890")
    await backend.auth.superusers.update("su@example.com", "0987654321")
    assert await signs_in(backend, "su@example.com", "0987654321")
    assert not await signs_in(backend, "su@example.com", "1234567890")
    with pytest.raises(Missing, match=r"no superuser nobody@example\.com"):
        await backend.auth.superusers.update("nobody@example.com", "0987654321")


async def test_upsert(backend: Backend) -> None:
    """The first time makes a superuser, the second changes the password."""
    assert await backend.auth.superusers.upsert("su@example.com", "1234567890")
    assert not await backend.auth.superusers.upsert("su@example.com", "0987654321")
    assert await signs_in(backend, "su@example.com", "0987654321")


async def test_delete(backend: Backend) -> None:
    """A superuser can be removed, the only one not."""
    await backend.auth.superusers.create("a@example.com", "1234567890")
    await backend.auth.superusers.create("b@example.com", "1234567890")
    assert await backend.auth.superusers.delete("a@example.com")
    assert not await backend.auth.superusers.delete("a@example.com")
    with pytest.raises(BadRequest, match="only existing superuser"):
        await backend.auth.superusers.delete("b@example.com")


# ---- the first one


async def test_installer_token(backend: Backend) -> None:
    """Without a superuser there is a token for half an hour that cannot be refreshed; with it the first one can be made."""
    token = await backend.auth.superusers.installer_token()
    claims = tokens.peek(token)
    assert claims is not None
    assert claims["refreshable"] is False
    actor = await backend.identify(token)
    assert actor.superuser
    await backend.records.create("_superusers", NEW, RequestInfo(actor=actor))
    assert await signs_in(backend, "su@example.com", "1234567890")


async def test_installer_goes(backend: Backend) -> None:
    """When there is a real superuser the one that stood in is gone, its token is void, and there is no other."""
    token = await backend.auth.superusers.installer_token()
    await backend.auth.superusers.create("su@example.com", "1234567890")
    assert await backend.auth.superusers.find(INSTALLER_EMAIL) is None
    assert await backend.identify(token) is GUEST
    assert await backend.auth.superusers.installer_token() == ""


async def test_installer_is_one(backend: Backend) -> None:
    """Every start without a superuser gives a token of the same stand-in."""
    await backend.auth.superusers.installer_token()
    first = await backend.auth.superusers.find(INSTALLER_EMAIL)
    assert await backend.auth.superusers.installer_token()
    assert await backend.auth.superusers.find(INSTALLER_EMAIL) == first

"""Who a token belongs to, and until when."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pbtornado import tokens
from pbtornado.auth.identity import sign, token_key
from pbtornado.auth.superusers import PROGRAM
from pbtornado.rules.request import GUEST

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.auth.conftest import People


async def test_token_belongs_to_its_record(backend: Backend, people: People) -> None:
    """A token names its record as the actor, who is no superuser."""
    ann = await people.add("ann@example.com")
    actor = await backend.identify(sign(ann, "auth"))
    assert actor.record is not None
    assert (actor.record.id, actor.record.get("email"), actor.superuser) == (ann.id, "ann@example.com", False)


async def test_superuser(backend: Backend, people: People) -> None:
    """A record of `_superusers` is a superuser."""
    assert (await backend.identify(sign(await people.add("su@example.com", "_superusers"), "auth"))).superuser


async def test_unchanged_actor_is_remembered(backend: Backend, people: People) -> None:
    """While the record is unchanged the actor is not made anew; after a change he is."""
    ann = await people.add("ann@example.com")
    token = sign(ann, "auth")
    actor = await backend.identify(token)
    assert await backend.identify(token) is actor
    await backend.records.update("users", ann.id, {"name": "Ann"}, PROGRAM)
    changed = await backend.identify(token)
    assert changed.record is not None
    assert changed.record.get("name") == "Ann"


@pytest.mark.parametrize("kind", ["file", "verification", "passwordReset", "emailChange"])
async def test_other_kinds_do_not_pass(backend: Backend, people: People, kind: tokens.TokenType) -> None:
    """A token of another kind is none, even with the right key."""
    ann = await people.add("ann@example.com")
    claims = {"id": ann.id, "collectionId": ann.collection.id, "type": kind}
    assert await backend.identify(tokens.sign(claims, token_key(ann, kind), 60)) is GUEST
    assert await backend.identify(tokens.sign(claims, token_key(ann, "auth"), 60)) is GUEST
    assert await backend.identify(tokens.sign({**claims, "type": "auth"}, token_key(ann, kind), 60)) is GUEST


async def test_file_token(backend: Backend, people: People) -> None:
    """A file token passes where one is asked for, and nowhere else."""
    token = sign(await people.add("ann@example.com"), "file")
    assert (await backend.auth.identify(token, "file")).record is not None
    assert await backend.auth.identify(token) is GUEST


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "Bearer x"])
async def test_garbage_is_a_guest(backend: Backend, token: str) -> None:
    """Whoever comes with something that is no token is a guest."""
    assert await backend.identify(token) is GUEST


async def test_claims_of_wrong_types(backend: Backend, people: People) -> None:
    """Claims that are no texts, or name nobody, are nobody's."""
    ann = await people.add("ann@example.com")
    good = {"id": ann.id, "collectionId": ann.collection.id, "type": "auth"}
    for bad in ({"id": 5}, {"id": "nobody"}, {"id": None}, {"collectionId": 7}, {"collectionId": "nowhere"}, {"collectionId": "_mfas"}):
        assert await backend.identify(tokens.sign({**good, **bad}, token_key(ann, "auth"), 60)) is GUEST


async def test_new_password_ends_tokens(backend: Backend, people: People) -> None:
    """A token that has passed before is void as soon as the password is changed."""
    ann = await people.add("ann@example.com")
    token = sign(ann, "auth")
    assert await backend.identify(token) is not GUEST
    await backend.records.update("users", ann.id, {"password": "0987654321", "passwordConfirm": "0987654321"}, PROGRAM)
    assert await backend.identify(token) is GUEST


async def test_deleted_record_ends_tokens(backend: Backend, people: People) -> None:
    """A token that has passed before is void as soon as the record is gone."""
    ann = await people.add("ann@example.com")
    token = sign(ann, "auth")
    assert await backend.identify(token) is not GUEST
    await backend.records.delete("users", ann.id, PROGRAM)
    assert await backend.identify(token) is GUEST


async def test_new_secret_ends_tokens(backend: Backend, people: People) -> None:
    """A token that has passed before is void as soon as the collection has a new secret."""
    token = sign(await people.add("ann@example.com"), "auth")
    assert await backend.identify(token) is not GUEST
    await people.change("users", authToken={"secret": "s" * 40})
    assert await backend.identify(token) is GUEST


async def test_time_ends_tokens(backend: Backend, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that has passed before is void the moment it is over."""
    token = sign(await people.add("ann@example.com"), "auth", 60)
    assert await backend.identify(token) is not GUEST
    end = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: end)
    assert await backend.identify(token) is GUEST


async def test_memory_is_bounded(backend: Backend, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many tokens pass, only so many are remembered."""
    monkeypatch.setattr("pbtornado.auth.identity.REMEMBERED", 3)
    ann = await people.add("ann@example.com")
    for seconds in range(60, 70):
        assert await backend.identify(sign(ann, "auth", seconds)) is not GUEST
    assert len(backend.auth.identity.seen) == 3


async def test_claims_are_pocketbases(people: People) -> None:
    """An auth token lives as long as its collection says and carries PocketBase's claims."""
    ann = await people.add("ann@example.com")
    claims = dict(tokens.peek(sign(ann, "auth", refreshable=True)) or {})
    assert abs(claims.pop("exp") - time.time() - 432000) < 5
    assert claims == {"id": ann.id, "collectionId": "_pb_users_auth_", "type": "auth", "refreshable": True}

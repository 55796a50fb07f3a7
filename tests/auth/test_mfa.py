"""Accounts that must be shown in two ways."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pbtornado.auth.mfa import SecondFactor
from pbtornado.errors import BadRequest
from pbtornado.records import companions
from pbtornado.rules.request import RequestInfo
from pbtornado.schema.record import Record

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.auth.conftest import People

GUEST = RequestInfo()


async def two_ways(people: People, **mfa: Any) -> Record:
    """An account that needs two ways."""
    await people.change("users", otp={"enabled": True}, mfa={"enabled": True, **mfa})
    return await people.add("ann@example.com", name="two")


async def begun(backend: Backend, record: Record, method: str = "password") -> str:
    """The session after the first way."""
    with pytest.raises(SecondFactor) as refused:
        await backend.auth.finish(record, "token", GUEST, "", method)
    assert (refused.value.status, list(refused.value.body())) == (401, ["mfaId"])
    return refused.value.mfa_id


async def sessions(backend: Backend, record: Record) -> list[tuple[str, Any]]:
    """The sessions under way, with the way they began."""
    catalog = backend.catalogs.current
    found = await backend.store.read(lambda reader: list(companions.of(reader, catalog, record, ("_mfas",))))
    return [(session.id, session.get("method")) for session in found]


def goes_on(session: str) -> RequestInfo:
    """A request that names the session."""
    return replace(GUEST, body={"mfaId": session})


async def test_first_way(backend: Backend, people: People) -> None:
    """The first way begins a session and gives nothing else."""
    ann = await two_ways(people)
    session = await begun(backend, ann)
    assert await sessions(backend, ann) == [(session, "password")]


@pytest.mark.parametrize("where", ["query", "body"])
async def test_second_way(backend: Backend, people: People, where: str) -> None:
    """Another way lets in and ends the session, which the query or the body names."""
    ann = await two_ways(people)
    session = {"mfaId": await begun(backend, ann)}
    asked = replace(GUEST, query=session) if where == "query" else replace(GUEST, body=session)
    assert (await backend.auth.finish(ann, "token", asked, "", "otp"))["token"] == "token"
    assert not await sessions(backend, ann)


async def test_a_session_is_good_once(backend: Backend, people: People) -> None:
    """Who comes again with the same session is refused."""
    ann = await two_ways(people)
    asked = goes_on(await begun(backend, ann))
    await backend.auth.finish(ann, "token", asked, "", "otp")
    with pytest.raises(BadRequest, match="Invalid or expired MFA session"):
        await backend.auth.finish(ann, "token", asked, "", "otp")


async def test_same_way_twice(backend: Backend, people: People) -> None:
    """The way must be another one; the session may go on."""
    ann = await two_ways(people)
    asked = goes_on(await begun(backend, ann))
    with pytest.raises(BadRequest, match="A different authentication method"):
        await backend.auth.finish(ann, "token", asked, "", "password")
    assert await backend.auth.finish(ann, "token", asked, "", "otp")


async def test_session_of_another_account(backend: Backend, people: People) -> None:
    """Nobody comes in on somebody else's session."""
    session = await begun(backend, await two_ways(people))
    bob = await people.add("bob@example.com")
    with pytest.raises(BadRequest, match="Invalid MFA session"):
        await backend.auth.finish(bob, "token", goes_on(session), "", "otp")


async def test_session_that_is_over(backend: Backend, people: People) -> None:
    """A session ends after the collection's time, and is gone then."""
    ann = await two_ways(people)
    session = await begun(backend, ann)
    await backend.store.write(lambda writer: writer.update("_mfas", session, {"created": "2020-01-01 00:00:00.000Z"}))
    with pytest.raises(BadRequest, match="Invalid or expired MFA session"):
        await backend.auth.finish(ann, "token", goes_on(session), "", "otp")
    assert not await sessions(backend, ann)


async def test_which_accounts(backend: Backend, people: People) -> None:
    """The collection's rule says which accounts need two ways."""
    ann = await two_ways(people, rule="name = 'two'")
    bob = await people.add("bob@example.com", name="one")
    assert await backend.auth.finish(bob, "token", GUEST, "", "password")
    await begun(backend, ann)


async def test_broken_rule(backend: Backend, people: People) -> None:
    """A rule that cannot be understood lets nobody in."""
    ann = await two_ways(people)
    users = backend.catalogs.current.find("users")
    assert users is not None
    assert users.auth is not None
    object.__setattr__(users.auth.mfa, "rule", "broken ~~")
    with pytest.raises(BadRequest, match="Failed to authenticate"):
        await backend.auth.finish(ann, "token", GUEST, "", "password")


async def test_refresh_is_no_way_in(backend: Backend, people: People) -> None:
    """Who is in already is not asked."""
    ann = await two_ways(people)
    assert await backend.auth.finish(ann, "token", GUEST, "")

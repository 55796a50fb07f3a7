"""Who sees whose email."""

from __future__ import annotations

from pbtornado.rules.request import RequestInfo
from tests.records.world import GUEST, SUPERUSER, World, relation


async def sees(world: World, info: RequestInfo, whom: RequestInfo) -> bool:
    """Does somebody see the email of somebody else?"""
    assert whom.actor.record
    return "email" in await world.records.view("people", whom.actor.record.id, info)


async def test_private_emails(world: World) -> None:
    """A private email is for its owner and superusers."""
    await world.make("people", type="auth")
    ann, bob = await world.user("ann", "people"), await world.user("bob", "people")
    assert not await sees(world, GUEST, ann)
    assert not await sees(world, bob, ann)
    assert await sees(world, ann, ann)
    assert await sees(world, SUPERUSER, ann)


async def test_public_emails(world: World) -> None:
    """An email its owner shows is seen by all."""
    await world.make("people", type="auth")
    ann = await world.user("ann", "people", emailVisibility=True)
    assert await sees(world, GUEST, ann)


async def test_managers_see_emails(world: World) -> None:
    """Whom the manage rule allows sees the email of those he manages, also through a relation."""
    people = await world.make("people", type="auth", manageRule="@request.auth.email ~ 'boss'")
    await world.make("notes", relation("author", people))
    ann, boss = await world.user("ann", "people"), await world.user("boss", "people")
    assert await sees(world, boss, ann)
    assert ann.actor.record
    note = (await world.add("notes", author=ann.actor.record.id))["id"]
    for info, seen in ((boss, True), (GUEST, False)):
        shown = await world.records.view("notes", note, info, "author")
        assert ("email" in shown["expand"]["author"]) is seen


async def test_secrets_are_never_shown(world: World) -> None:
    """Neither password nor token key is shown, not even to a superuser."""
    ann = await world.user("ann")
    assert ann.actor.record
    shown = await world.records.view("users", ann.actor.record.id, SUPERUSER)
    assert not {"password", "tokenKey"} & set(shown)

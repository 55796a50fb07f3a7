"""What the log is told of a write."""

from __future__ import annotations

import asyncio

from tests.records.world import GUEST, World, number, text


async def test_every_write_is_logged(world: World) -> None:
    """Create, update and delete, with who did it, the row as stored, and former values of what changed."""
    await world.make("posts", text("title"), number("n"))
    ann = await world.user("ann")
    key = (await world.add("posts", ann, title="a", n=1))["id"]
    await world.records.update("posts", key, {"n+": 2}, ann)
    await world.records.delete("posts", key, ann)
    created, updated, deleted = await world.changes("posts")
    assert [change.action for change in (created, updated, deleted)] == ["create", "update", "delete"]
    assert {(change.request, change.actor, change.record) for change in (created, updated, deleted)} == {("r1", ann.actor.label, key)}
    assert (created.image, created.old) == ({"id": key, "title": "a", "n": 1}, {})
    assert (updated.image, updated.old) == ({"id": key, "title": "a", "n": 3}, {"n": 1})
    assert (deleted.image, deleted.old) == ({"id": key, "title": "a", "n": 3}, {})


async def test_an_update_that_changes_nothing_is_still_heard(world: World) -> None:
    """Who saves what is there already is seen to have saved."""
    await world.make("posts", text("title"))
    key = (await world.add("posts", title="a"))["id"]
    await world.records.update("posts", key, {"title": "a"}, GUEST)
    last = (await world.changes("posts"))[-1]
    assert (last.action, last.old) == ("update", {})


async def test_secrets_stay_out_of_the_log(world: World) -> None:
    """Hashes and token keys are never logged; that they changed is."""
    ann = await world.user("ann")
    assert ann.actor.record
    new = {"password": "abcdefghij", "passwordConfirm": "abcdefghij"}
    await world.records.update("users", ann.actor.record.id, {**new, "oldPassword": "1234567890"}, ann)
    created, updated = await world.changes("users")
    assert not {"password", "tokenKey"} & (set(created.image) | set(updated.image))
    assert {name: value for name, value in updated.old.items() if name != "updated"} == {"password": None, "tokenKey": None}


async def test_refused_writes_leave_no_trace(world: World) -> None:
    """The log knows nothing of writes that did not happen."""
    await world.make("posts", text("title", required=True))
    await asyncio.gather(*[world.records.create("posts", {"title": title}, GUEST) for title in ("a", "", "b", "")], return_exceptions=True)
    assert len(await world.changes("posts")) == len(await world.ids("posts")) == 2

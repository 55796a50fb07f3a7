"""Updates and deletes of what a filter finds."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.records.bulk import QUICK, Meant
from pbtornado.store.protocol import Origin
from tests.records.world import GUEST, SUPERUSER, World, number, refused, relation, text

ORIGIN = Origin()


async def things(world: World, count: int = 6, **options: Any) -> None:
    """Records 0, 1, ... of a collection."""
    await world.make("things", text("title"), number("n"), text("owner"), text("hidden", hidden=True), **options)
    for n in range(count):
        await world.add("things", title=f"t{n}", n=n)


async def update(world: World, filter: str, payload: dict[str, Any], info: Any = GUEST, limit: int = 0) -> dict[str, Any]:
    """A bulk update."""
    return await world.records.update_all(Meant("things", filter, limit), payload, info)


async def delete(world: World, filter: str, info: Any = GUEST, name: str = "things", limit: int = 0) -> dict[str, Any]:
    """A bulk delete."""
    return await world.records.delete_all(Meant(name, filter, limit), info)


async def numbers(world: World) -> list[Any]:
    """The `n` of all records, in the order they were made."""
    return [one["n"] for one in (await world.records.list("things", SUPERUSER, sort="@rowid"))["items"]]


async def test_updates(world: World) -> None:
    """Each record changes from what it is; the others don't. The log names one request."""
    await things(world)
    before = len(await world.changes("things"))
    assert await update(world, "n >= 4", {"n+": 10}) == {"count": 2, "more": False}
    assert await numbers(world) == [0, 1, 2, 3, 14, 15]
    changes = (await world.changes("things"))[before:]
    assert [(change.action, change.request) for change in changes] == [("update", "r1"), ("update", "r1")]


async def test_deletes(world: World) -> None:
    """What the filter finds goes, with what cannot be without it."""
    await things(world)
    await world.make("parts", relation("thing", world.collection("things"), cascadeDelete=True))
    first = (await world.ids("things", sort="@rowid"))[0]
    await world.add("parts", thing=first)
    assert await delete(world, "n < 4") == {"count": 4, "more": False}
    assert await numbers(world) == [4, 5]
    assert await world.ids("parts") == []


async def test_all_or_nothing(world: World) -> None:
    """One record that cannot be changed undoes all; the answer names it."""
    await things(world, indexes=["CREATE UNIQUE INDEX only ON things (title)"])
    error = (await refused(update(world, "n > 2", {"title": "same"}))).body()
    ((key, failure),) = error["data"]["records"].items()
    assert key == (await world.ids("things", sort="@rowid"))[4]
    assert failure["response"]["data"]["title"]["code"] == "validation_not_unique"
    assert [one["title"] for one in (await world.records.list("things", GUEST))["items"]] == [f"t{n}" for n in range(6)]


@pytest.mark.parametrize("rule", ["n > 2", "n > 2 && @request.body.n:isset = false", "n > 2 || @collection.things.n ?< 0"])
async def test_the_rule_of_the_write(world: World, rule: str) -> None:
    """Records that the rule keeps from the actor stay as they are."""
    await things(world, updateRule=rule, deleteRule=rule.replace("@request.body.n:isset", "@request.query.n:isset"))
    assert (await update(world, "n != 4", {"title": "new"}))["count"] == 2
    assert (await delete(world, "n != 4"))["count"] == 2
    assert await numbers(world) == [0, 1, 2, 4]


async def test_the_rule_of_the_list(world: World) -> None:
    """What the actor may not list is not found, so that nobody learns of it by writing."""
    await things(world, listRule="n < 2")
    assert (await delete(world, "n >= 0"))["count"] == 2
    await world.make("locked", listRule=None)
    assert (await refused(delete(world, "id != ''", name="locked"))).status == 403


@pytest.mark.parametrize("option", ["updateRule", "deleteRule"])
async def test_locked(world: World, option: str) -> None:
    """Who may not write at all is told so."""
    options: dict[str, Any] = {option: None}
    await things(world, **options)
    asked = update(world, "n > 0", {}) if option == "updateRule" else delete(world, "n > 0")
    assert (await refused(asked)).status == 403


@pytest.mark.parametrize(("filter", "status"), [("", 400), (" ", 400), ("n >", 400), ("hidden = ''", 400), ("@request.auth.id = ''", 403)])
async def test_filters(world: World, filter: str, status: int) -> None:
    """One is needed, and it may say what a list's may."""
    await things(world, 1)
    assert (await refused(delete(world, filter))).status == status
    assert await numbers(world) == [0]


async def test_a_limit(world: World) -> None:
    """The first so many are written; the answer says whether there are more."""
    await things(world)
    assert await delete(world, "n >= 0", limit=4) == {"count": 4, "more": True}
    assert await delete(world, "n >= 0", limit=4) == {"count": 2, "more": False}


@pytest.mark.parametrize("limit", ["0", "-1", "x", "10001", "1.5", "١"])
async def test_bad_limits(world: World, limit: str) -> None:
    """A limit is a number within bounds."""

    async def parse() -> None:
        Meant.parse("things", "n > 0", limit)

    assert (await refused(parse())).status == 400


async def test_many(world: World) -> None:
    """More than the loop itself should write."""
    await things(world, QUICK + 5)
    assert (await update(world, "n >= 0", {"n": 1}))["count"] == QUICK + 5
    assert set(await numbers(world)) == {1}


@pytest.mark.parametrize("payload", [{"password": "1234567890"}, {"oldPassword": "x", "passwordConfirm": "y"}])
async def test_passwords(world: World, payload: dict[str, str]) -> None:
    """They are changed one at a time."""
    await world.user("ann")
    assert (await refused(world.records.update_all(Meant("users", "id != ''"), payload, SUPERUSER))).status == 400


async def test_records_that_go_along_are_not_counted(world: World) -> None:
    """A record that went with another one is gone already."""
    things = await world.make("things", number("n"))
    fields = [*(one.to_json() for one in things.fields), relation("parent", things, cascadeDelete=True)]
    await world.collections.update("things", {"fields": fields}, ORIGIN)
    parent = await world.add("things", n=1)
    await world.add("things", n=2, parent=parent["id"])
    assert await delete(world, "n > 0") == {"count": 1, "more": False}
    assert await world.ids("things") == []

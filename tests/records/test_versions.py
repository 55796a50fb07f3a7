"""Writes that are meant for one state of a record."""

from __future__ import annotations

import asyncio
from typing import Any

from pbtornado.errors import ApiError
from pbtornado.records.steps import Item
from pbtornado.records.versions import ANY, version
from tests.records.world import GUEST, SUPERUSER, World, number, refused, text


def only(shown: dict[str, Any]) -> frozenset[str]:
    """The version of a record as it was shown."""
    return frozenset({version(shown)})


async def test_a_write_for_the_version_that_is_there(world: World) -> None:
    """It is made; afterwards that version is no longer there."""
    await world.make("posts", text("title"))
    made = await world.add("posts", GUEST, title="one")
    changed = await world.records.update("posts", made["id"], {"title": "two"}, GUEST, expected=only(made))
    error = await refused(world.records.update("posts", made["id"], {"title": "three"}, GUEST, expected=only(made)))
    assert (error.status, error.body()["data"]) == (412, {})
    assert (await refused(world.records.delete("posts", made["id"], GUEST, expected=only(made)))).status == 412
    assert (await world.records.view("posts", made["id"], GUEST))["title"] == "two"
    await world.records.delete("posts", made["id"], GUEST, expected=only(made) | only(changed))
    assert await world.ids("posts") == []


async def test_any_version(world: World) -> None:
    """`*` expects the record to be there."""
    await world.make("posts", text("title"))
    made = await world.add("posts", title="one")
    await world.records.update("posts", made["id"], {"title": "two"}, GUEST, expected=frozenset({ANY}))
    assert (await refused(world.records.delete("posts", "none", GUEST, expected=frozenset({ANY})))).status == 404


async def test_no_version_at_all(world: World) -> None:
    """Where nothing fits, nothing is written."""
    await world.make("posts", text("title"))
    made = await world.add("posts", title="one")
    assert (await refused(world.records.update("posts", made["id"], {"title": "x"}, GUEST, expected=frozenset()))).status == 412


async def test_the_version_is_that_of_who_sees_it(world: World) -> None:
    """A change of a hidden field is another version for a superuser alone."""
    await world.make("posts", text("title"), text("secret", hidden=True))
    made = await world.add("posts", title="one", secret="a")
    seen = await world.records.view("posts", made["id"], GUEST)
    await world.records.update("posts", made["id"], {"secret": "b"}, SUPERUSER, expected=only(made))
    assert (await refused(world.records.update("posts", made["id"], {"title": "x"}, SUPERUSER, expected=only(made)))).status == 412
    await world.records.update("posts", made["id"], {"title": "x"}, GUEST, expected=only(seen))


async def test_who_may_not_is_told_nothing(world: World) -> None:
    """The rule is asked first."""
    await world.make("posts", text("title"), updateRule="title = 'mine'")
    made = await world.add("posts", title="yours")
    assert (await refused(world.records.update("posts", made["id"], {}, GUEST, expected=frozenset()))).status == 404


async def test_one_of_many_wins(world: World) -> None:
    """Of many who change the same version at once, one succeeds."""
    await world.make("posts", number("n"))
    made = await world.add("posts", GUEST)
    update = world.records.update
    many = [update("posts", made["id"], {"n+": 1}, GUEST, expected=only(made)) for _ in range(20)]
    answers = await asyncio.gather(*many, return_exceptions=True)
    assert [answer.status for answer in answers if isinstance(answer, ApiError)] == [412] * 19
    assert (await world.records.view("posts", made["id"], GUEST))["n"] == 1


async def test_in_a_batch(world: World) -> None:
    """An item is meant for the version at its turn."""
    await world.make("posts", text("title"))
    made = await world.add("posts", GUEST, title="one")
    key, mine = made["id"], only(made)
    first = Item("update", "posts", key, {"title": "two"}, GUEST, expected=mine)
    late = Item("upsert", "posts", "", {"id": key, "title": "three"}, GUEST, expected=mine)
    error = await refused(world.records.batch([first, late], GUEST, 5))
    assert error.body()["data"]["requests"]["1"]["response"]["status"] == 412
    absent = Item("upsert", "posts", "", {"id": "a" * 15}, GUEST, expected=mine)
    assert (await refused(world.records.batch([absent], GUEST, 5))).body()["data"]["requests"]["0"]["response"]["status"] == 412
    assert (await world.records.batch([first], GUEST, 5))[0] is not None

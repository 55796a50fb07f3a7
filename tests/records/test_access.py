"""Rules asked about records that are stored and records that are not."""

from __future__ import annotations

from pbtornado.records.access import allows
from pbtornado.rules.request import RequestInfo
from tests.records.world import GUEST, SUPERUSER, World, number, relation


async def may(world: World, rule: str | None, info: RequestInfo, key: str = "", image: dict[str, int] | None = None) -> bool:
    """The answer for the collection `posts`."""
    catalog, posts = world.catalogs.current, world.collection("posts")
    return await world.store.read(lambda reader: allows(reader, catalog, posts, rule, info, record_id=key, image=image))


async def test_rules_without_text(world: World) -> None:
    """Null is for superusers, nothing is for everyone."""
    await world.make("posts", number("n"))
    assert [await may(world, rule, info) for rule in (None, "") for info in (GUEST, SUPERUSER)] == [False, True, True, True]


async def test_stored_records_and_images(world: World) -> None:
    """One rule, asked about the row in the table or about values that lie nowhere."""
    await world.make("posts", number("n"))
    key = (await world.add("posts", n=1))["id"]
    assert [await may(world, rule, GUEST, key) for rule in ("n = 1", "n = 2")] == [True, False]
    assert [await may(world, rule, GUEST, image={"n": 2}) for rule in ("n = 1", "n = 2")] == [False, True]
    assert not await may(world, "n = 1", GUEST, "missing")


async def test_broken_rules_hold_for_nobody(world: World) -> None:
    """A rule that names what isn't there lets no one in."""
    await world.make("posts", number("n"))
    key = (await world.add("posts", n=1))["id"]
    assert not await may(world, "gone = 1 || n = 1", GUEST, key)


async def test_a_record_that_is_yet_to_be(world: World) -> None:
    """Its values have no columns that would convert what they are compared with, and nothing can refer to it."""
    posts = await world.make("posts", number("n"))
    await world.make("notes", relation("post", posts))
    key = (await world.add("posts", n=5))["id"]
    assert await may(world, "n = '5'", GUEST, key)
    assert not await may(world, "n = '5'", GUEST, image={"n": 5})
    assert await may(world, "notes_via_post.id = '' || n = 5", GUEST, key)
    assert not await may(world, "notes_via_post.id = '' || n = 5", GUEST, image={"n": 5})

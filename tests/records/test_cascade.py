"""What goes along with a record, what stays without it, and what keeps it from going."""

from __future__ import annotations

import pytest

from pbtornado.records import cascade
from tests.records.world import AUTODATES, GUEST, PASSWORD, SUPERUSER, World, codes, number, refused, relation, text


async def test_relations_let_go(world: World) -> None:
    """A record that isn't taken along loses the reference, at a new date, and the log says so."""
    posts = await world.make("posts", text("title"))
    await world.make("notes", relation("post", posts), relation("posts", posts, maxSelect=9), *AUTODATES)
    one, two = [(await world.add("posts"))["id"] for _ in range(2)]
    note = await world.add("notes", post=one, posts=[one, two])
    await world.records.delete("posts", one, GUEST)
    after = await world.records.view("notes", note["id"], GUEST)
    assert (after["post"], after["posts"]) == ("", [two])
    assert after["updated"] >= note["updated"]
    last = (await world.changes("notes"))[-1]
    assert (last.action, last.image["posts"]) == ("update", f'["{two}"]')


async def test_cascades(world: World) -> None:
    """Records that go along do so at any depth, and only when their last reference goes."""
    posts = await world.make("posts", text("title"))
    notes = await world.make("notes", relation("posts", posts, maxSelect=9, cascadeDelete=True))
    await world.make("marks", relation("note", notes, cascadeDelete=True))
    one, two = [(await world.add("posts"))["id"] for _ in range(2)]
    note = (await world.add("notes", posts=[one, two]))["id"]
    await world.add("marks", note=note)
    await world.records.delete("posts", one, GUEST)
    assert await world.ids("notes") == [note]
    await world.records.delete("posts", two, GUEST)
    assert (await world.ids("notes"), await world.ids("marks")) == ([], [])


async def test_one_request_makes_all_changes_of_a_cascade(world: World) -> None:
    """All changes of a cascade carry the request and actor that began it."""
    posts = await world.make("posts", text("title"))
    await world.make("notes", relation("post", posts, cascadeDelete=True))
    one = (await world.add("posts"))["id"]
    await world.add("notes", post=one)
    ann = await world.user("ann")
    await world.records.delete("posts", one, ann)
    for name in ("posts", "notes"):
        last = (await world.changes(name))[-1]
        assert (last.action, last.request, last.actor) == ("delete", "r1", ann.actor.label)


async def test_required_relations_keep_a_record(world: World) -> None:
    """A required relation that would be left empty refuses the whole delete."""
    posts = await world.make("posts", text("title"))
    await world.make("notes", relation("post", posts))
    await world.make("zeals", relation("post", posts, required=True))
    one = (await world.add("posts"))["id"]
    note = await world.add("notes", post=one)
    await world.add("zeals", post=one)
    error = await refused(world.records.delete("posts", one, GUEST))
    message = "Failed to delete record. Make sure that the record is not part of a required relation reference."
    assert (error.status, error.message) == (400, message)
    assert await world.records.view("notes", note["id"], GUEST) == note


async def test_circles_end(world: World) -> None:
    """Two records that go along with each other both go."""
    nodes = await world.make("nodes", number("n"))
    fields = [field.to_json() for field in nodes.fields]
    await world.collections.update("nodes", {"fields": [*fields, relation("next", nodes, cascadeDelete=True)]})
    one = (await world.add("nodes"))["id"]
    two = (await world.add("nodes", next=one))["id"]
    await world.records.update("nodes", one, {"next": two}, GUEST)
    await world.records.delete("nodes", one, GUEST)
    assert await world.ids("nodes") == []


async def test_long_chains(world: World) -> None:
    """A chain longer than Python's stack goes as a whole."""
    nodes = await world.make("nodes", number("n"))
    fields = [field.to_json() for field in nodes.fields]
    await world.collections.update("nodes", {"fields": [*fields, relation("next", nodes, cascadeDelete=True)]})
    first = last = (await world.add("nodes"))["id"]
    for _ in range(400):
        last = (await world.add("nodes", next=last))["id"]
    await world.records.delete("nodes", first, GUEST)
    assert await world.ids("nodes") == []


async def test_the_last_superuser_stays(world: World) -> None:
    """One superuser can always sign in."""
    one, two = [(await world.add("_superusers", email=f"{name}@b.co", **PASSWORD))["id"] for name in "ab"]
    await world.records.delete("_superusers", one, SUPERUSER)
    error = await refused(world.records.delete("_superusers", two, SUPERUSER))
    assert (error.status, error.message) == (400, "You can't delete the only existing superuser.")


async def test_companions_go_along(world: World) -> None:
    """What is recorded about an account goes with it."""
    ann = await world.user("ann")
    assert ann.actor.record
    await world.add("_mfas", collectionRef=world.collection("users").id, recordRef=ann.actor.record.id, method="otp")
    await world.records.delete("users", ann.actor.record.id, SUPERUSER)
    assert await world.ids("_mfas") == []


async def test_references_that_are_no_longer_unique(world: World) -> None:
    """A relation that must be unique cannot let go twice."""
    posts = await world.make("posts", text("title"))
    await world.make("notes", relation("post", posts), indexes=["CREATE UNIQUE INDEX `once` ON `notes` (`post`)"])
    one, two = [(await world.add("posts"))["id"] for _ in range(2)]
    for post in (one, two):
        await world.add("notes", post=post)
    await world.records.delete("posts", one, GUEST)
    assert codes(await refused(world.records.delete("posts", two, GUEST))) == {"post": "validation_not_unique"}


async def test_deletes_that_reach_far_leave_the_loop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where many records may refer to one that goes, the writer's thread looks through them."""
    posts = await world.make("posts", text("title"))
    notes = await world.make("notes", relation("post", posts, cascadeDelete=True))
    await world.make("marks", relation("note", notes))
    assert [found.name for found in cascade.reachable(world.catalogs.current, posts)] == ["notes", "marks"]
    monkeypatch.setattr(cascade, "QUICK", 1)
    one = (await world.add("posts"))["id"]
    for _ in range(3):
        await world.add("notes", post=one)
    assert await world.store.read(lambda reader: cascade.is_long(reader, world.catalogs.current, posts))
    await world.records.delete("posts", one, GUEST)
    assert await world.ids("notes") == []

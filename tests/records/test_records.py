"""The five verbs: what they answer, and with which words they refuse."""

from __future__ import annotations

import asyncio
from typing import Any

from pbtornado.errors import BadRequest, Forbidden, NotFound
from pbtornado.store.protocol import Origin
from tests.records.world import AUTODATES, GUEST, SUPERUSER, World, codes, number, refused, relation, text


async def test_create_answers_the_record(world: World) -> None:
    """A created record comes back with its id and where it belongs."""
    posts = await world.make("posts", text("title"))
    created = await world.add("posts", title="one")
    assert created == {"collectionId": posts.id, "collectionName": "posts", "id": created["id"], "title": "one"}
    assert len(created["id"]) == 15


async def test_view_shows_what_was_created(world: World) -> None:
    """A record is viewed as it was answered when made."""
    await world.make("posts", text("title"))
    created = await world.add("posts", title="one")
    assert await world.records.view("posts", created["id"], GUEST) == created


async def test_update_changes_only_what_is_sent(world: World) -> None:
    """Fields that are not spoken of stay."""
    await world.make("posts", text("title"), number("n"))
    created = await world.add("posts", title="one", n=3)
    assert await world.records.update("posts", created["id"], {"title": "two"}, GUEST) == {**created, "title": "two"}


async def test_delete_removes(world: World) -> None:
    """A deleted record is not found any more."""
    await world.make("posts", text("title"))
    created = await world.add("posts", title="one")
    await world.records.delete("posts", created["id"], GUEST)
    assert isinstance(await refused(world.records.view("posts", created["id"], GUEST)), NotFound)


async def test_unknown_collection(world: World) -> None:
    """Every verb on a collection that doesn't exist says so."""
    records = world.records
    for answer in (
        records.list("no", GUEST),
        records.view("no", "x", GUEST),
        records.create("no", {}, GUEST),
        records.update("no", "x", {}, GUEST),
        records.delete("no", "x", GUEST),
    ):
        error = await refused(answer)
        assert (error.status, error.message) == (404, "Missing collection context.")


async def test_locked_rules(world: World) -> None:
    """A rule that is null is for superusers only."""
    await world.make("posts", text("title"), open=False)
    created = await world.add("posts", title="one")
    records = world.records
    for answer in (
        records.list("posts", GUEST),
        records.view("posts", created["id"], GUEST),
        records.create("posts", {}, GUEST),
        records.update("posts", created["id"], {}, GUEST),
        records.delete("posts", created["id"], GUEST),
    ):
        error = await refused(answer)
        assert isinstance(error, Forbidden)
        assert error.message == "Only superusers can perform this action."
    assert await world.ids("posts") == [created["id"]]


async def test_rules_that_do_not_hold(world: World) -> None:
    """A list leaves out, single records are not found, a create fails."""
    rules: dict[str, Any] = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"), "title = 'open'")
    await world.make("posts", text("title"), **rules)
    closed = (await world.add("posts", title="closed"))["id"]
    opened = (await world.add("posts", title="open"))["id"]
    records = world.records
    assert await world.ids("posts", GUEST) == [opened]
    for answer in (
        records.view("posts", closed, GUEST),
        records.update("posts", closed, {}, GUEST),
        records.delete("posts", closed, GUEST),
    ):
        assert (await refused(answer)).status == 404
    error = await refused(records.create("posts", {"title": "closed"}, GUEST))
    assert (error.status, error.message, error.body()["data"]) == (400, "Failed to create record.", {})
    assert (await records.create("posts", {"title": "open"}, GUEST))["title"] == "open"


async def test_update_rule_reads_the_stored_row(world: World) -> None:
    """Former values decide; the new ones are seen as `@request.body`."""
    await world.make("posts", text("title"), updateRule="title = 'a' && @request.body.title != 'z'")
    key = (await world.add("posts", title="a"))["id"]
    assert (await refused(world.records.update("posts", key, {"title": "z"}, GUEST))).status == 404
    assert (await world.records.update("posts", key, {"title": "b"}, GUEST))["title"] == "b"
    assert (await refused(world.records.update("posts", key, {"title": "a"}, GUEST))).status == 404


async def test_body_in_rules_has_its_modifiers_applied(world: World) -> None:
    """`n+` is seen by a rule as the sum it makes."""
    await world.make("posts", number("n"), updateRule="@request.body.n <= 10")
    key = (await world.add("posts", n=8))["id"]
    assert (await world.records.update("posts", key, {"n+": 2}, GUEST))["n"] == 10
    assert (await refused(world.records.update("posts", key, {"n+": 1}, GUEST))).status == 404


async def test_invalid_values_are_told_field_by_field(world: World) -> None:
    """All fields that are wrong are named, with PocketBase's codes, relations to nothing among them."""
    posts = await world.make("posts", text("title", required=True), number("n", max=3))
    await world.make("notes", text("title", required=True), number("n", max=3), relation("post", posts))
    error = await refused(world.records.create("notes", {"n": 4, "post": "missing"}, GUEST))
    assert error.message == "Failed to create record."
    assert codes(error) == {
        "title": "validation_required",
        "n": "validation_max_number_constraint",
        "post": "validation_missing_rel_records",
    }
    key = (await world.add("notes", title="x"))["id"]
    error = await refused(world.records.update("notes", key, {"n": 4, "title": ""}, GUEST))
    assert error.message == "Failed to update record."
    assert codes(error) == {"title": "validation_required", "n": "validation_max_number_constraint"}


async def test_unique_values(world: World) -> None:
    """A value that is taken is told for its column, at create and at update."""
    await world.make("posts", text("slug"), indexes=["CREATE UNIQUE INDEX `slug_once` ON `posts` (`slug`)"])
    await world.add("posts", slug="a")
    other = (await world.add("posts", slug="b"))["id"]
    assert codes(await refused(world.records.create("posts", {"slug": "a"}, GUEST))) == {"slug": "validation_not_unique"}
    assert codes(await refused(world.records.update("posts", other, {"slug": "a"}, GUEST))) == {"slug": "validation_not_unique"}


async def test_client_chosen_ids(world: World) -> None:
    """An id may be chosen once, must have the form of ids, and stays."""
    await world.make("posts", text("title"))
    created = await world.add("posts", id="abcdefghijklmno")
    assert created["id"] == "abcdefghijklmno"
    assert codes(await refused(world.add("posts", id="abcdefghijklmno"))) == {"id": "validation_not_unique"}
    assert codes(await refused(world.add("posts", id="Nope"))) == {"id": "validation_min_text_constraint"}
    change = world.records.update("posts", created["id"], {"id": "bbbbbbbbbbbbbbb"}, SUPERUSER)
    assert codes(await refused(change)) == {"id": "validation_pk_change"}


async def test_autodates(world: World) -> None:
    """The server dates records; what clients say of it is ignored."""
    await world.make("posts", text("title"), *AUTODATES)
    created = await world.add("posts", created="2001-01-01 00:00:00.000Z")
    assert created["created"] == created["updated"] > "2020"
    await asyncio.sleep(0.002)
    updated = await world.records.update("posts", created["id"], {"title": "x", "updated": "2001-01-01 00:00:00.000Z"}, GUEST)
    assert updated["created"] == created["created"]
    assert updated["updated"] > created["updated"]


async def test_texts_that_make_themselves(world: World) -> None:
    """A text with a pattern is made where none is given; a prefix may be asked for."""
    await world.make("posts", text("slug", autogeneratePattern="[a-z]{8}"))
    assert len((await world.add("posts"))["slug"]) == 8
    assert (await world.add("posts", slug="mine"))["slug"] == "mine"
    prefixed = await world.records.create("posts", {"slug:autogenerate": "abc-"}, GUEST)
    assert prefixed["slug"].startswith("abc-")
    assert len(prefixed["slug"]) == 12


async def test_hidden_fields(world: World) -> None:
    """Others than superusers neither write nor see a hidden field, and are not told so."""
    await world.make("posts", text("secret", hidden=True))
    key = (await world.records.create("posts", {"secret": "x"}, GUEST))["id"]
    assert (await world.stored("posts", key)).get("secret") == ""
    assert (await world.records.update("posts", key, {"secret": "y"}, SUPERUSER))["secret"] == "y"
    assert "secret" not in await world.records.update("posts", key, {"secret": "z", "secret:autogenerate": "z"}, GUEST)
    assert (await world.stored("posts", key)).get("secret") == "y"


async def test_concurrent_increments_all_count(world: World) -> None:
    """Modifiers work on the row as it is at the commit: no increment is lost."""
    await world.make("posts", number("n"))
    key = (await world.add("posts"))["id"]
    answers = await asyncio.gather(*[world.records.update("posts", key, {"n+": 1}, GUEST) for _ in range(100)])
    assert sorted(answer["n"] for answer in answers) == list(range(1, 101))


async def test_concurrent_updates_respect_the_rule(world: World) -> None:
    """What the rule allows once happens once, however many ask at the same time."""
    await world.make("seats", text("taken"), updateRule="taken = ''")
    key = (await world.add("seats"))["id"]
    tries = [world.records.update("seats", key, {"taken": f"by {n}"}, GUEST) for n in range(20)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert len([answer for answer in answers if isinstance(answer, dict)]) == 1
    assert all(isinstance(answer, NotFound) for answer in answers if not isinstance(answer, dict))


async def test_concurrent_updates_respect_limits(world: World) -> None:
    """A limit holds for what is stored in the end, not for what each saw at its start."""
    await world.make("posts", number("n", max=5))
    key = (await world.add("posts"))["id"]
    answers = await asyncio.gather(*[world.records.update("posts", key, {"n+": 1}, GUEST) for _ in range(9)], return_exceptions=True)
    assert sum(isinstance(answer, BadRequest) for answer in answers) == 4
    assert (await world.stored("posts", key)).get("n") == 5


async def test_unknown_keys_are_ignored(world: World) -> None:
    """A body may say more than there are fields."""
    await world.make("posts", text("title"))
    created = await world.add("posts", title="x", nonsense=1, expand={"a": 1}, collectionId="no")
    assert set(created) == {"collectionId", "collectionName", "id", "title"}


async def test_writes_that_overtake_a_change_of_collections(world: World) -> None:
    """A write that was let in before its collection changed is decided again after it."""
    await world.make("posts", text("title"))
    waiting = asyncio.gather(*[world.records.create("posts", {"title": "x", "more": "y"}, GUEST) for _ in range(5)])
    fields = [field.to_json() for field in world.collection("posts").fields]
    await asyncio.gather(waiting, world.collections.update("posts", {"fields": [*fields, text("more")]}, Origin()))
    assert len(await world.ids("posts")) == 5


async def test_program_writes_are_logged(world: World) -> None:
    """The program's own writes need no rule and are in the log; they don't happen on a record that moved on."""
    ann = await world.user("ann")
    assert ann.actor.record
    before = await world.stored("users", ann.actor.record.id)
    after = await world.records.amend(before, {"verified": True}, touch=False)
    assert after
    assert (after.get("verified"), after.get("updated")) == (True, before.get("updated"))
    assert [change.action for change in await world.changes("users")] == ["create", "update"]
    assert await world.records.amend(before, {"verified": True}) is None

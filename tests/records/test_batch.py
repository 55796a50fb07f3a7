"""Many writes as one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from pbtornado.errors import ApiError, BadRequest
from pbtornado.passwords import Passwords
from pbtornado.records.batch import LONG, batch
from pbtornado.records.parts import Parts
from pbtornado.records.steps import Item, Verb
from pbtornado.rules.request import RequestInfo
from pbtornado.store.protocol import Origin
from tests.records.world import GUEST, SUPERUSER, World, file, number, refused, relation, text

SECONDS = 10.0


def item(verb: Verb, name: str, record_id: str = "", info: RequestInfo = GUEST, /, **payload: Any) -> Item:
    """One write of a batch."""
    return Item(verb, name, record_id, payload, replace(info, context="batch"))


async def ask(world: World, *items: Item, info: RequestInfo = GUEST) -> list[Any]:
    """The answers of a batch."""
    return await world.records.batch(items, info, SECONDS)


def failure(error: ApiError) -> tuple[str, dict[str, Any]]:
    """Which item failed, and its answer."""
    ((position, found),) = error.body()["data"]["requests"].items()
    assert (error.message, found["code"]) == ("Batch transaction failed.", "batch_request_failed")
    return position, found["response"]


async def test_each_sees_what_those_before_it_made(world: World) -> None:
    """A record is made, changed, changed again, and gone; each answer shows it as it was then."""
    await world.make("posts", text("title"), number("n"))
    key = "a" * 15
    made = await ask(
        world,
        item("create", "posts", id=key, title="one"),
        item("update", "posts", key, **{"n+": 2}),
        item("update", "posts", key, **{"n+": 3}),
        item("delete", "posts", key),
    )
    assert [one and (one["title"], one["n"]) for one in made] == [("one", 0), ("one", 2), ("one", 5), None]
    assert await world.ids("posts") == []


async def test_all_or_nothing(world: World) -> None:
    """One that fails undoes those before it, in the table and in the log; the answer says which one it was."""
    await world.make("posts", text("title", required=True))
    position, response = failure(await refused(ask(world, item("create", "posts", title="x"), item("create", "posts", title=""))))
    assert (position, response["message"]) == ("1", "Failed to create record.")
    assert response["data"]["title"]["code"] == "validation_required"
    assert await world.ids("posts") == []
    assert await world.changes("posts") == []


async def test_the_first_failure_counts(world: World) -> None:
    """What is wrong with a later item beyond doubt does not hide what is wrong with an earlier one."""
    await world.make("posts", text("title", required=True))
    await world.make("locked", open=False)
    late = item("create", "locked")
    assert failure(await refused(ask(world, item("create", "posts"), late)))[0] == "0"
    assert failure(await refused(ask(world, item("create", "posts", title="x"), late)))[1]["status"] == 403


async def test_one_request_in_the_log(world: World) -> None:
    """All changes of a batch carry the id of its request, in the order of the items."""
    await world.make("posts", text("title"))
    await ask(world, *(item("create", "posts", title=str(n)) for n in range(3)), info=replace(GUEST, request_id="r7"))
    changes = await world.changes("posts")
    assert [(change.request, change.image["title"]) for change in changes] == [("r7", "0"), ("r7", "1"), ("r7", "2")]


async def test_upserts(world: World) -> None:
    """The record that the id names is changed, else made; without an id one is made."""
    await world.make("posts", text("title"), number("n"))
    key = "b" * 15
    made = await ask(
        world,
        item("upsert", "posts", id=key, title="one"),
        item("upsert", "posts", id=key, **{"n+": 1}),
        item("upsert", "posts", title="two"),
    )
    assert [(one["title"], one["n"]) for one in made] == [("one", 0), ("one", 1), ("two", 0)]
    assert made[0]["id"] == made[1]["id"] == key != made[2]["id"]


async def test_upserts_ask_the_rule_of_what_they_are(world: World) -> None:
    """An upsert that updates needs the update rule, one that creates the create rule."""
    await world.make("posts", text("title"), updateRule=None)
    key = "c" * 15
    await ask(world, item("upsert", "posts", id=key))
    assert failure(await refused(ask(world, item("upsert", "posts", id=key))))[1]["status"] == 403


async def test_rules_see_the_batch(world: World) -> None:
    """A rule is asked on the rows as they are at its item's turn, in the context `batch`."""
    posts = await world.make("posts", text("title"))
    rule = "post.title = 'open' && @request.context = 'batch'"
    await world.make("comments", relation("post", posts), createRule=rule)
    key = "d" * 15
    comment = item("create", "comments", post=key)
    made = await ask(world, item("create", "posts", id=key, title="open"), replace(comment, expand="post"))
    assert made[1]["expand"]["post"]["title"] == "open"
    position, _ = failure(await refused(ask(world, item("update", "posts", key, title="shut"), comment)))
    assert position == "1"
    assert (await refused(world.records.create("comments", {"post": key}, GUEST))).status == 400


async def test_answers_show_the_moment_of_their_item(world: World) -> None:
    """What is expanded is as it was after the item, not as the whole batch left it."""
    posts = await world.make("posts", text("title"))
    await world.make("comments", relation("post", posts))
    key = (await world.add("posts", title="before"))["id"]
    made = await ask(world, replace(item("create", "comments", post=key), expand="post"), item("update", "posts", key, title="after"))
    assert made[0]["expand"]["post"]["title"] == "before"


async def test_uploads(world: World) -> None:
    """Files are stored, once for an upsert too; what a later item lets go of does not stay."""
    await world.make("docs", text("title"), file("files", maxSelect=3))
    key = "e" * 15
    made = await ask(
        world,
        item("upsert", "docs", id=key, files=[world.upload("a.txt", b"a")]),
        item("upsert", "docs", id=key, **{"files+": world.upload("b.txt", b"b")}),
    )
    assert len(made[0]["files"]) == 1
    assert world.blobs() == sorted(made[1]["files"])
    assert len(made[1]["files"]) == 2


async def test_uploads_of_a_failed_batch(world: World) -> None:
    """Nothing of them stays."""
    await world.make("docs", text("title", required=True), file("files", maxSelect=3))
    await refused(ask(world, item("create", "docs", title="x", files=[world.upload("a.txt", b"a")]), item("create", "docs")))
    assert world.blobs() == []


async def test_accounts(world: World) -> None:
    """Passwords are hashed, and never part of an answer."""
    account = {"password": "1234567890", "passwordConfirm": "1234567890"}
    made = await ask(world, *(item("create", "users", email=f"{n}@example.com", **account) for n in range(2)), info=SUPERUSER)
    assert "password" not in made[0]
    assert str((await world.stored("users", made[1]["id"])).get("password")).startswith("$argon2id$")


async def test_an_old_password_that_an_earlier_item_has_made(world: World) -> None:
    """Whoever changes his password twice in one batch shows the first new one for the second."""
    ann = await world.user("ann")
    assert ann.actor.record
    key = ann.actor.record.id

    def change(old: str, new: str) -> Item:
        return item("update", "users", key, ann, oldPassword=old, password=new, passwordConfirm=new)

    await ask(world, change("1234567890", "first-new-one"), change("first-new-one", "second-new-one"), info=ann)
    stored = str((await world.stored("users", key)).get("password"))
    assert await world.passwords.check("second-new-one", stored)
    position, response = failure(await refused(ask(world, change("wrong", "third-new-one"), info=ann)))
    assert (position, response["data"]["oldPassword"]["code"]) == ("0", "validation_invalid_old_password")


class Counted(Passwords):
    """Passwords that say how many were hashed."""

    hashed = 0

    async def hash(self, text: str, cost: int = 0) -> str:
        self.hashed += 1
        return await super().hash(text, cost)


@pytest.mark.parametrize(("rule", "hashed"), [("name = 'good'", 1), ("@collection.posts.title = 'x'", 0)])
async def test_strangers_cannot_make_it_hash(world: World, rule: str, hashed: int) -> None:
    """Where a rule's answer is known beforehand, nothing is hashed for the item it refuses and those after it."""
    await world.make("posts", text("title"))
    await world.make("people", text("name"), type="auth", createRule=rule)
    counted = Counted()
    parts = Parts(world.store, world.catalogs, world.storage, counted)
    account = {"password": "1234567890", "passwordConfirm": "1234567890"}
    people = [item("create", "people", email=f"{name}@example.com", name=name, **account) for name in ("good", "bad", "good")]
    with pytest.raises(BadRequest):
        await batch(parts, people, GUEST, SECONDS)
    counted.stop()
    assert counted.hashed == hashed


async def test_many(world: World) -> None:
    """More than fit on the loop are written on the writer's thread, while others are answered."""
    await world.make("posts", text("title"), number("n"))
    writing = asyncio.ensure_future(ask(world, *(item("create", "posts", n=n) for n in range(5 * LONG))))
    answered = 0
    while not writing.done():
        await world.ids("posts")
        answered += 1
        await asyncio.sleep(0)
    assert [one["n"] for one in await writing] == list(range(5 * LONG))
    assert answered > 1


async def test_time_limit(world: World) -> None:
    """A batch that takes too long is undone."""
    await world.make("posts", text("title"))
    error = await refused(world.records.batch([item("create", "posts")], GUEST, -1.0))
    assert error.body() == {"data": {}, "message": "Batch transaction failed.", "status": 400}
    assert await world.ids("posts") == []


async def test_collections_that_move_meanwhile(world: World) -> None:
    """A batch that a change of collections overtakes is made ready anew."""
    collection = await world.make("posts", text("title"))
    fields = [field.to_json() for field in collection.fields]

    async def change() -> None:
        await world.collections.update("posts", {"fields": [*fields, text("more")]}, Origin())

    made, _ = await asyncio.gather(ask(world, *(item("create", "posts", more="x") for _ in range(3 * LONG))), change())
    assert {one.get("more") for one in made} in ({"x"}, {None})

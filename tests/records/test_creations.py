"""Creates that are made together are made as each by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pbtornado.errors import BadRequest
from pbtornado.records.batch import Batch
from pbtornado.records.creations import Apart, Creations
from pbtornado.records.steps import Item
from pbtornado.rules.request import RequestInfo
from pbtornado.store.protocol import Origin
from tests.records.world import AUTODATES, GUEST, SUPERUSER, World, file, number, relation, text

SECONDS = 10.0
KEY = "k" * 15
GIVEN = ("made", "updated", "slug", "id")
"""Fields that come out differently each time."""

FIELDS: tuple[dict[str, Any], ...] = (
    text("title", max=20),
    text("secret", hidden=True),
    text("slug", autogeneratePattern="[a-z]{8}"),
    number("n", min=-5),
    {"name": "done", "type": "bool"},
    {"name": "mail", "type": "email"},
    {"name": "site", "type": "url"},
    {"name": "story", "type": "editor"},
    {"name": "day", "type": "date"},
    {"name": "kind", "type": "select", "values": ["a", "b"], "maxSelect": 1},
    {"name": "kinds", "type": "select", "values": ["a", "b"], "maxSelect": 2},
    {"name": "data", "type": "json"},
    {"name": "place", "type": "geoPoint"},
    file("paper"),
    {"name": "made", "type": "autodate", "onCreate": True},
    AUTODATES[1],
)
PAYLOADS: tuple[Mapping[str, Any], ...] = (
    {},
    {"title": "one", "n": 1, "done": True, "mail": "a@example.com", "site": "https://example.com", "story": "<p>", "kind": "a"},
    {"title": 12, "n": "1.5", "done": "true", "kinds": ["a", "b", "a"], "data": {"b": [1, 2.0], "a": None}, "day": "2024-01-02"},
    {"title": True, "n": None, "done": 1, "kinds": "b", "data": True, "place": {"lon": 1, "lat": 2.5}, "unknown": [1]},
    {"title": 1, "n": 2.0, "done": "x", "kind": ["a", "b"], "data": 1, "slug": "mine", "made": "2001-01-01 00:00:00.000Z"},
    {"title": None, "n": [3], "kinds": None, "data": '{"z":1}', "secret": "hidden", "day": "none", "id": ""},
    {"title": ["x"], "kind": "", "data": "text", "place": "[]", "collectionName": "other", "expand": {}},
)


def creates(name: str, payloads: Sequence[Mapping[str, Any]], info: RequestInfo) -> list[Item]:
    """Items of one request."""
    info = replace(info, method="POST", context="batch")
    return [Item("create", name, "", payload, info) for payload in payloads]


async def together(world: World, name: str, payloads: Sequence[Mapping[str, Any]], info: RequestInfo) -> list[Any]:
    """What making them together answers; it is one unit that makes them."""
    batch = Batch(world.records.parts, creates(name, payloads, info), info, SECONDS)
    assert [type(unit) for unit in batch._units()] == [Creations]
    return await batch.run()


async def apart(world: World, name: str, payloads: Sequence[Mapping[str, Any]], info: RequestInfo) -> list[Any]:
    """The same, each by itself."""
    return await Batch(world.records.parts, creates(name, payloads, info), info, SECONDS, apart=True).run()


def alike(data: Mapping[str, Any]) -> list[tuple[str, Any, type]]:
    """What is to be the same, in its order."""
    return [(name, value, type(value)) for name, value in data.items() if name not in GIVEN]


@pytest.mark.parametrize("info", [GUEST, SUPERUSER])
async def test_the_same_records(world: World, info: RequestInfo) -> None:
    """Answers and images are those that single creates give, whatever is sent."""
    collection = await world.make("posts", *FIELDS)
    many, single = await together(world, "posts", PAYLOADS, info), await apart(world, "posts", PAYLOADS, info)
    assert [alike(one) for one in many] == [alike(one) for one in single]
    assert [list(one) for one in many] == [list(one) for one in single]
    changes = await world.changes("posts")
    half = len(PAYLOADS)
    assert [alike(one.image) for one in changes[:half]] == [alike(one.image) for one in changes[half:]]
    assert [change.record for change in changes[:half]] == [one["id"] for one in many]
    assert [change.seq for change in changes] == list(range(changes[0].seq, changes[0].seq + 2 * half))
    assert {(change.request, change.action, change.old == {}) for change in changes} == {("r1", "create", True)}
    stored = await world.stored("posts", many[1]["id"])
    assert {name: stored.get(name) for name in many[1] if name in collection.by_name} == {
        name: value for name, value in many[1].items() if name in collection.by_name
    }
    assert len({one["slug"] for one in many}) == half
    assert world.store.position().seq == changes[-1].seq


WRONG: tuple[tuple[Mapping[str, Any], ...], ...] = (
    ({"title": "x"}, {"title": "x" * 21}),
    ({"title": "x", "id": KEY}, {"title": "y", "id": KEY}),
    ({"title": "same"}, {"title": "other"}, {"title": "same"}),
    ({"title": "x"}, {"title": "y", "author": "nobody"}),
    ({"title": "x"}, {"title": "y", "id": "UPPER"}),
    ({"title": "x"}, {"title": "y", "paper": "not there"}),
    ({"title": "x"}, {"title": "y", "data": float("inf")}),
    ({"title": "x"}, {"title": "refused"}),
    ({"title": "x"}, {"title": "y", "n": 13}),
)


@pytest.mark.parametrize("payloads", WRONG)
async def test_the_same_refusals(world: World, payloads: Sequence[Mapping[str, Any]]) -> None:
    """What is wrong with one of them is told as of a single create, and nothing is made."""
    people = await world.make("people", text("name"))
    index = "CREATE UNIQUE INDEX `by_title` ON `posts` (`title`)"
    rule = "title != 'refused' && @request.body.n != 13"
    await world.make("posts", *FIELDS, relation("author", people), indexes=[index], createRule=rule)
    with pytest.raises(BadRequest) as single:
        await apart(world, "posts", payloads, GUEST)
    with pytest.raises(BadRequest) as many:
        await world.records.batch(creates("posts", payloads, GUEST), GUEST, SECONDS)
    assert many.value.body() == single.value.body()
    assert await world.ids("posts") == []
    assert await world.changes("posts") == []


async def test_a_rule_that_reads_values_and_body(world: World) -> None:
    """It is asked of each of them, as it was sent."""
    await world.make("posts", *FIELDS, createRule="slug = '' && n = @request.body.n && @request.body.extra = 'x' && id != ''")
    made = await together(world, "posts", [{"n": n, "extra": "x"} for n in range(3)], GUEST)
    assert [one["n"] for one in made] == [0, 1, 2]
    with pytest.raises(Apart):
        await together(world, "posts", [{"n": 1, "extra": "x"}, {"n": 1, "extra": "y"}], GUEST)


async def test_how_much_they_keep_the_writer_busy(world: World) -> None:
    """Short values are written quickly, long ones are not."""
    await world.make("short", *[number(f"n{n}") for n in range(7)])
    await world.make("long", {"name": "story", "type": "editor"})
    made = [Creations(world.records.parts, name, [{}] * 80, SUPERUSER) for name in ("short", "long")]
    assert [one.weight for one in made] == [10, 80]


async def test_relations(world: World) -> None:
    """Those that are there may be named, also one that an earlier item has made."""
    people = await world.make("people", text("name"))
    await world.make("posts", relation("author", people), relation("others", people, maxSelect=5))
    ann = (await world.add("people", name="ann"))["id"]
    items = [*creates("people", [{"id": KEY}], GUEST), *creates("posts", [{"author": KEY}, {"author": ann, "others": [KEY, ann]}], GUEST)]
    made: list[Any] = await world.records.batch(items, GUEST, SECONDS)
    assert [(one["author"], one["others"]) for one in made[1:]] == [(KEY, []), (ann, [KEY, ann])]


async def test_upserts(world: World) -> None:
    """They are creates where no record is there yet, else each is what it is."""
    await world.make("posts", text("title"), number("n"), createRule="@request.method = 'POST'", updateRule="@request.method = 'PATCH'")
    keys = [letter * 15 for letter in "abc"]
    info = replace(GUEST, method="PUT", context="batch")
    items = [Item("upsert", "posts", key, {"id": key}, info) for key in keys]
    for title in ("new", "newer"):
        made: list[Any] = await world.records.batch(
            [replace(item, payload={**item.payload, "title": title}) for item in items], GUEST, SECONDS
        )
        assert [(one["id"], one["title"]) for one in made] == [(key, title) for key in keys]
    assert [change.action for change in await world.changes("posts")] == ["create"] * 3 + ["update"] * 3


async def test_relations_among_them(world: World) -> None:
    """One may name an earlier one, not a later one."""
    posts = await world.make("posts", text("title"))
    fields = [field.to_json() for field in posts.fields]
    await world.collections.update("posts", {"fields": [*fields, relation("parent", posts)]}, Origin())
    first, second = {"id": KEY}, {"parent": KEY}
    made: list[Any] = await together(world, "posts", [first, second], GUEST)
    assert made[1]["parent"] == KEY
    await world.records.delete("posts", KEY, SUPERUSER)
    with pytest.raises(BadRequest) as refused:
        await world.records.batch(creates("posts", [second, first], GUEST), GUEST, SECONDS)
    assert list(refused.value.body()["data"]["requests"]) == ["0"]

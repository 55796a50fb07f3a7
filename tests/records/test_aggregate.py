"""Counts, sums and the like."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.store.protocol import Origin
from tests.records.world import GUEST, SUPERUSER, World, number, refused, relation, text

ORIGIN = Origin()


async def ask(world: World, aggregate: str, name: str = "sales", info: Any = GUEST, **wanted: str) -> list[dict[str, Any]]:
    """The groups of an answer."""
    return list((await world.records.aggregate(name, info, aggregate, **wanted))["items"])


async def sales(world: World, **options: Any) -> None:
    """Sales of three people in two towns."""
    towns = await world.make("towns", text("name"))
    flag = {"name": "paid", "type": "bool"}
    tags = {"name": "tags", "type": "select", "values": ["a", "b"], "maxSelect": 2}
    more = {"name": "more", "type": "json"}, {"name": "at", "type": "date"}, tags, flag
    fields = text("who"), number("price"), relation("town", towns), relation("towns", towns, maxSelect=5), text("hidden", hidden=True)
    await world.make("sales", *fields, *more, **options)
    north, south = [(await world.add("towns", name=name))["id"] for name in ("north", "south")]
    for who, price, town, some in (("ann", 1, north, ["a", "b"]), ("ann", 2.5, south, ["a"]), ("bob", 4, north, []), ("cy", 8, "", ["b"])):
        at = f"2024-01-0{int(price)}"
        both = [place for place in (north, south) if place == town or who == "ann"]
        await world.add("sales", who=who, price=price, town=town, towns=both, tags=some, paid=price > 2, more={"n": price}, at=at)


async def test_of_all(world: World) -> None:
    """Without groups there is one answer, in the shape of a list."""
    await sales(world)
    answer = await world.records.aggregate("sales", GUEST, "count,sum:price,avg:price,min:who,max:at,sum:more.n,sum:paid")
    item = {
        "count": 4,
        "sum": {"price": 15.5, "more.n": 15.5, "paid": 3},
        "avg": {"price": 3.875},
        "min": {"who": "ann"},
        "max": {"at": "2024-01-08 00:00:00.000Z"},
    }
    assert answer == {"items": [item], "page": 1, "perPage": 30, "totalItems": 1, "totalPages": 1}


async def test_of_none(world: World) -> None:
    """Of nothing the count and the sum are 0, the others null; there is no group."""
    await sales(world)
    nothing = await ask(world, "count,sum:price,avg:price,min:who", filter="price > 99")
    assert nothing == [{"count": 0, "sum": {"price": 0}, "avg": {"price": None}, "min": {"who": None}}]
    assert await ask(world, "count", filter="price > 99", group="who") == []


async def test_groups(world: World) -> None:
    """Groups come in their order, or in that of what is counted; they have pages."""
    await sales(world)
    assert await ask(world, "count,sum:price", group="who") == [
        {"group": {"who": "ann"}, "count": 2, "sum": {"price": 3.5}},
        {"group": {"who": "bob"}, "count": 1, "sum": {"price": 4}},
        {"group": {"who": "cy"}, "count": 1, "sum": {"price": 8}},
    ]
    page = await world.records.aggregate("sales", GUEST, "sum:price", group="who", sort="-sum:price", per_page="2", page="2")
    assert page == {"items": [{"group": {"who": "ann"}, "sum": {"price": 3.5}}], "page": 2, "perPage": 2, "totalItems": 3, "totalPages": 2}


async def test_groups_by_other_records(world: World) -> None:
    """A path leads to groups too; over several records each counts once in each of its groups."""
    await sales(world)
    assert [(one["group"]["town.name"], one["count"]) for one in await ask(world, "count", group="town.name")] == [
        (None, 1),
        ("north", 2),
        ("south", 1),
    ]
    over = await ask(world, "count,sum:price", group="towns.name", sort="-count,towns.name")
    assert [(one["group"]["towns.name"], one["count"], one["sum"]["price"]) for one in over] == [
        ("north", 3, 7.5),
        ("south", 2, 3.5),
        (None, 1, 8),
    ]


async def test_groups_of_values_show_them_as_records_do(world: World) -> None:
    """Truth as truth, a list as a list, its items one by one with `:each`."""
    await sales(world)
    assert [one["group"]["paid"] for one in await ask(world, "count", group="paid")] == [False, True]
    assert ["a", "b"] in [one["group"]["tags"] for one in await ask(world, "count", group="tags")]
    assert {one["group"]["tags:each"]: one["count"] for one in await ask(world, "count", group="tags:each")} == {None: 1, "a": 2, "b": 2}


async def test_a_filter_through_many_counts_each_once(world: World) -> None:
    """A record that a filter finds in several ways is still one."""
    await sales(world)
    assert await ask(world, "count,sum:price", filter="towns.name ?~ 'th'") == [{"count": 3, "sum": {"price": 7.5}}]


async def test_the_rule(world: World) -> None:
    """Only what the actor may list counts."""
    await sales(world, listRule="who != 'cy'")
    assert await ask(world, "count,max:price") == [{"count": 3, "max": {"price": 4}}]
    assert await ask(world, "count", info=SUPERUSER) == [{"count": 4}]
    await world.make("locked", open=False)
    assert (await refused(ask(world, "count", "locked"))).status == 403


@pytest.mark.parametrize(
    ("aggregate", "more"),
    [
        ("", {}),
        ("median:price", {}),
        ("sum:", {}),
        ("sum:who", {}),
        ("sum:nothing", {}),
        ("sum:towns.id", {}),
        ("count", {"group": "hidden"}),
        ("min:hidden", {}),
        ("count", {"group": "@request.auth.id"}),
        ("count", {"group": "-who"}),
        ("count", {"sort": "who"}),
        ("count", {"group": "who", "sort": "price"}),
        (",".join(f"min:more.x{n}" for n in range(30)), {}),
        ("count", {"group": ",".join(f"more.x{n}" for n in range(9))}),
        ("sum:price,min:towns.name", {}),
    ],
)
async def test_what_is_not_understood(world: World, aggregate: str, more: dict[str, str]) -> None:
    """Refused, like a sort of the same fields would be."""
    await sales(world)
    assert (await refused(ask(world, aggregate, **more))).status == 400


async def test_secrets_and_emails(world: World) -> None:
    """Hashes are told to nobody, emails to superusers."""
    await world.user("ann")
    await world.collections.update("users", {"listRule": ""}, ORIGIN)
    for aggregate in ("min:password", "max:tokenKey"):
        assert (await refused(ask(world, aggregate, "users", SUPERUSER))).status == 400
    assert (await refused(ask(world, "min:email", "users"))).status == 400
    assert await ask(world, "min:email", "users", SUPERUSER) == [{"min": {"email": "ann@example.com"}}]

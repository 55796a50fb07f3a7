"""Lists that go on after a cursor."""

from __future__ import annotations

import json
import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest

from pbtornado.records.keyset import Place, encoded, following, rows_after
from pbtornado.store.protocol import Origin, Writer
from pbtornado.store.sqlite.dialect import SqliteDialect
from tests.records.world import GUEST, SUPERUSER, World, number, refused, relation, text

ORIGIN = Origin()
JSON = {"name": "j", "type": "json"}


async def pages(world: World, name: str, info: Any = GUEST, size: int = 7, **wanted: str) -> list[list[dict[str, Any]]]:
    """Every page of a list, cursor by cursor."""
    found: list[list[dict[str, Any]]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await world.records.list_after(name, info, cursor, per_page=str(size), **wanted)
        found.append(answer["items"])
        cursor = answer["next"]
    return found


async def things(world: World, count: int = 60) -> None:
    """Records with few different values, null among them, and relations to each other."""
    things = await world.make("things", text("a"), number("b"), JSON)
    await world.collections.update("things", {"fields": [*(one.to_json() for one in things.fields), relation("next", things)]}, ORIGIN)
    chance, ids = random.Random(5), [""]
    for _ in range(count):
        values = {"a": chance.choice("xyz"), "b": chance.randrange(3), "j": chance.choice([None, 1, 1.5, "x", True, [1], {"k": 1}])}
        ids.append((await world.add("things", **values, next=chance.choice(ids)))["id"])


@pytest.mark.parametrize(
    "sort",
    ["", "a", "-a", "a,b", "-a,-b", "a,-b", "-a,b,id", "j", "-j", "j,-a", "-j,b,-a", "next.a", "-next.j,a", "@rowid", "-@rowid", "id"],
)
@pytest.mark.parametrize("filter", ["", "b > 0", "things_via_next.b ?>= 0"])
async def test_all_pages_are_the_list(world: World, sort: str, filter: str) -> None:
    """Page after page gives each record of the list once, in its order."""
    await things(world)
    listed = await world.records.list("things", GUEST, filter=filter, sort=sort, per_page="1000")
    found = await pages(world, "things", filter=filter, sort=sort)
    assert [len(page) for page in found[:-1]] == [7] * (len(found) - 1)
    flat = [item for page in found for item in page]
    assert sorted(item["id"] for item in flat) == sorted(item["id"] for item in listed["items"])
    keys = [key.lstrip("+-") for key in sort.split(",") if key and "." not in key and "@" not in key]
    assert [[item[key] for key in keys] for item in flat] == [[item[key] for key in keys] for item in listed["items"]]


async def test_an_answer(world: World) -> None:
    """Its shape is a list's, without number and totals unless they are asked for; `next` is null at the end."""
    await world.make("things", text("a"))
    for value in "abc":
        await world.add("things", a=value)
    first = await world.records.list_after("things", GUEST, "", per_page="2", sort="a")
    assert [item["a"] for item in first["items"]] == ["a", "b"]
    assert [first[key] for key in ("page", "perPage", "totalItems", "totalPages")] == [-1, 2, -1, -1]
    last = await world.records.list_after("things", GUEST, first["next"], per_page="2", sort="a", skip_total="false")
    assert (last["next"], last["totalItems"], last["totalPages"]) == (None, 3, 2)


async def test_writes_between_two_pages(world: World) -> None:
    """What is added before the cursor or goes shifts nothing; the record of the cursor itself may go."""
    await world.make("things", text("a"))
    made = {value: (await world.add("things", a=value))["id"] for value in "bdfh"}
    first = await world.records.list_after("things", GUEST, "", per_page="2", sort="a")
    await world.add("things", a="a")
    await world.add("things", a="e")
    await world.records.delete("things", made["d"], GUEST)
    rest = await world.records.list_after("things", GUEST, first["next"], per_page="9", sort="a")
    assert [item["a"] for item in rest["items"]] == ["e", "f", "h"]


async def test_the_rule_holds_on_every_page(world: World) -> None:
    """Only what the actor may list is on them."""
    await world.make("things", text("a"), number("b"), listRule="b = 1")
    for n in range(20):
        await world.add("things", a=str(n), b=n % 2)
    assert sum(len(page) for page in await pages(world, "things", size=3)) == 10
    await world.make("locked", open=False)
    assert (await refused(world.records.list_after("locked", GUEST, ""))).status == 403


async def test_views(world: World) -> None:
    """A view's rows are told apart by their id."""
    await things(world, 30)
    await world.collections.create({"name": "seen", "type": "view", "listRule": "", "viewQuery": "SELECT id, a, j FROM things"}, ORIGIN)
    for sort in ("", "a", "-j"):
        found = [item["id"] for page in await pages(world, "seen", sort=sort) for item in page]
        assert len(set(found)) == len(found) == 30


@pytest.mark.parametrize("sort", ["@random", "things_via_next.a", "nothing", "secret"])
async def test_orders_without_cursor(world: World, sort: str) -> None:
    """What has no place of its own in an order has no cursor; what has no order is refused as ever."""
    things = await world.make("things", text("a"), text("secret", hidden=True))
    await world.collections.update("things", {"fields": [*(one.to_json() for one in things.fields), relation("next", things)]}, ORIGIN)
    assert (await refused(world.records.list_after("things", GUEST, "", sort=sort))).status == 400


async def test_a_cursor_tells_no_secrets(world: World) -> None:
    """It holds the sort keys: no hashes, for nobody, and no emails but for superusers."""
    assert (await refused(world.records.list_after("users", SUPERUSER, "", sort="-password"))).status == 400
    assert (await refused(world.records.list_after("users", SUPERUSER, "", sort="tokenKey"))).status == 400
    await world.make("people", type="auth")
    assert (await refused(world.records.list_after("people", GUEST, "", sort="email"))).status == 400
    assert (await world.records.list_after("people", SUPERUSER, "", sort="email"))["items"] == []


@pytest.mark.parametrize("change", [lambda data: [], lambda data: ["x", *data[1:]], lambda data: [data[0], [], *data[2:]], lambda data: {}])
async def test_cursors_of_other_lists(world: World, change: Any) -> None:
    """A cursor that is none, or of another list or order, is refused."""
    await world.make("things", text("a"))
    for _ in range(2):
        await world.add("things", a="x")
    cursor = (await world.records.list_after("things", GUEST, "", per_page="1", sort="a"))["next"]
    assert (await refused(world.records.list_after("things", GUEST, cursor, sort="-a"))).status == 400
    data = json.loads(urlsafe_b64decode(cursor + "=="))
    wrong = urlsafe_b64encode(json.dumps(change(data)).encode()).decode()
    assert (await refused(world.records.list_after("things", GUEST, wrong, sort="a"))).status == 400


@pytest.mark.parametrize("cursor", ["x", "!!!", "ä", "AAAA", "bnVsbA", "W10", "=" * 9])
async def test_bad_cursors(world: World, cursor: str) -> None:
    """Any text is refused that is no cursor."""
    await world.make("things", text("a"))
    assert (await refused(world.records.list_after("things", GUEST, cursor))).status == 400


@pytest.mark.parametrize(
    ("sort", "cursor"), [("", []), ("-@rowid", [5]), ("a", ["x"]), ("-a", ["x"]), ("a,b", ["x", 1]), ("a,-b", ["x", 1]), ("-a,b", ["x", 1])]
)
async def test_plans(world: World, sort: str, cursor: list[Any]) -> None:
    """An index of the sort keys is entered at the cursor: no page is sorted, none begins at the start."""
    columns = {"a,b": "a, b", "a,-b": "a, b DESC", "-a,b": "a, b DESC"}.get(sort, "a")
    indexes = [f"CREATE INDEX by_sort ON things ({columns})"]
    collection = await world.make("things", text("a"), number("b"), indexes=indexes)
    first = following(world.catalogs.current, "things", GUEST, "", sort=sort)
    place = Place(cursor, 1, "")
    assert following(world.catalogs.current, "things", GUEST, encoded(first.mark, place), sort=sort).place == place
    statements = [SqliteDialect().render(select) for select in rows_after(first.listing.question, collection, place.nulls)]
    params = {**place.params(), "page_limit": 5}

    def plan(writer: Writer) -> list[str]:
        explain = writer.connection.execute  # type: ignore[attr-defined]
        return [row[3] for one in statements for row in explain(f"EXPLAIN QUERY PLAN {one.text}", one.bind(params))]

    steps = await world.store.write(plan)
    assert all(step.startswith("SEARCH") for step in steps), steps

"""Exports: every record once, page by page."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from pbtornado.records.transfer import exporting
from pbtornado.store.protocol import Origin
from tests.records.transfer.files import taken_out
from tests.records.world import SUPERUSER, World, codes, number, refused, relation, text


async def test_csv(world: World) -> None:
    """A line of names in the collection's order, then a line a record; lists are JSON."""
    await world.make("posts", text("title"), {"name": "tags", "type": "select", "values": ["a", "b"], "maxSelect": 2})
    one = (await world.add("posts", title='a "b",\nc', tags=["a", "b"]))["id"]
    two = (await world.add("posts"))["id"]
    assert list(csv.reader(io.StringIO(await taken_out(world, "posts"), newline=""))) == [
        ["id", "title", "tags"],
        [one, 'a "b",\nc', '["a","b"]'],
        [two, "", ""],
    ]


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_json(world: World, count: int) -> None:
    """An array, whatever the number of records; and a line each."""
    await world.make("posts", number("n"))
    for n in range(count):
        await world.add("posts", n=n)
    assert [one["n"] for one in json.loads(await taken_out(world, "posts", "json"))] == list(range(count))
    assert [json.loads(line)["n"] for line in (await taken_out(world, "posts", "ndjson")).splitlines()] == list(range(count))


async def test_pages_leave_nothing_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order they were added; records that several joined rows give come once."""
    monkeypatch.setattr(exporting, "PAGE", 2)
    teams = await world.make("teams", text("title"))
    await world.make("posts", number("n"), relation("teams", teams, maxSelect=9))
    some = [(await world.add("teams", title=title))["id"] for title in "ab"]
    for n in range(7):
        await world.add("posts", n=n, teams=some if n % 2 else [])
    assert await numbers(world, "") == list(range(7))
    assert await numbers(world, "teams.title ?~ '' && n != 3") == [1, 5]


async def numbers(world: World, filter: str) -> list[Any]:
    """What is exported of `posts`."""
    return [json.loads(line)["n"] for line in (await taken_out(world, "posts", "ndjson", filter)).splitlines()]


async def test_views(world: World) -> None:
    """They have no row numbers, but ids."""
    await world.make("posts", number("n"))
    for n in range(3):
        await world.add("posts", n=n)
    await world.collections.create({"name": "all", "type": "view", "viewQuery": "select id, n from posts"}, Origin())
    rows = [json.loads(line) for line in (await taken_out(world, "all", "ndjson")).splitlines()]
    assert sorted(row["n"] for row in rows) == [0, 1, 2]


async def test_hidden_fields_and_no_secrets(world: World) -> None:
    """Emails are told, passwords and token keys are not."""
    await world.user("ann")
    (row,) = json.loads(await taken_out(world, "users", "json"))
    assert (row["email"], {"password", "tokenKey"} & row.keys(), "verified" in row) == ("ann@example.com", set(), True)


async def test_count_and_chunks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An export knows how many there will be, and says how many there were."""
    monkeypatch.setattr(exporting, "PAGE", 2)
    await world.make("posts", number("n"))
    for n in range(5):
        await world.add("posts", n=n)
    export = world.records.exporting("posts", "csv", SUPERUSER, "n > 0")
    assert await export.count() == 4
    assert [chunk.records async for chunk in export.chunks()] == [0, 2, 4, 4]


async def test_what_cannot_be_exported(world: World) -> None:
    """Unknown collections, filters that say nothing; and a collection that changes meanwhile."""
    await world.make("posts", number("n"))
    await world.add("posts", n=1)
    assert (await refused(taken_out(world, "gone"))).status == 404
    assert codes(await refused(taken_out(world, "posts", filter="gone = 1"))) == {"filter": "validation_invalid_filter"}
    export = world.records.exporting("posts", "csv", SUPERUSER)
    await world.collections.update("posts", {"listRule": None}, Origin())
    assert (await refused(export.count())).status == 503

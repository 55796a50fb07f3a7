"""Lists: pages, totals, filters, sorting, and what is refused."""

from __future__ import annotations

import pytest

from pbtornado.errors import BadRequest, Forbidden
from pbtornado.rules.request import RequestInfo
from tests.records.world import GUEST, SUPERUSER, World, number, relation, text


async def test_a_page_and_its_totals(world: World) -> None:
    """Items, where they stand, and how many there are in all."""
    await world.make("posts", number("n"))
    for n in range(5):
        await world.add("posts", n=n)
    answer = await world.records.list("posts", GUEST, sort="-n", page="2", per_page="2")
    assert [item["n"] for item in answer.pop("items")] == [2, 1]
    assert answer == {"page": 2, "perPage": 2, "totalItems": 5, "totalPages": 3}


@pytest.mark.parametrize(("page", "total"), [("1", 3), ("2", 3), ("3", 3)])
async def test_totals_of_full_last_and_empty_pages(world: World, page: str, total: int) -> None:
    """The total is the same whichever page asks for it."""
    await world.make("posts", number("n"))
    for n in range(3):
        await world.add("posts", n=n)
    answer = await world.records.list("posts", GUEST, page=page, per_page="2")
    assert (answer["totalItems"], answer["totalPages"]) == (total, 2)


async def test_totals_can_be_left_out(world: World) -> None:
    """Who skips the total gets -1."""
    await world.make("posts", number("n"))
    answer = await world.records.list("posts", GUEST, skip_total="true")
    assert (answer["totalItems"], answer["totalPages"]) == (-1, -1)


async def test_filters_narrow_what_the_rule_allows(world: World) -> None:
    """A filter takes away, it never adds."""
    await world.make("posts", number("n"), listRule="n > 1")
    for n in range(4):
        await world.add("posts", n=n)
    answer = await world.records.list("posts", GUEST, filter="n < 3", sort="n")
    assert [item["n"] for item in answer["items"]] == [2]
    assert answer["totalItems"] == 1


@pytest.mark.parametrize("text", ["@request.auth.id != ''", "@collection.users.id = 'x'"])
async def test_filters_on_others_are_for_superusers(world: World, text: str) -> None:
    """Reading the request or other collections in a filter is forbidden, with PocketBase's words."""
    await world.make("posts", number("n"))
    with pytest.raises(Forbidden, match="Only superusers can filter by @"):
        await world.records.list("posts", GUEST, filter=text)
    assert await world.ids("posts", SUPERUSER, filter=text) == []


@pytest.mark.parametrize("wanted", [{"filter": "nonsense ="}, {"filter": "missing = 1"}, {"sort": "missing"}, {"filter": "secret = ''"}])
async def test_bad_filters(world: World, wanted: dict[str, str]) -> None:
    """A filter that cannot be understood, or reads what the actor may not, is a bad request."""
    await world.make("posts", text("secret", hidden=True))
    with pytest.raises(BadRequest, match=r"Something went wrong while processing your request\."):
        await world.records.list("posts", GUEST, **wanted)


@pytest.mark.parametrize("info", [GUEST, SUPERUSER])
async def test_filter_and_sort_speak_of_the_same_rows(world: World, info: RequestInfo) -> None:
    """Whoever asks: the place is that of the row that fulfils the filter."""
    posts = await world.make("posts", number("n"))
    await world.make("notes", relation("post", posts), number("n"))
    one, two = [(await world.add("posts"))["id"] for _ in range(2)]
    for post, n in ((one, 1), (one, 9), (two, 3)):
        await world.add("notes", post=post, n=n)
    assert await world.ids("posts", info, filter="notes_via_post.n ?< 5", sort="-notes_via_post.n") == [two, one]


@pytest.mark.parametrize("info", [GUEST, SUPERUSER])
async def test_filters_have_a_longest(world: World, info: RequestInfo) -> None:
    """3500 bytes, for superusers too."""
    await world.make("posts", text("title"))
    assert await world.ids("posts", info, filter=f"title='{'x' * 3490}'") == []
    with pytest.raises(BadRequest):
        await world.ids("posts", info, filter=f"title = '{'x' * 3491}'")
    with pytest.raises(BadRequest):
        await world.ids("posts", info, filter=f"title = '{'ü' * 1746}'")

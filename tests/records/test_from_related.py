"""Lists that look through relations: asked of the related records first they are what they are anyway."""

from __future__ import annotations

from random import Random

import pytest

from pbtornado.records import questions, read
from pbtornado.records.access import question_of
from pbtornado.rules.request import RequestInfo
from pbtornado.store.protocol import Origin
from pbtornado.store.query import Table
from tests.records.world import GUEST, SUPERUSER, World, number, relation, text

FILTERS = (
    "author.name ~ 'a'",
    "author.name !~ 'a'",
    "author.name = ''",
    "author.name = null",
    "author.name != ''",
    "author.name ~ 'a' || n > 5",
    "author.name ~ 'a' && n > 5",
    "author.name ~ 'a' || author.n = 3",
    "author.n > 2 && author.team.name ~ 'r'",
    "author.team.name = 'red'",
    "author.team.name = 'red' && second.n > 1",
    "author.name ~ 'a' && second.name ~ 'b'",
    "author.name = second.name",
    "author.team.name = second.team.name",
    "many.name ~ 'a' && author.name ~ 'b'",
    "many.name ?~ 'a' && author.n > 1",
    "author.posts_via_author.n > 3",
    "author.id = author && author.n > 1",
    "author.team.boss.name ~ 'a'",
    "author.n > n",
    "(author.n > 1 && author.name != '') && (second.n < 4 || n = 2)",
    "author.name:lower ~ 'A'",
)
SORTS = ("", "n", "-n,title", "-author.n", "title", "id", "@random")


async def fill(world: World) -> None:
    """Posts with authors, some of them of teams; the authors' list rule hides some of them."""
    people = await world.make("people", text("name"), number("n"), listRule="n < 5")
    teams = await world.make("teams", text("name"), relation("boss", people))
    fields = [*world.collection("people").to_json()["fields"], relation("team", teams)]
    await world.collections.update("people", {"fields": fields}, Origin())
    links = relation("author", people), relation("second", people), relation("many", people, maxSelect=9)
    await world.make("posts", text("title"), number("n"), *links, indexes=["CREATE INDEX i_posts_title ON posts (title)"])
    random = Random(7)
    names = ["", "ab", "Ba", "c"]
    persons = [(await world.add("people", name=random.choice(names), n=random.randrange(7)))["id"] for _ in range(12)]
    red = [(await world.add("teams", name=name, boss=random.choice(persons)))["id"] for name in ("red", "green", "")]
    for person in persons[:9]:
        await world.records.update("people", person, {"team": random.choice(["", *red])}, SUPERUSER)
    for _ in range(60):
        some = {name: random.choice(["", *persons]) for name in ("author", "second")}
        await world.add("posts", title=random.choice("xyz"), n=random.randrange(9), many=random.sample(persons, 3), **some)


@pytest.mark.parametrize("asked", [GUEST, SUPERUSER])
async def test_lists_are_the_same_from_both_ends(world: World, asked: RequestInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows, their order and their number."""
    await fill(world)
    for filter in FILTERS:
        for sort in SORTS:
            wanted = {"filter": filter, "sort": sort, "per_page": "7", "page": "2"}
            monkeypatch.setattr(read, "MANY_MORE", 4)
            fast = await world.records.list("posts", asked, **wanted)
            monkeypatch.setattr(read, "MANY_MORE", 0)
            plain = await world.records.list("posts", asked, **wanted)
            if sort == "@random":
                fast["items"] = plain["items"] = []
            assert fast == plain, (filter, sort)


@pytest.mark.parametrize(("filter", "turned"), [("author.name ~ 'a'", True), ("author.name = ''", False), ("author.n > n", False)])
async def test_only_conditions_on_records_that_are_there_are_turned_round(world: World, filter: str, turned: bool) -> None:
    """Where no author may do as well as one, or the record has its say, authors are joined."""
    await fill(world)
    question = question_of(world.catalogs.current, world.collection("posts"), "", GUEST, filter=filter)
    assert (questions.from_related(question) is not None) is turned


@pytest.mark.parametrize("sort", ["n", "-n", "-title", "n,title"])
async def test_of_each_related_record_only_the_first_are_looked_at(world: World, sort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an index begins with the relation and the sort. Pages are what they are anyway, and nothing is on two of them."""
    people = await world.make("people", text("name"), listRule="name != 'c'")
    index = "CREATE INDEX i_posts_author ON posts (author, n)"
    await world.make("posts", text("title"), number("n"), relation("author", people), indexes=[index])
    random = Random(3)
    persons = [(await world.add("people", name=random.choice(["ab", "Ba", "c"])))["id"] for _ in range(6)]
    for n in random.sample(range(40), 40):
        await world.add("posts", title=f"{n:02}", n=n, author=random.choice(["", *persons]))
    question = question_of(world.catalogs.current, world.collection("posts"), "", GUEST, filter="author.name ~ 'a'", sort=sort)
    page = questions.page_from_related(question, world.collection("posts"))
    assert page
    assert (page.source == Table("people")) is (sort in ("n", "-n"))
    for filter in ("author.name ~ 'a'", "author.name ~ 'a' && n > 20", "author.name = 'c'"):
        for place in ("1", "2", "3"):
            wanted = {"filter": filter, "sort": sort, "per_page": "7", "page": place}
            monkeypatch.setattr(read, "MANY_MORE", 4)
            fast = await world.records.list("posts", GUEST, **wanted)
            monkeypatch.setattr(read, "MANY_MORE", 0)
            assert fast == await world.records.list("posts", GUEST, **wanted), (filter, place)
    monkeypatch.setattr(read, "MANY_MORE", 4)
    for record in (await world.records.list("posts", GUEST))["items"]:
        await world.records.update("posts", record["id"], {"n": 1}, SUPERUSER)
    wanted = {"filter": "author.name ~ 'a'", "sort": sort, "per_page": "3"}
    pages = [await world.records.list("posts", GUEST, **wanted, page=str(place)) for place in range(1, 20)]
    seen = [record["id"] for page in pages for record in page["items"]]
    assert len(seen) == len(set(seen)) == pages[0]["totalItems"]

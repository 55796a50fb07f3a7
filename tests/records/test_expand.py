"""Related records put into records."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.errors import BadRequest
from pbtornado.records import expand
from pbtornado.records.expand import branches
from pbtornado.records.read import listing
from pbtornado.store.protocol import Origin
from pbtornado.store.query import Select
from tests.records.world import GUEST, SUPERUSER, World, relation, text


def test_paths_become_a_tree() -> None:
    """Paths with a common start share it; spaces, stray dots and empty paths don't count."""
    assert branches("a.b, a . c,.d., ,a") == {"a": {"b": {}, "c": {}}, "d": {}}


async def library(world: World) -> dict[str, str]:
    """Two authors, two books of the first, a shelf with both books; ids by name."""
    authors = await world.make("authors", text("name"))
    books = await world.make("books", text("title"), relation("author", authors))
    await world.make("shelves", relation("books", books, maxSelect=9))
    ids = {name: (await world.add("authors", name=name))["id"] for name in ("ann", "bob")}
    for title in ("one", "two"):
        ids[title] = (await world.add("books", title=title, author=ids["ann"]))["id"]
    ids["shelf"] = (await world.add("shelves", books=[ids["two"], ids["one"]]))["id"]
    return ids


async def test_one_and_many(world: World) -> None:
    """A single relation expands to an object, a multiple one to a list in its order, at any depth."""
    ids = await library(world)
    shelf = await world.records.view("shelves", ids["shelf"], GUEST, "books.author")
    assert [book["title"] for book in shelf["expand"]["books"]] == ["two", "one"]
    assert shelf["expand"]["books"][0]["expand"]["author"]["name"] == "ann"


async def test_back_relations(world: World) -> None:
    """`books_via_author` brings the books that name an author, oldest first; who has none has nothing to show."""
    ids = await library(world)
    items = (await world.records.list("authors", GUEST, expand="books_via_author", sort="name"))["items"]
    assert [book["id"] for book in items[0]["expand"]["books_via_author"]] == [ids["one"], ids["two"]]
    assert items[1]["expand"] == {}


async def test_back_relations_through_lists(world: World) -> None:
    """A list that names a record leads back from it too; the old spelling still works."""
    ids = await library(world)
    book = await world.records.view("books", ids["one"], GUEST, "shelves(books)")
    assert [shelf["id"] for shelf in book["expand"]["shelves(books)"]] == [ids["shelf"]]


async def test_a_unique_relation_leads_back_to_one(world: World) -> None:
    """Where only one record can name another, the back-relation is an object."""
    people = await world.make("people", text("name"))
    indexes = ["CREATE UNIQUE INDEX `one_passport` ON `passports` (`owner`)"]
    await world.make("passports", relation("owner", people), indexes=indexes)
    owner = (await world.add("people"))["id"]
    passport = (await world.add("passports", owner=owner))["id"]
    shown = await world.records.view("people", owner, GUEST, "passports_via_owner")
    assert shown["expand"]["passports_via_owner"]["id"] == passport


async def test_targets_are_seen_by_their_own_rule(world: World) -> None:
    """What the actor may not view is left out; of a locked collection nothing is told."""
    authors = await world.make("authors", text("name"), viewRule="name != 'bob'")
    locked = await world.make("locked", text("name"), open=False)
    await world.make("books", relation("authors", authors, maxSelect=5), relation("lock", locked))
    ann, bob = [(await world.add("authors", name=name))["id"] for name in ("ann", "bob")]
    lock = (await world.add("locked"))["id"]
    book = (await world.add("books", authors=[bob, ann], lock=lock))["id"]
    shown = await world.records.view("books", book, GUEST, "authors,lock")
    assert [author["id"] for author in shown["expand"].pop("authors")] == [ann]
    assert shown["expand"] == {}
    assert (await world.records.view("books", book, SUPERUSER, "lock"))["expand"]["lock"]["id"] == lock


async def test_paths_that_lead_nowhere(world: World) -> None:
    """An unknown name expands nothing, and takes the path before it along."""
    ids = await library(world)
    assert "expand" not in await world.records.view("books", ids["one"], GUEST, "nonsense")
    assert "expand" not in await world.records.view("books", ids["one"], GUEST, "author.nonsense")
    shown = await world.records.view("shelves", ids["shelf"], GUEST, "books.nonsense,books.author")
    assert shown["expand"]["books"][0]["expand"]["author"]["name"] == "ann"


async def test_a_broken_view_rule_lets_nothing_be_followed(world: World) -> None:
    """Whether or not a record names another."""
    kinds = await world.make("kinds", text("name"))
    targets = await world.make("targets", text("name"), viewRule="@collection.kinds.name = 'x'")
    await world.make("books", relation("target", targets))
    book = (await world.add("books"))["id"]
    assert (await world.records.view("books", book, GUEST, "target"))["expand"] == {}
    await world.collections.delete(kinds.id, Origin())
    assert "expand" not in await world.records.view("books", book, GUEST, "target")


async def test_six_levels(world: World) -> None:
    """Expanding ends after six levels."""
    nodes = await world.make("nodes", text("name"))
    fields = [field.to_json() for field in nodes.fields]
    await world.collections.update("nodes", {"fields": [*fields, relation("next", nodes)]}, Origin())
    key = ""
    for _ in range(9):
        key = (await world.add("nodes", next=key))["id"]
    node: dict[str, Any] = await world.records.view("nodes", key, GUEST, ".".join(["next"] * 9))
    depth = 0
    while "next" in node.get("expand", {}):
        node, depth = node["expand"]["next"], depth + 1
    assert depth == 6


async def test_one_question_for_each_level(world: World) -> None:
    """However many records are expanded, a relation costs one question."""
    ids = await library(world)
    for n in range(20):
        await world.add("books", title=str(n), author=ids["bob"])
    asked: list[Any] = []

    class Counting:
        def __init__(self, reader: Any) -> None:
            self.reader = reader

        def rows(self, question: Select, params: Any = ()) -> Any:
            asked.append(question)
            return self.reader.rows(question, params)

    wanted = {"filter": "", "sort": "", "page": "", "per_page": "", "skip_total": "1", "expand": "author"}
    question = listing(world.catalogs.current, "books", GUEST, **wanted)
    answer = await world.store.read(lambda reader: question.answer(Counting(reader)))  # type: ignore[arg-type]
    assert len(answer["items"]) == 22
    assert len(asked) == 2


async def test_paths_there_and_back_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step back multiplies what an answer shows; beyond a limit there is none."""
    ids = await library(world)
    monkeypatch.setattr(expand, "MAX_EXPANDED", 2 + 4)
    there_and_back = "books_via_author.author"
    assert (await world.records.view("authors", ids["ann"], GUEST, there_and_back))["expand"]
    with pytest.raises(BadRequest):
        await world.records.view("authors", ids["ann"], GUEST, f"{there_and_back}.books_via_author")

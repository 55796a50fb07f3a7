"""View collections: made over tables and over each other, in step with what they show, only ever read."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.errors import BadRequest, NotFound
from pbtornado.files.storage import blob_key
from pbtornado.files.thumbs import Thumbs
from pbtornado.records.files import Files
from tests.conftest import ExpectLog
from tests.records.world import GUEST, SUPERUSER, World, codes, file, number, refused, relation, text

TITLES = "select id, title from notes"


async def view(world: World, name: str, query: str, **options: Any) -> dict[str, Any]:
    """A new view, open to everyone unless said otherwise."""
    return await world.collections.create({"name": name, "type": "view", "viewQuery": query, "listRule": "", "viewRule": "", **options})


async def changed(world: World, name: str, /, **payload: Any) -> dict[str, Any]:
    """The collection after a change."""
    return await world.collections.update(name, payload)


def described(world: World, name: str) -> list[tuple[str, str]]:
    """Names and types of a collection's fields."""
    return [(field.name, field.type) for field in world.collection(name).fields]


# ---- made, changed, dropped


async def test_a_view_of_no_table(world: World) -> None:
    """A change of it is seen at once, and it can be dropped, although nothing in it tells the database to look again."""
    await view(world, "fixed", "SELECT 'a' as id")
    assert await world.ids("fixed") == ["a"]
    await changed(world, "fixed", viewQuery="SELECT 'b' as id")
    assert await world.ids("fixed") == ["b"]
    await world.collections.delete("fixed")
    await view(world, "fixed", "SELECT 'c' as id")
    assert await world.ids("fixed") == ["c"]


async def test_a_view_has_the_fields_of_its_query(world: World) -> None:
    """Not those that a client sends."""
    await world.make("notes", text("title"))
    made = await view(world, "titles", TITLES, fields=[number("n")])
    assert [field["name"] for field in made["fields"]] == ["id", "title"]
    assert (made["type"], made["viewQuery"], world.collection("titles").view_query) == ("view", TITLES, TITLES)


async def test_a_view_can_be_renamed_and_asked_anew(world: World) -> None:
    """The former one is gone; rules are checked against the new fields."""
    await world.make("notes", text("title"), number("n"))
    await view(world, "titles", TITLES, listRule="title != ''")
    await world.add("notes", title="a", n=3)
    await changed(world, "titles", name="numbers")
    error = await refused(changed(world, "numbers", viewQuery="select id, n from notes"))
    assert codes(error) == {"listRule": "validation_invalid_rule"}
    await changed(world, "numbers", viewQuery="select id, n from notes", listRule="n > 2")
    assert [item["n"] for item in (await world.records.list("numbers", GUEST))["items"]] == [3]
    with pytest.raises(NotFound):
        world.collections.view("titles")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({}, {"fields": "validation_required", "viewQuery": "validation_required"}),
        (
            {"viewQuery": "select title from notes"},
            {"fields": "validation_missing_primary_key", "viewQuery": "validation_invalid_view_query"},
        ),
        ({"viewQuery": "select * from notes"}, {"fields": "validation_required", "viewQuery": "validation_invalid_view_query"}),
        (
            {"viewQuery": "select 1 as id union all select 1 as id"},
            {"fields": "validation_required", "viewQuery": "validation_invalid_view_query"},
        ),
        ({"viewQuery": "select '' as id"}, {"viewQuery": "validation_invalid_view_query"}),
        ({"viewQuery": TITLES, "createRule": "", "deleteRule": ""}, {"createRule": "validation_nil", "deleteRule": "validation_nil"}),
        ({"viewQuery": TITLES, "indexes": ["create index x on v (title)"]}, {"indexes": "validation_indexes_not_supported"}),
    ],
)
async def test_what_can_be_no_view(world: World, payload: dict[str, Any], expected: dict[str, str]) -> None:
    """Each key says why."""
    await world.make("notes", text("title"))
    assert codes(await refused(world.collections.create({"name": "v", "type": "view", **payload}))) == expected


async def test_reasons_are_not_repeated_at_any_length(world: World) -> None:
    """A database may quote a whole query."""
    error = await refused(view(world, "v", f"select 1 as id, ({'x' * 1000} as y"))
    assert len(error.body()["data"]["viewQuery"]["message"]) < 530


async def test_a_view_goes_alone(world: World) -> None:
    """What it showed stays."""
    await world.make("notes", text("title"))
    await view(world, "titles", TITLES)
    await world.collections.delete("titles")
    assert world.catalogs.current.find("titles") is None
    assert await world.ids("notes") == []


async def test_what_a_view_shows_stays(world: World) -> None:
    """Neither table nor view goes while a view reads it."""
    await world.make("notes", text("title"))
    await view(world, "titles", TITLES)
    await view(world, "more", "select id from titles")
    for name in ("notes", "titles"):
        assert (await refused(world.collections.delete(name))).message == "Failed to delete collection."
    for name in ("more", "titles", "notes"):
        await world.collections.delete(name)


async def test_a_broken_view_is_in_nobodys_way(world: World, expect_log: ExpectLog) -> None:
    """Others can be dropped though its query has to be mended; what it still reads cannot."""
    await world.make("notes", text("title"))
    await world.make("other")
    await view(world, "titles", TITLES)
    with expect_log("view titles may need another query: .*no such table: notes"):
        await changed(world, "notes", name="papers")
    await world.collections.delete("other")
    assert (await refused(world.collections.delete("papers"))).message == "Failed to delete collection."
    await changed(world, "titles", viewQuery="select id, title from papers")
    await world.collections.delete("titles")


# ---- in step with what they show


async def test_views_follow_a_changed_field(world: World) -> None:
    """Through other views too, and for other processes to hear of."""
    await world.make("notes", {**text("title"), "id": "t"}, {**file("doc"), "id": "d"})
    await view(world, "second", "select 1 as id")
    await view(world, "first", "select id, title, doc from notes")
    await changed(world, "second", viewQuery="select id, title as words from first")
    await changed(world, "notes", fields=[{**text("title", max=9), "id": "t"}, {**file("doc", maxSelect=4), "id": "d"}])
    first, second = (world.collection(name).to_json()["fields"] for name in ("first", "second"))
    assert (first[1]["max"], first[2]["maxSelect"], second[1]["max"]) == (9, 4, 9)
    log = await world.store.read(lambda reader: world.store.changes.read_after(reader, 0, 1000))
    assert [change.record for change in log if change.collection == "_collections"][-3:] == [
        world.collection(name).id for name in ("notes", "first", "second")
    ]


async def test_views_that_show_the_same_are_left_alone(world: World) -> None:
    """They keep the moment of their last change."""
    await world.make("notes", {**text("title"), "id": "t"})
    made = await view(world, "titles", TITLES)
    await changed(world, "notes", fields=[{**text("title"), "id": "t"}, number("n")], listRule=None)
    assert world.collections.view("titles") == made


async def test_a_rule_that_no_longer_fits_keeps_the_view(world: World, expect_log: ExpectLog) -> None:
    """The superuser is told through the log."""
    authors = await world.make("authors", text("name"))
    await world.make("books", relation("author", authors))
    await view(world, "first", "select id, author from books")
    await view(world, "second", "select id, author from first", listRule="author.name != ''")
    with expect_log("view second may need another query: .*validation_invalid_rule"):
        await changed(world, "first", viewQuery="select id, cast(author as text) as author from books")
    assert [described(world, name)[1][1] for name in ("first", "second")] == ["text", "relation"]


async def test_columns_in_use_stay(world: World) -> None:
    """A field that a view shows cannot be dropped."""
    await world.make("notes", {**text("title"), "id": "t"})
    await view(world, "titles", TITLES)
    assert "titles" in (await refused(changed(world, "notes", fields=[]))).message


async def test_views_are_imported_after_what_they_show(world: World) -> None:
    """In whatever order they come; one whose query is no good takes all with it."""
    notes, titles = {"name": "notes", "type": "base", "fields": [text("title")]}, {"name": "titles", "type": "view", "viewQuery": TITLES}
    await world.collections.import_all({"collections": [titles, notes]})
    assert described(world, "titles") == [("id", "text"), ("title", "text")]
    broken = {"name": "broken", "type": "view", "viewQuery": "select id from nowhere"}
    error = await refused(world.collections.import_all({"collections": [broken, {"name": "other", "type": "base"}]}))
    assert 'failed to save collection "broken"' in error.body()["data"]["collections"]["message"]
    empty = {"name": "empty", "type": "view", "viewQuery": "select '' as id"}
    error = await refused(world.collections.import_all({"collections": [empty]}))
    assert "empty or invalid ids" in error.body()["data"]["collections"]["message"]
    assert world.catalogs.current.find("other") is None


async def test_imported_views_follow_imported_fields(world: World) -> None:
    """Also those that were not imported."""
    await world.make("notes", {**text("title"), "id": "t"})
    await view(world, "titles", TITLES)
    await world.collections.import_all(
        {"collections": [{"name": "notes", "type": "base", "fields": [{**text("title", max=3), "id": "t"}]}]}
    )
    assert world.collection("titles").to_json()["fields"][1]["max"] == 3


# ---- tried


@pytest.mark.parametrize(
    ("query", "status", "expected"),
    [
        (None, 400, {"query": "validation_required"}),
        ("", 400, {"query": "validation_required"}),
        ("x" * 5001, 400, {"query": "validation_length_too_long"}),
        (5, 400, {}),
        (0, 400, {}),
        ("select 1", 400, {}),
    ],
)
async def test_what_is_not_tried(world: World, query: Any, status: int, expected: dict[str, str]) -> None:
    """A query is a text of at most 5000 characters."""
    error = await refused(world.collections.dry_run_view({"query": query}))
    assert (error.status, codes(error)) == (status, expected)


async def test_a_dry_run_shows_fields_and_rows(world: World) -> None:
    """And leaves nothing behind."""
    await world.make("notes", text("title"), text("secret", hidden=True))
    note = await world.add("notes", title="a", secret="b")
    shown = await world.collections.dry_run_view({"query": "select id, title, secret from notes"})
    assert [field["name"] for field in shown["fields"]] == ["id", "title", "secret"]
    assert [(row["id"], row["title"], "secret" in row) for row in shown["sample"]] == [(note["id"], "a", False)]
    assert [one.name for one in world.catalogs.current.all if one.is_view] == []


# ---- records


async def test_records_are_listed_viewed_filtered_and_sorted(world: World) -> None:
    """By rules, paths and keys as those of tables; ids are texts."""
    authors = await world.make("authors", text("name"))
    await world.make("books", text("title"), relation("author", authors))
    ann, bob = [(await world.add("authors", name=name))["id"] for name in ("ann", "bob")]
    for title, author in (("a", ann), ("b", bob), ("c", ann)):
        await world.add("books", title=title, author=author)
    await view(
        world, "shelf", "select (row_number() over (order by title)) as id, title, author, id as book from books", viewRule="title != 'b'"
    )
    assert await world.ids("shelf", GUEST, sort="-title") == ["3", "2", "1"]
    assert await world.ids("shelf", GUEST, filter="author.name = 'ann' && book.title != 'a'") == ["3"]
    shown = await world.records.view("shelf", "1", GUEST, "author,book.author")
    assert (shown["expand"]["author"]["name"], shown["expand"]["book"]["expand"]["author"]["id"]) == ("ann", ann)
    with pytest.raises(NotFound):
        await world.records.view("shelf", "2", GUEST)


async def test_what_is_missing_is_the_fields_zero(world: World) -> None:
    """A join that finds nothing gives texts and numbers all the same."""
    await world.make("notes", text("title"), number("n"))
    await view(
        world, "joined", "select a.id, b.title, b.n, cast(b.n as bool) as yes, b.id as other from notes a left join notes b on false"
    )
    await world.add("notes")
    item = (await world.records.list("joined", GUEST))["items"][0]
    assert {name: item[name] for name in ("title", "n", "yes", "other")} == {"title": "", "n": 0, "yes": False, "other": ""}


async def test_rows_of_views_have_no_numbers(world: World) -> None:
    """They cannot be sorted by them."""
    await world.make("notes")
    await view(world, "ids", "select id from notes")
    with pytest.raises(BadRequest):
        await world.ids("ids", GUEST, sort="@rowid")


async def test_views_are_only_read(world: World) -> None:
    """Superusers write through them no more than anybody."""
    await world.make("notes", text("title"))
    await view(world, "titles", TITLES)
    note = await world.add("notes", title="a")
    for attempt in (
        world.records.create("titles", {"title": "b"}, SUPERUSER),
        world.records.update("titles", note["id"], {"title": "b"}, SUPERUSER),
        world.records.delete("titles", note["id"], SUPERUSER),
        world.collections.truncate("titles"),
    ):
        assert (await refused(attempt)).status == 400
    assert await world.ids("titles") == [note["id"]]


async def test_views_have_no_changes_of_their_own(world: World) -> None:
    """The log speaks of the table, so nobody hears of the view."""
    await world.make("notes", text("title"))
    await view(world, "titles", TITLES)
    await world.add("notes", title="a")
    assert (await world.changes("titles"), len(await world.changes("notes"))) == ([], 1)


async def test_files_are_those_of_the_record_that_is_shown(world: World) -> None:
    """Found by the column, under whatever name and id; the view's own rule guards them."""
    await world.make("notes", file("doc", protected=True, maxSelect=3), file("other"))
    await view(world, "docs", "select ('x' || id) as id, doc as paper from notes", viewRule="@request.auth.id != ''")
    note = await world.add("notes", doc=[world.upload("a.txt", b"one")], other=world.upload("b.txt", b"two"))
    thumbs = Thumbs(world.storage)
    files = Files(world.catalogs, world.storage, thumbs)
    found = await files.find("docs", f"x{note['id']}", note["doc"][0])
    assert found.key == blob_key(world.collection("notes").id, note["id"], note["doc"][0])
    assert [await files.may_see(found, info) for info in (await world.user(), GUEST)] == [True, False]
    with pytest.raises(NotFound):
        await files.find("docs", f"x{note['id']}", note["other"])
    thumbs.stop()

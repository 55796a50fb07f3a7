"""The fields a SELECT gives a view, and what is refused before it becomes one."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.schema.catalog import Catalog, Catalogs
from pbtornado.schema.collection import Collection
from pbtornado.schema.defaults import completed
from pbtornado.schema.fields import field_from_json
from pbtornado.schema.views import Trial, ViewRefused, file_source, tried, view_fields
from pbtornado.store import BadQuestion, Writer
from pbtornado.store.sqlite.store import SqliteStore

FIELDS = (
    {"name": "title", "type": "text", "max": 7, "id": "f1"},
    {"name": "photos", "type": "file", "maxSelect": 3, "id": "f2"},
    {"name": "by", "type": "relation", "collectionId": "_pb_users_auth_", "maxSelect": 1, "id": "f3"},
    {"name": "at", "type": "date", "id": "f4"},
)
NOTES = completed(Collection(id="notes_id", name="notes", fields=tuple(map(field_from_json, FIELDS))))


async def made(store: SqliteStore, *views: tuple[str, str]) -> Catalog:
    """The catalog with the table of notes and these views over it."""

    def work(writer: Writer) -> Catalog:
        writer.insert("_collections", NOTES.to_row())
        writer.reshape(None, NOTES.shape())
        for name, query in views:
            fields = view_fields(writer, Catalogs(store).load(writer), query)
            view = Collection(id=f"{name}_id", name=name, type="view", fields=fields, view_query=query)
            writer.insert("_collections", view.to_row())
            writer.reshape(None, view.shape())
        writer.append("create", "_collections", NOTES.id, {})
        return Catalogs(store).load(writer)

    return await store.write(work)


async def fields(store: SqliteStore, query: str, *views: tuple[str, str]) -> dict[str, dict[str, Any]]:
    """The fields of a view of this SELECT as JSON by name."""
    catalog = await made(store, *views)
    found = await store.read(lambda reader: view_fields(reader, catalog, query))
    return {field.name: field.to_json() for field in found}


async def attempt(store: SqliteStore, query: str, size: int = 10) -> Trial:
    """A view of this SELECT, tried."""
    catalog = await made(store)
    return await store.read(lambda reader: tried(reader, catalog, query, size))


async def test_fields_are_like_those_they_show(store: SqliteStore) -> None:
    """Options and all, under a new id, as often as they are shown."""
    found = await fields(store, "select id, title, title as again, AT as at from notes")
    assert list(found) == ["id", "title", "again", "at"]
    assert (found["title"]["type"], found["title"]["max"], found["again"]["max"], found["at"]["type"]) == ("text", 7, 7, "date")
    ids = {found[name]["id"] for name in ("title", "again", "at")}
    assert len(ids) == 3
    assert all(one.startswith("_clone_") for one in ids)


@pytest.mark.parametrize(
    "query", ["select id from notes", "select (row_number() over ()) as id from notes", "select count(*) as id from notes"]
)
async def test_the_key_is_a_text(store: SqliteStore, query: str) -> None:
    """Whatever the column `id` is."""
    key = (await fields(store, query))["id"]
    assert (key["type"], key["primaryKey"], key["id"], key["max"]) == ("text", True, "text3208210256", 0)


async def test_other_ids_are_relations(store: SqliteStore) -> None:
    """To the collection they are from."""
    found = await fields(store, "select (1) as id, n.id as note, u.id as user, n.by from notes n left join users u on u.id = n.by")
    assert (found["note"]["type"], found["note"]["collectionId"], found["note"]["maxSelect"]) == ("relation", "notes_id", 1)
    assert [found[name]["collectionId"] for name in ("user", "by")] == ["_pb_users_auth_"] * 2


async def test_expressions_of_a_known_type(store: SqliteStore) -> None:
    """Counts and casts; whatever else is JSON."""
    casts = "cast(title as int) as i, cast(title as bool) as b, cast(title as text) as x"
    found = await fields(store, f"select id, count(*) as c, total(title) as t, {casts}, max(at) m from notes")
    types = ["text", "number", "number", "number", "bool", "text", "json"]
    assert [(name, one["type"]) for name, one in found.items()] == list(zip(("id", *"ctibxm"), types, strict=True))
    assert [found[name]["onlyInt"] for name in "cti"] == [True, False, True]


async def test_views_show_views(store: SqliteStore) -> None:
    """Their fields are passed on."""
    found = await fields(store, "select id, words from first", ("first", "select id, title as words from notes"))
    assert (found["words"]["type"], found["words"]["max"]) == ("text", 7)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("select title from notes", "missing required id column"),
        ("select id, count(*) from notes", r'invalid field "count\(\*\)" \(1\): name: must be in a valid format\.'),
        ("select id, title as expand from notes", 'invalid field "expand"'),
        ("select '' as id", "empty or invalid ids"),
        ("select null as id", "empty or invalid ids"),
        ("select id from (select 1 as id union all select 1 as id)", "non-unique ids"),
    ],
)
async def test_what_can_be_no_view(store: SqliteStore, query: str, reason: str) -> None:
    """The reason is told."""
    with pytest.raises(ViewRefused, match=reason):
        await attempt(store, query)


async def test_what_is_no_select(store: SqliteStore) -> None:
    """The database's reason is told."""
    with pytest.raises(BadQuestion, match="no such table"):
        await attempt(store, "select id from missing")


async def test_a_trial_shows_some_rows(store: SqliteStore) -> None:
    """As records, whatever types the columns are of."""
    rows = "select 1 as id, null as n, 'x' as t, x'41' as b, '[1]' as l, 1.0 as f union all select 2, 2, 'true', x'ff', '', 0.5"
    trial = await attempt(store, f"select id, n, t, b, l, f, cast(n as text) as nt, cast(t as int) as ti from ({rows})")
    assert [record.export(hidden=True) for record in trial.sample] == [
        {**_named(trial, 0), "id": "1", "n": None, "t": "x", "b": "A", "l": [1], "f": 1, "nt": "", "ti": 0},
        {**_named(trial, 1), "id": "2", "n": 2, "t": True, "b": "�", "l": "", "f": 0.5, "nt": "2", "ti": 0},
    ]
    assert len((await store.read(lambda reader: tried(reader, Catalogs(store).current, f"select id from ({rows})", 1))).sample) == 1


def _named(trial: Trial, position: int) -> dict[str, str]:
    collection = trial.sample[position].collection
    return {"collectionId": collection.id, "collectionName": collection.name}


async def test_files_are_found_through_views(store: SqliteStore) -> None:
    """Up to five of them deep, by the column they are shown as; computed ones are nobody's."""
    steps = [(f"v{depth}", f"select id, p{depth} as p{depth + 1}, (p{depth}) as c from v{depth - 1}") for depth in range(1, 6)]
    catalog = await made(store, ("v0", "select id, photos as p1, title from notes"), *steps)

    def source(view: str, name: str) -> tuple[str, str] | None:
        collection = catalog.find(view)
        assert collection
        found = store.read_now(lambda reader: file_source(reader, catalog, collection, name))
        return (found[0].name, found[1].name) if found else None

    assert [source(f"v{depth}", f"p{depth + 1}") for depth in range(6)] == [("notes", "photos")] * 5 + [None]
    assert [source("v0", "title"), source("v0", "nope"), source("v1", "c")] == [None, None, None]

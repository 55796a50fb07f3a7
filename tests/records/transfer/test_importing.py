"""Imports: batch by batch, each whole or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pbtornado.records.transfer import importing
from pbtornado.store.protocol import Origin
from tests.records.transfer.files import listed, take_in, taken_out, wrong
from tests.records.world import AUTODATES, GUEST, World, codes, file, number, refused, relation, text

FIELDS = (
    text("title", required=True),
    number("n", max=100),
    {"name": "done", "type": "bool"},
    {"name": "day", "type": "date"},
    {"name": "data", "type": "json"},
    {"name": "place", "type": "geoPoint"},
    {"name": "tags", "type": "select", "values": ["a", "b", "c"], "maxSelect": 3},
)
SAMPLES: list[dict[str, Any]] = [
    {"title": "a,\"b\"\n'c'", "n": 1.5, "done": True, "day": "2024-02-29 12:00:00.000Z", "data": {"k": [1, None]}, "tags": ["a", "c"]},
    {"title": " ü \u2028", "n": -2, "data": '"5"', "place": {"lon": 13.4, "lat": 52.5}},
    {"title": "x", "data": '""'},
    {"title": "=1+1", "data": None},
    {"title": "[", "data": "true"},
]
NAMES = ("id", "title", "n", "done", "day", "data", "place", "tags")


@pytest.mark.parametrize("format", ["csv", "json", "ndjson"])
async def test_what_was_exported_comes_back(world: World, format: Any) -> None:
    """Every kind of value, ids kept, in each format."""
    await world.make("posts", *FIELDS)
    await world.make("copies", *FIELDS)
    for sample in SAMPLES:
        await world.add("posts", **sample)
    outcome = await take_in(world, "copies", await taken_out(world, "posts", format), format)
    assert (outcome.errors, outcome.problem, outcome.created, outcome.complete) == ([], "", len(SAMPLES), True)
    assert await listed(world, "copies", *NAMES) == await listed(world, "posts", *NAMES)


async def test_each_row_is_a_change(world: World) -> None:
    """Imports are in the log as any write, under who made them."""
    await world.make("posts", text("title"))
    await take_in(world, "posts", "title\na\nb\n")
    changes = await world.changes("posts")
    assert [(change.action, change.request, json.loads(json.dumps(change.image["title"]))) for change in changes] == [
        ("create", "r1", "a"),
        ("create", "r1", "b"),
    ]


async def test_all_wrong_rows_of_a_batch_are_told(world: World) -> None:
    """With their numbers, lines and the codes of their fields; nothing of the batch is stored."""
    await world.make("posts", *FIELDS)
    outcome = await take_in(world, "posts", 'title,n\nfine,1\n"",2\n"two\nlines",101\nfine,x\n')
    assert wrong(outcome) == {
        2: {"title": "validation_required"},
        3: {"n": "validation_max_number_constraint"},
        4: {"n": "validation_not_a_number"},
    }
    assert [one.line for one in outcome.errors] == [3, 5, 6]
    assert (outcome.rows, outcome.created, outcome.complete, await world.ids("posts")) == (4, 0, False, [])


async def test_batches_before_a_wrong_row_stay(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The import ends with the first batch that has one."""
    monkeypatch.setattr(importing, "BATCH_ROWS", 2)
    await world.make("posts", number("n", max=100))
    outcome = await take_in(world, "posts", "n\n1\n2\n3\n101\n4\n")
    assert (outcome.rows, outcome.created, outcome.done, wrong(outcome)) == (4, 2, False, {4: {"n": "validation_max_number_constraint"}})
    assert await listed(world, "posts", "n") == [(1,), (2,)]


async def test_dry_runs_store_nothing_and_go_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """They tell of wrong rows in all batches, and what would be stored; the log stays as it was."""
    monkeypatch.setattr(importing, "BATCH_ROWS", 2)
    await world.make("posts", number("n", max=100))
    outcome = await take_in(world, "posts", "n\n101\n2\n3\n102\n4\n", dry_run=True)
    assert (outcome.rows, outcome.created, outcome.done, list(wrong(outcome))) == (5, 3, True, [1, 4])
    assert (await world.ids("posts"), await world.changes("posts")) == ([], [])


async def test_dry_runs_know_the_rows_before(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that name or repeat one of an earlier batch are judged as in earnest."""
    monkeypatch.setattr(importing, "BATCH_ROWS", 1)
    posts = await world.make("posts", text("title"))
    await world.collections.update("posts", {"fields": [*(one.to_json() for one in posts.fields), relation("parent", posts)]}, Origin())
    one, two, gone = "a" * 15, "b" * 15, "c" * 15
    rows = f"id,parent\n{one},\n{two},{one}\n{one},\n,{gone}\n"
    expected = {3: {"id": "validation_not_unique"}, 4: {"parent": "validation_missing_rel_records"}}
    assert wrong(await take_in(world, "posts", rows, dry_run=True)) == expected
    outcome = await take_in(world, "posts", rows, dry_run=True, upsert=True)
    assert (list(wrong(outcome)), outcome.created, outcome.updated) == ([4], 2, 1)
    assert wrong(await take_in(world, "posts", rows)) == {3: expected[3]}
    assert await listed(world, "posts", "id", "parent") == [(one, ""), (two, one)]


async def test_upserts_change_what_is_there(world: World) -> None:
    """Only the fields the file has; without upsert a known id is refused."""
    await world.make("posts", text("title"), number("n"))
    key = (await world.add("posts", title="old", n=5))["id"]
    rows = f"id,title\n{key},new\n,other\n"
    assert wrong(await take_in(world, "posts", rows)) == {1: {"id": "validation_not_unique"}}
    outcome = await take_in(world, "posts", rows, upsert=True)
    assert (outcome.created, outcome.updated) == (1, 1)
    assert await listed(world, "posts", "title", "n") == [("new", 5), ("other", 0)]


async def test_columns_are_renamed_and_left_out(world: World) -> None:
    """What fills no field is refused before anything is read into the collection."""
    await world.make("posts", text("title"), number("n"))
    error = await refused(take_in(world, "posts", "Titel,n,color\na,1,red\n"))
    assert codes(error) == {"map": "validation_unknown_field"}
    await take_in(world, "posts", "Titel,n,color\na,1,red\n", mapping={"Titel": "title", "color": ""})
    assert await listed(world, "posts", "title", "n") == [("a", 1)]
    assert codes(await refused(take_in(world, "posts", "n,m\n1,2\n", mapping={"m": "n"}))) == {"map": "validation_disputed_field"}
    assert codes(await refused(take_in(world, "posts", "n\n1\n", mapping={"m": "gone"}))) == {"map": "validation_unknown_field"}


async def test_answers_of_the_api_can_be_imported(world: World) -> None:
    """What an answer says beside the record is left out; modifiers and unknown keys are wrong."""
    await world.make("posts", number("n"))
    rows = [{"collectionId": "x", "collectionName": "y", "expand": {}, "n": 1}, {"n+": 1}, {"m": 1}]
    outcome = await take_in(world, "posts", json.dumps(rows), "json")
    assert wrong(outcome) == {2: {"n+": "validation_unknown_field"}, 3: {"m": "validation_unknown_field"}}


async def test_files_and_server_dates_are_left_out(world: World) -> None:
    """The outcome names their columns."""
    await world.make("posts", text("title"), file("cover"), *AUTODATES)
    outcome = await take_in(world, "posts", "title,cover,created\na,x.png,2001-01-01 00:00:00.000Z\n")
    (cover, created), *_ = await listed(world, "posts", "cover", "created")
    assert (outcome.left_out, cover, created > "2020") == ({"cover", "created"}, "", True)


async def test_accounts_can_sign_in(world: World) -> None:
    """Passwords are hashed; they need not be given twice, nor for accounts that exist."""
    outcome = await take_in(world, "users", "email,password\nann@example.com,1234567890\n")
    assert (outcome.created, outcome.errors) == (1, [])
    (key, email), *_ = await listed(world, "users", "id", "email")
    ann = await world.stored("users", key)
    assert email == "ann@example.com"
    assert await world.passwords.check("1234567890", ann.get("password"))
    await take_in(world, "users", f"id,email,password\n{key},other@example.com,\n", upsert=True)
    assert (await world.stored("users", key)).get("password") == ann.get("password")
    assert wrong(await take_in(world, "users", "email,password\nbob@example.com,x\n"))[1].keys() == {"password"}


async def test_dry_runs_write_no_password(world: World) -> None:
    """Not even into a transaction that is taken back."""
    outcome = await take_in(world, "users", "email,password\nann@example.com,topsecret-word\n", dry_run=True)
    assert outcome.complete
    assert not any(b"topsecret-word" in path.read_bytes() for path in world.path.glob("data.db*"))


async def test_relations_must_exist(world: World) -> None:
    """As in any write."""
    teams = await world.make("teams", text("title"))
    await world.make("posts", relation("team", teams))
    assert wrong(await take_in(world, "posts", f"team\n{'x' * 15}\n")) == {1: {"team": "validation_missing_rel_records"}}


async def test_a_file_that_ends_in_the_middle(world: World) -> None:
    """What was read before is stored as far as its batches were whole; the problem is told."""
    await world.make("posts", number("n"))
    outcome = await take_in(world, "posts", '[{"n": 1}, {"n"', "json")
    assert (outcome.complete, outcome.created, "Row 2" in outcome.problem) == (False, 0, True)


async def test_views_take_nothing(world: World) -> None:
    """Nor do collections that don't exist."""
    await world.make("posts", number("n"))
    await world.collections.create({"name": "all", "type": "view", "viewQuery": "select id, n from posts"}, Origin())
    assert (await refused(take_in(world, "all", "n\n1\n"))).status == 400
    assert (await refused(take_in(world, "gone", "n\n1\n"))).status == 404


async def test_rules_are_not_asked(world: World) -> None:
    """Imports are by superusers, also into locked collections."""
    await world.make("posts", number("n"), open=False)
    assert (await take_in(world, "posts", "n\n1\n")).complete
    assert (await refused(world.records.list("posts", GUEST))).status == 403


async def test_many_rows_take_many_batches(world: World) -> None:
    """Each told when it is stored."""
    await world.make("posts", number("n"))
    outcome = await take_in(world, "posts", "n\n" + "".join(f"{n}\n" for n in range(1300)))
    assert (outcome.created, outcome.rows, outcome.read_bytes > 5000) == (1300, 1300, True)

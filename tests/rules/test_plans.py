"""What usual rules cost: they go through indexes, not over whole tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pbtornado.rules.rule import ask
from pbtornado.store.query import Column
from pbtornado.store.sqlite.dialect import SqliteDialect
from tests.rules.world import World, collection, parts

ONE = {"type": "relation", "maxSelect": 1}


@pytest.fixture
def club(tmp_path: Path) -> Iterator[World]:
    """Rooms, people, and who is in which room."""
    people = collection("people", type="auth", list_rule="")
    rooms = collection("rooms", {"name": "owner", **ONE, "collectionId": "people"}, indexes=("CREATE INDEX by_owner ON rooms (owner)",))
    named = ({"name": "person", **ONE, "collectionId": "people"}, {"name": "room", **ONE, "collectionId": "rooms"})
    indexes = ("CREATE INDEX by_person ON members (person, room)", "CREATE INDEX by_room ON members (room)")
    world = World.make(tmp_path / "data.db", people, rooms, collection("members", *named, indexes=indexes))
    yield world
    world.close()


@pytest.mark.parametrize(
    "rule",
    [
        "owner = @request.auth.id",
        "owner.id = @request.auth.id",
        "members_via_room.person ?= @request.auth.id",
        "members_via_room.person = @request.auth.id",
        "@collection.members.person ?= @request.auth.id && @collection.members.room ?= id",
    ],
)
def test_a_rule_about_the_actor_reads_only_what_is_his(club: World, rule: str) -> None:
    """Ownership and membership, in each way to write them."""
    question = ask(club.catalog, club.find("rooms"), parts(rule), actor=club.find("people"))
    statement = SqliteDialect().render(question.select((Column("r", "id"),)))
    plan = [row[3] for row in club.connection.execute(f"EXPLAIN QUERY PLAN {statement.text}", ["ann"])]
    assert not [step for step in plan if step.startswith("SCAN")]
    assert any("SEARCH" in step for step in plan)

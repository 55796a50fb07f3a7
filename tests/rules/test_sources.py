"""One rule, four questions: the stored row, its image, and every subscriber give the same verdict."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pbtornado.rules.request import GUEST, RequestInfo
from tests.oracle.generated import FUNCTIONS, JSON, MANY, ONE, OTHER, OWN, REQUEST, USER_FIELDS, Rows, Rules, fields
from tests.rules.world import World, collection

SEED = 20


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Random records of every collection."""
    users = collection("users", {"name": "name", "type": "text"}, *USER_FIELDS, type="auth", list_rule="")
    others = [
        collection(one["name"], *one["fields"], list_rule=one["listRule"], indexes=tuple(one.get("indexes", ()))) for one in fields("users")
    ]
    world = World.make(tmp_path_factory.mktemp("crowd") / "data.db", users, *others)
    rows, covered = Rows(SEED), set[str]()
    for name, amount in (("users", 4), ("teams", 4), ("posts", 12), ("comments", 12)):
        for number in range(amount):
            id = f"{name}{number:02d}"
            world.add(name, {"id": id, **rows.of(name, number, covered)})
            rows.ids[name].append(id)
    yield world
    world.close()


@pytest.mark.parametrize("seed", range(8))
def test_every_source_gives_the_same_verdict(crowd: World, seed: int) -> None:
    """Random rules, for records of people and guests with different queries."""
    rules = Rules(seed, OWN, OWN, JSON, ONE, MANY, OTHER, FUNCTIONS, REQUEST, REQUEST)
    actors = [crowd.actor("users", "users00"), crowd.actor("users", "users01")]
    for _ in range(25):
        rule = rules.rule()
        for group in (actors, [GUEST]):
            infos = [
                RequestInfo(actor, "realtime", query=query, headers={"x_token": "a"})
                for actor in group
                for query in ({}, {"q": "a", "n": "5"})
            ]
            listed = [set(crowd.ids("posts", rule, info)) for info in infos]
            for id in crowd.ids("posts", ""):
                image = crowd.row("posts", id)
                verdicts = [id in ids for ids in listed]
                assert [crowd.holds("posts", rule, image, info) for info in infos] == verdicts, rule
                assert crowd.hear("posts", rule, image, infos) == verdicts, rule

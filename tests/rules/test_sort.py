"""What clients may sort by."""

from __future__ import annotations

import pytest

from pbtornado.rules.request import Actor, RequestInfo
from pbtornado.rules.rule import Part, PrivateName, RuleError, ask
from tests.rules.world import World


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        *(
            ("-n", ["p2", "p1", "p3"]),
            ("+title", ["p3", "p1", "p2"]),
            (" -author.nick , id ", ["p2", "p1", "p3"]),
            ("data.a.b.0,-id", ["p2", "p1", "p3"]),
        ),
        ("-@rowid", ["p3", "p2", "p1"]),
        ("-tags:length", ["p2", "p1", "p3"]),
        ("title:lower", ["p3", "p1", "p2"]),
    ],
)
def test_keys_may_be_fields_paths_and_modified(world: World, sort: str, found: list[str]) -> None:
    """In either direction, several at once."""
    assert world.ids("posts", "", sort=sort) == found


def test_a_random_order_is_known_for_one(world: World) -> None:
    """It has every record once."""
    assert sorted(world.ids("posts", "", sort="@random")) == ["p1", "p2", "p3"]
    assert ask(world.catalog, world.find("posts"), (), sort="@random").reads.random


@pytest.mark.parametrize(
    "sort", ["nope", "n,", "n,,id", "--n", "null", "true", "@now", "secret", "vault_via_post.text", ",".join(["n"] * 9), "n" * 256]
)
def test_all_else_is_refused(world: World, sort: str) -> None:
    """Constants, hidden fields, what may not be listed, and too much."""
    with pytest.raises(RuleError):
        world.ids("posts", "", sort=sort)


@pytest.mark.parametrize("name", ["@request.auth.nick", "@collection.teams.title"])
def test_requests_and_other_collections_are_for_superusers(world: World, name: str) -> None:
    """Whoever else sorts by them is told so."""
    with pytest.raises(PrivateName):
        world.ids("posts", "", sort=name)


def test_a_sort_goes_only_through_relations_that_may_be_listed(world: World) -> None:
    """As filters do: records whose relation is out of sight are left out."""
    question = ask(world.catalog, world.find("posts"), (), sort="author.team.title")
    assert question.where is not None
    assert world.ids("posts", "", sort="author.team.title,id") == ["p3", "p2"]
    assert ask(world.catalog, world.find("posts"), (Part("n > 0", True),), sort="author.team.title", superuser=True).where != question.where


def test_private_emails_have_no_part_in_the_order(world: World) -> None:
    """A record that hides its email stands where records without one do; superusers see the order of all."""
    world.add("people", {"id": "abe", "email": "abe@example.com"})
    world.add("people", {"id": "zoe", "email": "zoe@example.com"})
    assert world.ids("people", "id ~ 'e'", sort="email,id") == ["abe", "zoe"]
    assert world.ids("people", "", sort="-email,id")[0] == "ann"
    assert world.ids("people", "", sort="email,id")[-1] == "ann"
    root = RequestInfo(actor=Actor(superuser=True))
    assert world.ids("people", "", root, sort="email")[0] == "abe"

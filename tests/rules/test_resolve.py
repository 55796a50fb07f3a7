"""What names mean: fields, paths, back-relations, JSON, other collections."""

from __future__ import annotations

import pytest

from pbtornado.rules.request import RequestInfo
from pbtornado.rules.rule import Part, RuleError, ask
from pbtornado.store.query import Column
from tests.rules.world import World


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        *(
            ("author.nick = 'ann'", ["p1"]),
            ("author.team.title = 'Blue'", ["p2"]),
            ("parent.author.nick = 'ann'", ["p2"]),
            ("author.nick = ''", ["p3"]),
        ),
        ("author.id = 'bob'", ["p2"]),
        ("posts_via_parent.title = 'two'", ["p1"]),
        ("author.posts_via_author.n ?= 2", ["p2"]),
        ("data.a.b.0 = 1", ["p3"]),
        ("data.a.b.1 = 'x'", ["p3"]),
        ("data.a.c = null", ["p1", "p2", "p3"]),
        ("place.lat > 52", ["p3"]),
        ("title:lower = 'one'", ["p1"]),
        ("@collection.teams.title ?= 'Red'", ["p1", "p2", "p3"]),
        ("@collection.teams:x.rank > 5", []),
        ("secret = 'x'", ["p1"]),
        ("TRUE = true", ["p1", "p2", "p3"]),
        ("@collection.comments.post ?= id", ["p1", "p2"]),
    ],
)
def test_paths_lead_through_relations_both_ways(world: World, rule: str, found: list[str]) -> None:
    """And into JSON values, and to every record of another collection."""
    assert world.ids("posts", rule) == found


def test_aliases_tell_two_rows_of_a_collection_apart(world: World) -> None:
    """Under one name both conditions speak of the same row."""
    assert world.ids("teams", "@collection.people:a.nick ?= 'ann' && @collection.people:a.team ?= id") == ["red"]
    assert world.ids("teams", "@collection.people:a.nick ?= 'ann' && @collection.people:b.team ?= id") == ["blue", "red"]


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("nope = 1", 'unknown field "nope"'),
        ("title.x = 1", "not a valid relation"),
        ("title:foo = 1", "unknown modifier"),
        *(
            ("nope_via_x.y = 1", "back relation"),
            ("comments_via_text.id = 1", "invalid back relation"),
            ("people_via_team.id = 1", "reference"),
        ),
        *(
            ("@collection.nope.x = 1", "failed to load collection"),
            ("@request.nope = 1", "failed to resolve"),
            ("@foo = 1", "failed to resolve"),
        ),
        *(
            (".".join(["parent"] * 8) + " = 1", "max nested relations"),
            ("nope(1) = 1", "unknown function"),
            ("data..a = 1", "invalid path"),
        ),
        *(
            ("@request.query.a:length = 1", "invalid modifier"),
            ("@request.body.title:each = 1", "multivalue"),
            ("1 = nope", "invalid right operand"),
        ),
    ],
)
def test_what_does_not_exist_is_named_in_the_error(world: World, rule: str, sentence: str) -> None:
    """The message says which side and what."""
    with pytest.raises(RuleError, match=sentence):
        world.ids("posts", rule)


@pytest.mark.parametrize("name", ["secret", "author.tokenKey", "author.password"])
def test_clients_cannot_filter_by_hidden_fields(world: World, name: str) -> None:
    """Superusers can, and so can rules."""
    with pytest.raises(RuleError, match="non-filterable"):
        world.ids("posts", "", filter=f"{name} != ''")
    assert world.ids("posts", f"{name} = ''")


def test_clients_look_through_relations_only_at_what_they_may_list(world: World) -> None:
    """The list rule of each joined collection is asked too; a missing record hides nothing."""
    assert world.ids("posts", "", filter="author.team.title != 'x'") == ["p2", "p3"]
    with pytest.raises(RuleError, match="only by superusers"):
        world.ids("posts", "", filter="vault_via_post.text = ''")


def test_clients_find_private_emails_of_nobody(world: World, bob: RequestInfo) -> None:
    """Only records that show their email can be found by it."""
    assert world.ids("people", "", bob, filter="email ~ 'example'") == ["ann"]
    assert world.ids("posts", "", bob, filter="author.email ~ 'example'") == ["p1"]
    assert world.ids("people", "email ~ 'example'", bob) == ["ann", "bob"]


def test_the_id_of_a_single_relation_needs_no_join(world: World) -> None:
    """`author.id` is `author`."""
    question = ask(world.catalog, world.find("posts"), (Part("author.id = 'ann'", True),))
    assert not question.joins
    assert not question.reads.tables


def test_single_relations_are_joined_once_for_all_parts(world: World) -> None:
    """However often and in however many parts they are named."""
    parts = (Part("author.nick != 'x'", True), Part("author.nick != 'y' && author.team.rank > 0", True))
    question = ask(world.catalog, world.find("posts"), parts, sort="author.nick")
    assert len(question.joins) == 2
    assert not question.distinct


def test_an_image_has_the_columns_that_are_read(world: World) -> None:
    """And no others."""
    question = ask(world.catalog, world.find("posts"), (Part("author.nick = title || tags:each ?= 'a'", True),), record="image")
    assert set(question.root.columns) == {"author", "title", "tags"}  # type: ignore[union-attr]
    assert question.select((Column("r", "title"),)).source == question.root


def test_functions_of_private_emails_match_nothing(world: World, bob: RequestInfo) -> None:
    """What may not be looked at alone may not be looked at through a function."""
    assert world.ids("people", "", bob, filter="strftime('%Y', email) = ''") == ["ann"]
    assert world.ids("people", "", bob, filter="geoDistance(email, 1, 1, 1) = null") == ["ann"]

"""The door: limits, what is kept, what a question says of itself."""

from __future__ import annotations

import pytest

from pbtornado.rules.rule import Part, PrivateName, RuleError, ask, check
from pbtornado.schema.catalog import Catalog
from tests.rules.world import World, collection


def test_the_same_question_is_compiled_once(world: World) -> None:
    """As long as the catalog is the same."""
    posts, parts = world.find("posts"), (Part("title = 'x'", True),)
    question = ask(world.catalog, posts, parts)
    assert ask(world.catalog, posts, parts) is question
    assert ask(Catalog(world.catalog.all, 2), posts, parts) is not question
    assert ask(world.catalog, posts, parts, record="image") is not question


def test_a_question_says_what_it_reads(world: World) -> None:
    """Other collections, items of the request, the time."""
    actor = world.find("people")
    rule = "author.team.rank > 1 && @request.auth.id = author && @request.query.q != '' && day < @now"
    reads = ask(world.catalog, world.find("posts"), (Part(rule, True),), actor=actor).reads
    assert reads.tables == {"people", "teams"}
    assert reads.request == {"auth.id", "query.q"}
    assert (reads.clock, reads.random) == (True, False)


def test_a_guest_is_nobody_in_particular(world: World) -> None:
    """What a rule says of the actor is constant for guests."""
    assert not ask(world.catalog, world.find("posts"), (Part("@request.auth.team.rank > 1", True),)).reads.request


@pytest.mark.parametrize("filter", ["@request.auth.id = 1", "@collection.teams.id = 1", "title = 'see @request. there'"])
def test_a_filter_that_mentions_private_names_is_refused(world: World, filter: str) -> None:
    """Even in a quoted text; superusers may."""
    with pytest.raises(PrivateName):
        world.ids("posts", "", filter=filter)
    assert ask(world.catalog, world.find("posts"), (Part(filter, False),), superuser=True)


def test_private_names_are_refused_before_anything_else(world: World) -> None:
    """In a sort too, whatever the filter says."""
    with pytest.raises(PrivateName):
        world.ids("posts", "", filter="nope = 1", sort="@request.auth.id")


def test_filters_have_limits(world: World) -> None:
    """On their length and the number of comparisons."""
    assert world.ids("posts", "", filter=" && ".join(["n>=0"] * 200))
    with pytest.raises(RuleError, match="expressions limit"):
        world.ids("posts", "", filter=" && ".join(["n>=0"] * 201))
    with pytest.raises(RuleError, match="length limit"):
        world.ids("posts", "", filter=f"title != '{'x' * 3500}'")


def test_groups_may_be_nested_but_not_without_end(world: World) -> None:
    """A group in a group of its own kind does not count."""
    assert world.ids("posts", "(n=1 && (n=1 || " * 8 + "readers.nick = 'ann'" + "))" * 8) == ["p1"]
    assert world.ids("posts", "(n=1 || " * 150 + "n=2" + ")" * 150) == ["p1", "p2"]
    with pytest.raises(RuleError, match="too deep"):
        world.ids("posts", "(n=1 && (n=1 || " * 9 + "n=1" + "))" * 9)


def test_more_joins_than_a_database_takes_are_refused(world: World) -> None:
    """Before it is asked."""
    rule = " && ".join(f"@collection.teams:a{number}.title ?!= 'x'" for number in range(70))
    with pytest.raises(RuleError, match="too many relations"):
        world.ids("posts", rule)


def test_a_rule_is_checked_without_a_request(world: World) -> None:
    """Its names must exist; what an actor will be is not known yet."""
    posts = world.find("posts")
    check(world.catalog, posts, "secret = 'x' && @request.auth.whatever = '' && @request.body.nope.x != 1")
    with pytest.raises(RuleError, match='unknown field "nope"'):
        check(world.catalog, posts, "nope = 1")
    with pytest.raises(RuleError, match="multivalue"):
        check(world.catalog, posts, "@request.body.title:length > 1")


def test_a_new_collection_may_refer_to_itself_in_its_rules(world: World) -> None:
    """Before the catalog knows it."""
    nodes = collection(
        "nodes", {"name": "up", "type": "relation", "maxSelect": 1, "collectionId": "nodes"}, {"name": "text", "type": "text"}
    )
    check(world.catalog, nodes, "up.text = text && nodes_via_up.id != '' && @collection.nodes.text != ''")

"""What comparisons mean: empty values, patterns, and all or any of several values."""

from __future__ import annotations

import pytest

from tests.rules.world import World


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        *(
            ("title = 'One'", ["p1"]),
            ("title != 'One'", ["p2", "p3"]),
            ("title = ''", ["p3"]),
            ("title = null", ["p3"]),
            ("null != title", ["p1", "p2"]),
        ),
        *(
            ("n > 1", ["p2"]),
            ("n >= 1", ["p1", "p2"]),
            ("n < 1", ["p3"]),
            ("1 >= n", ["p1", "p3"]),
            ("1 = 1", ["p1", "p2", "p3"]),
            ("'' != null", []),
        ),
        ("n = 1 || n = 2 && title = 'x'", ["p1"]),
        ("(n = 1 || n = 2) && title = 'two'", ["p2"]),
    ],
)
def test_null_and_the_empty_text_are_alike(world: World, rule: str, found: list[str]) -> None:
    """On both sides of `=` and `!=`."""
    assert world.ids("posts", rule) == found


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("title ~ 'n'", ["p1"]),
        ("title ~ 'TWO'", ["p2"]),
        ("title ~ 't%'", ["p2"]),
        ("title ~ '%t'", []),
        ("title !~ 'o'", ["p3"]),
        *(
            ("title ~ 'T_o'", []),
            ("title ~ 'T_o%'", ["p2"]),
            ("'One, two' ~ title", ["p1", "p2", "p3"]),
            ("n ~ 1", ["p1"]),
            ("title ~ null", []),
        ),
    ],
)
def test_like_looks_anywhere_unless_there_is_a_wildcard(world: World, rule: str, found: list[str]) -> None:
    """With a `%` the pattern is taken as it is, and `_` is live too; letters match in either case."""
    assert world.ids("posts", rule) == found


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("readers.nick = 'ann'", ["p1"]),
        ("readers.nick ?= 'ann'", ["p1", "p2"]),
        ("readers.nick ?!= 'ann'", ["p2", "p3"]),
        ("readers.nick != 'ann'", ["p3"]),
        ("tags:each = 'a'", ["p1"]),
        ("tags:each ?= 'b'", ["p2"]),
        ("tags:length = 2", ["p2"]),
        *(
            ("comments_via_post.text = 'good'", ["p1"]),
            ("comments_via_post.text ?= 'bad'", ["p2"]),
            ("comments_via_post.text ?= ''", ["p3"]),
        ),
        ("readers.nick = readers.nick", ["p1", "p3"]),
        ("'ann' = readers.nick", ["p1"]),
        ("readers.team.title ?~ 'lu'", ["p2"]),
    ],
)
def test_several_values_must_all_fulfil_it_unless_asked_for_any(world: World, rule: str, found: list[str]) -> None:
    """A record without any value compares as if it had one that is null."""
    assert world.ids("posts", rule) == found


def test_any_match_conditions_of_one_rule_speak_of_the_same_row(world: World) -> None:
    """Two of them on the same path hold together for one related record, not for two."""
    assert world.ids("posts", "comments_via_post.text ?= 'good' && comments_via_post.id ?= 'c2'") == ["p2"]
    assert world.ids("posts", "comments_via_post.text ?= 'good' && comments_via_post.id ?= 'c3'") == []


def test_an_item_of_a_relation_and_its_record_go_together(world: World) -> None:
    """`:each` and a path through the same relation speak of the same item."""
    assert world.ids("posts", "readers:each ?= 'ann' && readers.nick ?= 'ann'") == ["p1", "p2"]
    assert world.ids("posts", "readers:each ?= 'ann' && readers.nick ?= 'bob'") == []


def test_a_rule_and_a_filter_each_find_their_own_row(world: World) -> None:
    """What the rule found in one related record does not bind the filter to it."""
    assert world.ids("posts", "comments_via_post.text ?= 'good'", filter="comments_via_post.text ?= 'bad'") == ["p2"]

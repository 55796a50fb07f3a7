"""Constants put aside: which filters are one question, and that each finds what it says."""

from __future__ import annotations

import pytest

from pbtornado.rules.constants import MAX_FILTER_LENGTH, Constants
from pbtornado.rules.rule import Part, PrivateName, Question, RuleError, ask
from tests.rules.world import World


def question(world: World, filter: str) -> Question:
    """The question of a filter of posts, as clients ask it."""
    return ask(world.catalog, world.find("posts"), (Part(filter, False, Constants.of(filter)),))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("title = 'a'", "title = 'it\\'s'"),
        ('title = "a" && n > 1', 'title = "it\'s // so" && n > -2.5'),
        ("title ~ 'a' // 'x'", "title ~ '%b_' // 'x'"),
        ("author.nick ?= 'a' || tags:each = 'b'", "author.nick ?= '(' || tags:each = ')'"),
        ("geoDistance(place.lon, place.lat, 1, 2) < 3", "geoDistance(place.lon, place.lat, 4, 5.5) < 6"),
    ],
)
def test_filters_that_differ_in_constants_are_one_question(world: World, one: str, other: str) -> None:
    """It is compiled once, and its statement has the text of neither."""
    assert question(world, one) is question(world, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("title = 'a'", "title = ''"),
        ("title = 'a'", "title = 1"),
        ("title = 'a'", "title = null"),
        ("n = true", "n = false"),
        ("n1 = 1", "n2 = 1"),
        ("title = 'a'", "title = @now"),
        ("strftime('%Y', day) = '1'", "strftime('%m', day) = '1'"),
        ("strftime('%Y', /* */ 'now') = '1'", "strftime('%Y', /* */ 'then') = '1'"),
        ("strftime('%Y', // it's\n'now') = '1'", "strftime('%Y', // it's\n'then') = '1'"),
    ],
)
def test_what_means_another_question_stays_in_the_form(one: str, other: str) -> None:
    """Empty texts, null and the like, kinds of constants, names, and what a function depends on."""
    assert Constants.of(one).form != Constants.of(other).form


def test_each_filter_of_a_form_finds_its_own(world: World) -> None:
    """Bound to its constants, with and without wildcards."""
    assert world.ids("posts", "", filter="title ~ 'o' && n >= 1") == ["p1", "p2"]
    assert world.ids("posts", "", filter="title ~ 'o%' && n >= 1") == ["p1"]
    assert world.ids("posts", "", filter="title ~ 'o' && n >= 2") == ["p2"]
    assert world.ids("posts", "", filter="title ~ '_' && n >= 0") == []


def test_texts_are_refused_by_what_is_in_their_constants(world: World) -> None:
    """Though a filter of the same form was compiled: names that clients may not say, and a text too long."""
    question(world, "title = 'a'")
    with pytest.raises(PrivateName):
        question(world, "title = '@request.auth.id'")
    with pytest.raises(RuleError, match="length limit"):
        question(world, f"title = '{'ä' * (MAX_FILTER_LENGTH // 2)}'")


@pytest.mark.parametrize("text", ["strftime(" * 3000, "'\\" * 3000, "title = '" + "\\'" * 1700, 'x = "'])
def test_texts_without_an_end_are_looked_through_once(world: World, text: str) -> None:
    """However they are made, they are refused."""
    with pytest.raises(RuleError):
        question(world, text)

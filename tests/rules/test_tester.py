"""Why a question says yes or no."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.rules.request import GUEST, RequestInfo
from pbtornado.rules.rule import RuleError, ask, dissect
from pbtornado.rules.tester import Examination, Finding, examine
from pbtornado.store.query import Column, Compare, Param
from tests.rules.world import World, parts

THE_ONE = Compare("=", Column("r", "id"), Param("id"))


def look(world: World, rule: str, id: str = "p2", info: RequestInfo | None = None, *, filter: str = "") -> Examination:
    """What is found about a stored post."""
    info = info or RequestInfo(GUEST)
    options: dict[str, Any] = {"actor": info.actor.record.collection if info.actor.record else None, "superuser": info.actor.superuser}
    question, dissected = dissect(world.catalog, world.find("posts"), parts(rule, filter), **options)
    assert question == ask(world.catalog, world.find("posts"), parts(rule, filter), **options)
    return examine(world.reader, question, dissected, {**question.bind(info), "id": id}, THE_ONE)


def told(rule: str, finding: Finding) -> dict[str, tuple[bool | None, bool]]:
    """By text of each comparison: its result, and whether it decided."""
    own = {rule[finding.span[0] : finding.span[1]]: (finding.result, finding.decided)}
    return own if finding.sides else {text: found for item in finding.items for text, found in told(rule, item).items()}


def test_a_yes_is_that_of_every_part_that_said_yes(world: World) -> None:
    """In a group of which one is enough, only those that hold decided."""
    rule = "n = 2 && (title = 'One' || title = 'two')"
    found = look(world, rule)
    assert found.holds
    assert told(rule, found.parts[0].finding) == {"n = 2": (True, True), "title = 'One'": (False, False), "title = 'two'": (True, True)}


def test_a_no_is_that_of_every_part_that_did_not_say_yes(world: World) -> None:
    """What held did not decide; in a group of which one is enough, all that failed did."""
    rule = "n = 2 && (title = 'One' || n > 5)"
    found = look(world, rule)
    assert not found.holds
    assert told(rule, found.parts[0].finding) == {"n = 2": (True, False), "title = 'One'": (False, True), "n > 5": (False, True)}


def test_null_is_neither_yes_nor_no(world: World) -> None:
    """A comparison with what is missing."""
    rule = "parent.n > 0"
    found = look(world, rule, "p1")
    assert told(rule, found.parts[0].finding) == {rule: (None, True)}
    assert not found.holds


def test_operands_have_the_values_the_database_compared(world: World, ann: RequestInfo) -> None:
    """Of fields, of relations, of the request, of constants."""
    found = look(world, "author.nick = @request.auth.nick && n < 5", info=ann)
    first, second = found.parts[0].finding.items
    assert [side.value for side in first.sides] == ["bob", "ann"]
    assert [side.value for side in second.sides] == [2, 5]


def test_paths_to_several_records_tell_all_their_values(world: World) -> None:
    """Beside the one of the row that is told of."""
    found = look(world, "readers.nick = 'ann'")
    side = found.parts[0].finding.sides[0]
    assert (found.rows, side.value, sorted(map(str, side.values or []))) == (2, "ann", ["ann", "bob"])


def test_parts_may_each_hold_and_never_together(world: World) -> None:
    """Two comparisons about one joined record: each is true in a row, the nearest row has one of them."""
    rule = "readers.nick ?= 'ann' && readers.team ?= 'blue'"
    found = look(world, rule)
    first, second = found.parts[0].finding.items
    assert not found.holds
    assert [first.true_rows, second.true_rows, found.rows] == [1, 1, 2]
    assert {first.result, second.result} == {True, False}


def test_list_rules_that_a_filter_looks_through_are_told(world: World, ann: RequestInfo) -> None:
    """A client's filter over a relation holds only where the target's list rule does."""
    found = look(world, "", "p1", ann, filter="author.team.title ?= 'Red'")
    assert not found.holds
    assert [(part.listing, part.result, part.decided) for part in found.parts] == [("", True, False), ("teams", False, True)]


def test_of_no_record_nothing_is_told(world: World) -> None:
    """Not even what decided."""
    found = look(world, "n = 2", "gone")
    finding = found.parts[0].finding
    assert (found.holds, found.rows, finding.result, finding.sides, finding.decided) == (False, 0, None, (), False)


def test_broken_list_rules_are_named(world: World, ann: RequestInfo) -> None:
    """The error says whose rule it is, and points nowhere in the filter."""
    world.find("teams").__dict__["list_rule"] = "gone = 1"
    with pytest.raises(RuleError, match='list rule of "teams"') as caught:
        look(world, "", "p1", ann, filter="author.team.title ?= 'Red'")
    assert caught.value.span is None

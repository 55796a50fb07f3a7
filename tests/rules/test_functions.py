"""`strftime` and `geoDistance`."""

from __future__ import annotations

import pytest

from pbtornado.rules.rule import RuleError
from tests.rules.world import World


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        *(
            ("strftime('%Y-%m', day) = '2024-02'", ["p3"]),
            ("strftime('%Y', day) = ''", ["p1", "p2"]),
            ("strftime('%Y', day, '+1 year') = '2025'", ["p3"]),
        ),
        ("strftime('%Y', '2020-01-01') = '2020'", ["p1", "p2", "p3"]),
        ("strftime('%Y') > '2000'", ["p1", "p2", "p3"]),
        ("geoDistance(place.lon, place.lat, 13.4, 52.5) < 1", ["p3"]),
        ("geoDistance(0, 0, 0, 90) > 10007", ["p1", "p2", "p3"]),
        *(
            ("geoDistance(place.lon, place.lat, 13.4, null) > 0", []),
            ("strftime('%Y', readers.posts_via_author.day) = ''", ["p1", "p2", "p3"]),
        ),
    ],
)
def test_functions_stand_where_values_do(world: World, rule: str, found: list[str]) -> None:
    """An unreadable time is like ''; an unreadable coordinate is null."""
    assert world.ids("posts", rule) == found


@pytest.mark.parametrize("call", ["geoDistance(nope, 1, 2, 3)", "strftime('%Y', nope)"])
def test_an_unknown_argument_is_said_to_be_one(world: World, call: str) -> None:
    """With the function and its place."""
    with pytest.raises(RuleError, match=r"\[\w+\] failed to resolve (argument 0|time-value argument): unknown field"):
        world.ids("posts", f"{call} = 1")


@pytest.mark.parametrize(
    "rule",
    [
        "strftime() = 1",
        "strftime(day) = 1",
        "strftime('%Y', day, day) = 1",
        "strftime('%Y'" + ", 'now'" * 10 + ") = 1",
        "geoDistance(1, 2, 3) = 1",
        "geoDistance(1, 2, 3, '4') = 1",
        "geoDistance(1, 2, 3, nope) = 1",
    ],
)
def test_wrong_arguments_are_refused(world: World, rule: str) -> None:
    """Their number and their kind."""
    with pytest.raises(RuleError):
        world.ids("posts", rule)

"""`@now` and its like."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pbtornado.rules.macros import MACROS
from tests.rules.world import World

LEAP = datetime(2024, 2, 29, 13, 14, 15, 678_901, UTC)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("@now", "2024-02-29 13:14:15.678Z"),
        ("@yesterday", "2024-02-28 13:14:15.678Z"),
        ("@tomorrow", "2024-03-01 13:14:15.678Z"),
        ("@second", 15),
        ("@minute", 14),
        ("@hour", 13),
        ("@day", 29),
        ("@month", 2),
        ("@weekday", 4),
        ("@year", 2024),
        ("@todayStart", "2024-02-29 00:00:00.000Z"),
        ("@todayEnd", "2024-02-29 23:59:59.999Z"),
        ("@monthStart", "2024-02-01 00:00:00.000Z"),
        ("@monthEnd", "2024-02-29 23:59:59.999Z"),
        ("@yearStart", "2024-01-01 00:00:00.000Z"),
        ("@yearEnd", "2024-12-31 23:59:59.999Z"),
    ],
)
def test_a_macro_is_a_value_of_the_moment(name: str, value: str | int) -> None:
    """Always UTC, in the form of stored dates."""
    assert MACROS[name](LEAP) == value


def test_sunday_is_day_zero_and_december_ends_its_year() -> None:
    """Weeks begin on Sunday; the end of a month may be that of a year."""
    assert MACROS["@weekday"](datetime(2024, 3, 3, tzinfo=UTC)) == 0
    assert MACROS["@monthEnd"](datetime(2024, 12, 31, tzinfo=UTC)) == "2024-12-31 23:59:59.999Z"


def test_macros_are_bound_when_they_are_asked(world: World) -> None:
    """A compiled question never goes stale."""
    assert world.ids("posts", "day < @now && day != '' && @yesterday < @todayEnd") == ["p3"]

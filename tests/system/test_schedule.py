"""Cron expressions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pbtornado.system.schedule import Schedule

SATURDAY = datetime(2026, 2, 28, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("* * * * *", True),
        ("30 13 28 2 6", True),
        ("*/15 12-14 * * *", True),
        ("0,10-40/20 * * * *", True),
        ("0,10-40/20 * * * 0", False),
        ("* * 27 * 6", False),
        ("@hourly", False),
    ],
)
def test_what_is_due(text: str, due: bool) -> None:
    """Every column must name the moment."""
    assert Schedule.parse(text).due(SATURDAY) is due


@pytest.mark.parametrize("text", ["", "* * * *", "60 * * * *", "* * * * 7", "5/2 * * * *", "1-2-3 * * * *", "٣ * * * *", "@sometimes"])
def test_what_is_none(text: str) -> None:
    """What is no expression is refused with a reason."""
    with pytest.raises(ValueError, match=r"invalid"):
        Schedule.parse(text)

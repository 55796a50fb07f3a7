"""Guessing slows down."""

from __future__ import annotations

import pytest

from pbtornado.records import throttle
from pbtornado.records.throttle import Throttle
from tests.records.world import GUEST, SUPERUSER, World, text


def test_misses_are_counted_by_collection_and_address() -> None:
    """Three misses in a row are free; others are not held responsible."""
    misses = Throttle()
    assert [misses.miss("posts", "a") for _ in range(5)] == [False, False, False, True, True]
    assert not misses.miss("posts", "b")
    assert not misses.miss("notes", "a")


def test_counts_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while misses are forgotten, and at once when there are too many to remember."""
    monkeypatch.setattr(throttle, "PERIOD", -1.0)
    misses = Throttle()
    assert not any(misses.miss("posts", "a") for _ in range(9))
    monkeypatch.setattr(throttle, "REMEMBERED", 1)
    monkeypatch.setattr(throttle, "PERIOD", 9.0)
    assert not any(misses.miss("posts", str(n % 2)) for n in range(9))


async def test_only_searches_under_a_rule_count(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Superusers, open collections, lists without filter and searches that find something are never slowed down."""
    monkeypatch.setattr(throttle, "LONGEST_WAIT", 0.0)
    await world.make("posts", text("title"), listRule="title != 'x'")
    await world.make("open", text("title"))
    await world.add("posts", title="a")
    for _ in range(3):
        await world.ids("posts", SUPERUSER, filter="title = 'no'")
        await world.ids("open", GUEST, filter="title = 'no'")
        await world.ids("posts", GUEST, filter="title = 'a'")
        await world.ids("posts", GUEST, filter="title = 'no'")
    assert [count for _, count in world.records.throttle._misses.values()] == [3]
    assert await world.ids("posts", GUEST, filter="title = 'no'") == []

"""What is said of the past is never more than the log and the database bear out."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbtornado.store import SqliteStore
from pbtornado.store import recent as module
from pbtornado.store.protocol import Position
from pbtornado.store.recent import Recent
from tests.store.notes import note, opened
from tests.store.test_spine import foreign


async def looked(store: SqliteStore) -> tuple[Recent, Position]:
    """What is recent at a store in which there is something, and now."""
    await store.write(note("first"))
    recent = Recent(store)
    now = recent.now()
    assert now == store.position()
    return recent, now


async def test_nothing_has_changed_while_nothing_was_written(tmp_path: Path) -> None:
    """Of whatever collection."""
    async with opened(tmp_path) as store:
        recent, now = await looked(store)
        assert recent.unchanged(now, ["notes", "others"], [("notes", "first")])


async def test_a_change_is_of_its_record_and_its_collection(tmp_path: Path) -> None:
    """Other records and other collections are as they were."""
    async with opened(tmp_path) as store:
        recent, now = await looked(store)
        await store.write(note("second"))
        assert recent.unchanged(now, ["others"], [("notes", "first")])
        assert not recent.unchanged(now, ["notes"])
        assert not recent.unchanged(now, [], [("notes", "second")])
        later = recent.now()
        assert later
        assert recent.unchanged(later, ["notes"], [("notes", "second")])


async def test_another_process_is_heard_of_at_once(tmp_path: Path) -> None:
    """A commit shows as soon as anybody can read what it wrote."""
    async with opened(tmp_path) as store, opened(tmp_path) as sibling:
        recent, now = await looked(store)
        await sibling.write(note("second"))
        assert not recent.unchanged(now, ["notes"])


async def test_nothing_is_said_after_a_write_past_the_log(tmp_path: Path) -> None:
    """Until a worker has noticed it; then nothing older counts."""
    async with opened(tmp_path) as store:
        recent, now = await looked(store)
        foreign(tmp_path)
        assert recent.now() is None
        assert not recent.unchanged(now, ["others"])
        await store.write(note("second"))
        later = recent.now()
        assert later is not None
        assert not recent.unchanged(now, ["others"])
        assert recent.unchanged(later, ["others"])


async def test_after_too_many_changes_everything_may_have_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not looked at one by one."""
    monkeypatch.setattr(module, "MOST_AT_ONCE", 5)
    async with opened(tmp_path) as store:
        recent, now = await looked(store)
        for number in range(6):
            await store.write(note(f"n{number}"))
        assert not recent.unchanged(now, ["others"])


async def test_what_was_trimmed_away_is_not_taken_for_nothing(tmp_path: Path) -> None:
    """A log that no longer has where it was read to says nothing of what came then."""
    async with opened(tmp_path) as store:
        recent, now = await looked(store)
        await store.write(note("second"))
        await store.write(lambda writer: writer.drop_changes(2, 10))
        await store.write(note("third"))
        assert not recent.unchanged(now, ["others"])


async def test_only_so_many_records_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the others their collection says that they may have changed."""
    monkeypatch.setattr(module, "MOST_RECORDS", 3)
    async with opened(tmp_path) as store:
        recent, now = await looked(store)
        for number in range(5):
            await store.write(note(f"n{number}"))
            recent.now()
        assert not recent.unchanged(now, [], [("notes", "first")])
        assert recent.unchanged(now, ["others"], [("others", "first")])

"""Who makes a commit: the loop that of a lone write where that is quick, the writer's thread all others."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from pbtornado.store import SqliteStore
from pbtornado.store.sqlite import group
from tests.store.notes import note, opened

LOOP, THREAD = threading.main_thread().name, "writer"


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the disk is, it counts as quick."""
    monkeypatch.setattr(group, "LONE_SECONDS", 1000.0)


def committers(store: SqliteStore) -> list[str]:
    """The names of the threads that commit from now on."""
    names: list[str] = []
    tell = {"COMMIT": lambda: names.append(threading.current_thread().name)}
    store._writer.connection.set_trace_callback(lambda text: tell.get(text, lambda: None)())
    return names


async def test_a_lone_write_is_committed_on_the_loop(tmp_path: Path) -> None:
    """It does not go to the thread and back."""
    async with opened(tmp_path) as store:
        names = committers(store)
        await store.write(note("a"))
        assert names == [LOOP]


async def test_writes_at_once_are_committed_on_the_thread(tmp_path: Path) -> None:
    """The loop collects the next ones meanwhile."""
    async with opened(tmp_path) as store:
        names = committers(store)
        await asyncio.gather(*(store.write(note(key)) for key in "abc"))
        assert names == [THREAD]


async def test_a_slow_disk_does_not_hold_up_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where commits take longer than the way to the thread, they are made there."""
    async with opened(tmp_path) as store:
        monkeypatch.setattr(group, "LONE_SECONDS", 0.0)
        names = committers(store)
        await store.write(note("a"))
        assert names == [THREAD]


async def test_a_long_change_is_committed_on_the_thread(tmp_path: Path) -> None:
    """Much is written then."""
    async with opened(tmp_path) as store:
        names = committers(store)
        await store.write(note("a", "x" * group.LONE_LENGTH))
        assert names == [THREAD]


async def test_no_lone_write_empties_the_wal_on_the_loop(tmp_path: Path) -> None:
    """The commits around the one that does so are the thread's."""
    async with opened(tmp_path) as store:
        names, pages = committers(store), []
        for number in range(400):
            await store.write(note(f"{number}"))
            pages.append(store._spine.pages if store._spine else 0)
        emptied = [number for number in range(1, 400) if pages[number] < pages[number - 1]]
        assert emptied
        assert {names[number - 1] for number in emptied} == {THREAD}
        assert names.count(LOOP) > 300

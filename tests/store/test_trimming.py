"""The log forgets what is too old or too much."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pbtornado.store.trimming import Trimming
from tests.store.notes import note, opened


async def test_young_changes_stay(tmp_path: Path) -> None:
    """Nothing goes before its time."""
    async with opened(tmp_path) as store:
        await asyncio.gather(*[store.write(note(str(number))) for number in range(20)])
        assert await Trimming(store.changes).trim() == 0
        assert await Trimming(store.changes, most=5).trim() == 15
        assert store.changes.oldest == 16


async def test_old_changes_go(tmp_path: Path) -> None:
    """Exactly those made before the time given."""
    async with opened(tmp_path) as store:
        await asyncio.gather(*[store.write(note(f"a{number}")) for number in range(20)])
        await asyncio.sleep(0.3)
        await asyncio.gather(*[store.write(note(f"b{number}")) for number in range(30)])
        assert await Trimming(store.changes, days=0.2 / 86400).trim() == 20
        assert store.changes.oldest == 21


async def test_it_stops(tmp_path: Path) -> None:
    """Stopping does not wait for the next round."""
    async with opened(tmp_path) as store:
        trimming = Trimming(store.changes)
        trimming.start()
        await trimming.stop()

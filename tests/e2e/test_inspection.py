"""The scenario the product exists for, with real clients."""

from __future__ import annotations

from tests.e2e.conftest import run_node
from tests.process import Server


def test_official_sdk(inspection: Server, photos: str) -> None:
    """The inspection app's scenario works with the official JavaScript SDK, unchanged."""
    run_node("sdk.test.mjs", inspection, photos)


def test_chromium(inspection: Server, photos: str, chromium: str) -> None:
    """The inspection app's pages work in Chromium: what a foreman sends is on the office's board without reload."""
    run_node("board.test.mjs", inspection, photos, CHROMIUM=chromium)

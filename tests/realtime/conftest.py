"""A world with subscribers for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tests.realtime.live import Live


@pytest.fixture
def live(tmp_path: Path, io_loop: IOLoop) -> Iterator[Live]:
    """A world of the test's own."""
    live = Live(tmp_path)
    io_loop.run_sync(live.open)
    yield live
    io_loop.run_sync(live.close)

"""A world of records for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from tests.records.world import World


@pytest.fixture
def world(tmp_path: Path, io_loop: IOLoop) -> Iterator[World]:
    """A world of the test's own."""
    world = World(tmp_path)
    io_loop.run_sync(world.open)
    yield world
    io_loop.run_sync(world.close)

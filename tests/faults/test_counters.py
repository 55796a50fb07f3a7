"""Modifiers are applied to the row that is there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.process import Server


def test_no_increment_is_lost(tmp_path: Path) -> None:
    """500 concurrent `{"n+": 1}` over two workers raise the number by exactly 500."""
    with Server(tmp_path / "pb_data", "--workers", "2") as server:
        server.sign_in()
        server.create("/api/collections", {"name": "counters", "type": "base", "fields": [{"name": "n", "type": "number"}]})
        path = f"/api/collections/counters/records/{server.create('/api/collections/counters/records', {'n': 7})['id']}"
        with ThreadPoolExecutor(50) as threads:
            statuses = list(threads.map(lambda _: server.ask("PATCH", path, {"n+": 1}).status, range(500)))
        assert set(statuses) == {200}
        assert server.ask("GET", path).json()["n"] == 507

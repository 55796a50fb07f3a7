"""The first start of a new server, as whoever installs it sees it."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import run_node
from tests.process import Server


def test_link_of_the_first_start(dashboard: Path, node_modules: None, chromium: str, tmp_path: Path) -> None:
    """The printed link leads to a page that makes the first superuser, once."""
    server = Server(tmp_path / "pb_data")
    server.start()
    try:
        link = server.printed(r"http\S+/pbinstall/\S+(?=\s)")
        run_node("first_run.test.mjs", server, "", CHROMIUM=chromium, LINK=link[0])
    finally:
        server.stop()

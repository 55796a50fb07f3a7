"""The dashboard as a person uses it: each file of Node tests drives Chromium on a server of its own, which starts empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import run_node
from tests.process import EMAIL, PASSWORD, Server

HERE = Path(__file__).parent
SCRIPTS = sorted(path.name for path in HERE.glob("*.test.mjs"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_dashboard(dashboard: Path, node_modules: None, chromium: str, tmp_path: Path, script: str) -> None:
    """Every fact of the file holds."""
    with Server(tmp_path / "pb_data", "--workers", "2") as server:
        run_node(f"admin/{script}", server, "", CHROMIUM=chromium, EMAIL=EMAIL, PASSWORD=PASSWORD)

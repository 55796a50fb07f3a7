"""The dashboard as a person uses it: each file of Node tests drives Chromium on a server of its own, which starts empty."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pbtornado.config import asset
from tests.e2e.conftest import must_have, run_node
from tests.process import EMAIL, PASSWORD, Server

HERE = Path(__file__).parent
SCRIPTS = sorted(path.name for path in HERE.glob("*.test.mjs"))


@pytest.fixture(scope="module")
def chromium() -> str:
    """Chromium's executable, and a dashboard that is built."""
    must_have((asset("admin") / "dist" / "index.html").exists(), "the dashboard's build")
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    must_have(found, "Chromium")
    return str(found)


@pytest.mark.parametrize("script", SCRIPTS)
def test_dashboard(node_modules: None, chromium: str, tmp_path: Path, script: str) -> None:
    """Every fact of the file holds."""
    with Server(tmp_path / "pb_data", "--workers", "2") as server:
        run_node(f"admin/{script}", server, "", CHROMIUM=chromium, EMAIL=EMAIL, PASSWORD=PASSWORD)

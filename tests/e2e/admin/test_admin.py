"""The dashboard as a person uses it: each file of Node tests drives Chromium on a server of its own, which starts empty."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from tests.e2e.conftest import run_node
from tests.process import EMAIL, PASSWORD, Server

HERE = Path(__file__).parent
PARITY = HERE.parents[3] / "shared" / "parity" / "data"
"""Where the parity run is, a directory that PocketBase made lies beside it."""
SCRIPTS = sorted(path.name for path in HERE.glob("*.test.mjs"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_dashboard(dashboard: Path, node_modules: None, chromium: str, tmp_path: Path, script: str) -> None:
    """Every fact of the file holds."""
    with Server(tmp_path / "pb_data", "--workers", "2") as server:
        run_node(f"admin/{script}", server, "", CHROMIUM=chromium, EMAIL=EMAIL, PASSWORD=PASSWORD)


@pytest.mark.parametrize("data", ["empty", "parity"])
def test_tour(node_modules: None, chromium: str, tmp_path: Path, data: str) -> None:
    """Every screen, on a new directory and on one that PocketBase made."""
    directory = tmp_path / "pb_data"
    if data == "parity":
        if not PARITY.is_dir():
            pytest.skip("the directory of the parity run is not here")
        shutil.copytree(PARITY, directory, copy_function=shutil.copyfile)
        for path in [directory, *directory.rglob("*")]:
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
    with Server(directory, "--workers", "2") as server:
        run_node("admin/tour.mjs", server, "", CHROMIUM=chromium, EMAIL=EMAIL, PASSWORD=PASSWORD, DATA=data)


def test_a_product_set_up_by_hand(dashboard: Path, node_modules: None, chromium: str, photos: str, tmp_path: Path) -> None:
    """The inspection app works on what was made from nothing in the dashboard alone."""
    server = Server(tmp_path / "pb_data", "--workers", "2")
    server.start()
    try:
        link = server.printed(r"http\S+/pbinstall/\S+(?=\s)")
        run_node("admin/by_hand.mjs", server, "", CHROMIUM=chromium, EMAIL=EMAIL, PASSWORD=PASSWORD, LINK=link[0])
        run_node("sdk.test.mjs", server, photos)
    finally:
        server.stop()

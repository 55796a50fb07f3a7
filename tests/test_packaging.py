"""The dashboard comes with the package, however that is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from admin.build import STAMP, BuildFailed, build, packed
from tests.process import Server, free_port

ROOT = Path(__file__).resolve().parents[1]
NO_NODE = "/nonexistent"
"""A PATH without Node, or anything else."""


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources as they are published, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of these sources, made as pip does it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(sdist)]
    done = subprocess.run(command, env={**os.environ, "PATH": NO_NODE}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def test_wheel_from_published_sources(wheel: Path, sdist: Path) -> None:
    """A wheel holds the dashboard, what it is made with stays out, and building it leaves nothing in the sources."""
    names = zipfile.ZipFile(wheel).namelist()
    served = [name for name in names if "/_admin/" in name]
    assert "pbtornado/_admin/dist/index.html" in served
    assert any(name.endswith(".js.br") for name in served)
    assert not [name for name in names if "node_modules" in name or "/." in name or name.endswith(".svelte")]
    assert not (sdist / "admin" / "dist").exists()
    assert not (sdist / "admin" / "node_modules").exists()


def test_installed_wheel_serves_it(wheel: Path, tmp_path: Path) -> None:
    """In a new environment, on a machine without Node, an installed wheel shows the dashboard at /_/."""
    home = tmp_path / "venv"
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", str(wheel)], check=True)
    libraries = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    (libraries / "dependencies.pth").write_text(sysconfig.get_path("purelib"))  # those of the tests are as good, and there already
    with Server(tmp_path / "pb_data", "--workers", "1", command=[str(home / "bin" / "pbtornado")]) as server:
        page = server.ask("GET", "/_/")
        script = re.search(rb'src="\./(assets/[^"]+\.js)"', page.body)
        assert script
        assert server.ask("GET", f"/_/{script[1].decode()}").status == 200


VITE = """
const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const text = readFileSync("src/main.ts", "utf8");
if (text === "broken") throw new Error("cannot be parsed");
mkdirSync("dist/.vite", { recursive: true });
writeFileSync("dist/index.html", text);
writeFileSync("dist/.vite/manifest.json", "{}");
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A dashboard of one file, with its packages: a Vite that copies it."""
    admin = tmp_path / "admin"
    texts = {"package-lock.json": "{}", "src/main.ts": "first", "node_modules/vite/bin/vite.js": VITE}
    for name, text in {**texts, f"node_modules/{STAMP}": sha256(b"{}").hexdigest()}.items():
        (admin / name).parent.mkdir(parents=True, exist_ok=True)
        (admin / name).write_text(text)
    return admin


def test_built_when_something_changed(small: Path) -> None:
    """A build is made anew when a source changed or is gone, and not otherwise."""
    page = small / "dist" / "index.html"
    build(small)
    page.write_text("left alone")
    build(small)
    assert page.read_text() == "left alone"
    (small / "src" / "main.ts").write_text("second")
    build(small)
    assert page.read_text() == "second"
    (small / "src" / "other.ts").touch()
    page.write_text("old")
    build(small)
    assert page.read_text() == "second"


def test_broken_sources(small: Path) -> None:
    """Where sources can't be built it is said why, and what was built before is not taken for a build of them."""
    build(small)
    (small / "src" / "main.ts").write_text("broken")
    for _ in range(2):
        with pytest.raises(BuildFailed, match="cannot be parsed"):
            build(small)


def test_wheel_takes_a_build_that_is_there(small: Path, tmp_path: Path) -> None:
    """What an editable install built is packed as it is, but for what is not served."""
    build(small)
    assert packed(small, tmp_path / "scratch") == {str(small / "dist" / "index.html"): "pbtornado/_admin/dist/index.html"}


def test_registry_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without npm's registry there is no build, and the message says what to do."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "admin" / name, tmp_path)
    for option, value in {"registry": f"http://127.0.0.1:{free_port()}", "cache": str(tmp_path / "cache"), "fetch_retries": "0"}.items():
        monkeypatch.setenv(f"npm_config_{option}", value)
    with pytest.raises(BuildFailed, match=r"npm_config_registry or in ~/\.npmrc(?s:.*)ECONNREFUSED"):
        build(tmp_path)

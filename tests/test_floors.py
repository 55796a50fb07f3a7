"""A module imports only what stands to its left, and a few libraries only where they belong."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "pbtornado"
GROUND = {"measures", "errors", "values", "config", "hooks", "passwords", "rates", "tokens"}
LINE = "ground store schema rules files mail system records auth realtime backend http app workers plugins commands cli"
ENTRIES = {"__init__", "__main__"}
ONLY_IN = {
    "tornado": ("http/", "app.py", "workers.py", "cli.py"),
    "sqlite3": ("store/",),
    "lark": ("rules/parser.py", "rules/projection.py"),
    "PIL": ("files/drawing.py",),
    "argon2": ("passwords.py",),
    "bcrypt": ("passwords.py",),
    "pyotp": ("auth/otp.py",),
}
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def imported(module: str) -> Iterator[tuple[str, ...]]:
    """The dotted names a module imports, those of the package as `("pbtornado", floor, ...)`."""
    package = ("pbtornado", *Path(module).parent.parts)
    for node in ast.walk(ast.parse((PACKAGE / module).read_text())):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple((node.module or "").split(".")) if node.module else ()
            yield from ((*base, alias.name) for alias in node.names)


def floor(name: str) -> int:
    """How far right a module of the package stands; KeyError for one that stands nowhere."""
    return LINE.split().index("ground" if name in GROUND else name)


@pytest.mark.parametrize("module", [name for name in MODULES if Path(name).stem not in ENTRIES or "/" in name])
def test_imports_only_leftwards(module: str) -> None:
    """No module knows a floor to its right, not even for its types."""
    own = floor(Path(module).parts[0].removesuffix(".py"))
    inside = [name for name in imported(module) if name[0] == "pbtornado" and not name[1].startswith("_")]
    assert not [".".join(name) for name in inside if floor(name[1]) > own]


@pytest.mark.parametrize("library", ONLY_IN)
def test_libraries_stay_where_they_belong(library: str) -> None:
    """Only the named places import the library."""
    users = [module for module in MODULES if any(name[0] == library for name in imported(module))]
    assert not [user for user in users if not user.startswith(ONLY_IN[library])]


@pytest.mark.parametrize("module", MODULES)
def test_files_and_functions_stay_short(module: str) -> None:
    """No file has more than 400 lines, no function more than 50."""
    text = (PACKAGE / module).read_text()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= 50]
    assert text.count("\n") <= 400
    assert not long


@pytest.mark.parametrize("library", ["PIL", "aiosmtplib", "cryptography", "email.headerregistry", "jwt", "lark"])
def test_a_start_does_not_wait_for(library: str) -> None:
    """What the first answer does without is not loaded before it."""
    asked = f"import sys, pbtornado.workers; sys.exit({library!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False, cwd=PACKAGE.parent).returncode == 0

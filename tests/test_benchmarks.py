"""The benchmarks' commands can be started."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.load import compile_to

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ["run"]


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
def test_the_load_client_compiles(tmp_path: Path) -> None:
    """It has no warning, for they are errors, and says what it lacks."""
    compile_to(tmp_path / "load")
    done = subprocess.run([tmp_path / "load"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "load: --port is needed, and --path where there are writers\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_explain_themselves(command: str) -> None:
    """`--help` tells the options."""
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{command}", "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--help" in done.stdout

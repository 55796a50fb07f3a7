"""The benchmarks' commands can be started."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.compiled import LIBRARY, compile_to

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ["run", "growth", "writer", "endurance"]


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
def test_the_load_client_compiles(tmp_path: Path) -> None:
    """It has no warning, for they are errors, and says what it lacks."""
    compile_to(tmp_path / "load", "load.c")
    done = subprocess.run([tmp_path / "load"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "load: --port is needed, and --path where there are writers\n")


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
def test_the_counter_of_fsyncs_counts(tmp_path: Path) -> None:
    """Each one that a program asks for is counted."""
    compile_to(tmp_path / "fsyncs", "fsyncs.c", *LIBRARY)
    (tmp_path / "count").write_bytes(bytes(8))
    program = f"import os; file = os.open({str(tmp_path / 'count')!r}, os.O_RDWR); [os.fsync(file) for _ in range(3)]; os.fdatasync(file)"
    environment = {"LD_PRELOAD": str(tmp_path / "fsyncs"), "FSYNCS": str(tmp_path / "count")}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert int.from_bytes((tmp_path / "count").read_bytes(), sys.byteorder) == 4


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_explain_themselves(command: str) -> None:
    """`--help` tells the options."""
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{command}", "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--help" in done.stdout

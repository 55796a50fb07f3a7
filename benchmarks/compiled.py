"""The programs in C beside this file, compiled when they are first used."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
FLAGS = ("-O2", "-Wall", "-Wextra", "-Werror")
LIBRARY = ("-shared", "-fPIC")


def compiled(source: str, *flags: str) -> Path:
    """What was made of a source as it is now."""
    name = hashlib.sha256(b"".join(part.read_bytes() for part in (HERE / source, *sorted(HERE.glob("*.h"))))).hexdigest()[:16]
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pbtornado"
    made = folder / f"{Path(source).stem}-{name}"
    if not made.exists():
        folder.mkdir(parents=True, exist_ok=True)
        compile_to(made, source, *flags)
    return made


def compile_to(made: Path, source: str, *flags: str) -> None:
    """Compiles a source. Exits with a message where there is no compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        sys.exit("The benchmarks need a C compiler, and there is no `cc` (Debian: apt-get install gcc libc6-dev).")
    with tempfile.TemporaryDirectory(dir=made.parent) as folder:
        part = Path(folder) / "part"
        subprocess.run([compiler, *FLAGS, *flags, "-o", str(part), str(HERE / source)], check=True)
        part.replace(made)  # whole or not at all, for whoever starts beside us

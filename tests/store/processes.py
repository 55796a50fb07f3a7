"""Processes that write to one directory at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Writing:
    """A process of `tests.store.writing`, ready to begin."""

    def __init__(self, directory: Path, name: str, count: int = 1_000_000, writers: int = 8) -> None:
        words = [sys.executable, "-m", "tests.store.writing", str(directory), name, str(count), str(writers)]
        self._process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def begin(self) -> None:
        """Lets it write."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """Ends it with SIGKILL."""
        self._process.kill()

    def answered(self) -> dict[str, int]:
        """Waits for its end; each key it was answered for, with its seq."""
        lines = self._process.communicate(timeout=60)[0].decode().splitlines(keepends=True)
        whole = [line.split() for line in lines if line.endswith("\n")]
        return {key: int(seq) for key, seq in whole}

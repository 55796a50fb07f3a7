"""Unfinished files: those of living processes stay, all others go."""

import os
import subprocess
from pathlib import Path

from pbtornado.files.temporary import TEMPORARY, empty_temporary, temporary_path


def test_paths_are_fresh_and_say_whose_they_are(tmp_path: Path) -> None:
    """No two names are the same, and each begins with the process that uses it."""
    first, second = temporary_path(tmp_path / "a/b"), temporary_path(tmp_path / "a/b")
    assert first != second
    assert first.parent.is_dir()
    assert first.name.startswith(f"{os.getpid()}-")


def test_only_files_of_living_processes_stay(tmp_path: Path) -> None:
    """What a killed process left goes, directories of other programs too; a sibling's upload stays."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = tmp_path / TEMPORARY
    (left / "pb_backup").mkdir(parents=True)
    (left / "pb_backup/x").write_bytes(b"x")
    names = [f"{gone.pid}-a", f"{os.getppid()}-b", f"{os.getpid()}-c", "x", f"{'9' * 40}-d"]
    for name in names:
        (left / name).write_bytes(b"x")
    empty_temporary(tmp_path)
    assert [path.name for path in left.iterdir()] == [f"{os.getppid()}-b"]


def test_no_directory_is_nothing_to_do(tmp_path: Path) -> None:
    """A new data directory has none."""
    empty_temporary(tmp_path)
    assert not list(tmp_path.iterdir())

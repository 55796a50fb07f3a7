"""Files that are not finished: where they lie, and how those of a program that was killed are known."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

TEMPORARY = ".pb_temp_to_delete"
"""The directory of unfinished files: in the data directory, or in the storage where that is a file system of its own."""


def temporary_path(directory: Path) -> Path:
    """A fresh name in the directory, which is made where it is missing; it says which process uses it."""
    directory.mkdir(parents=True, exist_ok=True)
    return directory / f"{os.getpid()}-{secrets.token_hex(16)}"


def empty_temporary(data_dir: Path) -> None:
    """Removes what no living process uses. A process calls it before it makes such files itself."""
    for directory in (data_dir / TEMPORARY, data_dir / "storage" / TEMPORARY):
        for path in directory.iterdir() if directory.is_dir() else ():
            if not _in_use(path):
                _remove(path)


def _in_use(path: Path) -> bool:
    owner = path.name.partition("-")[0]
    if not owner.isdecimal() or int(owner) == os.getpid():
        return False
    try:
        os.kill(int(owner), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)

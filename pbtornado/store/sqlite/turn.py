"""Whose turn it is to write: a fair lock between the worker processes of one data directory.

Who wants to write first takes the turnstile and, holding it, waits for the turn. So whoever has
just written stands behind those who wait, however quickly it comes back. The operating system
frees both locks of a process that dies.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Turn:
    """One process's hold on the two lock files; never enter twice without leaving."""

    def __init__(self, folder: Path, name: str) -> None:
        self._turnstile = _open(folder / f"{name}.turnstile")
        self._turn = _open(folder / f"{name}.turn")
        self._in_turnstile = False

    def try_enter(self) -> bool:
        """Takes the turn if nobody has it or waits for it; never blocks. After False, call `enter`."""
        self._in_turnstile = _try(self._turnstile)
        if not self._in_turnstile or not _try(self._turn):
            return False
        self._leave_turnstile()
        return True

    def enter(self) -> None:
        """Waits for the turn; blocks, so call it on a thread."""
        if not self._in_turnstile:
            fcntl.flock(self._turnstile, fcntl.LOCK_EX)
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        self._leave_turnstile()

    def leave(self) -> None:
        """Ends the turn; any thread may do it."""
        fcntl.flock(self._turn, fcntl.LOCK_UN)

    def close(self) -> None:
        """Gives up both locks."""
        os.close(self._turn)
        os.close(self._turnstile)

    def _leave_turnstile(self) -> None:
        fcntl.flock(self._turnstile, fcntl.LOCK_UN)
        self._in_turnstile = False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

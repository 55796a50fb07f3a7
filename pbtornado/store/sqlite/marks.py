"""Marks that all workers of a data directory share: how far the log is, whether the schema moved, whose the last commit was.

They live in a small mapped file, so that looking at them costs no system call. They are hints
about the database, never the truth itself: a lost file costs a new epoch.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
from pathlib import Path

from .wal import Commit

_FOUR = struct.Struct("=4Q")
_VERSION = 1
_SIZE = 256
_HEAD, _SCHEMA, _EPOCH, _PENDING, _COMMIT, _CLOSED = 1, 2, 3, 4, 5, 9


class Marks:
    """Written only by who has the turn; read by anybody at any time."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _fill(descriptor)
            self._memory = mmap.mmap(descriptor, _SIZE)
        finally:
            os.close(descriptor)
        self._words = memoryview(self._memory).cast("Q")
        if self._words[0] != _VERSION:
            self._words[:] = _array(_VERSION, *[0] * (_SIZE // 8 - 1))

    def close(self) -> None:
        self._words.release()
        self._memory.close()

    # ---- what readers want to know

    @property
    def head(self) -> int:
        """The newest seq any process has committed."""
        return self._words[_HEAD]

    @property
    def schema(self) -> int:
        """Moves whenever collections or settings may have changed."""
        return self._words[_SCHEMA]

    @property
    def epoch(self) -> int:
        """The log's epoch as a number, 0 when there is none yet."""
        return self._words[_EPOCH]

    # ---- what the one who has the turn keeps

    @property
    def commit(self) -> Commit:
        words = self._words
        return Commit(words[_COMMIT], words[_COMMIT + 1], words[_COMMIT + 2], words[_COMMIT + 3])

    @property
    def number(self) -> int:
        """That of the commit."""
        return self._words[_COMMIT]

    @property
    def pending(self) -> bool:
        """True at the start of a turn: the worker that had the last turn died in it, perhaps after its commit."""
        return bool(self._words[_PENDING])

    def begin(self) -> None:
        """Call it before anything is written."""
        self._words[_PENDING] = 1

    def abandon(self) -> None:
        """Call it when nothing was committed."""
        self._words[_PENDING] = 0

    def settle(self, commit: Commit, head: int, epoch: int, *, schema: bool = False) -> None:
        """Call it after a commit, with what is true now."""
        words = self._words
        words[_EPOCH] = epoch
        if schema:
            self.move_schema()  # before the head: whoever sees changes of other collections knows that they are others
        words[_HEAD] = head
        # After all that: whoever finds the commit here finds what is true since.
        words[_COMMIT : _COMMIT + 4] = memoryview(_FOUR.pack(*commit)).cast("Q")
        words[_PENDING] = 0

    def move_schema(self) -> None:
        """Call it as soon as collections may have changed without anybody's word."""
        self._words[_SCHEMA] += 1

    # ---- across the times when nobody has the database open

    def note_closed(self, database: Path) -> None:
        """Remembers the closed file as ours, if it is closed: SQLite removes the WAL with the last connection."""
        self._words[_CLOSED : _CLOSED + 3] = _array(*(_print(database) or (0, 0, 0)))

    def left_closed(self, database: Path) -> bool:
        """True when the file is closed and as we left it; ask before any connection is opened."""
        left = tuple(self._words[_CLOSED : _CLOSED + 3])
        return left[2] != 0 and left == _print(database)


def _fill(descriptor: int) -> None:
    """Makes the file as long as it must be, with room on the disk: memory mapped to a hole would end the process on a full one."""
    missing = _SIZE - os.fstat(descriptor).st_size
    if missing > 0:
        os.pwrite(descriptor, bytes(missing), _SIZE - missing)


def _print(database: Path) -> tuple[int, int, int] | None:
    """Size, time of change and inode of a database without WAL; None when it has one."""
    wal = Path(f"{database}-wal")
    if wal.exists() and wal.stat().st_size:
        return None
    status = database.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def _array(*values: int) -> memoryview:
    return memoryview(b"".join([value.to_bytes(8, sys.byteorder) for value in values])).cast("Q")

"""The head of SQLite's WAL index: which commit was the last one, read without asking SQLite.

The layout is the one SQLite documents as its WAL-mode file format. The file is mapped once per
process and kept until the last store on it is closed: closing any descriptor of a file drops all
of the process's POSIX locks on it, SQLite's own too.
"""

from __future__ import annotations

import mmap
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_HEAD = struct.Struct("=8xI4xI4xQQ")
_NUMBER = struct.Struct("=8xI")
_mapped: dict[tuple[int, int], _Mapping] = {}


class Commit(NamedTuple):
    """The last commit: its number since the index was made, its frame, its checksum, its WAL's salts."""

    number: int
    frame: int
    checksum: int
    salts: int

    @property
    def generation(self) -> int:
        """Counts the WAL's restarts: its first salt goes up by one at each."""
        return int.from_bytes(self.salts.to_bytes(8, "little")[:4], "big")


@dataclass(slots=True)
class _Mapping:
    descriptor: int
    memory: mmap.mmap
    uses: int = 0


def commit_of(head: bytes | mmap.mmap) -> Commit:
    """The last commit, as a head has it."""
    return Commit._make(_HEAD.unpack_from(head))


def number_of(head: bytes | mmap.mmap) -> int:
    """The number of that commit."""
    number: int = _NUMBER.unpack_from(head)[0]
    return number


class WalIndex:
    """One store's view of the WAL index; a connection must be open before it is made."""

    def __init__(self, database: Path) -> None:
        path = f"{database}-shm"
        status = os.stat(path)
        self._key = (status.st_dev, status.st_ino)
        if self._key not in _mapped:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            _mapped[self._key] = _Mapping(descriptor, mmap.mmap(descriptor, 136, mmap.MAP_SHARED, mmap.PROT_READ))
        self._mapping = _mapped[self._key]
        self._mapping.uses += 1

    def head(self) -> bytes:
        """What SQLite writes there with each commit of whatever program, before anybody can see what was committed."""
        return self._mapping.memory[: _HEAD.size]

    def last_commit(self) -> Commit:
        """Exact while the turn and SQLite's write lock are held, else a good guess."""
        return commit_of(self._mapping.memory)

    def last_number(self) -> int:
        """That of the last commit."""
        return number_of(self._mapping.memory)

    def close(self) -> None:
        """Call it after this store's connections are closed."""
        self._mapping.uses -= 1
        if self._mapping.uses == 0:
            del _mapped[self._key]
            self._mapping.memory.close()
            os.close(self._mapping.descriptor)

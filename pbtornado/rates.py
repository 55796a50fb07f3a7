"""How often somebody may do something, counted for all workers together."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

_SLOT = struct.Struct("=8sII")
"""A key's name, the second its window ends, how often it was counted in it."""
SLOTS = 1 << 16
"""Windows that are open at a time. Beyond, the one nearby that ends first is forgotten: rather is somebody allowed more
than his due than everybody refused, and many short windows cannot push out a long one, which guards something dear."""
NEAR = 8
SIZE = (SLOTS + NEAR) * _SLOT.size
_LAST = 2**32 - 1


class Rates:
    """Counts in windows of fixed length. All workers of a server count in the same memory."""

    def __init__(self, file: int | None = None) -> None:
        """`file` is what `counts_file` gave before the workers were forked; without it the counts are this process's own."""
        self._file = file
        self._memory: mmap.mmap | None = None
        self.refusals = 0
        """How often this process was told that something had been done often enough."""

    def allows(self, key: str, most: int, seconds: int) -> bool:
        """Counts one more of `key`; false where there have been `most` in this window already."""
        name, slot = _named(key)
        with self._locked(slot) as memory:
            allowed = _count(memory, slot, name, most, seconds)
        self.refusals += not allowed
        return allowed

    def forget(self, key: str) -> None:
        """Ends the window of `key`."""
        name, slot = _named(key)
        with self._locked(slot) as memory:
            for offset in _near(slot):
                if memory[offset : offset + len(name)] == name:
                    _SLOT.pack_into(memory, offset, bytes(len(name)), 0, 0)

    @contextmanager
    def _locked(self, slot: int) -> Iterator[mmap.mmap]:
        """The memory, its places for this slot held against other processes."""
        file, memory = self._open()
        offset, length = slot * _SLOT.size, NEAR * _SLOT.size
        fcntl.lockf(file, fcntl.LOCK_EX, length, offset)
        try:
            yield memory
        finally:
            fcntl.lockf(file, fcntl.LOCK_UN, length, offset)

    def _open(self) -> tuple[int, mmap.mmap]:
        if self._file is None:
            self._file = counts_file()
        if self._memory is None:
            self._memory = mmap.mmap(self._file, SIZE)
        return self._file, self._memory

    def close(self) -> None:
        """Gives memory and file back."""
        if self._memory is not None:
            self._memory.close()
        if self._file is not None:
            os.close(self._file)
        self._memory = self._file = None


def counts_file() -> int:
    """An open file for the counts, without a name."""
    file, path = tempfile.mkstemp(prefix="pbtornado-")
    os.unlink(path)
    os.write(file, bytes(SIZE))  # all of it exists: memory mapped to a file that cannot grow would end the process
    return file


def _named(key: str) -> tuple[bytes, int]:
    """A key's name in the memory, and the first of the slots where it may stand."""
    name = blake2b(key.encode(errors="surrogatepass"), digest_size=8).digest()
    return name, int.from_bytes(name, "big") % SLOTS


def _near(slot: int) -> list[int]:
    """Where a slot and those after it begin."""
    return [(slot + n) * _SLOT.size for n in range(NEAR)]


def _count(memory: mmap.mmap, slot: int, name: bytes, most: int, seconds: int) -> bool:
    now, near = int(time.time()), _near(slot)
    held = [_SLOT.unpack_from(memory, offset) for offset in near]
    own = next((n for n, (other, _, _) in enumerate(held) if other == name), None)
    place = min(range(NEAR), key=lambda n: held[n][1]) if own is None else own
    _, end, count = held[place] if own is not None else (name, 0, 0)
    if now >= end or end > now + seconds:  # it is over, or the clock was set back
        end, count = min(now + seconds, _LAST), 0
    if count >= most:
        return False
    _SLOT.pack_into(memory, near[place], name, end, count + 1)
    return True

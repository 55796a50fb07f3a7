"""How often somebody may ask: the rate limits of the settings, counted for all workers together."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import tempfile
import time
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

Rule = Mapping[str, Any]

_SLOT = struct.Struct("=8sII")
SLOTS = 1 << 16
"""Windows that are open at a time; beyond, the oldest one nearby is forgotten."""
NEAR = 8
SIZE = (SLOTS + NEAR) * _SLOT.size


class Rates:
    """Counts requests in windows of fixed length. All workers of a server count in the same memory."""

    def __init__(self, file: int | None = None) -> None:
        """`file` is what `counts_file` gave before the workers were forked; without it the counts are this process's own."""
        self._file = file
        self._memory: mmap.mmap | None = None

    def allows(self, key: str, most: int, seconds: int) -> bool:
        """Counts one more of `key`; false where there have been `most` in this window already."""
        name = blake2b(key.encode(), digest_size=8).digest()
        slot = int.from_bytes(name, "big") % SLOTS
        file, memory = self._open()
        offset, length = slot * _SLOT.size, NEAR * _SLOT.size
        fcntl.lockf(file, fcntl.LOCK_EX, length, offset)
        try:
            return _count(memory, slot, name, most, seconds)
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


def counts_file() -> int:
    """An open file for the counts, without a name."""
    file, path = tempfile.mkstemp(prefix="pbtornado-")
    os.unlink(path)
    os.truncate(file, SIZE)
    return file


def _count(memory: mmap.mmap, slot: int, name: bytes, most: int, seconds: int) -> bool:
    now, near = int(time.time()), [(slot + n) * _SLOT.size for n in range(NEAR)]
    held = [_SLOT.unpack_from(memory, offset) for offset in near]
    own = next((n for n, (other, _, _) in enumerate(held) if other == name), None)
    place = min(range(NEAR), key=lambda n: held[n][1]) if own is None else own
    _, start, count = held[place] if own is not None else (name, 0, 0)
    if now - start >= seconds:
        start, count = now, 0
    if count >= most:
        return False
    _SLOT.pack_into(memory, near[place], name, start, count + 1)
    return True


def rule_for(rules: Sequence[Rule], labels: Sequence[str], *, signed_in: bool) -> Rule | None:
    """The rule for a request: the first label that a rule has, or that begins with a rule's `/prefix/`, most telling label first.

    A rule of another audience than who asks (`@guest`, `@auth`) does not count.
    """
    audience = ("", "@auth" if signed_in else "@guest")
    meant = [rule for rule in rules if rule.get("audience", "") in audience]
    prefixes = [rule for rule in meant if str(rule.get("label", "")).endswith("/")]
    for label in labels:
        exact = (rule for rule in meant if rule.get("label") == label)
        prefixed = (rule for rule in prefixes if f"{label}/".startswith(rule["label"]))
        if found := next(exact, None) or next(prefixed, None):
            return found
    return None


def tag_labels(collection: str, tags: Sequence[str]) -> list[str]:
    """The labels of what is done to a collection, the collection's own before everybody's."""
    return [*(f"{collection}:{tag}" for tag in tags), *(f"*:{tag}" for tag in tags)]

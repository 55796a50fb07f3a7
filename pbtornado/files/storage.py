"""The contract of every place that keeps blobs.

A key is `collectionId/recordId/name`, or `collectionId/recordId/thumbs_name/size_name` for a
thumb: steps joined by `/`, none of them empty, `.` or `..`. Every method may block: callers on the
loop go through a thread. Every method may be called from any thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

OCTETS = "application/octet-stream"
"""The content type of bytes nothing is known about."""


@dataclass(frozen=True, slots=True)
class Blob:
    """What is known of stored bytes: how many, since when (seconds since 1970), of which type, by which name they came."""

    key: str
    size: int
    modified: float
    content_type: str = OCTETS
    original: str = ""


class Storage(Protocol):
    """A place for blobs. Keys that name nothing storable are ValueError where something would be stored, else simply not there."""

    def put(self, key: str, source: Path | bytes, content_type: str, original: str = "", lasting: bool = True) -> None:
        """Stores the bytes, all of them or none, so that they survive a power cut. The source stays as it is. Raises OSError.

        What need not last may be gone after a power cut, as a whole.
        """

    def stat(self, key: str) -> Blob | None:
        """What is known of a blob, None where there is none."""

    def open(self, key: str) -> BinaryIO:
        """The bytes of a blob, seekable. Raises FileNotFoundError."""

    def drop(self, key: str) -> None:
        """Removes a blob; nothing happens where there is none."""

    def drop_prefix(self, prefix: str) -> None:
        """Removes every blob under a prefix that ends with `/`. ValueError for any other."""

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys under a prefix that ends with `/`, thumbs included, in no order."""


def record_prefix(collection: str, record: str) -> str:
    """Under which all blobs of a record lie."""
    return f"{collection}/{record}/"


def blob_key(collection: str, record: str, name: str) -> str:
    """Where a record's file lies."""
    return f"{collection}/{record}/{name}"


def thumb_key(key: str, size: str) -> str:
    """Where the thumb of a file lies."""
    folder, _, name = key.rpartition("/")
    return f"{folder}/thumbs_{name}/{size}_{name}"


def thumbs_prefix(key: str) -> str:
    """Under which all thumbs of a file lie."""
    folder, _, name = key.rpartition("/")
    return f"{folder}/thumbs_{name}/"


_STEP = re.compile(r"(?!\.\.?$)[^/\\\x00-\x1f\x7f]+")


def is_key(text: str) -> bool:
    """Whether every step of the text may be a name and nothing else: no traversal, no control characters."""
    return len(text) <= 1024 and all(_STEP.fullmatch(step) and len(step.encode()) <= 255 for step in text.split("/"))

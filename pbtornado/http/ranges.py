"""Which part of a file a request wants, if it wants it at all: conditions and byte ranges of HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from tornado.httputil import HTTPHeaders

MOST_RANGES = 64
"""A request for more pieces than this gets the whole file."""


class BadRange(Exception):
    """The ranges cannot be served; `outside` where they are well formed but beyond the end."""

    def __init__(self, *, outside: bool) -> None:
        super().__init__("invalid range: failed to overlap" if outside else "invalid range")
        self.outside = outside


@dataclass(frozen=True, slots=True)
class Range:
    """`length` bytes from `start` on."""

    start: int
    length: int

    def of(self, size: int) -> str:
        """The value of `Content-Range`."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


def http_date(seconds: float) -> str:
    """Seconds since 1970 as HTTP writes moments."""
    return format_datetime(datetime.fromtimestamp(int(seconds), UTC), usegmt=True)


def refused(headers: HTTPHeaders, modified: float) -> int:
    """304 or 412 where the request's conditions do not hold for a file last modified then, else 0. Files have no ETag."""
    matching, since = headers.get("If-Match", ""), _date(headers.get("If-Unmodified-Since", ""))
    if (matching and matching.strip() != "*") or (not matching and since is not None and int(modified) > since):
        return 412
    known = headers.get("If-None-Match", "")
    if known:
        return 304 if known.strip() == "*" else 0
    since = _date(headers.get("If-Modified-Since", ""))
    return 304 if since is not None and int(modified) <= since else 0


def ranges(headers: HTTPHeaders, size: int, modified: float) -> list[Range]:
    """The pieces asked for; none where the whole file is to be sent. Raises BadRange."""
    text = headers.get("Range", "")
    if not text or not _still_that(headers.get("If-Range", ""), modified):
        return []
    if not text.startswith("bytes="):
        raise BadRange(outside=False)
    asked = [piece.strip() for piece in text[6:].split(",")]
    found = [_range(piece, size) for piece in asked if piece][: MOST_RANGES + 1]
    inside = [piece for piece in found if piece]
    if found and not inside and size:
        raise BadRange(outside=True)
    return inside if len(found) <= MOST_RANGES and sum(piece.length for piece in inside) <= size else []


def _range(piece: str, size: int) -> Range | None:
    first, dash, last = (part.strip() for part in piece.partition("-"))
    if not dash or not (first or last) or not all(part.isdecimal() and part.isascii() for part in (first, last) if part):
        raise BadRange(outside=False)
    if not first:
        length = min(int(last[:20]), size)
        return Range(size - length, length)
    start = int(first[:20])
    if start >= size:
        return None
    end = min(int(last[:20]), size - 1) if last else size - 1
    if last and start > int(last[:20]):
        raise BadRange(outside=False)
    return Range(start, end - start + 1)


def _still_that(condition: str, modified: float) -> bool:
    """Whether the file is still the one whose range is wanted."""
    return not condition or _date(condition) == int(modified)


def _date(text: str) -> int | None:
    try:
        return int(parsedate_to_datetime(text).timestamp()) if text else None
    except (ValueError, OverflowError):
        return None

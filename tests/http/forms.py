"""Multipart bodies for tests."""

from __future__ import annotations

MULTIPART = "multipart/form-data; boundary=xx"
END = b"--xx--\r\n"


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    """One part of a multipart body, a file where a file name is given."""
    where = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    return b"--xx\r\nContent-Disposition: " + where.encode() + b"\r\n\r\n" + content + b"\r\n"

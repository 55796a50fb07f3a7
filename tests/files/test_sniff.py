"""Types told from content, in PocketBase's words."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest

from pbtornado.files.sniff import HEAD, same_type, sniff, sniff_bytes
from tests.files.images import quarters


def zipped(*files: tuple[str, str]) -> bytes:
    """A zip file with these names and contents."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    return target.getvalue()


def box(brand: bytes) -> bytes:
    """The beginning of a file of boxes with this brand."""
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0" + brand + b"mif1" + bytes(40)


@pytest.mark.parametrize(
    ("content", "mime", "extension"),
    [
        (quarters(9, 9), "image/png", ".png"),
        (quarters(9, 9, "JPEG"), "image/jpeg", ".jpg"),
        (quarters(9, 9, "GIF"), "image/gif", ".gif"),
        (quarters(9, 9, "WEBP"), "image/webp", ".webp"),
        (quarters(9, 9, "TIFF"), "image/tiff", ".tiff"),
        (quarters(9, 9, "BMP"), "image/bmp", ".bmp"),
        (box(b"heic"), "image/heic", ".heic"),
        (box(b"avif"), "image/avif", ".avif"),
        (box(b"isom"), "video/mp4", ".mp4"),
        (box(b"new!"), "video/mp4", ".mp4"),
        (box(b"qt  "), "video/quicktime", ".mov"),
        (box(b"M4A "), "audio/x-m4a", ".m4a"),
        (box(b"3gp5"), "video/3gpp", ".3gp"),
        (b"%PDF-1.7\n", "application/pdf", ".pdf"),
        (zipped(("a.txt", "x")), "application/zip", ".zip"),
        (zipped(("META-INF/MANIFEST.MF", "x")), "application/java-archive", ".jar"),
        (
            zipped(("[Content_Types].xml", "x"), ("_rels/.rels", "x"), ("word/document.xml", "x")),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ".docx",
        ),
        (b"ID3\x03" + bytes(100), "audio/mpeg", ".mp3"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(40), "audio/wav", ".wav"),
        (b"wOF2\0\1\0\0" + bytes(40), "font/woff2", ".woff2"),
        (b"SQLite format 3\0" + bytes(90), "application/vnd.sqlite3", ".sqlite"),
        (bytes(range(256)), "application/octet-stream", ""),
        (b"", "text/plain", ".txt"),
        (b"hello", "text/plain; charset=utf-8", ".txt"),
        ("héllo".encode("latin-1"), "text/plain; charset=iso-8859-1", ".txt"),
        ("hello".encode("utf-16"), "text/plain; charset=utf-16le", ".txt"),
        (b"abc\0def", "application/octet-stream", ""),
        (b"x" * (HEAD - 1) + "é".encode() * 9, "text/plain; charset=utf-8", ".txt"),
        (b" <!DOCTYPE html><p>", "text/html; charset=utf-8", ".html"),
        (b'<html><meta charset="windows-1252">', "text/html; charset=windows-1252", ".html"),
        (b"<svg xmlns='x'></svg>", "image/svg+xml", ".svg"),
        (b'<?xml version="1.0"?>\n<!-- x -->\n<!DOCTYPE svg PUBLIC "x" "y">\n<svg\n>', "image/svg+xml", ".svg"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>', "text/xml; charset=ISO-8859-1", ".xml"),
        (b'<?xml version="1.0"?><rss version="2.0">', "application/rss+xml", ".rss"),
        (b"<a/>", "text/plain; charset=utf-8", ".txt"),
        (b' {"a": [1]} ', "application/json", ".json"),
        (b'{"a": "' + b"x" * 2 * HEAD + b'"}', "application/json", ".json"),
        (b"[" + b'{"a": [true, 1.5]}, ' * HEAD, "application/json", ".json"),
        (b'{"a":', "text/plain; charset=utf-8", ".txt"),
        (b"[" * 2 * HEAD, "text/plain; charset=utf-8", ".txt"),
        (b'"text"', "text/plain; charset=utf-8", ".txt"),
        (b'{"type":"Point","coordinates":[1,2]}', "application/geo+json", ".geojson"),
        (b'{"a":1}\n{"b":2}\n', "application/x-ndjson", ".ndjson"),
        (b"a,b\n1,2\n", "text/csv", ".csv"),
        (b"a,b\n1,2,3\n", "text/plain; charset=utf-8", ".txt"),
        (b"a,b,c\n" + b"1,2,3\n" * HEAD, "text/csv", ".csv"),
        (b"a\tb\n1\t2\n", "text/tab-separated-values", ".tsv"),
        (b"#!/usr/bin/env python3\n", "text/x-python", ".py"),
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "text/vcard", ".vcf"),
        (b"{\\rtf1 x}", "text/rtf", ".rtf"),
    ],
)
def test_types(content: bytes, mime: str, extension: str) -> None:
    """The type is what the content says."""
    assert sniff_bytes(content) == (mime, extension)


def test_files_are_told_from_their_beginning(tmp_path: Path) -> None:
    """A file need not be read as a whole."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * HEAD + b"\0")
    assert sniff(path).extension == ".txt"


@pytest.mark.parametrize(
    "content",
    [
        b"<!---->" * HEAD,
        b"<?xml ?>" * HEAD,
        b"<!DOCTYPE svg " * HEAD,
        b"<meta " * HEAD,
        b"<html><meta" * HEAD,
        b'"' * HEAD,
        b"\t,\n" * HEAD,
    ],
)
def test_no_content_takes_long(content: bytes) -> None:
    """Contents made to keep patterns busy do not."""
    started = time.perf_counter()
    sniff_bytes(content)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("mime", "allowed", "same"),
    [
        ("text/plain; charset=utf-8", "text/plain", True),
        ("image/png", "image/PNG", True),
        ("audio/wav", "audio/x-wav", True),
        ("text/xml; charset=utf-8", "application/xml", True),
        ("image/png", "image/jpeg", False),
        ("image/png", "image/*", False),
    ],
)
def test_same_types(mime: str, allowed: str, same: bool) -> None:
    """A type goes by several names, and its charset does not matter."""
    assert same_type(mime, allowed) == same

"""Which kind of text bytes are, if they are one."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Callable

from ..values import parse_json

Kind = tuple[str, str]
"""A content type and its extension."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32le"),
    (codecs.BOM_UTF32_BE, "utf-32be"),
    (codecs.BOM_UTF16_LE, "utf-16le"),
    (codecs.BOM_UTF16_BE, "utf-16be"),
)
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


def text_type(head: bytes, *, whole: bool) -> Kind | None:
    """The type of a text from its beginning (`whole`: that is all of it), None for what is no text."""
    if not head:
        return "text/plain", ".txt"
    charset = _bom(head)
    if charset and charset != "utf-8":
        return f"text/plain; charset={charset}", ".txt"
    if _BINARY.search(head):
        return None
    return _known(head.removeprefix(codecs.BOM_UTF8), whole) or _plain(head)


def _bom(head: bytes) -> str:
    return next((name for mark, name in _BOMS if head.startswith(mark)), "")


def _plain(head: bytes) -> Kind:
    charset = _charset(head)
    return (f"text/plain; charset={charset}" if charset else "text/plain"), ".txt"


def _charset(head: bytes) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "" if re.search(rb"[\x7f-\x9f]", head) else "iso-8859-1"
    return "utf-8"


def _known(head: bytes, whole: bool) -> Kind | None:
    start = head.lstrip()
    tests: tuple[Callable[[], Kind | None], ...] = (
        lambda: _markup(start),
        lambda: _script(start),
        lambda: _json(start, whole),
        lambda: _table(head, whole),
        lambda: next((kind for words, kind in _FIRST_WORDS if start.startswith(words)), None),
    )
    return next(filter(None, (test() for test in tests)), None)


# ---- markup

_SVG = re.compile(rb"(?>\s+|<\?xml\s.*?\?>|<!--.*?-->|<!DOCTYPE\s+svg\b[^\[>]*+(?:\[.*?\])?\s*>)*+<svg[\s>/]", re.DOTALL)
_TAGS = b"!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P"
_HTML = re.compile(rb"<(?:!--|(?:" + _TAGS + rb")[\s>])", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"<\?xml[^>]*?\sencoding\s*=\s*[\"']([\w.:-]{1,40})")
_ROOT = re.compile(rb"<([A-Za-z]\w*)")
_ROOTS = {
    b"rss": ("application/rss+xml", ".rss"),
    b"feed": ("application/atom+xml", ".atom"),
    b"kml": ("application/vnd.google-earth.kml+xml", ".kml"),
    b"gpx": ("application/gpx+xml", ".gpx"),
    b"html": ("application/xhtml+xml", ".html"),
    b"xliff": ("application/x-xliff+xml", ".xlf"),
    b"TrainingCenterDatabase": ("application/vnd.garmin.tcx+xml", ".tcx"),
    b"COLLADA": ("model/vnd.collada+xml", ".dae"),
    b"Ontology": ("application/owl+xml", ".owl"),
}


def _markup(start: bytes) -> Kind | None:
    if not start.startswith(b"<"):
        return None
    if _SVG.match(start):
        return "image/svg+xml", ".svg"
    if start[:6].rstrip() == b"<?xml":
        return _xml(start)
    if _HTML.match(start):
        return f"text/html; charset={_named(_META_CHARSET, start)}", ".html"
    return ("text/x-php", ".php") if start.startswith((b"<?php", b"<?\n", b"<?\r", b"<? ")) else None


def _xml(start: bytes) -> Kind:
    root = _ROOT.search(start)
    kind = root and _ROOTS.get(root[1])
    return kind or (f"text/xml; charset={_named(_XML_CHARSET, start)}", ".xml")


def _named(pattern: re.Pattern[bytes], start: bytes) -> str:
    found = pattern.search(start)
    return found[1].decode("ascii", "ignore") if found else "utf-8"


# ---- scripts and other texts that say what they are

_SHEBANG = re.compile(rb"#!\s*(?:\S*/)?(?:env\s+)?(?:-S\s+)?([a-z]+)")
_SCRIPTS = {
    b"sh": ("text/x-shellscript", ".sh"),
    b"bash": ("text/x-shellscript", ".sh"),
    b"dash": ("text/x-shellscript", ".sh"),
    b"zsh": ("text/x-shellscript", ".sh"),
    b"node": ("text/javascript", ".js"),
    b"python": ("text/x-python", ".py"),
    b"perl": ("text/x-perl", ".pl"),
    b"ruby": ("text/x-ruby", ".rb"),
    b"lua": ("text/x-lua", ".lua"),
    b"php": ("text/x-php", ".php"),
    b"tclsh": ("text/x-tcl", ".tcl"),
}
_FIRST_WORDS: tuple[tuple[bytes, Kind], ...] = (
    (b"BEGIN:VCARD", ("text/vcard", ".vcf")),
    (b"BEGIN:VCALENDAR", ("text/calendar", ".ics")),
    (b"WEBVTT", ("text/vtt", ".vtt")),
    (b"WARC/1.", ("application/warc", ".warc")),
    (b"{\\rtf", ("text/rtf", ".rtf")),
)


def _script(start: bytes) -> Kind | None:
    line = _SHEBANG.match(start)
    return _SCRIPTS.get(line[1]) if line else None


# ---- JSON

_JSON = ("application/json", ".json")
_GEO = re.compile(
    rb'\{\s*"type"\s*:\s*"(Feature|FeatureCollection|Point|LineString|Polygon|MultiPoint|MultiLineString|MultiPolygon|GeometryCollection)"'
)
_CUT_LITERAL = 32


def _json(start: bytes, whole: bool) -> Kind | None:
    if start[:1] not in (b"{", b"["):
        return None
    if _is_json(start, whole):
        return ("application/geo+json", ".geojson") if _GEO.match(start) else _JSON
    lines = start.rstrip().split(b"\n")
    if len(lines) > 1 and all(_is_json(line.strip(), whole or number < len(lines) - 1) for number, line in enumerate(lines)):
        return "application/x-ndjson", ".ndjson"
    return None


def _is_json(start: bytes, whole: bool) -> bool:
    """Whether the bytes are a JSON object or list, or where they are cut off may become one."""
    if start[:1] not in (b"{", b"["):
        return False
    if whole:
        return _parses(start)
    text = start.decode("utf-8", "ignore")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.msg.startswith("Unterminated string") or error.pos >= len(text) - _CUT_LITERAL
    except RecursionError:
        return False
    return True


def _parses(text: bytes) -> bool:
    try:
        parse_json(text)
    except ValueError:
        return False
    return True


# ---- tables


def _table(head: bytes, whole: bool) -> Kind | None:
    lines = head.decode("utf-8", "replace").splitlines()
    lines = lines if whole else lines[:-1]
    if _is_table(lines, ","):
        return "text/csv", ".csv"
    return ("text/tab-separated-values", ".tsv") if _is_table(lines, "\t") else None


def _is_table(lines: list[str], separator: str) -> bool:
    """At least two lines of as many cells, two or more."""
    if len(lines) < 2 or separator not in lines[0]:
        return False
    try:
        rows = [row for row in csv.reader(lines, delimiter=separator, strict=True) if row]
    except csv.Error:
        return False
    return len(rows) > 1 and len(rows[0]) > 1 and all(len(row) == len(rows[0]) for row in rows)

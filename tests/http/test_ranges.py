"""Conditions and byte ranges."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders

from pbtornado.http.ranges import MOST_RANGES, BadRange, Range, http_date, ranges, refused

MODIFIED = 1_700_000_000.7
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
BEFORE = "Tue, 14 Nov 2023 22:13:19 GMT"
AFTER = "Tue, 14 Nov 2023 22:13:21 GMT"


def test_dates() -> None:
    """Moments are written as HTTP wants them, to the second."""
    assert http_date(MODIFIED) == DATE


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 0),
        ({"If-Modified-Since": DATE}, 304),
        ({"If-Modified-Since": AFTER}, 304),
        ({"If-Modified-Since": BEFORE}, 0),
        ({"If-Modified-Since": "junk"}, 0),
        ({"If-Modified-Since": "Tue, 14 Nov 99999 22:13:21 GMT"}, 0),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"', "If-Modified-Since": DATE}, 0),
        ({"If-Unmodified-Since": DATE}, 0),
        ({"If-Unmodified-Since": BEFORE}, 412),
        ({"If-Match": "*"}, 0),
        ({"If-Match": '"x"'}, 412),
        ({"If-Match": "*", "If-Unmodified-Since": BEFORE}, 0),
    ],
)
def test_conditions(headers: dict[str, str], status: int) -> None:
    """A request that wants the file only under a condition is told when it does not hold."""
    assert refused(HTTPHeaders(headers), MODIFIED) == status


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("bytes=", []),
        ("bytes=,", []),
        ("bytes=0-1", [Range(0, 2)]),
        ("bytes= 0 - 1 ", [Range(0, 2)]),
        ("bytes=2-", [Range(2, 8)]),
        ("bytes=-3", [Range(7, 3)]),
        ("bytes=-99", [Range(0, 10)]),
        ("bytes=-0", [Range(10, 0)]),
        ("bytes=0-99", [Range(0, 10)]),
        ("bytes=0-0,9-9", [Range(0, 1), Range(9, 1)]),
        ("bytes=0-0,99-", [Range(0, 1)]),
        ("bytes=0-9,0-9", []),
        ("bytes=" + "0-0," * (MOST_RANGES + 1), []),
    ],
)
def test_ranges(text: str, pieces: list[Range]) -> None:
    """Pieces inside the file are cut to it; where the whole is less than its pieces, or they are too many, it is sent whole."""
    assert ranges(HTTPHeaders({"Range": text}), 10, MODIFIED) == pieces


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("bytes=10-", True),
        ("bytes=99-100,50-", True),
        ("bytes=abc", False),
        ("bytes=3-1", False),
        ("bytes=--1", False),
        ("bytes=-", False),
        ("bytes=0-1,x", False),
        ("bytes=٣-٤", False),
        ("items=0-1", False),
    ],
)
def test_bad_ranges(text: str, outside: bool) -> None:
    """A range beyond the end differs from one that makes no sense."""
    with pytest.raises(BadRange) as raised:
        ranges(HTTPHeaders({"Range": text}), 10, MODIFIED)
    assert raised.value.outside == outside


def test_empty_file_has_no_ranges() -> None:
    """Of an empty file everything is sent, whatever piece is asked for."""
    assert ranges(HTTPHeaders({"Range": "bytes=0-"}), 0, MODIFIED) == []


@pytest.mark.parametrize(("condition", "pieces"), [(DATE, [Range(0, 2)]), (BEFORE, []), (AFTER, []), ('"x"', [])])
def test_range_of_a_file_that_has_changed(condition: str, pieces: list[Range]) -> None:
    """A piece is sent only of the very file the client knows, else the whole."""
    assert ranges(HTTPHeaders({"Range": "bytes=0-1", "If-Range": condition}), 10, MODIFIED) == pieces


def test_content_range() -> None:
    """The last byte's place is told, not the length."""
    assert Range(2, 3).of(10) == "bytes 2-4/10"

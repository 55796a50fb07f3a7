"""Values and errors of every field type, side by side with PocketBase."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pbtornado.schema.fields import field_from_json
from pbtornado.values import json_bytes
from tests.process import Server

SCALARS: list[Any] = [
    None,
    "",
    " ",
    "a",
    "ABC",
    "1",
    "1.5",
    "-2e3",
    "1e400",
    "true",
    "T",
    "no",
    0,
    1,
    -1,
    2.5,
    1e21,
    12345678901,
    True,
    False,
]
STRUCTURES: list[Any] = [
    [],
    ["a"],
    ["a", "b", "a"],
    ["a", 1, None, True, ""],
    {},
    {"b": 1, "a": [1.0, {"z": 1, "y": None}]},
    '["a","b"]',
    "[a",
    "[1]",
]
DATES: list[Any] = [
    *("2024-02-29", "2023-02-29", "2024-02-29 12:00:00", "2024-02-29T12:00:00", "2024-02-29T12:00:00Z", "2024-02-29 12:00:00.123456Z"),
    *("2024-02-29T12:00:00.9999+02:00", "2024-02-29T12:00:00-0700", "2024-02-29 12:00:00 +0200", "2024-02-29 12:00:00+02:00"),
    *(
        "2024-02-29 1:00:00Z",
        "2024-02-29 24:00:00Z",
        "2024-02-29 12:00",
        "2024-02-29T12:00Z",
        "0001-01-01 00:00:00Z",
        "9999-12-31 23:59:59.999Z",
    ),
    *(
        "Mon, 02 Jan 2006 15:04:05 -0700",
        "02 Jan 2006",
        "1700000000",
        1700000000,
        "2024-2-9",
        "2024-02-29 12:00:60Z",
        "24-02-29",
        "2024-02-29 12:00:00 -0700 MST",
    ),
]
EMAILS = [
    *(
        "a@b.co",
        "a@b",
        "a@localhost",
        "a.b+c@x-y.example.com",
        "ä@ö.de",
        "a@b.c1",
        "a@1.co",
        "a b@c.de",
        "@b.co",
        "a@.co",
        "a@b..co",
        "a@b.co.",
        "A@B.CO",
    ),
    *(".a@b.co", "a.@b.co", "a..b@c.de", "a@-b.co", "a@b-.co", "a@b_c.de", "<a@b.co>", "a@b.co\n"),
]
URLS = [
    *(
        "https://example.com",
        "http://localhost",
        "http://localhost:8090/x?y#z",
        "example.com",
        "example",
        "localhost:80",
        "ftp://a.b",
        "mailto:a@b.co",
    ),
    *(
        "javascript:alert(1)",
        "//example.com",
        "/path",
        "https://",
        "https://a",
        "http://1.2.3.4",
        "http://[::1]:80/",
        "http://ex ample.com",
    ),
    *(
        "http://user:pass@example.com/",
        "https://exämple.de",
        "wss://x.y",
        "http://a_b.com",
        "http://-a.com",
        "http://a.com:99999",
        "abc",
        "http://.com",
        "http://a..b",
    ),
]
NUMBERS: list[Any] = [3, 4, 5, 5.5, 6, 10, 11, "nan", "inf", "-5", " 5", "0x10", "1_000", ".5", "5.", "+5"]
POINTS: list[Any] = [
    {"lon": 1, "lat": 2},
    {"lon": 181, "lat": 0},
    {"lon": 0, "lat": -91},
    {"lat": 5},
    '{"lon":1.5,"lat":2}',
    {"lon": 1, "lat": 2, "x": 1},
]
JSONS: list[Any] = ['"quoted"', '{"b":1,"a":2}', "{bad", "null", "-1", "01", "1e2", "<b>&", "null ", ["<"], 1.0, {"ü": "ß"}]

CASES: list[tuple[dict[str, Any], list[Any]]] = [
    ({"type": "text"}, SCALARS + STRUCTURES + ["x" * 5000, "x" * 5001, "ü" * 5000]),
    ({"type": "text", "min": 2, "max": 3, "pattern": "^[a-z]+$"}, ["a", "ab", "abcd", "AB", "ab\n", "äöü"]),
    ({"type": "text", "required": True}, ["", " ", "\t", "x", None]),
    ({"type": "number"}, SCALARS + STRUCTURES + NUMBERS),
    ({"type": "number", "min": 5, "max": 10, "onlyInt": True}, [*NUMBERS, 0]),
    ({"type": "number", "min": 0.5, "required": True}, [0, 0.1, 1]),
    ({"type": "bool"}, SCALARS + STRUCTURES),
    ({"type": "bool", "required": True}, [True, False, "1"]),
    ({"type": "email"}, [*EMAILS, 1, None, ""]),
    ({"type": "email", "onlyDomains": ["b.co"]}, ["a@b.co", "a@c.co", "a@B.CO"]),
    ({"type": "email", "exceptDomains": ["b.co"]}, ["a@b.co", "a@c.co"]),
    ({"type": "url"}, [*URLS, "", None, 5]),
    ({"type": "url", "onlyDomains": ["a.com"]}, ["http://a.com", "http://a.com:80", "a.com", "http://b.com", "http://u@a.com"]),
    ({"type": "url", "exceptDomains": ["a.com"]}, ["http://a.com", "http://b.com"]),
    ({"type": "editor", "maxSize": 5}, ["<b>", "üüü", "123456", 1.5]),
    ({"type": "date"}, SCALARS + STRUCTURES + DATES),
    ({"type": "date", "min": "2024-01-01", "max": "2024-12-31 12:30:00.5Z"}, ["2023-12-31", "2024-06-01", "2025-01-01", ""]),
    ({"type": "date", "required": True}, ["", "x", "2024-01-01"]),
    ({"type": "select", "values": ["a", "b", "1", "true"]}, SCALARS + STRUCTURES),
    ({"type": "select", "values": ["a", "b", "1", "true"], "maxSelect": 2}, SCALARS + STRUCTURES + [["a", "b", "1"]]),
    ({"type": "select", "values": ["a"], "required": True}, ["", [], None, "a"]),
    ({"type": "json"}, [raw for raw in SCALARS if raw != "1e400"] + STRUCTURES + JSONS),
    ({"type": "json", "maxSize": 6}, ["abcd", "abcde", [1, 2], [1, 2, 3]]),
    ({"type": "json", "required": True}, [None, "", [], {}, "null", 0, False, '""', "[]"]),
    ({"type": "geoPoint"}, POINTS),
    ({"type": "geoPoint", "required": True}, [{"lon": 0, "lat": 0}, {"lon": 1, "lat": 0}]),
]


def _ours(options: dict[str, Any], raw: Any) -> Any:
    field = field_from_json(options)
    value = field.coerce(raw)
    refused = field.check(value)
    if refused:
        return "refused", refused.body()
    return "taken", json.loads(json_bytes(field.export(field.from_store(field.to_store(value)))))


def _theirs(real: Server, collection: str, raw: Any) -> Any:
    answer = real.ask("POST", f"/api/collections/{collection}/records", {"f": raw})
    body = answer.json()
    return ("taken", body["f"]) if answer.status == 200 else ("refused", body["data"].get("f"))


@pytest.mark.parametrize(("options", "values"), CASES, ids=[json.dumps(options)[:60] for options, _ in CASES])
def test_each_value_fares_as_in_pocketbase(real: Server, options: dict[str, Any], values: list[Any]) -> None:
    """Both take the same values as the same and refuse the others with the same code, message and params."""
    name = f"c{CASES.index((options, values))}"
    real.create("/api/collections", {"name": name, "type": "base", "fields": [{**options, "name": "f"}]})
    different = {}
    for raw in values:
        ours, theirs = _ours(options, raw), _theirs(real, name, raw)
        if ours != theirs:
            different[repr(raw)[:60]] = (ours, theirs)
    assert not different

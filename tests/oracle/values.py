"""Random values for records: such as a field takes, and such as nobody should send."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.generated import DATA, DAYS, KINDS, NUMBERS, PLACES, TEXTS
from tests.oracle.schemas import Shape, multiple

PASSWORD = "1234567890"
HTML = ["", "<p>Hi  <b>there</b></p>", "a &lt; b &amp; c", "<script>x()</script>text<br>more", "<ul><li>one</li><li>two</li></ul>", "plain"]
LINKS = ["", "https://example.com/a?b=c", "http://localhost:8090", "ftp://files.example.org", "https://other.org"]
MAILS = ["", "a@example.com", "b.c@other.org", "X@Example.com"]
WILD: list[Any] = [
    *(None, "", "a", "abc", 5, -2.5, 0, True, False, [], ["a"], ["a", "b", "a"], {"k": 1}, "5", "null", "true", [None, 1, {}]),
    *(1e300, 123456789012, "2024-01-02", "2024-01-02T10:00:00+02:00", "not a date", "[1,2]", '["a","b"]', " a ", "a\nb"),
    *("ü<b>&", "x" * 70, "0x10", "1e3", [["a"]], {"lon": "1", "lat": 2}, {"lon": 200, "lat": 2}, '{"lon":1,"lat":2}', "a@b"),
    *("https://", [5, True], [""], "-0", 0.1, "12.50", "[", '"q"', "\\", "%", {"z": 1, "a": {"c": 1, "b": 2}}, "+5", " 5", "1_000"),
    *(-1e-7, 1e21, 2**53 - 1, "Infinity", "NaN", ".5", "5.", "1,5", "TRUE", "True", "t", "false", "off", 1, "2024-02-30", 1704067200),
    *("2024-01-02 10:00:00.123456Z", "2024-01-02 10:00", "10:00:00", "Tue, 02 Jan 2024 10:00:00 GMT", "2024-01-02T10:00:00.5Z"),
]
POOLS: dict[str, Sequence[Any]] = {
    "text": TEXTS,
    "editor": HTML,
    "number": NUMBERS,
    "bool": [True, False],
    "email": MAILS,
    "url": LINKS,
    "date": DAYS,
    "json": DATA,
    "geoPoint": PLACES,
    "password": ["", PASSWORD, "ab"],
    "autodate": DAYS,
}
"""Values that fields of a type may have; those of lists depend on the field."""
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


class Values:
    """Values of fields and whole bodies; `ids` are the records known by collection id, as relations may name them."""

    def __init__(self, chance: random.Random, ids: Mapping[str, Sequence[str]]) -> None:
        self.chance, self.ids = chance, ids

    def new_id(self) -> str:
        """An id that nobody has."""
        return "".join(self.chance.choices(LETTERS, k=15))

    def value(self, field: Mapping[str, Any]) -> Any:
        """A value that the field could take, mostly."""
        pick = self.chance.choice
        if field["type"] in POOLS:
            return pick(POOLS[field["type"]])
        if field["type"] == "file":
            return [] if multiple(field) else ""
        pool = field["values"] if field["type"] == "select" else self.ids.get(field["collectionId"], [])
        return self._some(pool, field["maxSelect"]) if multiple(field) else pick(["", *pool] if not field["required"] else [*pool, ""])

    def _some(self, pool: Sequence[str], most: int) -> list[str]:
        size = self.chance.choice([0, 1, 1, 2, 2, 3])
        return self.chance.sample(pool, min(size, most, len(pool)))

    def wild(self) -> Any:
        """Anything."""
        return self.chance.choice(WILD)

    # ---- bodies

    def account(self, number: int) -> dict[str, Any]:
        """What an account needs; each number has its own address."""
        shown = self.chance.choice([True, False])
        return {"email": f"user{number}@example.com", "emailVisibility": shown, "password": PASSWORD, "passwordConfirm": PASSWORD}

    def record(self, shape: Shape, odds: float = 0.8, wild: float = 0.04) -> dict[str, Any]:
        """Values of a record's own fields, each with these odds, wild ones among them."""
        body: dict[str, Any] = {}
        for field in shape.fields:
            if field["system"] or field["type"] == "autodate" or self.chance.random() > odds:
                continue
            body[field["name"]] = self.wild() if self.chance.random() < wild and field["type"] != "password" else self.value(field)
        return body

    def changes(self, shape: Shape) -> dict[str, Any]:
        """A few changes, with modifiers, of things that can't be changed, or of nothing."""
        body: dict[str, Any] = {}
        fields = [field for field in shape.fields if not field["system"] or self.chance.random() < 0.15]
        for field in self.chance.sample(fields, min(len(fields), self.chance.choice([0, 1, 1, 2, 3]))):
            body[self.key(field)] = self.wild() if self.chance.random() < 0.12 else self.value(field)
        return {**body, **self.extra()}

    def key(self, field: Mapping[str, Any]) -> str:
        """A field's name, with a modifier now and then, not always one it has."""
        name = field["name"]
        if self.chance.random() < 0.65:
            return str(name)
        odd = f"{name}:autogenerate" if field["type"] == "number" else name
        return str(self.chance.choice([f"{name}+", f"+{name}", f"{name}-", name, odd]))

    def extra(self) -> dict[str, Any]:
        """Keys that are no fields, seldom."""
        if self.chance.random() > 0.08:
            return {}
        strange: list[dict[str, Any]] = [
            {"nope": 1},
            {"collectionId": "x", "collectionName": "y"},
            {"expand": {}},
            {"created": "2020"},
            {"": 1},
        ]
        return self.chance.choice(strange)

    def credentials(self) -> dict[str, Any]:
        """Changes of what guards an account."""
        return self.chance.choice(
            [
                {"password": PASSWORD, "passwordConfirm": PASSWORD, "oldPassword": PASSWORD},
                {"password": PASSWORD, "passwordConfirm": PASSWORD},
                {"password": "short", "passwordConfirm": "short", "oldPassword": PASSWORD},
                {"password": PASSWORD, "passwordConfirm": "other", "oldPassword": "wrong-password"},
                {"oldPassword": PASSWORD},
                {"passwordConfirm": PASSWORD},
                {"verified": self.chance.choice([True, False])},
                {"email": self.chance.choice(["user0@example.com", "new@example.com", "", "bad", 5])},
                {"emailVisibility": self.chance.choice([True, False, "x"])},
                {"tokenKey": self.chance.choice(["", "x" * 40, "short"])},
            ]
        )


UPLOADS: list[tuple[str, bytes]] = [
    ("plain.txt", b"plain text"),
    ("a b (1).txt", b"other text " * 8),
    ("dot.png", bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de")),
    ("Ünïcode Näme.TXT", "grüße".encode()),
    ("noext", b"<html><body>x</body></html>"),
    ("archive.tar.gz", b"\x1f\x8b\x08\x00rest"),
    ("empty.txt", b""),
    ("page.html", b"<!doctype html><p>x"),
    ("../upper.json", b'{"a": 1}'),
]
"""Names and contents of uploads."""

__all__ = ["KINDS", "LETTERS", "PASSWORD", "UPLOADS", "Values"]

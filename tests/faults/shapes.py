"""A collection whose fields, indexes, rules and names go on changing, and what must be true of its rows in each of its shapes.

A record's `n` counts its updates, and all its other values follow from its id and `n`. So every row tells
by itself whether it is whole, wherever it is met: in an answer, in an event, in the log, in the table.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

ITEMS, PEOPLE = "items0000000000", "people000000000"
"""Ids of the collections: their names change."""
USERS = "_pb_users_auth_"
NICK = {"id": "f_nick", "name": "nick", "type": "text"}
TAGS = ("red", "green", "blue")
CREW = tuple(f"person{number:09}" for number in range(5))
RULES = (
    *("", "n >= 0", "writer >= 0 || @request.auth.id != ''", "owner.nick != 'nobody'", "tags:each != 'black'"),
    "n < 0 || @request.auth.nick != 'nobody'",
)
"""They hold for every record."""
ALWAYS = frozenset(("id", "writer", "n", "tags", "owner", "a", "b", "collectionId", "collectionName"))


@dataclass(frozen=True)
class Shape:
    """The schema at one time."""

    note: str = "note"
    several_tags: bool = False
    several_owners: bool = False
    extra: bool = False
    swapped: bool = False
    index: bool = False
    rule: int = 0
    name: str = "items"
    people: str = "people"
    motto: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """The keys of a record as it is shown."""
        return ALWAYS | {self.note} | ({"extra"} if self.extra else set())

    @property
    def items(self) -> dict[str, Any]:
        """The collection's JSON."""
        a, b = ("b", "a") if self.swapped else ("a", "b")
        fields = [
            {"id": "f_writer", "name": "writer", "type": "number"},
            {"id": "f_n", "name": "n", "type": "number"},
            {"id": "f_note", "name": self.note, "type": "text"},
            {"id": "f_tags", "name": "tags", "type": "select", "values": list(TAGS), "maxSelect": 3 if self.several_tags else 1},
            {"id": "f_owner", "name": "owner", "type": "relation", "collectionId": PEOPLE, "maxSelect": 3 if self.several_owners else 1},
            {"id": "f_a", "name": a, "type": "text"},
            {"id": "f_b", "name": b, "type": "text"},
        ]
        if self.extra:
            fields.append({"id": "f_extra", "name": "extra", "type": "text"})
        indexes = [f"CREATE INDEX idx_n ON {self.name} (n, {self.note})"] if self.index else []
        open_rules = dict.fromkeys(("viewRule", "createRule", "updateRule", "deleteRule"), "")
        return {
            "id": ITEMS,
            "name": self.name,
            "type": "base",
            "fields": fields,
            "indexes": indexes,
            "listRule": RULES[self.rule],
            **open_rules,
        }

    @property
    def people_and_users(self) -> list[dict[str, Any]]:
        """The other collections, as far as they change."""
        motto = [{"id": "f_motto", "name": "motto", "type": "text", "hidden": True}] if self.motto else []
        return [{"id": PEOPLE, "name": self.people}, {"id": USERS, "name": "users", "fields": [NICK, *motto]}]

    def problem(self, row: Mapping[str, Any]) -> str:
        """What is wrong with a record that is shown in this shape, "" when nothing is."""
        if row.keys() - {"expand"} != self.keys:
            return f"keys {sorted(row)}"
        if isinstance(row["tags"], list) != self.several_tags or isinstance(row["owner"], list) != self.several_owners:
            return f"forms {row['tags']!r} {row['owner']!r}"
        return broken(row)


def wanted(key: str, n: int) -> dict[str, Any]:
    """What a writer sends for the n-th state of a record, under every name that a field may have just then."""
    text = f"{key}-{n}"
    return {
        "note": text,
        "remark": text,
        "a": f"{text}-a",
        "b": f"{text}-b",
        "extra": text,
        "tags": [TAGS[(n + 1) % 3], TAGS[n % 3]],
        "owner": [CREW[(n + 1) % 5], CREW[n % 5]],
    }


def broken(row: Mapping[str, Any]) -> str:
    """Which value does not belong to the record's id and `n`, "" when all do."""
    key, n = row["id"], int(row["n"])
    text = f"{key}-{n}"
    whole = {
        "note": row.get("note", row.get("remark")) == text,
        "a and b": {row["a"], row["b"]} == {f"{text}-a", f"{text}-b"},
        "tags": last(row["tags"]) == TAGS[n % 3],
        "owner": last(row["owner"]) == CREW[n % 5],
        "extra": row.get("extra", "") in ("", text),
    }
    return ", ".join(f"{name} of {dict(row)}" for name, holds in whole.items() if not holds)


def last(value: str | Sequence[str]) -> str:
    """The last item of a list, or the value that is none."""
    return value if isinstance(value, str) else value[-1] if value else ""


def changed(shape: Shape, chance: random.Random) -> Shape:
    """Another shape, one step away."""
    match chance.randrange(10):
        case 0:
            return replace(shape, note="remark" if shape.note == "note" else "note")
        case 1:
            return replace(shape, several_tags=not shape.several_tags)
        case 2:
            return replace(shape, several_owners=not shape.several_owners)
        case 3:
            return replace(shape, extra=not shape.extra)
        case 4:
            return replace(shape, swapped=not shape.swapped)
        case 5:
            return replace(shape, index=not shape.index)
        case 6:
            return replace(shape, rule=chance.choice([rule for rule in range(len(RULES)) if rule != shape.rule]))
        case 7:
            return replace(shape, name="things" if shape.name == "items" else "items")
        case 8:
            return replace(shape, motto=not shape.motto)
        case _:
            return replace(shape, people="persons" if shape.people == "people" else "people")

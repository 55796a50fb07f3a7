"""A collection with every kind of field, and records of it."""

from __future__ import annotations

from typing import Any

FIELDS: list[dict[str, Any]] = [
    {"name": "title", "type": "text", "required": True, "max": 100},
    {"name": "secret", "type": "text", "hidden": True},
    {"name": "slug", "type": "text", "autogeneratePattern": "[a-z]{8}", "required": True},
    {"name": "n", "type": "number", "min": 1, "max": 100},
    {"name": "count", "type": "number", "onlyInt": True},
    {"name": "done", "type": "bool"},
    {"name": "mail", "type": "email"},
    {"name": "link", "type": "url"},
    {"name": "html", "type": "editor", "help": "What is shown"},
    {"name": "day", "type": "date"},
    {"name": "kind", "type": "select", "values": ["a", "b"], "maxSelect": 1},
    {"name": "tags", "type": "select", "values": ["a", "b", "c"], "maxSelect": 3},
    {"name": "cover", "type": "file", "maxSelect": 1},
    {"name": "data", "type": "json"},
    {"name": "place", "type": "geoPoint"},
    {"name": "pin", "type": "password"},
    {"name": "created", "type": "autodate", "onCreate": True},
]
RULES = {"listRule": "", "viewRule": "", "createRule": "", "updateRule": "title != ''", "deleteRule": None}
POSTS = {"name": "posts", "type": "base", "fields": FIELDS, **RULES}
SAMPLES: list[dict[str, Any]] = [
    {"title": "empty"},
    {
        "title": "full",
        "n": 2.5,
        "count": 3,
        "done": True,
        "mail": "a@example.com",
        "link": "https://example.com",
        "html": "<p>x</p>",
        "day": "2024-01-02",
        "kind": "a",
        "tags": ["a", "c"],
        "data": {"k": [1]},
        "place": {"lon": 1.5, "lat": 2},
        "pin": "1234567890",
    },
]

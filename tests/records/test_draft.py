"""From payloads to values."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.records.draft import blank, resolve, setters
from pbtornado.rules.request import GUEST, Actor
from pbtornado.schema.collection import Collection, field_list

FIELDS = [
    {"name": "title", "type": "text"},
    {"name": "n", "type": "number"},
    {"name": "tags", "type": "select", "maxSelect": 3, "values": ["a", "b", "c"]},
    {"name": "at", "type": "autodate", "onCreate": True},
    {"name": "secret", "type": "text", "hidden": True},
]
POSTS = Collection(id="c1", name="posts", fields=field_list(FIELDS))
CURRENT = {"title": "old", "n": 5, "tags": ["a"], "at": "2024-01-01 00:00:00.000Z", "secret": "s"}


@pytest.mark.parametrize(
    ("payload", "values"),
    [
        ({"title": 5}, {"title": "5"}),
        ({"n+": "2"}, {"n": 7}),
        ({"n-": 2, "n": 1}, {"n": -1}),
        ({"tags+": "b", "+tags": "c"}, {"tags": ["c", "a", "b"]}),
        ({"tags-": ["a", "b"]}, {"tags": []}),
        ({"at": "2030-01-01"}, {"at": "2024-01-01 00:00:00.000Z"}),
        ({"secret": "x"}, {}),
        ({"unknown": 1, "title-": 2}, {}),
    ],
)
def test_values(payload: dict[str, Any], values: dict[str, Any]) -> None:
    """Names and modifiers act on the present values, shorter keys first; what may not be written is dropped."""
    assert resolve(POSTS, payload, CURRENT, GUEST).values == values


def test_the_body_rules_see() -> None:
    """Modifiers are replaced by what they make; unknown keys stay, hidden fields don't."""
    body = resolve(POSTS, {"n+": 2, "other": {"a": 1}, "secret": "x"}, CURRENT, GUEST).body
    assert body == {"n": 7, "other": {"a": 1}}


def test_superusers_write_hidden_fields() -> None:
    """Nothing is hidden from a superuser."""
    assert resolve(POSTS, {"secret": "x"}, CURRENT, Actor(superuser=True)).values == {"secret": "x"}


def test_tables_are_made_once() -> None:
    """What a collection's payload keys mean, and its blank values, are worked out once."""
    assert setters(POSTS) is setters(POSTS)
    assert blank(POSTS) == {"title": "", "n": 0, "tags": [], "at": "", "secret": ""}

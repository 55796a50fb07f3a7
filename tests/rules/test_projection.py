"""`?fields=`."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.errors import BadRequest
from pbtornado.rules.projection import Projection

DATA = {
    "id": "1",
    "title": "<p>Hello <b>you</b></p>",
    "rel": {"id": "2", "sub": {"id": "3", "title": "x"}, "title": "y"},
    "list": [{"a": 1, "b": 2}, {"b": 3}],
}


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        *(
            ("id", {"id": "1"}),
            (" id ,, nope, ", {"id": "1"}),
            ("nope", {}),
            ("rel.id", {"rel": {"id": "2"}}),
            ("rel,rel.id", {"rel": DATA["rel"]}),
        ),
        ("rel.,rel.id", {"rel": DATA["rel"]}),
        ("list.", {"list": DATA["list"]}),
        ("*", DATA),
        ("", DATA),
        (",", DATA),
        ("list.a", {"list": [{"a": 1}, {}]}),
        ("id.deeper", {"id": "1"}),
        ("*,rel.id", {**DATA, "rel": {"id": "2"}}),
        ("rel.*,rel.sub.id", {"rel": {"id": "2", "sub": {"id": "3"}, "title": "y"}}),
        ("title:excerpt(5)", {"title": "Hello"}),
        ("title:excerpt(6, true),id:excerpt(9)", {"title": "Hello...", "id": "1"}),
        ("rel.*:excerpt(1)", {"rel": DATA["rel"]}),
    ],
)
def test_only_the_keys_asked_for_are_kept(fields: str, kept: Any) -> None:
    """At any depth; `*` stands for those of a level that are not named."""
    assert Projection.parse(fields).apply(DATA) == kept


def test_of_a_list_the_items_are_meant() -> None:
    """The page around them stays."""
    page = {"page": 1, "perPage": 30, "totalItems": 2, "totalPages": 1, "items": [{"id": "1", "a": 1}, {"id": "2", "a": 2}]}
    assert Projection.parse("id").apply(page) == {**page, "items": [{"id": "1"}, {"id": "2"}]}
    assert Projection.parse("id").apply(page["items"]) == [{"id": "1"}, {"id": "2"}]


@pytest.mark.parametrize("data", ["text", 1, None, [], ["a", "b"]])
def test_what_has_no_keys_stays(data: Any) -> None:
    """Nothing can be left out of it."""
    assert Projection.parse("id").apply(data) == data


def test_keys_are_in_order() -> None:
    """Whatever their order was, on each level that is picked from."""
    assert list(Projection.parse("a,c.*").apply({"c": {"y": 1, "x": 2}, "a": 1})) == ["a", "c"]
    assert list(Projection.parse("c.*").apply({"c": {"y": 1, "x": 2}})["c"]) == ["x", "y"]


def test_the_data_itself_is_not_changed() -> None:
    """Whoever else holds it sees all of it."""
    data = {"a": {"b": 1, "c": 2}}
    Projection.parse("a.b").apply(data)
    assert data == {"a": {"b": 1, "c": 2}}


@pytest.mark.parametrize(
    "fields", ["a:foo(1)", "a:excerpt", "a:excerpt(0)", "a:excerpt(-1)", "a:excerpt(x)", "a:excerpt(1,2,3)", "a:", "(", "a(b", "x" * 9000]
)
def test_what_cannot_be_read_is_a_bad_request(fields: str) -> None:
    """Unknown modifiers and wrong arguments too."""
    with pytest.raises(BadRequest):
        Projection.parse(fields)


def test_paths_far_deeper_than_any_data_are_a_bad_request() -> None:
    """A path of thousands of names is refused, not followed."""
    with pytest.raises(BadRequest):
        Projection.parse("a." * 3000 + "a")

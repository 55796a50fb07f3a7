"""What fields do beside taking and refusing values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pbtornado.errors import FieldError
from pbtornado.schema.fields import (
    FIELD_TYPES,
    BadShape,
    FileField,
    GeoPointField,
    JSONField,
    NumberField,
    PasswordField,
    RelationField,
    SelectField,
    TextField,
    URLField,
    default_id,
    field_from_json,
)
from pbtornado.schema.fields.patterns import found, generate
from pbtornado.values import ReceivedFile


@pytest.mark.parametrize("kind", FIELD_TYPES)
def test_options_survive_json(kind: str) -> None:
    """A field read from its own JSON has the same JSON."""
    field = field_from_json({"type": kind, "name": "f", "id": "i", "hidden": True})
    assert field_from_json(field.to_json()).to_json() == field.to_json()


@pytest.mark.parametrize("kind", FIELD_TYPES)
def test_the_zero_value_is_stored_and_read_back(kind: str) -> None:
    """What a column holds by default is the zero value."""
    field = field_from_json({"type": kind, "name": "f"})
    assert field.from_store(field.to_store(field.zero())) == field.zero()
    assert field.coerce(None) == field.zero()


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        {"type": "hologram"},
        {"type": 5},
        {"type": "text", "min": "1"},
        {"type": "text", "min": 1.5},
        {"type": "select", "values": [1]},
    ],
)
def test_json_of_wrong_types_is_refused(data: Any) -> None:
    """Neither unknown types nor options of the wrong kind."""
    with pytest.raises(BadShape):
        field_from_json(data)


def test_default_ids_are_checksums_of_names() -> None:
    """As PocketBase gives them, counted up where taken."""
    assert default_id("text", "title") == "text724990059"
    assert default_id("text", "title", ["text724990059"]) == "text7249900592"


def test_numbers_are_added_and_subtracted() -> None:
    """Also texts that are numbers; a whole result is an int."""
    field = NumberField(name="n")
    assert field.modify("append", 1.5, "0.5") == 2
    assert field.modify("subtract", 2, 5) == -3


def test_items_are_put_behind_before_and_taken_away() -> None:
    """Each item once; a field of one item keeps the last."""
    field = SelectField(name="s", values=("a", "b", "c"), max_select=3)
    assert field.modify("append", ["a"], ["b", "a"]) == ["a", "b"]
    assert field.modify("prepend", ["a"], "b") == ["b", "a"]
    assert field.modify("subtract", ["a", "b"], "a") == ["b"]
    assert RelationField(name="r").modify("append", "a", "b") == "b"
    assert RelationField(name="r").modify("prepend", "a", "b") == "a"


def test_uploads_are_items_beside_names() -> None:
    """Two uploads of one name are two; they are stored and shown by their stored names."""
    field = FileField(name="f", max_select=5)
    first, second = (ReceivedFile("x.png", Path(f"/tmp/{n}"), 1, f"x_{n}.png") for n in (1, 2))
    value = field.modify("append", ["old.png"], [first, second, "old.png"])
    assert value == ["old.png", first, second]
    assert field.export(value) == ["old.png", "x_1.png", "x_2.png"]
    assert field.to_store(value) == '["old.png","x_1.png","x_2.png"]'
    assert field.modify("subtract", value, ["old.png", first]) == [second]


def test_too_many_files_and_no_files_are_refused() -> None:
    """Required and count, as far as names tell."""
    few = FileField(name="f", max_select=2, required=True).check(["a", "b", "c"])
    assert few
    assert few.body()["params"] == {"maxSelect": 2}
    none = FileField(name="f", required=True).check("")
    assert none
    assert none.code == "validation_required"


def test_relations_have_a_least_number() -> None:
    """An empty one is fine unless required."""
    field = RelationField(name="r", min_select=2, max_select=3)
    assert field.check([]) is None
    refused = field.check(["a"])
    assert refused
    assert refused.body() == {"code": "validation_not_enough_values", "message": "Select at least 2.", "params": {"minSelect": 2}}


@pytest.mark.parametrize(
    ("plain", "code"), [("", "validation_required"), ("short", "validation_min_text_constraint"), ("long enough", None)]
)
def test_passwords_are_checked_as_plain_texts(plain: str, code: str | None) -> None:
    """Lengths are of the text, not of the hash."""
    refused = PasswordField(name="p", min=8, required=True).check(plain)
    assert (refused.code if refused else None) == code


def test_passwords_of_more_than_71_characters_are_refused() -> None:
    """Where nothing else is said; and those of more than 72 bytes anywhere."""
    assert PasswordField(name="p").check("x" * 71) is None
    assert PasswordField(name="p").check("x" * 72)
    assert PasswordField(name="p").check("ü" * 37) == FieldError("validation_invalid_value", "Invalid value")
    assert PasswordField(name="p").export("hash") == ""


def test_keys_avoid_what_file_systems_dislike() -> None:
    """Separators, quotes, device names."""
    key = TextField(name="id", primary_key=True, pattern="^.+$")
    assert [error.code for error in map(key.check, ("a/b", "a.b", "con", "")) if error] == [
        "validation_forbidden_pk_character",
        "validation_forbidden_pk_character",
        "validation_reserved_pk",
        "validation_required",
    ]


@pytest.mark.parametrize("pattern", ["[a-z0-9]{15}", "[A-Z]{2}[0-9]{3}", r"\d{3}-[a-f]+", "(a|b)c?x*"])
def test_generated_texts_match_their_pattern(pattern: str) -> None:
    """Simple patterns and others."""
    assert all(found(f"^{pattern}$", generate(pattern)) for _ in range(50))


def test_keys_that_are_made_together() -> None:
    """They begin alike and are all different; other texts, and short keys, have nothing in common."""
    key = TextField(name="id", primary_key=True, autogenerate_pattern="[a-z0-9]{15}")
    keys = key.autogenerate_many(1000)
    assert len(set(keys)) == 1000
    assert {len(one) for one in keys} == {15}
    assert len({one[:4] for one in keys}) == 1
    assert len({one[4:8] for one in keys}) > 900
    for other in (replace(key, primary_key=False), replace(key, autogenerate_pattern="[a-z0-9]{14}")):
        assert len({one[:4] for one in other.autogenerate_many(1000)}) > 900


def test_autogenerated_values_follow_a_prefix() -> None:
    """`field:autogenerate` gives the prefix."""
    assert found("^p_[a-z]{3}$", TextField(name="t", autogenerate_pattern="[a-z]{3}").autogenerate("p_"))


def test_a_hostile_pattern_takes_linear_time() -> None:
    """What costs other engines an age is answered at once."""
    field = TextField(name="t", pattern="^(a+)+$", max=5000)
    assert field.check("a" * 4000 + "b")


def test_objects_are_stored_with_their_keys_in_order() -> None:
    """A JSON text keeps its own order, data from a body do not."""
    field = JSONField(name="j")
    assert field.to_store(field.coerce({"b": 1, "a": {"d": 1, "c": 2}})) == '{"a":{"c":2,"d":1},"b":1}'
    assert field.to_store(field.coerce('{"b":1,"a":2}')) == '{"b":1,"a":2}'


def test_stored_texts_that_are_no_json_are_themselves() -> None:
    """A damaged column does not stop a list."""
    assert JSONField(name="j").from_store("{bad") == "{bad"
    assert GeoPointField(name="g").from_store("bad") == {"lon": 0, "lat": 0}


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("a\tb\n\b\f\r", True),
        ("\x00", False),
        ("a\x7f", False),
        ("5\x0b", False),
        ('["a\x00"]', False),
        ('["a\\u0000"]', True),
        ('"\\u0000"', True),
    ],
)
def test_bare_texts_with_control_characters_are_no_json(text: str, taken: bool) -> None:
    """In a JSON field; escaped within JSON they are data."""
    field = JSONField(name="j")
    assert (field.check(field.coerce(text)) is None) == taken


def test_names_of_coordinates_in_any_case() -> None:
    """`lon` and `lat` are what they are however they are written."""
    assert GeoPointField(name="g").coerce({"LON": 1, "Lat": 2}) == {"lon": 1, "lat": 2}


@pytest.mark.parametrize(("url", "valid"), [("http://a.b/%41?x=%zz", True), ("http://a.b/%zz", False), ("http://a.b/#100%", False)])
def test_escapes_in_urls(url: str, valid: bool) -> None:
    """A percent sign has two digits, but for the query."""
    assert (URLField(name="u").check(url) is None) == valid
    assert SelectField(name="s", max_select=2).from_store("plain") == ["plain"]
    assert SelectField(name="s").from_store('["a","b"]') == "b"

"""The value forms of PocketBase."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from pbtornado.values import (
    ID_ALPHABET,
    bool_of,
    datetime_form,
    datetime_text,
    json_bytes,
    json_text,
    new_id,
    now,
    number_of,
    parse_json,
    random_text,
    text_of,
    texts_of,
)


def test_ids_are_of_the_alphabet_and_differ() -> None:
    """An id has 15 lower-case letters and digits."""
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(one) == 15 and set(one) <= set(ID_ALPHABET) for one in ids)


def test_random_text_uses_each_character() -> None:
    """No character of the alphabet is left out."""
    assert set(random_text(2000, "abc")) == set("abc")


def test_now_has_the_form_of_stored_datetimes() -> None:
    """The present moment reads as itself."""
    moment = now()
    assert len(moment) == 24
    assert datetime_text(moment) == moment


def test_milliseconds_are_cut_not_rounded() -> None:
    """.9999 s is .999."""
    assert datetime_form(datetime(2024, 1, 1, 0, 0, 0, 999_900, tzinfo=UTC)) == "2024-01-01 00:00:00.999Z"


@pytest.mark.parametrize("raw", ["", "x", None, 5, "2023-02-29", "9999-12-31 23:00:00 -0700", "0001-01-01"])
def test_what_is_no_datetime_is_empty(raw: object) -> None:
    """Neither a wrong date nor the zero one has a text."""
    assert datetime_text(raw) == ""


def test_json_is_compact_utf8_with_whole_numbers() -> None:
    """No escapes, no spaces, 12.0 as 12."""
    assert json_bytes({"ü": [12.0, 1.5, None]}) == '{"ü":[12,1.5,null]}'.encode()


def test_json_takes_what_its_fast_library_does_not() -> None:
    """Great integers are written; a lone surrogate is read as the replacement character, a pair as its character."""
    assert json_text(2**70) == str(2**70)
    assert parse_json(r'"\ud800 \ud83d\ude00 \\ud800"') == "� 😀 \\ud800"


@pytest.mark.parametrize("source", ["NaN", "[Infinity]", "{", b"\xff", "[" * 100_000, "[" * 130 + "]" * 130])
def test_what_is_not_json_is_a_value_error(source: str | bytes) -> None:
    """Also constants Python would take, bytes that are no text, and nesting without end."""
    with pytest.raises(ValueError, match=r"."):
        parse_json(source)


def test_data_of_many_brackets_may_be_flat() -> None:
    """Depth counts, not size."""
    assert len(parse_json(json_bytes([[]] * 1000))) == 1000
    assert parse_json("[" * 128 + "]" * 128)


def test_scalars_become_texts() -> None:
    """Numbers in full, truth as words, structures as nothing."""
    scalars: list[object] = [1, 12.0, 1e22, 0.5, True, None, [1], {}]
    assert [text_of(raw) for raw in scalars] == ["1", "12", "1" + 22 * "0", "0.5", "true", "", "", ""]


def test_scalars_become_numbers() -> None:
    """Texts that are numbers count, others are 0; a number without fraction is an int."""
    assert [number_of(raw) for raw in ("1.0", "x", True, 2.0, None, "1e400")] == [1, 0, 1, 2, 0, 0]
    assert isinstance(number_of(2.0), int)


def test_scalars_become_truth() -> None:
    """`true` and its short forms, and numbers other than 0."""
    assert [bool_of(raw) for raw in ("true", "t", "yes", 2, 0.0, None)] == [True, True, False, True, False, False]


def test_lists_of_texts_are_distinct_and_not_empty() -> None:
    """A JSON array in a text is a list too; one structure in it, and a list has no texts."""
    assert texts_of(["a", "", "b", "a", 1, None]) == ["a", "b", "1"]
    assert texts_of('["a","b"]') == ["a", "b"]
    assert texts_of("[a") == ["[a"]
    assert texts_of(["a", None, {}]) == texts_of([["a"], "b"]) == []


def test_a_long_text_that_is_no_number_is_known_at_once() -> None:
    """How long it takes to find that a text is no number does not grow with the square of its length."""
    before = time.perf_counter()
    assert number_of("1" * 100_000 + "x") == 0
    assert time.perf_counter() - before < 1

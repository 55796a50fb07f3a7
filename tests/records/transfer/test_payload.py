"""From columns to values."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.records.transfer.payload import reader_of
from pbtornado.schema.fields import field_from_json

MANY: dict[str, Any] = {"maxSelect": 3, "values": ["a", "b"]}


def value(type: str, raw: Any, *, table: bool = True, **options: Any) -> Any:
    """What a field of this type is given, or the code of the error."""
    error, found = reader_of(field_from_json({"name": "f", "type": type, **options}), table=table)(raw)
    return error.code if error else found


@pytest.mark.parametrize(
    ("type", "fine", "wrong", "code"),
    [
        ("number", ["", "5", " -2.5e3 ", "+.5", None], ["x", "1,5", "0x10", "1e999", "nan"], "validation_not_a_number"),
        ("bool", ["", "true", "0", "F"], ["yes", "2", "on"], "validation_invalid_bool"),
        ("date", ["", "2024-01-02", "2024-01-02T10:00:00Z"], ["yesterday", "1.2.2024", "5"], "validation_invalid_date"),
        ("geoPoint", ["", '{"lon":1,"lat":2}', '{"lon":1}'], ["1,2", '{"lon":"x"}', "[1,2]"], "validation_invalid_geo_point"),
    ],
)
def test_texts_that_would_be_misread(type: str, fine: list[Any], wrong: list[Any], code: str) -> None:
    """A field takes anything for its zero value; an import says what is none."""
    assert code not in [value(type, raw) for raw in fine]
    assert {str(value(type, raw)) for raw in wrong} == {code}


def test_data_of_the_wrong_kind() -> None:
    """Lists and objects where one value belongs, objects where a list does."""
    found = [value("text", ["a"], table=False), value("select", {"a": 1}, table=False, **MANY), value("number", {}, table=False)]
    assert found == ["validation_invalid_type", "validation_invalid_type", "validation_not_a_number"]


def test_values_of_json_fields() -> None:
    """A table has JSON in its cells; a text in JSON data is that text, whatever it looks like."""
    assert [value("json", raw) for raw in ("", "5", '"5"', "word")] == [None, "5", '"5"', "word"]
    assert [value("json", raw, table=False) for raw in ("", "5", None, 5)] == ['""', '"5"', None, 5]


def test_only_texts_keep_their_spaces() -> None:
    """Around a number or an option they mean nothing."""
    assert [value("text", " a "), value("number", " 5 "), value("select", " a ", **MANY)] == [" a ", "5", "a"]

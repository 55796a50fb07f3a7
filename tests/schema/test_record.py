"""Records: from rows and images, to rows, images and answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pbtornado.schema.collection import Collection
from pbtornado.schema.defaults import merged, new_collection
from pbtornado.schema.record import Record
from pbtornado.values import ReceivedFile


@pytest.fixture
def notes() -> Collection:
    """A collection with a field of most kinds."""
    fields = [
        {"type": "text", "name": "title"},
        {"type": "number", "name": "count"},
        {"type": "bool", "name": "done"},
        {"type": "select", "name": "tags", "values": ["a", "b"], "maxSelect": 2},
        {"type": "json", "name": "data"},
        {"type": "file", "name": "photos", "maxSelect": 3},
        {"type": "text", "name": "inner", "hidden": True},
    ]
    made = new_collection("base", "notes")
    return merged(made, {"fields": [field.to_json() for field in made.fields] + fields})


@pytest.fixture
def person() -> Record:
    """An auth record with a private email address."""
    users = new_collection("auth", "people")
    values = {"email": "a@b.co", "password": "hash", "tokenKey": "key", "verified": True}
    return Record(users, Record.new(users).values | {"id": "p1"} | values)


ROW = ("n1", "T", 3, 1, '["b","a"]', '{"x":1}', '["a.png"]', "secret")


def test_a_row_is_read_and_written_back(notes: Collection) -> None:
    """Values take their forms, rows theirs."""
    record = Record.from_row(notes, ROW)
    assert record.values == dict(zip(notes.names, ("n1", "T", 3, True, ["b", "a"], {"x": 1}, ["a.png"], "secret"), strict=True))
    assert record.to_row() == dict(zip(notes.names, ROW, strict=True))
    assert Record.from_image(notes, record.image()).values == record.values


def test_an_answer_has_its_keys_in_order_and_no_hidden_fields(notes: Collection) -> None:
    """With the collection's id and name; expand only where there is one."""
    shown = Record.from_row(notes, ROW).export()
    assert list(shown) == sorted(shown)
    assert shown["collectionName"] == "notes"
    assert "inner" not in shown
    assert "expand" not in shown
    assert Record.from_row(notes, ROW).export(hidden=True)["inner"] == "secret"


def test_an_answer_has_expanded_records_when_there_are_some(notes: Collection) -> None:
    """Under `expand`."""
    record = Record.from_row(notes, ROW)
    record.expand = {"rel": {"id": "x"}}
    assert record.export()["expand"] == {"rel": {"id": "x"}}


def test_an_answer_has_names_of_uploads(notes: Collection) -> None:
    """While a write is under way too."""
    record = Record.new(notes)
    record.values["photos"] = ["a.png", ReceivedFile("b.png", Path("/tmp/b"), 1, "b_1.png")]
    assert record.export()["photos"] == ["a.png", "b_1.png"]


def test_missing_values_are_zero_in_answers(notes: Collection) -> None:
    """A record that was given few values is whole all the same."""
    shown: dict[str, Any] = Record(notes, {"id": "n1"}).export()
    assert (shown["count"], shown["tags"], shown["data"]) == (0, [], None)


def test_passwords_and_token_keys_are_in_no_answer_and_no_image(person: Record) -> None:
    """Not even for superusers."""
    everything = person.export(hidden=True, email=True)
    assert not {"password", "tokenKey"} & set(everything)
    assert not {"password", "tokenKey"} & set(person.image())


def test_an_email_address_is_private_unless_said_otherwise(person: Record) -> None:
    """By the record itself or by who asks."""
    assert "email" not in person.export()
    assert person.export(email=True)["email"] == "a@b.co"
    person.values["emailVisibility"] = True
    assert person.export()["email"] == "a@b.co"

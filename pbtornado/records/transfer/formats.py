"""The formats of files with records, and one value in each of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Literal, cast, get_args

from ...schema.collection import Collection
from ...schema.fields import JSONField
from ...schema.record import Record
from ...values import json_bytes, json_text, text_of

Format = Literal["csv", "json", "ndjson"]
CONTENT_TYPES: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "ndjson": "application/x-ndjson",
}
OTHER_NAMES = {"jsonl": "ndjson", "x-ndjson": "ndjson", "jsonlines": "ndjson"}


def format_named(name: str) -> Format | None:
    """The format of that name; None where there is none."""
    name = OTHER_NAMES.get(name.lower(), name.lower())
    return cast(Format, name) if name in get_args(Format) else None


def format_of_file(name: str) -> Format | None:
    """The format that the ending of a file's name says."""
    return format_named(PurePath(name).suffix.removeprefix("."))


def exported_names(collection: Collection) -> tuple[str, ...]:
    """The fields an export has: all but secrets, in the collection's order."""
    return tuple(name for name in collection.names if name not in collection.secret_names)


def exported(record: Record, names: Sequence[str]) -> dict[str, Any]:
    """The values of a record under these names."""
    data = record.export(hidden=True, email=True)
    return {name: data[name] for name in names}


class Encoder:
    """Spells records in one format: `head`, then `rows` any number of times, then `tail`."""

    def __init__(self, format: Format, collection: Collection) -> None:
        self.format, self.names = format, exported_names(collection)
        self._json = {field.name for field in collection.fields if isinstance(field, JSONField)}
        self._first = True

    def head(self) -> bytes:
        """What stands before the first record."""
        if self.format == "csv":
            return _lines([self.names])
        return b"[" if self.format == "json" else b""

    def rows(self, records: Iterable[Record]) -> bytes:
        """These records."""
        data = (exported(record, self.names) for record in records)
        if self.format == "csv":
            return _lines([cell(value, json=name in self._json) for name, value in one.items()] for one in data)
        if self.format == "ndjson":
            return b"".join(json_bytes(one) + b"\n" for one in data)
        return b"".join(self._items(data))

    def _items(self, data: Iterable[dict[str, Any]]) -> Iterator[bytes]:
        for one in data:
            yield (b"\n" if self._first else b",\n") + json_bytes(one)
            self._first = False

    def tail(self) -> bytes:
        """What stands behind the last record."""
        return b"\n]\n" if self.format == "json" else b""


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def cell(value: Any, *, json: bool = False) -> str:
    """A value in a table: nothing for null and empty lists; lists, objects and all values of JSON fields as JSON."""
    if value is None or (value == [] and not json):
        return ""
    return json_text(value) if json or isinstance(value, list | dict) else text_of(value)

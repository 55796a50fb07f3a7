"""Files of records, row by row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbtornado.records.transfer import reading
from pbtornado.records.transfer.formats import Format, format_named, format_of_file
from pbtornado.records.transfer.reading import Source, SourceRow, Unreadable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5), lambda more: st.lists(more) | st.dictionaries(st.text(), more)
)


def read(path: Path, content: str | bytes, format: Format) -> list[SourceRow]:
    """All rows of a file."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with Source(path, format) as source:
        return list(source.rows())


def problem(path: Path, content: str | bytes, format: Format) -> str:
    """Why a file cannot be read to its end."""
    with pytest.raises(Unreadable) as caught:
        read(path, content, format)
    return str(caught.value)


def test_formats_have_names() -> None:
    """Their own, those others use, and the endings of files."""
    assert [format_named(name) for name in ("csv", "JSON", "jsonl", "xml", "")] == ["csv", "json", "ndjson", None, None]
    assert [format_of_file(name) for name in ("a.b.CSV", "x.jsonl", "ndjson", "-")] == ["csv", "ndjson", None, None]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables(tmp_path: Path, delimiter: str) -> None:
    """Delimited as their first line is; a byte order mark, blank lines and cells that are missing at the end don't matter."""
    text = '\ufeffid,b\r\n1,"x\n""y"""\r\n\r\n2\r\n'.replace(",", delimiter)
    rows = read(tmp_path / "t", text, "csv")
    assert [(row.number, row.line, dict(row.values)) for row in rows] == [(1, 3, {"id": "1", "b": 'x\n"y"'}), (2, 5, {"id": "2"})]


def test_rows_that_are_too_long_for_their_table(tmp_path: Path) -> None:
    """Are wrong, unless what is too much is empty."""
    rows = read(tmp_path / "t", "a,b\n1,2,3\n1,2,,\n", "csv")
    assert [row.error is not None for row in rows] == [True, False]


def test_lines(tmp_path: Path) -> None:
    """An object each; what is none is one wrong row."""
    rows = read(tmp_path / "t", '{"a": 1}\n\n[]\n{"a"\n{"a": 2}', "ndjson")
    assert [(row.number, row.line, dict(row.values), row.error is None) for row in rows] == [
        (1, 1, {"a": 1}, True),
        (2, 3, {}, False),
        (3, 4, {}, False),
        (4, 5, {"a": 2}, True),
    ]


@given(items=st.lists(JSON, max_size=8), indent=st.sampled_from([None, 2]), chunk=st.integers(1, 40))
def test_arrays_in_pieces(tmp_path_factory: pytest.TempPathFactory, items: list[object], indent: int | None, chunk: int) -> None:
    """However the text is cut, the items are those of the array; those that are no objects are wrong."""
    path = tmp_path_factory.getbasetemp() / "array"
    whole, reading.CHUNK = reading.CHUNK, chunk
    try:
        rows = read(path, json.dumps(items, indent=indent), "json")
    finally:
        reading.CHUNK = whole
    assert [row.values if row.error is None else None for row in rows] == [item if isinstance(item, dict) else None for item in items]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON array"),
        ('{"a": 1}', "no JSON array"),
        ('[{"a": 1}', "malformed behind row 1"),
        ('[{"a": 1} {"a": 2}]', "malformed behind row 1"),
        ('[{"a": 1},]', "Row 2 is no JSON"),
        ('[{"a": 1}, {"a"', "Row 2 is no JSON"),
        ('[{"a": 1}] x', "Something stands behind"),
        ("[" + "[" * 100_000, "Row 1"),
    ],
)
def test_arrays_that_are_none(tmp_path: Path, text: str, says: str) -> None:
    """The row is named where there is one."""
    assert says in problem(tmp_path / "t", text, "json")


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """Other encodings, unclosed quotes, columns of one name."""
    path = tmp_path / "t"
    assert "not UTF-8" in problem(path, "a\nü\n".encode("latin-1"), "csv")
    assert "no CSV" in problem(path, 'a\n"x\n', "csv")
    assert "'a' more than once" in problem(path, "a,b,a\n", "csv")


@pytest.mark.parametrize("format", ["csv", "json", "ndjson"])
def test_no_row_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: Format) -> None:
    """Rows have a longest length."""
    monkeypatch.setattr(reading, "LONGEST_ROW", 1000)
    text = '[{"a": "' + "x" * 200_000 + '"}]' if format == "json" else "a\n" + "x" * 200_000
    assert "longer than 1000 characters" in problem(tmp_path / "t", text, format)

"""Files of records, read row by row: however long a file is, only a row of it is in memory."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from ...errors import FieldError
from ...values import parse_json
from .formats import Format

LONGEST_ROW = 16 << 20
"""Characters a row may have."""
CHUNK = 1 << 16
DELIMITERS = ",;\t"
MALFORMED = "validation_malformed_row"


class Unreadable(Exception):
    """The file cannot be read on; the message is a sentence that says where and why."""


@dataclass(slots=True)
class SourceRow:
    """A row as it stands in the file: its number from 1 on, its line where the format has lines, its values by column.

    With `error` it could not be read, and has none.
    """

    number: int
    line: int | None
    values: Mapping[str, Any]
    error: FieldError | None = None
    size: int = 0
    """Characters, roughly."""


class Source:
    """A file of records. Use it as a context manager; `rows` once."""

    def __init__(self, path: Path, format: Format) -> None:
        """Raises OSError where it cannot be opened."""
        self._binary: BinaryIO = path.open("rb")
        self._text = TextIOWrapper(self._binary, encoding="utf-8-sig", newline="")
        self._format = format
        self.columns: list[str] | None = None
        """The columns of a table, once its first row was asked for."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()

    @property
    def position(self) -> int:
        """Bytes read so far; 0 where they come through a pipe."""
        return self._binary.tell() if self._binary.seekable() else 0

    def rows(self) -> Iterator[SourceRow]:
        """Every row. Raises Unreadable."""
        try:
            yield from _READERS[self._format](self)
        except UnicodeDecodeError:
            raise Unreadable(f"The file is not UTF-8, somewhere before byte {self.position}.") from None

    # ---- the formats

    def table(self) -> Iterator[SourceRow]:
        """CSV with a line of column names; delimited by comma, semicolon or tab, whichever that line has most of."""
        csv.field_size_limit(LONGEST_ROW)
        head, lines = _peeked(_lines(self._text))
        reader = csv.reader(lines, delimiter=max(DELIMITERS, key=head.count), strict=True)
        try:
            self.columns = next(reader, [])
            _refuse_twins(self.columns)
            for number, cells in enumerate((cells for cells in reader if cells), 1):
                yield self._table_row(number, reader.line_num, cells)
        except csv.Error as error:
            raise Unreadable(f"Line {reader.line_num} is no CSV: {error}.") from None

    def _table_row(self, number: int, line: int, cells: list[str]) -> SourceRow:
        columns = self.columns or []
        if any(cells[len(columns) :]):
            return _malformed(number, line, f"There are {len(cells)} cells in {len(columns)} columns.")
        return SourceRow(number, line, dict(zip(columns, cells, strict=False)), size=sum(map(len, cells)))

    def lines(self) -> Iterator[SourceRow]:
        """One JSON object a line; empty lines don't count."""
        number = 0
        for line, text in enumerate(_lines(self._text), 1):
            if text.strip():
                number += 1
                yield _json_row(number, line, text)

    def array(self) -> Iterator[SourceRow]:
        """A JSON array of objects."""
        array = _Array(self._text)
        for number, text in enumerate(array.items(), 1):
            yield _json_row(number, None, text)


_READERS: Mapping[Format, Callable[[Source], Iterator[SourceRow]]] = {"csv": Source.table, "ndjson": Source.lines, "json": Source.array}


def _malformed(number: int, line: int | None, message: str) -> SourceRow:
    return SourceRow(number, line, {}, FieldError(MALFORMED, message))


def _json_row(number: int, line: int | None, text: str) -> SourceRow:
    try:
        values = parse_json(text)
    except ValueError as error:
        return _malformed(number, line, f"This is no JSON: {error}")
    if not isinstance(values, dict):
        return _malformed(number, line, "This is no JSON object.")
    return SourceRow(number, line, values, size=len(text))


def _lines(text: TextIO) -> Iterator[str]:
    number = 0
    while line := text.readline(LONGEST_ROW):
        number += 1
        if len(line) >= LONGEST_ROW:
            raise Unreadable(f"Line {number} is longer than {LONGEST_ROW} characters.")
        yield line


def _peeked(lines: Iterator[str]) -> tuple[str, Iterator[str]]:
    """The first line, and all lines."""
    first = next(lines, "")

    def everything() -> Iterator[str]:
        yield first
        yield from lines

    return first, everything()


def _refuse_twins(columns: list[str]) -> None:
    twins = sorted({name for name in columns if columns.count(name) > 1})
    if twins:
        raise Unreadable(f"The first line names {', '.join(map(repr, twins))} more than once.")


class _Array:
    """The items of a JSON array, found one after the other in a text that is read in pieces."""

    def __init__(self, text: TextIO) -> None:
        self._file = text
        self._decoder = JSONDecoder()
        self._text, self._at, self._ended, self._number = "", 0, False, 0

    def items(self) -> Iterator[str]:
        """The text of each item."""
        if self._next() != "[":
            raise Unreadable("The file is no JSON array.")
        self._at += 1
        if self._next() != "]":
            while True:
                yield self._item()
                if (mark := self._next()) != ",":
                    break
                self._at += 1
            if mark != "]":
                raise Unreadable(f"The JSON array is malformed behind row {self._number}.")
        self._at += 1
        if self._next():
            raise Unreadable("Something stands behind the JSON array.")

    def _item(self) -> str:
        self._number += 1
        self._next()
        while True:
            try:
                end = self._decoder.raw_decode(self._text, self._at)[1]
                # A number at the end of a piece may go on in the next one.
                if end < len(self._text) or self._ended:
                    found, self._at = self._text[self._at : end], end
                    return found
            except JSONDecodeError as error:
                if self._ended:
                    raise Unreadable(f"Row {self._number} is no JSON: {error.msg}.") from None
            except RecursionError:
                raise Unreadable(f"Row {self._number} is nested too deep.") from None
            if len(self._text) - self._at > LONGEST_ROW:
                raise Unreadable(f"Row {self._number} is no JSON, or longer than {LONGEST_ROW} characters.")
            self._more(len(self._text) - self._at)

    def _next(self) -> str:
        """The next character that is no white space, "" at the end of the file; `_at` is where it stands."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._more(0)

    def _more(self, size: int) -> None:
        """Reads at least `size` characters more, so that what is parsed again is at most as much as was parsed before."""
        piece = self._file.read(max(CHUNK, size))
        self._ended = not piece
        self._text, self._at = self._text[self._at :] + piece, 0

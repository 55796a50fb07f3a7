"""A multipart body, parsed as it arrives: texts are kept in memory, files go straight to disk."""

from __future__ import annotations

import logging
from email.message import Message
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from ..errors import BadRequest, TooLarge
from ..files.temporary import temporary_path
from ..values import ReceivedFile

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # what clients get wrong is told to them, not to our log

MOST_PARTS = 1000
MOST_HEADERS = 16
LONGEST_HEADER = 8 << 10
"""Bytes one header line of a part may have."""


class Multipart:
    """One multipart body. `values` are its texts and `files` its uploads, each in the order they came."""

    def __init__(self, content_type: str, temporary: Path, in_memory: int) -> None:
        """`in_memory`: bytes all texts together may have. Raises BadRequest where there is no usable boundary."""
        self.values: dict[str, list[str]] = {}
        self.files: dict[str, list[ReceivedFile]] = {}
        self._temporary, self._left = temporary, in_memory
        self._parts = 0
        self._whole = False
        self._paths: list[Path] = []
        self._file: BinaryIO | None = None
        self._part = _Part()
        self._parser = self._open(content_type)

    def _open(self, content_type: str) -> MultipartParser | None:
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            return None
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._data,
                    "on_part_end": self._end,
                    "on_end": self._finished,
                },
                max_header_count=MOST_HEADERS,
                max_header_size=LONGEST_HEADER,
            )
        except FormParserError:
            return None

    def feed(self, chunk: bytes) -> None:
        """Raises BadRequest where the bytes are no multipart body, TooLarge over a limit, OSError where the disk fails."""
        if self._parser is None:
            raise BadRequest
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise BadRequest from None

    def finish(self) -> None:
        """Raises BadRequest where the body ended before its last part did."""
        if not self._whole:
            raise BadRequest

    def discard(self) -> None:
        """Removes every file received so far; may be called again."""
        if self._file:
            self._file.close()
            self._file = None
        while self._paths:
            self._paths.pop().unlink(missing_ok=True)

    # ---- what the parser calls

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise BadRequest
        self._part = _Part()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.text += data[start:end]

    def _header_end(self) -> None:
        if self._part.header.lower() == b"content-disposition":
            self._part.name, self._part.filename = disposition(bytes(self._part.text))
        self._part.header, self._part.text = bytearray(), bytearray()

    def _headers_end(self) -> None:
        if self._part.name and self._part.filename:
            self._file = self._new_file()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file:
            self._file.write(memoryview(data)[start:end])
        elif self._part.name:
            self._left -= end - start
            if self._left < 0:
                raise TooLarge
            self._part.text += data[start:end]

    def _end(self) -> None:
        part = self._part
        if self._file:
            size = self._file.tell()
            self._file.close()
            self._file = None
            self.files.setdefault(part.name, []).append(ReceivedFile(part.filename, self._paths[-1], size))
        elif part.name:
            self.values.setdefault(part.name, []).append(part.text.decode("utf-8", "replace"))

    def _finished(self) -> None:
        self._whole = True

    def _new_file(self) -> BinaryIO:
        path = temporary_path(self._temporary)
        file = path.open("xb")
        self._paths.append(path)
        return file


class _Part:
    """The part that is being received; `text` is the header or the value being read."""

    __slots__ = ("filename", "header", "name", "text")

    def __init__(self) -> None:
        self.name = self.filename = ""
        self.header, self.text = bytearray(), bytearray()


def disposition(header: bytes) -> tuple[str, str]:
    """The part's name and its file's name, "" where there is none; of a path only the last step counts."""
    kind, options = parse_options_header(header.decode("latin-1"))
    if kind != b"form-data":
        return "", ""
    filename = options.get(b"filename", b"").decode("utf-8", "replace") or _extended_filename(header)
    return options.get(b"name", b"").decode("utf-8", "replace"), filename.rstrip("/").rpartition("/")[2]


def _extended_filename(header: bytes) -> str:
    """The file's name from `filename*=UTF-8''...`, which some clients send for names beyond ASCII."""
    if b"filename*" not in header.lower():
        return ""
    message = Message()
    message["Content-Disposition"] = header.decode("utf-8", "replace")
    try:
        return message.get_filename("")
    except (ValueError, TypeError):  # charsets with a NUL, numbered pieces beside whole ones
        return ""

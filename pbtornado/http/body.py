"""Bodies of requests as they arrive: JSON and forms in memory, uploads straight to disk, all within limits."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

from tornado.httputil import HTTPHeaders

from ..errors import BadRequest, TooLarge
from ..values import ReceivedFile, parse_json, plain_number, text_of, texts_of
from .multipart import MOST_PARTS, Multipart

IN_MEMORY = 32 << 20
"""Bytes a body may have outside its files, whatever its collection's limit."""
LONGEST_LENGTH = 18
"""Digits of a body's length that are worth reading."""
MOST_VALUES = 1_000_000
"""Commas and brackets in a JSON body: a few bytes of them make objects that take a hundred times as much memory, and seconds."""
JSON_PAYLOAD = "@jsonPayload"
MISSPELLED = re.compile(r"%(?![0-9a-fA-F]{2})|;")
"""What an encoded form cannot hold."""


@dataclass(frozen=True, slots=True)
class Body:
    """A parsed body: its values, and its uploads by the name of their part."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, list[ReceivedFile]] = field(default_factory=dict)

    def payload(self, file_fields: Collection[str] | None = None) -> Mapping[str, Any]:
        """The values with the uploads among them.

        An upload joins the names sent under the same key, so that files are not lost by adding
        one, and makes what is said under `name+`, `+name` and `name-` of no account; under `name+` and
        `+name` it stands alone. With `file_fields`, uploads for other
        fields are ignored.
        """
        if not self.files:
            return self.fields
        merged = dict(self.fields)
        for key, uploads in self.files.items():
            name = key.strip("+")
            if not key.endswith("-") and (file_fields is None or name in file_fields):
                kept = texts_of(self.fields.get(key)) if name == key else []
                for modified in (f"{name}+", f"+{name}", f"{name}-") if name == key else ():
                    if modified not in self.files:
                        merged.pop(modified, None)
                merged[key] = [*kept, *uploads]
        return merged


class BodyReader:
    """Takes the bytes of one body as they come. Whoever makes one calls `discard` when the request is over."""

    def __init__(self, headers: HTTPHeaders, *, limit: int, temporary: Path, in_memory: int = IN_MEMORY, form: Form | None = None) -> None:
        """`limit`, `in_memory`: bytes. Uploads lie in the directory `temporary`. `form` reads the body whatever its content type.

        Raises TooLarge where the headers announce more.
        """
        self.limit = limit
        self._taken = False
        self._received = 0
        self._failure: Exception | None = None
        self._body: Body | None = None
        announced = headers.get("Content-Length", "")
        if announced.isdecimal() and (len(announced) > LONGEST_LENGTH or int(announced) > limit):
            raise TooLarge
        self._form = form or _form(headers.get("Content-Type", ""), temporary, min(limit, in_memory))

    def feed(self, chunk: bytes) -> None:
        """The next bytes. Never raises: what is wrong with them is told by `finish`, and the rest is ignored."""
        if self._failure:
            return
        self._received += len(chunk)
        try:
            if self._received > self.limit:
                raise TooLarge
            self._form.feed(chunk)
        except Exception as error:
            self._fail(error)

    def finish(self) -> Body:
        """The body, now that all of it is here; the same one at every call.

        Raises TooLarge, and BadRequest where it is malformed or of an unknown content type.
        """
        self._taken = True
        if self._failure:
            raise self._failure
        if self._body is None:
            try:
                self._body = self._form.body() if self._received else Body()
            except Exception as error:
                self._fail(error)
                raise
        return self._body

    def cut(self) -> None:
        """The connection is gone; a body nobody has taken yet is given up, with its uploads."""
        if not self._taken:
            self._fail(BadRequest())

    def discard(self) -> None:
        """Removes what lies on disk."""
        self._form.discard()

    def _fail(self, error: Exception) -> None:
        self._failure = error
        self._form.discard()


class Form(Protocol):
    """One kind of body."""

    def feed(self, chunk: bytes) -> None: ...
    def body(self) -> Body: ...
    def discard(self) -> None: ...


def _form(content_type: str, temporary: Path, in_memory: int) -> Form:
    kind = content_type.lower()
    if kind.startswith("application/json"):
        return _Json(in_memory)
    if kind.startswith("multipart/form-data"):
        return _Parts(content_type, temporary, in_memory)
    if kind.startswith("application/x-www-form-urlencoded"):
        return _UrlEncoded(in_memory)
    return _Unreadable(BadRequest() if kind.startswith(("application/xml", "text/xml")) else BadRequest("Unsupported Content-Type"))


class _Collected:
    """A body that is kept in memory until it is whole."""

    def __init__(self, limit: int) -> None:
        self._limit, self._size = limit, 0
        self._chunks: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._limit:
            raise TooLarge
        self._chunks.append(chunk)

    def all(self) -> bytes:
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    def discard(self) -> None:
        self._chunks = []


class _Json(_Collected):
    def body(self) -> Body:
        return Body(json_object(self.all()))


class _UrlEncoded(_Collected):
    def body(self) -> Body:
        text = self.all().decode("utf-8", "replace")
        if MISSPELLED.search(text):
            raise BadRequest
        try:
            pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_PARTS)
        except ValueError:
            raise BadRequest from None
        values: dict[str, list[str]] = {}
        for key, value in pairs:
            values.setdefault(key, []).append(value)
        return Body(form_values(values))


class _Parts:
    def __init__(self, content_type: str, temporary: Path, in_memory: int) -> None:
        self._parts = Multipart(content_type, temporary, in_memory)
        self.feed, self.discard = self._parts.feed, self._parts.discard

    def body(self) -> Body:
        self._parts.finish()
        return Body(form_values(self._parts.values), self._parts.files)


class _Unreadable:
    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    def feed(self, chunk: bytes) -> None:
        raise self._failure

    def body(self) -> Body:
        return Body()

    def discard(self) -> None: ...


# ---- values


def json_object(source: bytes | str) -> dict[str, Any]:
    """The object a JSON text holds, {} for null; BadRequest for anything else. Bytes that are no UTF-8 become U+FFFD.

    Raises TooLarge where it has more than `MOST_VALUES` values.
    """
    if len(source) > MOST_VALUES and _separators(source) > MOST_VALUES:
        raise TooLarge
    try:
        value = parse_json(source, finite=True)
    except ValueError:
        repaired = source.decode("utf-8", "replace") if isinstance(source, bytes) else ""
        if "\ufffd" not in repaired:
            raise BadRequest from None
        return json_object(repaired)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest
    return value


def _separators(source: bytes | str) -> int:
    text = source if isinstance(source, bytes) else source.encode("utf-8", "replace")
    return sum(map(text.count, (b",", b"[", b"{")))


def form_values(values: Mapping[str, list[str]]) -> dict[str, Any]:
    """Texts of a form as data: what repeats is a list, and `@jsonPayload` is laid over the rest."""
    merged: dict[str, Any] = {}
    for key, texts in values.items():
        if key != JSON_PAYLOAD:
            merged[key] = infer(texts[0]) if len(texts) == 1 else [infer(text) for text in texts]
    for payload in values.get(JSON_PAYLOAD, ()):
        merged.update(json_object(payload))
    return merged


_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def infer(text: str) -> bool | int | float | str:
    """`true`, `false` and a number in its shortest spelling as what they say, else the text."""
    if text in ("true", "false"):
        return text == "true"
    if not _NUMBER.fullmatch(text):
        return text
    number = float(text)
    return plain_number(number) if text_of(number) == text else text

"""PocketBase's value forms: ids, datetimes, JSON, received files, and its lenient conversions of scalars."""

from __future__ import annotations

import json
import math
import os
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from time import time_ns
from typing import Any

try:
    import orjson
except ImportError:  # the extra `fast` is not installed
    orjson = None  # type: ignore[assignment]

ID_ALPHABET = string.ascii_lowercase + string.digits
TOKEN_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """An upload: the client's name for it, where its bytes lie, how many; `stored` is its name in storage once given."""

    name: str
    path: Path
    size: int
    stored: str = ""


# ---- random text


def new_id(length: int = 15) -> str:
    """A random id of lower-case letters and digits, as PocketBase gives records."""
    return random_text(length, ID_ALPHABET)


def random_text(length: int, alphabet: str = TOKEN_ALPHABET) -> str:
    """Unguessable text of `length` characters, each equally likely; at most 256 characters to choose from."""
    table, rejected = _sampling(alphabet)
    picked = b""
    while len(picked) < length:
        picked += os.urandom(2 * length).translate(table, rejected)
    if alphabet.isascii():
        return picked[:length].decode()
    return "".join([alphabet[index] for index in picked[:length]])


@lru_cache(maxsize=64)
def _sampling(alphabet: str) -> tuple[bytes, bytes]:
    """byte -> index, or character where all are ASCII; and the bytes to throw away so that none is likelier than another."""
    size = len(alphabet)
    usable = 256 - 256 % size
    codes = alphabet.encode() if alphabet.isascii() else bytes(range(size))
    return bytes(codes[byte % size] for byte in range(256)), bytes(range(usable, 256))


# ---- datetimes


def now() -> str:
    """This moment as `2006-01-02 15:04:05.000Z`."""
    second, nanos = divmod(time_ns(), 1_000_000_000)
    return f"{_second_form(second)}.{nanos // 1_000_000:03}Z"


@lru_cache(maxsize=4)
def _second_form(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat(" ")[:19]


def datetime_form(moment: datetime) -> str:
    """An aware datetime in PocketBase's form: UTC, a space, milliseconds cut (not rounded), Z."""
    return moment.astimezone(UTC).isoformat(" ", "milliseconds")[:23] + "Z"


_OWN_FORM = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:([T ])(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(.*))?", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)
_NAMED_ZONE = re.compile(r" ([+-]\d{4}) [A-Z][A-Za-z]{2,4}", re.ASCII)
_OTHER_FORMS = (
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S GMT",
    "%a, %d %b %Y %H:%M:%S UTC",
    "%d %b %y %H:%M %z",
    "%d %b %y %H:%M UTC",
    "%A, %d-%b-%y %H:%M:%S UTC",
    "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S UTC %Y",
    "%a %b %d %H:%M:%S %z %Y",
    "%d %b %Y",
)


def datetime_text(raw: Any) -> str:
    """Any datetime PocketBase understands in its own form, "" for everything else (numbers too)."""
    text = raw if isinstance(raw, str) else datetime_form(_aware(raw)) if isinstance(raw, datetime) else ""
    moment = parse_datetime(text)
    if moment and _OWN_FORM.fullmatch(text):
        return text
    return datetime_form(moment) if moment else ""


def parse_datetime(text: str) -> datetime | None:
    """The moment a text names, UTC where it names no zone; None when it is no datetime or the zero one."""
    if not text:
        return None
    try:
        moment = _parse_iso(text) or _parse_other(text)
        return moment.astimezone(UTC) if moment and moment.astimezone(UTC) != _ZERO else None
    except (ValueError, OverflowError):
        return None


_ZERO = datetime(1, 1, 1, tzinfo=UTC)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parse_iso(text: str) -> datetime | None:
    if _OWN_FORM.fullmatch(text):
        return datetime.fromisoformat(text)
    match = _ISO.fullmatch(text)
    if not match:
        return None
    year, month, day, separator, *clock, fraction, zone = match.groups()
    if not separator:
        return datetime(int(year), int(month), int(day), tzinfo=UTC)
    tz = _zone(separator, zone)
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    hour, minute, second = map(int, clock)
    return datetime(int(year), int(month), int(day), hour, minute, second, micros, tz)


def _zone(separator: str, text: str) -> timezone:
    """ValueError when the text is no zone that may follow a time written with this separator."""
    if text in ("", "Z"):
        return UTC
    if separator == " ":
        named = _NAMED_ZONE.fullmatch(text)
        text = named[1] if named else text.removeprefix(" ")
    match = _OFFSET.fullmatch(text)
    if not match:
        raise ValueError(text)
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(offset if match[1] == "+" else -offset)


def _parse_other(text: str) -> datetime | None:
    for form in _OTHER_FORMS:
        try:
            return _aware(datetime.strptime(text, form))
        except ValueError:
            continue
    return None


# ---- JSON


_WHOLE_FLOAT = re.compile(rb"\.0(?![\d:])")  # also something in a text, but not the milliseconds of a datetime


def json_bytes(value: Any) -> bytes:
    """Compact UTF-8 JSON; a float without fraction is written as an integer. TypeError for what JSON cannot say."""
    if orjson is None:
        return _plain_json(value)
    try:
        encoded = orjson.dumps(value)
    except TypeError:  # integers beyond 64 bits, lone surrogates
        return _plain_json(value)
    return orjson.dumps(whole_numbers(value)) if b".0" in encoded and _WHOLE_FLOAT.search(encoded) else encoded


def json_text(value: Any) -> str:
    """`json_bytes` as text."""
    return json_bytes(value).decode()


def json_array(values: Sequence[Any]) -> str:
    """Compact JSON of many values for the database to take apart: floats stay as they are, which is quicker."""
    if orjson is None:
        return _plain_json(values).decode()
    try:
        return orjson.dumps(values).decode()
    except TypeError:
        return _plain_json(values).decode()


def _plain_json(value: Any) -> bytes:
    text = json.dumps(whole_numbers(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace")


def whole_numbers(value: Any) -> Any:
    """The same data with every float that has no fraction as an int."""
    if isinstance(value, float):
        return plain_number(value)
    if isinstance(value, dict):
        return {key: whole_numbers(item) for key, item in value.items()}
    return [whole_numbers(item) for item in value] if isinstance(value, list | tuple) else value


def parse_json(source: bytes | str, *, finite: bool = False) -> Any:
    """The data of a JSON text. ValueError when it is not JSON (NaN and Infinity are not) or nested deeper than MAX_DEPTH.

    With `finite` also where a number is too great for a float.
    """
    data = _loads(source, finite)
    brackets = source.count("[") + source.count("{") if isinstance(source, str) else source.count(b"[") + source.count(b"{")
    if brackets > MAX_DEPTH and _deeper(data, MAX_DEPTH):
        raise ValueError("nested too deep")
    return data


MAX_DEPTH = 128
"""Levels of lists and objects in JSON data; what walks over data relies on it."""


def _deeper(data: Any, levels: int) -> bool:
    """Structures within structures, more than so many."""
    level = [data]
    for _ in range(levels + 1):
        level = [item for one in level for item in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())]
    return bool(level)


def has_infinite(data: Any) -> bool:
    """Numbers too great to be one, which JSON could only write as null."""
    if isinstance(data, dict | list):
        return any(map(has_infinite, data.values() if isinstance(data, dict) else data))
    return isinstance(data, float) and not math.isfinite(data)


def _loads(source: bytes | str, finite: bool) -> Any:
    if orjson is not None:
        try:
            return orjson.loads(source)
        except ValueError:  # lone surrogates, which JSON allows; numbers that are too great
            pass
    try:
        text = source if isinstance(source, str) else source.decode()
        data = json.loads(_well_formed(text), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if finite and has_infinite(data):
        raise ValueError("a number is too great")
    return data


_ESCAPE = re.compile(r"\\\\|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|(\\ud[89a-f][0-9a-f]{2})", re.ASCII | re.IGNORECASE)


def _well_formed(text: str) -> str:
    r"""A lone `\ud800` stands for no character: the replacement character is read, as PocketBase does."""
    return _ESCAPE.sub(lambda match: r"\ufffd" if match[1] else match[0], text)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


# ---- lenient conversions of scalars


def plain_number(number: float) -> int | float:
    """An int where the number has no fraction and its shortest form no exponent, else the number."""
    return int(number) if isinstance(number, float) and number.is_integer() and abs(number) < 1e21 else number


def text_of(raw: Any) -> str:
    """A scalar as text: `true`, `12`, `1.5`; "" for null, lists and objects."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, float) and raw - raw == 0:
        return format(Decimal(repr(plain_number(raw))), "f")
    return str(raw) if isinstance(raw, int | float) else ""


_NUMBER = re.compile(r"[+-]?(?:(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?)|nan", re.ASCII | re.IGNORECASE)


def number_of(raw: Any) -> int | float:
    """A scalar as number, 0 where it is none."""
    if isinstance(raw, str):
        number = float(raw) if _NUMBER.fullmatch(raw) else 0.0
        return 0 if math.isinf(number) and "i" not in raw.lower() else plain_number(number)
    if isinstance(raw, bool):
        return int(raw)
    if isinstance(raw, int):
        return raw if -(2**63) <= raw < 2**63 else float(min(max(raw, -(10**308)), 10**308))
    return plain_number(raw) if isinstance(raw, float) else 0


def bool_of(raw: Any) -> bool:
    """A scalar as truth: true, a number other than 0, one of the texts `1 t T true True TRUE`."""
    if isinstance(raw, str):
        return raw in ("1", "t", "T", "true", "True", "TRUE")
    return bool(raw) if isinstance(raw, bool | int | float) else False


def texts_of(raw: Any) -> list[str]:
    """The texts of a list, a JSON array in a text, or one scalar; empty ones and repetitions left out.

    A list that holds a list or an object has none.
    """
    if isinstance(raw, str):
        items = _texts_in(raw) if "[" in raw else [raw]
    elif isinstance(raw, list | tuple):
        items = [] if any(isinstance(item, list | tuple | dict) for item in raw) else [text_of(item) for item in raw]
    else:
        items = [text_of(raw)]
    return [item for item in dict.fromkeys(items) if item]


def _texts_in(text: str) -> list[str]:
    try:
        items = parse_json(text)
    except ValueError:
        return [text]
    if isinstance(items, list) and all(item is None or isinstance(item, str) for item in items):
        return [item or "" for item in items]
    return [text]

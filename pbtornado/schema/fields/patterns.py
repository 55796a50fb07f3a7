"""Patterns of superusers: RE2's language, as PocketBase's, matched in linear time; and random text from one."""

from __future__ import annotations

import random
import re
from functools import lru_cache
from importlib import import_module
from typing import Any

import re2  # type: ignore[import-untyped]

from ...values import random_text

_QUIET = re2.Options()
_QUIET.log_errors = False
_RANDOM = random.SystemRandom()
NEAR, LONG = 4, 15
"""How many characters are the same in texts that are near, and how many they have at least."""
_RUN = re.compile(r"\[((?:\w-\w|\w)+)\]\{(\d+)\}", re.ASCII)


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """The pattern ready for `search` and `fullmatch`. ValueError says what is wrong with it."""
    try:
        return re2.compile(pattern, _QUIET)
    except re2.error as error:
        reason = error.args[0]
        raise ValueError(f"error parsing regexp: {reason.decode() if isinstance(reason, bytes) else reason}") from error


def found(pattern: str, value: str) -> bool:
    """Something in the value matches the pattern; false when the pattern is wrong."""
    try:
        return compiled(pattern).search(value) is not None
    except (ValueError, UnicodeEncodeError):
        return False


def generate(pattern: str) -> str:
    """Random text that matches the pattern. ValueError when no text can be made from it."""
    runs = _plain_runs(pattern)
    if runs is not None:
        return "".join([random_text(length, alphabet) for alphabet, length in runs])
    compiled(pattern)
    return _generate_any(pattern)


def generate_many(pattern: str, count: int, *, near: bool = False) -> list[str]:
    """So many such texts; with `near` those that are long begin alike, so that they lie beside each other in an index.

    Of a key as PocketBase makes them 57 of its 77 bits of chance are left.
    """
    runs = _plain_runs(pattern)
    if runs is None or len(runs) != 1 or not runs[0][1]:
        return [generate(pattern) for _ in range(count)]
    alphabet, length = runs[0]
    start = random_text(NEAR, alphabet) if near and length >= LONG else ""
    rest = length - len(start)
    text = random_text(rest * count, alphabet)
    return [start + text[place : place + rest] for place in range(0, len(text), rest)]


@lru_cache(maxsize=512)
def _plain_runs(pattern: str) -> tuple[tuple[str, int], ...] | None:
    """`[a-z0-9]{15}` and the like as (alphabet, length), None for any other pattern."""
    runs = [(_alphabet(match[1]), int(match[2])) for match in _RUN.finditer(pattern)]
    whole = "".join(match[0] for match in _RUN.finditer(pattern)) == pattern
    return tuple(runs) if whole and all(alphabet for alphabet, _ in runs) else None


def _alphabet(ranges: str) -> str:
    characters = ""
    for low, high in re.findall(r"(\w)(?:-(\w))?", ranges, re.ASCII):
        characters += "".join(map(chr, range(ord(low), ord(high or low) + 1)))
    return "".join(dict.fromkeys(characters))


def _generate_any(pattern: str) -> str:
    import rstr  # rarely needed

    import_module("rstr.xeger").STAR_PLUS_LIMIT = 6  # type: ignore[attr-defined]  # as PocketBase: `+` and `*` make at most so many
    try:
        return str(rstr.Rstr(_RANDOM).xeger(pattern))
    except Exception as error:
        raise ValueError(f"unsupported pattern: {error}") from error

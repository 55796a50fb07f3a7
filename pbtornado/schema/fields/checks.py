"""The checks fields and collections share: each answers why a value is refused, with PocketBase's code and sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...errors import FieldError
from .patterns import compiled

NAME = re.compile(r"\w+", re.ASCII)
RESERVED_NAMES = ("null", "true", "false", "_rowid_", "collectionId", "collectionName", "expand")
REQUIRED = FieldError("validation_required", "cannot be blank")


def gather(**errors: Any) -> dict[str, Any]:
    """The errors that are there, by name."""
    return {name: error for name, error in errors.items() if error}


def joined(*errors: Mapping[str, Any]) -> dict[str, Any]:
    """Several maps of errors as one; of two for a name the first counts."""
    result: dict[str, Any] = {}
    for some in errors:
        result = {**some, **result}
    return result


def required(value: Any) -> FieldError | None:
    """A value that is empty, zero or false."""
    return None if value else REQUIRED


def length(value: str, least: int, most: int) -> FieldError | None:
    """A non-empty text, by characters."""
    if not value or least <= len(value) <= most:
        return None
    message = f"the length must be between {least} and {most}"
    return FieldError("validation_length_out_of_range", message, {"max": most, "min": least})


def at_least(value: float, threshold: float) -> FieldError | None:
    """A number other than 0."""
    if not value or value >= threshold:
        return None
    return FieldError("validation_min_greater_equal_than_required", f"must be no less than {threshold}", {"threshold": threshold})


def at_most(value: float, threshold: float) -> FieldError | None:
    """A number other than 0."""
    if not value or value <= threshold:
        return None
    return FieldError("validation_max_less_equal_than_required", f"must be no greater than {threshold}", {"threshold": threshold})


def within(value: float, least: float, most: float) -> FieldError | None:
    """A number other than 0."""
    return at_least(value, least) or at_most(value, most)


def one_of(value: Any, allowed: tuple[Any, ...]) -> FieldError | None:
    """A non-empty value among these."""
    return FieldError("validation_in_invalid", "must be a valid value") if value and value not in allowed else None


def none_of(value: Any, refused: tuple[Any, ...]) -> FieldError | None:
    """A non-empty value not among these."""
    return FieldError("validation_not_in_invalid", "must not be in list") if value and value in refused else None


def matches(value: str, pattern: re.Pattern[str]) -> FieldError | None:
    """A non-empty text, as a whole."""
    return FieldError("validation_match_invalid", "must be in a valid format") if value and not pattern.fullmatch(value) else None


def empty(value: Any) -> FieldError | None:
    """A value that may not be there."""
    return FieldError("validation_empty", "must be blank") if value else None


def equal(value: Any, expected: Any) -> FieldError | None:
    """A value that may not differ."""
    return None if value == expected else FieldError("validation_values_mismatch", "Values don't match.")


def regex(pattern: str) -> FieldError | None:
    """A pattern that can be compiled."""
    try:
        compiled(pattern)
    except ValueError as error:
        return FieldError("validation_invalid_regex", str(error))
    return None


def no_via(value: str) -> FieldError | None:
    """A name that cannot be taken for a back-relation."""
    if "_via_" not in value.lower():
        return None
    return FieldError("validation_found_via", 'The value cannot contain "_via_".')


def field_name(name: str) -> FieldError | None:
    """A name a field may have."""
    return required(name) or length(name, 1, 100) or matches(name, NAME) or none_of(name, RESERVED_NAMES) or no_via(name)


_DOMAIN = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+(?:[a-zA-Z]{1,63}|xn--[a-z0-9]{1,59})"


def domain(value: str) -> FieldError | None:
    """A host name with a dot."""
    if not value or compiled(_DOMAIN).fullmatch(value):
        return None
    return FieldError("validation_is_domain", "must be a valid domain")


def each(values: tuple[str, ...], errors: list[FieldError | None]) -> dict[str, FieldError] | None:
    """Errors of a list's items by their index."""
    return {str(index): error for index, error in enumerate(errors[: len(values)]) if error} or None


_ATOM = r"[\p{L}\p{N}!#$%&'*+/=?^_`{|}~\-]+"
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{N}\-._~]*[\p{L}\p{N}])?"
_EMAIL = rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+\p{{L}}(?:[\p{{L}}\p{{N}}\-_~]*\p{{L}})?\.?"


def email(value: str) -> FieldError | None:
    """A text that has the form of an email address."""
    if len(value) <= 320 and compiled(_EMAIL).fullmatch(value):
        return None
    return FieldError("validation_is_email", "must be a valid email address")


_HOST = r"\[[0-9a-fA-F:.]+\]|[\p{L}\p{N}](?:[\p{L}\p{N}\-_]*[\p{L}\p{N}])?(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}\-_]*[\p{L}\p{N}])?)*\.?"
_URL = rf"(?:((?:ftp|tcp|udp|wss?|https?)://)?(?:[^\s/@]+@)?({_HOST})(?::\d{{1,5}})?)(?:[/?#]\S*)?"

_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")


def is_url(value: str) -> bool:
    """A text with the form of a URL; the scheme may be left out where the host has a dot or a port."""
    match = compiled(_URL).fullmatch(value) if 3 < len(value) < 2083 else None
    return bool(match and (match[1] or "." in match[2] or ":" in value) and not _badly_escaped(value))


def _badly_escaped(url: str) -> bool:
    """A percent sign without its two digits, anywhere but in the query."""
    front, _, fragment = url.partition("#")
    return any(_BAD_ESCAPE.search(part) for part in (front.partition("?")[0], fragment))


def url(value: str) -> FieldError | None:
    """A non-empty text that has the form of a URL."""
    return FieldError("validation_is_url", "must be a valid URL") if value and not is_url(value) else None

"""What can go wrong for a caller, in the shape PocketBase's clients read.

An answer of failure is `{"status": int, "message": str, "data": {...}}` (features A17.02); `data`
maps a field's name to `{"code", "message", "params"?}`, nested for composite bodies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """Why one value was refused: a stable code, a sentence, and the limits the sentence names."""

    code: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The JSON form; `params` is left out when there are none, as PocketBase does."""
        plain: dict[str, Any] = {"code": self.code, "message": sentence(self.message)}
        if self.params:
            plain["params"] = dict(self.params)
        return plain


class Invalid(Exception):
    """Values that were refused, field by field; the verb that was asked turns it into a BadRequest."""

    def __init__(self, errors: Mapping[str, Any]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


class ApiError(Exception):
    """An answer of failure; `status` is the HTTP status it is sent with."""

    status = 400
    default = "Something went wrong while processing your request."

    def __init__(self, message: str = "", errors: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None) -> None:
        self.message = sentence(message or self.default)
        self.errors: Mapping[str, Any] = errors or {}
        self.headers: Mapping[str, str] = headers or {}
        super().__init__(self.message)

    def body(self) -> dict[str, Any]:
        """`{"data", "message", "status"}`, the order PocketBase writes them in."""
        return {"data": plain_errors(self.errors), "message": self.message, "status": self.status}


class BadRequest(ApiError):
    """400: the request cannot be carried out as it stands."""


class Unauthorized(ApiError):
    """401: only somebody signed in may ask this."""

    status = 401
    default = "Missing or invalid authentication."


class Forbidden(ApiError):
    """403: this actor may not."""

    status = 403
    default = "You are not allowed to perform this request."


class NotFound(ApiError):
    """404: no such thing, or not for this actor."""

    status = 404
    default = "The requested resource wasn't found."


class Changed(ApiError):
    """412: the record is in another state than the one a write was meant for."""

    status = 412
    default = "The record is in another state than the request expects."


class TooLarge(ApiError):
    """413: the body is over its limit."""

    status = 413
    default = "Request entity too large"


class TooManyRequests(ApiError):
    """429: the caller has used up a limit."""

    status = 429
    default = "Too Many Requests."


class Busy(ApiError):
    """503: a bounded queue is full; `Retry-After` says when to come again."""

    status = 503
    default = "The server is busy, try again in a moment."


def plain_errors(errors: Mapping[str, Any]) -> dict[str, Any]:
    """Field errors at any depth as plain JSON values, names in alphabetical order as PocketBase writes them."""
    return {name: plain_error(error) for name, error in sorted(errors.items())}


def plain_error(error: Any) -> Any:
    """One field's error, or a nested map of them, as plain JSON values."""
    if isinstance(error, FieldError):
        return error.body()
    return plain_errors(error) if isinstance(error, Mapping) else error


def raw_errors(errors: Mapping[str, Any]) -> dict[str, Any]:
    """The reasons alone of field errors at any depth, as the logs have them."""
    return {name: _raw_error(error) for name, error in sorted(errors.items())}


def _raw_error(error: Any) -> Any:
    if isinstance(error, FieldError):
        return error.message
    return raw_errors(error) if isinstance(error, Mapping) else str(error)


def sentence(text: str) -> str:
    """The text with a capital at its start and a stop at its end, as PocketBase prints messages."""
    text = text.strip()
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else text + "."

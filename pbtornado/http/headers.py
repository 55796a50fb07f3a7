"""Headers every answer carries: security, and which other sites may read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import formatdate
from functools import lru_cache
from time import time

from tornado.httputil import HTTPHeaders

METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE"
SECURITY = (
    ("X-XSS-Protection", "1; mode=block"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
)
_LONGEST_ORIGIN = 253 + len("https://") + len(":65535")


class Origins:
    """The sites whose pages may read our answers: exact origins, `*`, or patterns like `https://*.example.com`."""

    def __init__(self, allowed: Sequence[str] = ("*",)) -> None:
        self._any = "*" in allowed
        self._patterns = [re.compile(_pattern(origin)) for origin in allowed if origin != "*"]
        self._answer = lru_cache(maxsize=1024)(self._match)

    def answer(self, origin: str) -> str:
        """The value of `Access-Control-Allow-Origin` for this origin, "" where it is not allowed."""
        if self._any:
            return "*"
        return self._answer(origin) if len(origin) <= _LONGEST_ORIGIN else ""

    def _match(self, origin: str) -> str:
        return origin if any(pattern.fullmatch(origin) for pattern in self._patterns) else ""


def preflight(request: HTTPHeaders, origins: Origins) -> list[tuple[str, str]]:
    """The headers that answer an OPTIONS request."""
    allowed = cross_origin(request, origins)
    if len(allowed) == 1:
        return allowed
    asked = request.get("Access-Control-Request-Headers")
    return [
        *allowed,
        ("Vary", "Access-Control-Request-Method"),
        ("Vary", "Access-Control-Request-Headers"),
        ("Access-Control-Allow-Methods", METHODS),
        *([("Access-Control-Allow-Headers", asked)] if asked else []),
    ]


def cross_origin(request: HTTPHeaders, origins: Origins) -> list[tuple[str, str]]:
    """`Vary`, and the permission where the asking page's site has one."""
    origin = request.get("Origin")
    allowed = origins.answer(origin) if origin else ""
    return [("Vary", "Origin"), ("Access-Control-Allow-Origin", allowed)] if allowed else [("Vary", "Origin")]


def date_now() -> str:
    """The value of `Date`."""
    return _date_of(int(time()))


@lru_cache(maxsize=4)
def _date_of(second: int) -> str:
    return formatdate(second, usegmt=True)


def _pattern(origin: str) -> str:
    return re.escape(origin).replace(r"\*", ".*").replace(r"\?", ".")

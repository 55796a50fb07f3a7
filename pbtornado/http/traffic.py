"""How many requests there were of which kind, how long they took, and how large they were."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..measures import Histogram

if TYPE_CHECKING:
    from .handler import Answers

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset(("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"))
OTHER = "other"


class Family:
    """Requests of one family of routes; `requests` by method and status."""

    __slots__ = ("name", "received", "requests", "seconds", "sent")

    def __init__(self, name: str) -> None:
        self.name = name
        self.requests: Counter[tuple[str, int]] = Counter()
        self.seconds = Histogram(SECONDS)
        self.received = self.sent = 0


class Traffic:
    """The requests of this worker that were answered."""

    def __init__(self) -> None:
        self.families: dict[str, Family] = {}
        self._of: dict[type[Answers], Family] = {}

    def note(self, handler: Answers, status: int) -> None:
        """Counts a request that has been answered."""
        kind, request = type(handler), handler.request
        family = self._of.get(kind) or self._add(kind)
        method = request.method if request.method in METHODS else OTHER
        family.requests[method, status] += 1
        if method not in handler.lasting:
            family.seconds.observe(request.request_time())
        length = request.headers.get("Content-Length")
        if length and length.isdecimal():
            family.received += int(length)
        if method != "HEAD":
            family.sent += handler.sent

    def _add(self, kind: type[Answers]) -> Family:
        name = family_of(kind.__module__)
        family = self._of[kind] = self.families.setdefault(name, Family(name))
        return family


def family_of(module: str) -> str:
    """The family of a handler's routes: its module in this package."""
    inside = module.partition(f"{__package__}.")[2]
    return inside.partition(".")[0] or OTHER

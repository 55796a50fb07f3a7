"""Who asks, and what a rule may read about the asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..schema.record import Record

Context = Literal["default", "oauth2", "otp", "password", "realtime", "protectedFile", "expand", "batch"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A guest (`record` None), an auth record, or a superuser."""

    record: Record | None = None
    superuser: bool = False

    @property
    def label(self) -> str:
        """`"collectionId/recordId"`, or "" for a guest: how the change log names an actor."""
        return f"{self.record.collection.id}/{self.record.id}" if self.record else ""


GUEST = Actor()


class Footprint:
    """What one answer has depended on, for whoever wants to keep it.

    `tables` by name, and of some of them only `records` (table, id); `request` are items such as `auth.name` or
    `headers.x_token`; `fleeting` is an answer that the time or chance had a part in.
    """

    __slots__ = ("fleeting", "records", "request", "tables")

    def __init__(self) -> None:
        self.tables: set[str] = set()
        self.records: set[tuple[str, str]] = set()
        self.request: set[str] = set()
        self.fleeting = False

    @property
    def names(self) -> set[str]:
        """All tables."""
        return self.tables | {table for table, _ in self.records}

    def reads(self, part: str) -> bool:
        """Was an item of this part of the request read: `auth`, `headers` ...?"""
        return any(item.startswith(part) for item in self.request)


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """`@request.*`: header names in lower snake case, the first value of each query key, and the body as data."""

    actor: Actor = GUEST
    context: Context = "default"
    method: str = "GET"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    request_id: str = ""
    ip: str = ""
    footprint: Footprint | None = field(default=None, compare=False)
    """Where what an answer to it depends on is noted."""

    def within(self, context: Context) -> RequestInfo:
        """The same asking, seen from another context (`expand`, `protectedFile`, ...)."""
        return replace(self, context=context)

    def noting(self, footprint: Footprint) -> RequestInfo:
        """The same asking, whose answer leaves a footprint."""
        return RequestInfo(self.actor, self.context, self.method, self.query, self.headers, self.body, self.request_id, self.ip, footprint)

    def with_body(self, body: Mapping[str, Any]) -> RequestInfo:
        """The same asking with its body resolved (modifiers applied)."""
        # dataclasses.replace takes four times as long, and every write comes through here
        return RequestInfo(self.actor, self.context, self.method, self.query, self.headers, body, self.request_id, self.ip, self.footprint)

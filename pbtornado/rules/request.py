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

    def within(self, context: Context) -> RequestInfo:
        """The same asking, seen from another context (`expand`, `protectedFile`, ...)."""
        return replace(self, context=context)

    def with_body(self, body: Mapping[str, Any]) -> RequestInfo:
        """The same asking with its body resolved (modifiers applied)."""
        # dataclasses.replace takes four times as long, and every write comes through here
        return RequestInfo(self.actor, self.context, self.method, self.query, self.headers, body, self.request_id, self.ip)

"""A Tornado request as the data rules may read."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from tornado.httputil import HTTPHeaders, HTTPServerRequest

from ..rules.request import Actor, RequestInfo

MOST_QUERY_KEYS = 1000
FIRST_ASKED_BY = "X-First-Asked-By"
"""Header between workers: the address of the client that was handed over."""
_WORDS = re.compile(r"[\W_]+")
_HUMPS = re.compile(r"(?<=[^A-Z])(?=[A-Z])")


def request_info(
    request: HTTPServerRequest, actor: Actor, query: Mapping[str, str], body: Mapping[str, Any], request_id: str, ip: str
) -> RequestInfo:
    """What the rules may know of a request; header names are only translated when somebody looks at them."""
    return RequestInfo(
        actor=actor,
        method=request.method or "GET",
        query=query,
        headers=HeaderValues(request.headers),
        body=body,
        request_id=request_id,
        ip=ip,
    )


def peer(request: HTTPServerRequest) -> str:
    """The address of who asks; a request handed over by a sibling says whose it was."""
    if from_sibling(request):
        return request.headers.get(FIRST_ASKED_BY, "")
    return request.remote_ip or ""


def from_sibling(request: HTTPServerRequest) -> bool:
    """Did another worker hand this request over? Nobody else can reach a worker's own socket."""
    context = getattr(request.connection, "context", None)
    return getattr(context, "address_family", None) == socket.AF_UNIX


def query_values(text: str) -> dict[str, str]:
    """The first value of each key; ValueError where there are more than `MOST_QUERY_KEYS`."""
    if not text:
        return {}
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_QUERY_KEYS)
    return dict(reversed(pairs))


def snake_case(name: str) -> str:
    """`X-Token` as `x_token`, the spelling of `@request.headers.*`."""
    return "_".join(_HUMPS.sub("_", word) for word in _WORDS.split(name) if word).lower()


class HeaderValues(Mapping[str, str]):
    """The first value of each header under its snake-case name."""

    __slots__ = ("_headers", "_values")

    def __init__(self, headers: HTTPHeaders) -> None:
        self._headers = headers
        self._values: dict[str, str] | None = None

    def _read(self) -> dict[str, str]:
        if self._values is None:
            self._values = {snake_case(name): self._headers.get_list(name)[0] for name in self._headers if name != "Host"}
        return self._values

    def __getitem__(self, name: str) -> str:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

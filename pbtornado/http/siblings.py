"""The other workers of this server: a request that is theirs is handed to them over their own sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.netutil import Resolver
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from ..errors import Busy
from ..values import json_bytes
from .handler import JSON, ApiHandler
from .info import FIRST_ASKED_BY, from_sibling, peer

SECONDS = 10.0
MOST_AT_ONCE = 256
NO_ANSWER = (OSError, TimeoutError, HTTPClientError)
"""What the client raises where none comes: in time, or at all."""
_NOT_PASSED_ON = frozenset(("Host", "Connection", "Content-Length", "Transfer-Encoding", "Expect", "Accept-Encoding"))


class Siblings:
    """The workers' Unix sockets by number; `own` is this worker's."""

    def __init__(self, own: int = 0, sockets: Sequence[Path] = ()) -> None:
        self.own, self.sockets = own, tuple(sockets)
        self._http: SimpleAsyncHTTPClient | None = None

    def elsewhere(self, worker: int, request: HTTPServerRequest) -> bool:
        """Is it for another worker of this server to answer? What a sibling handed over stays here."""
        return worker != self.own and 0 <= worker < len(self.sockets) and not from_sibling(request)

    async def hand_over(self, worker: int, handler: ApiHandler) -> None:
        """Answers `handler`'s request with what that worker answers it. Raises Busy where it does not."""
        body = json_bytes(handler.body().fields)
        try:
            answer = await self._client().fetch(self._request(worker, handler.request, body), raise_error=False)
        except NO_ANSWER:
            raise Busy(headers={"Retry-After": "1"}) from None
        handler.passed_on = True
        handler.set_status(answer.code)
        handler.finish(answer.body or None)

    async def ask_others(self, asked: HTTPServerRequest, seconds: float) -> dict[int, bytes | None]:
        """What each of the other workers answers to the same request, which has no body; None for one that does not in time."""
        others = [worker for worker in range(len(self.sockets)) if worker != self.own]
        answers = await asyncio.gather(*(self._asked(worker, asked, seconds) for worker in others))
        return dict(zip(others, answers, strict=True))

    async def _asked(self, worker: int, asked: HTTPServerRequest, seconds: float) -> bytes | None:
        try:
            answer = await self._client().fetch(self._request(worker, asked, b"", seconds), raise_error=False)
        except NO_ANSWER:
            return None
        return answer.body if answer.code == 200 else None

    def close(self) -> None:
        """Ends what is still on its way."""
        if self._http:
            self._http.close()

    def _client(self) -> SimpleAsyncHTTPClient:
        if self._http is None:
            self._http = SimpleAsyncHTTPClient(force_instance=True, max_clients=MOST_AT_ONCE, resolver=_Workers(self.sockets))
        return self._http

    def _request(self, worker: int, asked: HTTPServerRequest, body: bytes, seconds: float = SECONDS) -> HTTPRequest:
        headers = HTTPHeaders({name: value for name, value in asked.headers.items() if name not in _NOT_PASSED_ON})
        headers["Content-Type"], headers[FIRST_ASKED_BY] = JSON, peer(asked)
        return HTTPRequest(
            f"http://worker-{worker}{asked.uri}",
            asked.method or "GET",
            headers,
            body,
            request_timeout=seconds,
            connect_timeout=seconds,
            allow_nonstandard_methods=True,
        )


class _Workers(Resolver):
    """`worker-N` is the N-th Unix socket."""

    def initialize(self, sockets: Sequence[Path]) -> None:
        self._sockets = sockets

    async def resolve(self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[tuple[int, Any]]:
        return [(socket.AF_UNIX, str(self._sockets[int(host.removeprefix("worker-"))]))]

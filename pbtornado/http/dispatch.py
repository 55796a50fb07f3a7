"""From a request to its handler: Tornado's application with a shorter way there."""

from __future__ import annotations

import re
from asyncio import Future, Task, get_running_loop
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from tornado.concurrent import future_set_result_unless_cancelled
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerRequest, RequestStartLine, ResponseStartLine
from tornado.web import Application, RequestHandler

Fits = Callable[[str], re.Match[str] | None]
Route = tuple[Any, ...]
"""A pattern of paths, the handler's class, and what it is made with."""


class Dispatch(Application):
    """The first route that fits a path answers it, `otherwise` what fits none."""

    def __init__(self, routes: Sequence[Route], otherwise: type[RequestHandler], **settings: Any) -> None:
        super().__init__(**settings)
        self._routes: list[tuple[Fits, type[RequestHandler], dict[str, Any]]] = [
            (re.compile(pattern).fullmatch, handler, dict(*made)) for pattern, handler, *made in routes
        ]
        self._otherwise = otherwise

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Turn:  # type: ignore[override]
        path = request.path
        for fits, handler, made in self._routes:
            if match := fits(path):
                return Turn(self, request, handler, made, [unquote_to_bytes(group or "") for group in match.groups()])
        return Turn(self, request, self._otherwise, {}, [])


class Turn(HTTPMessageDelegate):
    """One request and its handler. A handler that takes no bodies is asked when the request is complete, others at its head."""

    def __init__(
        self,
        application: Application,
        request: HTTPServerRequest,
        kind: type[RequestHandler],
        made: dict[str, Any],
        arguments: list[bytes],
    ) -> None:
        self._application, self._request, self._kind, self._made, self._arguments = application, request, kind, made, arguments
        self._takes_bodies = getattr(kind, "_stream_request_body", False)
        self._handler: RequestHandler | None = None

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> Future[None] | None:
        if not self._takes_bodies:
            return None
        self._request._body_future = Future()
        ready: Future[None] = Future()
        self._start(ready)
        return ready

    def data_received(self, chunk: bytes) -> None:
        if self._handler and self._takes_bodies:
            self._handler.data_received(chunk)

    def finish(self) -> None:
        if self._takes_bodies:
            future_set_result_unless_cancelled(self._request._body_future, None)
        else:
            self._start(None)

    def on_connection_close(self) -> None:
        if self._handler:
            self._handler.on_connection_close()

    def _start(self, ready: Future[None] | None) -> None:
        self._handler = handler = self._kind(self._application, self._request, **self._made)
        handler._prepared_future = ready  # type: ignore[assignment]
        task: Task[None] = get_running_loop().create_task(handler._execute([], *self._arguments))
        task.add_done_callback(_ended)


def _ended(task: Task[None]) -> None:
    """What a handler let through is for the loop to tell of."""
    if not task.cancelled():
        task.result()

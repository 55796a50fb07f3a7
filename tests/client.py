"""A client of the HTTP API for tests: paths in, status and parsed JSON out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httputil import HTTPHeaders

if TYPE_CHECKING:
    from pbtornado.backend import Backend

SUPERUSER = ("root@example.com", "1234567890")


@dataclass(frozen=True)
class Answer:
    """What came back: `json` is the parsed body, None where there is none."""

    status: int
    headers: HTTPHeaders
    body: bytes

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def error(self) -> dict[str, Any]:
        """The field errors of a refusal."""
        data: dict[str, Any] = self.json["data"]
        return data


class Client:
    """Sends requests to `base`; `token` (or each call's own) says who asks."""

    def __init__(self, base: str, backend: Backend, token: str = "") -> None:
        self.base, self.backend, self.token = base, backend, token
        self._http = AsyncHTTPClient(force_instance=True, max_clients=200)

    def close(self) -> None:
        self._http.close()

    async def send(
        self,
        method: str,
        path: str,
        data: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """One request: `data` is sent as JSON, `body` as it is; redirects are not followed."""
        sent = {"Authorization": self.token if token is None else token, **(headers or {})}
        if data is not None:
            body = json.dumps(data).encode()
            sent.setdefault("Content-Type", "application/json")
        request = HTTPRequest(
            self.base + path,
            method,
            {name: value for name, value in sent.items() if value},
            body,
            follow_redirects=False,
            allow_nonstandard_methods=True,
            decompress_response=False,
            request_timeout=20,
        )
        answer = await self._http.fetch(request, raise_error=False)
        if answer.code == 599 and answer.error:
            raise answer.error
        return Answer(answer.code, answer.headers, answer.body or b"")

    async def get(self, path: str, *, token: str | None = None, headers: dict[str, str] | None = None) -> Answer:
        return await self.send("GET", path, token=token, headers=headers)

    async def post(self, path: str, data: Any = None, *, token: str | None = None, headers: dict[str, str] | None = None) -> Answer:
        return await self.send("POST", path, data, token=token, headers=headers)

    async def patch(self, path: str, data: Any = None, *, token: str | None = None, headers: dict[str, str] | None = None) -> Answer:
        return await self.send("PATCH", path, data, token=token, headers=headers)

    async def delete(self, path: str, *, token: str | None = None, headers: dict[str, str] | None = None) -> Answer:
        return await self.send("DELETE", path, token=token, headers=headers)

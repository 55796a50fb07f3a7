"""A plain reader of server-sent events over a socket, for tests that cut and resume streams."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.process import Server


@dataclass(frozen=True)
class Event:
    """One event: its `id`, its name and its data, parsed."""

    id: str
    name: str
    data: Any


class Stream:
    """An open stream; `client` is its id once connected. Raises OSError or HTTPException when cut."""

    def __init__(self, server: Server, query: str = "", timeout: float = 30) -> None:
        self.server = server
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
        self.connection.request("GET", "/api/realtime" + query)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        self.events = self.read()
        self.client = str(next(self.events).data["clientId"])

    def read(self) -> Iterator[Event]:
        """The events in order, comments left out; ends by raising when the stream is cut."""
        fields: dict[str, str] = {}
        while line := self.answer.readline():
            name, _, value = line.decode().rstrip("\n").partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            elif "event" in fields:
                yield Event(fields.get("id", ""), fields["event"], json.loads(fields["data"]))
                fields = {}
            elif not line.strip():
                fields = {}
        raise ConnectionResetError("the stream has ended")

    def subscribe(self, *topics: str, token: str = "") -> None:
        """Replaces the stream's topics."""
        body = {"clientId": self.client, "subscriptions": list(topics)}
        answer = self.server.ask("POST", "/api/realtime", body, token=token)
        if answer.status != 204:
            raise ConnectionResetError(f"{answer.status} {answer.body!r}")

    def close(self) -> None:
        """Closes the socket."""
        self.connection.close()

"""Subscribers that read as fast as they can and count: one process, raw sockets, no parsing beyond the blank line that ends an event."""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
from multiprocessing.connection import Connection
from types import TracebackType

from tests.process import Server


class Listeners:
    """`count` streams on a topic, held by a process of their own while the context lasts; `heard` counts their events."""

    def __init__(self, server: Server, topic: str, token: str, count: int) -> None:
        self.count = count
        if count:
            self._ours, theirs = multiprocessing.Pipe()
            self._process = multiprocessing.Process(target=listen, args=(server, topic, token, count, theirs), daemon=True)

    def __enter__(self) -> Listeners:
        if self.count:
            self._process.start()
            self._ours.recv()
        return self

    def heard(self) -> int:
        """Events so far, by all streams together."""
        if not self.count:
            return 0
        self._ours.send("count")
        return int(self._ours.recv())

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.count:
            self._process.terminate()
            self._process.join()


def listen(server: Server, topic: str, token: str, count: int, told: Connection) -> None:
    """Opens the streams, subscribes, says so, then reads until it is ended."""
    streams = selectors.DefaultSelector()
    for _ in range(count):
        streams.register(subscribed(server, topic, token), selectors.EVENT_READ)
    told.send("ready")
    streams.register(told, selectors.EVENT_READ)
    events = 0
    while True:
        for key, _ in streams.select():
            if key.fileobj is told:
                told.recv()
                told.send(events)
            elif isinstance(key.fileobj, socket.socket):
                events += key.fileobj.recv(1 << 18).count(b"\nevent:")


def subscribed(server: Server, topic: str, token: str) -> socket.socket:
    """A stream that hears the topic."""
    stream = socket.create_connection(("127.0.0.1", server.port))
    stream.sendall(b"GET /api/realtime HTTP/1.1\r\nHost: localhost\r\n\r\n")
    head, end = b"", time.monotonic() + 10
    while b'"clientId":"' not in head or (not head.endswith(b"\n\n") and not head.endswith(b"\r\n")):
        head += stream.recv(4096)
        assert time.monotonic() < end, head
    client = head.split(b'"clientId":"')[1].split(b'"')[0].decode()
    answer = server.ask("POST", "/api/realtime", {"clientId": client, "subscriptions": [topic]}, token=token)
    assert answer.status == 204, answer.body
    return stream

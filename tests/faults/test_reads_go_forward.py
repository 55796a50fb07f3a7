"""No read, on whichever connection, shows less than an answer that somebody had before it was asked."""

from __future__ import annotations

import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.process import Server

WRITES = 1000
READERS = 3
CONNECTIONS = 6
"""Of each thread, so that either worker has some of them."""


class Shown:
    """The greatest number that any answer has shown, kept by all threads."""

    def __init__(self) -> None:
        self.greatest = 0
        self.over = threading.Event()
        self._lock = threading.Lock()

    def see(self, number: int, before: int) -> None:
        """An answer shows this number; `before` had been shown when it was asked for."""
        assert number >= before
        with self._lock:
            self.greatest = max(self.greatest, number)


class Asking:
    """One thread's connections, used in turn."""

    def __init__(self, server: Server, path: str, shown: Shown) -> None:
        self.connections = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=30) for _ in range(CONNECTIONS)]
        self.path, self.shown, self.asked = path, shown, 0

    def ask(self, method: str, path: str, body: str | None = None) -> int:
        """The number that the answer has, which must not be less than what had been shown before."""
        before = self.shown.greatest
        self.asked += 1
        connection = self.connections[self.asked % CONNECTIONS]
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        data = json.loads(connection.getresponse().read())
        number = int(data["items"][0]["n"] if "items" in data else data["n"])
        self.shown.see(number, before)
        return number

    def write(self) -> None:
        """Raises the number, and reads it."""
        try:
            for _ in range(WRITES):
                self.ask("PATCH", self.path, '{"n+": 1}')
                self.ask("GET", self.path)
        finally:
            self.close()

    def read(self) -> None:
        """Reads the record and the list it is in until all is written."""
        try:
            while not self.shown.over.is_set():
                self.ask("GET", self.path)
                self.ask("GET", self.path.rpartition("/")[0])
        finally:
            self.close()

    def close(self) -> None:
        """Hangs up."""
        for connection in self.connections:
            connection.close()


def test_numbers_never_go_back(tmp_path: Path) -> None:
    """A number that only grows is read over two workers while it is written over both; what is kept is never older than what was shown."""
    with Server(tmp_path / "pb_data", "--workers", "2") as server, ThreadPoolExecutor(READERS + 1) as threads:
        server.sign_in()
        everybody = dict.fromkeys(("listRule", "viewRule", "updateRule"), "")
        server.create("/api/collections", {"name": "counters", "type": "base", "fields": [{"name": "n", "type": "number"}], **everybody})
        path = f"/api/collections/counters/records/{server.create('/api/collections/counters/records', {'n': 0})['id']}"
        shown = Shown()
        readers = [threads.submit(Asking(server, path, shown).read) for _ in range(READERS)]
        try:
            threads.submit(Asking(server, path, shown).write).result()
        finally:
            shown.over.set()
        for reader in readers:
            reader.result()
        assert shown.greatest == WRITES

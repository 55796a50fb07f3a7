"""Writers that remember what they were answered, and a subscriber that resumes where it was cut."""

from __future__ import annotations

import http.client
import random
import threading
from collections import Counter

from tests.process import Server
from tests.sse import Stream

CUT = (OSError, http.client.HTTPException)
PATH = "/api/collections/items/records"
ITEMS = {
    "name": "items",
    "type": "base",
    "listRule": "",
    "fields": [{"name": "writer", "type": "number"}, {"name": "n", "type": "number"}],
}


class Writer(threading.Thread):
    """Creates, updates and deletes its own records in turn until told to stop.

    `sure` maps a record's id to the value it must have; `doubtful` holds ids whose last request got no answer.
    """

    def __init__(self, server: Server, number: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.server, self.number, self.stop = server, number, stop
        self.chance = random.Random(number)
        self.sure: dict[str, int] = {}
        self.gone: set[str] = set()
        self.doubtful: set[str] = set()
        self.refused: Counter[int] = Counter()
        self.answered = 0

    def run(self) -> None:
        """Writes; an unanswered request leaves its record in doubt and is not repeated."""
        while not self.stop.is_set():
            self.step()

    def step(self) -> None:
        """One write of a random kind."""
        known = [key for key in list(self.sure)[-20:] if key not in self.doubtful]
        kind = self.chance.choice(("create", "create", "update", "delete")) if known else "create"
        if kind == "create":
            self.create("".join(self.chance.choices("abcdefghijklmnopqrstuvwxyz", k=15)))
        elif kind == "update":
            self.update(self.chance.choice(known))
        else:
            self.delete(self.chance.choice(known))

    def attempt(self, key: str, method: str, path: str, body: object, good: int) -> bool:
        """Whether the write was answered as done; in doubt when it was not answered at all."""
        try:
            answer = self.server.ask(method, path, body)
        except CUT:
            self.doubtful.add(key)
            self.stop.wait(0.02)
            return False
        if answer.status != good:
            self.refused[answer.status] += 1
            return False
        self.answered += 1
        return True

    def create(self, key: str) -> None:
        """A record of this writer under a chosen id."""
        if self.attempt(key, "POST", PATH, {"id": key, "writer": self.number, "n": 0}, 200):
            self.sure[key] = 0

    def update(self, key: str) -> None:
        """One more on the record's counter, by the server."""
        if self.attempt(key, "PATCH", f"{PATH}/{key}", {"n+": 1}, 200):
            self.sure[key] += 1

    def delete(self, key: str) -> None:
        """Deletes the record."""
        if self.attempt(key, "DELETE", f"{PATH}/{key}", None, 204):
            del self.sure[key]
            self.gone.add(key)


class Subscriber(threading.Thread):
    """Hears every change of the collection, resuming after the last position it got; `heard` are the positions in order."""

    def __init__(self, server: Server, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.server, self.stop = server, stop
        self.heard: list[tuple[str, str, str]] = []
        self.ready = threading.Event()
        self.resyncs = 0
        self.connects = 0

    def run(self) -> None:
        """Connects again after each cut until told to stop."""
        while not self.stop.is_set():
            try:
                self.listen()
            except CUT:
                self.stop.wait(0.05)

    def listen(self) -> None:
        """One stream, from the last heard position until it is cut."""
        since = f"?since={self.heard[-1][0]}" if self.heard else ""
        stream = Stream(self.server, since, timeout=2)
        try:
            stream.subscribe("items/*")
            self.connects += 1
            self.ready.set()
            for event in stream.events:
                if event.name == "items/*":
                    self.heard.append((event.id, event.data["action"], event.data["record"]["id"]))
                elif event.name == "PB_RESYNC":
                    self.resyncs += 1
                if self.stop.is_set():
                    return
        finally:
            stream.close()

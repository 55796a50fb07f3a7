"""Who changes a schema, and who reads, writes and listens meanwhile; each keeps a list of what went wrong."""

from __future__ import annotations

import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from tests.faults.shapes import CREW, ITEMS, Shape, broken, changed, wanted
from tests.process import EMAIL, PASSWORD, Answer, Server
from tests.sse import Stream

PATH = f"/api/collections/{ITEMS}/records"
PAUSE = 0.02
LOOKS = 2
"""How often the new schema is looked at after a change; connections spread over the workers."""


class Times:
    """All shapes there were: `answered` is the newest that was confirmed, `asked` the newest that was asked for."""

    def __init__(self, shape: Shape) -> None:
        self.shapes = [shape]
        self.answered = self.asked = 0

    def since(self, start: int) -> list[Shape]:
        """The shapes that an answer to a request may be in that began when `start` was the confirmed one."""
        return self.shapes[start : self.asked + 1]


class Thread(threading.Thread):
    """Does steps until told to stop. Whatever is not as it must be stands in `wrong`."""

    def __init__(self, server: Server, times: Times, number: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.server, self.times, self.number, self.stop = server, times, number, stop
        self.chance = random.Random(number)
        self.token = server.sign_in("users", EMAIL, PASSWORD) if number % 2 else ""
        self.wrong: list[str] = []
        self.statuses: Counter[int] = Counter()

    def run(self) -> None:
        """Steps; one that fails ends the thread and is something wrong."""
        try:
            while not self.stop.is_set() and len(self.wrong) < 5:
                self.step()
        except Exception as error:
            self.wrong.append(f"{type(self).__name__} {self.number}: {error!r}")

    def step(self) -> None:
        """One request or several."""
        raise NotImplementedError

    def ask(self, method: str, path: str, body: object = None, *, good: Iterable[int] = (200,), token: str | None = None) -> Answer:
        """A request; another status than a good one is wrong. Every other thread asks as somebody who is signed in."""
        answer = self.server.ask(method, path, body, token=self.token if token is None else token)
        self.statuses[answer.status] += 1
        if answer.status not in good:
            self.wrong.append(f"{method} {path} {body}: {answer.status} {answer.body.decode()}")
        return answer

    def look(self, rows: Iterable[Mapping[str, Any]], start: int) -> None:
        """All rows of an answer must be whole, and in one of the shapes that were possible meanwhile."""
        shapes, rows = self.times.since(start), list(rows)
        problems = [[problem for row in rows if (problem := shape.problem(row))] for shape in shapes]
        if all(problems):
            self.wrong.append(f"{self.name}: {problems[-1][0]} is not {shapes}")


class Writer(Thread):
    """Creates, updates and deletes its own records; `sure` maps an id to the `n` it must have."""

    def __init__(self, server: Server, times: Times, number: int, stop: threading.Event) -> None:
        super().__init__(server, times, number, stop)
        self.sure: dict[str, int] = {}

    def step(self) -> None:
        """One write of a random kind."""
        known = list(self.sure)[-10:]
        kind = self.chance.choices(("create", "update", "delete"), (3, 6, 1))[0] if known else "create"
        if kind == "create":
            self.create("".join(self.chance.choices("abcdefghijklmnopqrstuvwxyz", k=15)))
        elif kind == "update":
            self.update(self.chance.choice(known))
        else:
            self.ask("DELETE", f"{PATH}/{known[0]}", good=(204,))
            del self.sure[known[0]]

    def create(self, key: str) -> None:
        """A record in its first state."""
        start = self.times.answered
        answer = self.ask("POST", f"{PATH}?expand=owner", {"id": key, "writer": self.number, **wanted(key, 0)})
        if answer.status == 200:
            self.sure[key] = 0
            self.look([answer.json()], start)

    def update(self, key: str) -> None:
        """A record's next state; its number is raised by the server."""
        start, n = self.times.answered, self.sure[key] + 1
        answer = self.ask("PATCH", f"{PATH}/{key}", {**wanted(key, n), "n+": 1})
        if answer.status == 200:
            self.sure[key] = n
            self.look([answer.json()], start)
            if answer.json()["n"] != n:
                self.wrong.append(f"update of {key} to {n} answered {answer.json()}")


class Reader(Thread):
    """Lists, with filters, sorts and expands, and views what it has listed."""

    def step(self) -> None:
        """One list of a random kind, and one of its records."""
        rows = self.chance.choice((self.newest, self.filtered, self.named, self.expanded, self.seen))()
        if rows:
            self.view(self.chance.choice(rows)["id"])

    def listed(self, good: tuple[int, ...] = (200,), where: str = PATH, **query: str) -> list[dict[str, Any]]:
        """The rows of a list."""
        start = self.times.answered
        answer = self.ask("GET", where + "?" + "&".join(f"{name}={quote(value)}" for name, value in query.items()), good=good)
        rows: list[dict[str, Any]] = answer.json()["items"] if answer.status == 200 else []
        self.look(rows, start)
        return rows

    def view(self, key: str) -> None:
        """A record that may be gone by now."""
        start = self.times.answered
        answer = self.ask("GET", f"{PATH}/{key}?expand=owner", good=(200, 404))
        if answer.status == 200:
            self.look([answer.json()], start)

    def newest(self) -> list[dict[str, Any]]:
        """Sorted by two fields that always have these names."""
        rows = self.listed(sort="-n,id", perPage="20", skipTotal="1")
        order = [(-row["n"], row["id"]) for row in rows]
        if order != sorted(order):
            self.wrong.append(f"not in order: {order}")
        return rows

    def filtered(self) -> list[dict[str, Any]]:
        """Filtered by values whose column may be about to change its type."""
        writer = self.chance.randrange(16)
        rows = self.listed(filter=f"writer = {writer} && (tags ?= 'red' || n > 1) && owner.nick != 'x'", perPage="10")
        if any(row["writer"] != writer or not ("red" in row["tags"] or row["n"] > 1) for row in rows):
            self.wrong.append(f"filter of writer {writer} let through {rows}")
        return rows

    def named(self) -> list[dict[str, Any]]:
        """By names that may not be those of now: such a filter is refused, and such a collection not found."""
        name = self.chance.choice(("items", "things"))
        return self.listed((200, 400, 404), f"/api/collections/{name}/records", filter="note ~ '-' && a != b", perPage="5")

    def seen(self) -> list[dict[str, Any]]:
        """Through a view, which has to step aside when columns change their type."""
        found = self.ask("GET", "/api/collections/crew/records?sort=id").json()["items"]
        if [row["id"] for row in found] != list(CREW):
            self.wrong.append(f"view: {found}")
        return []

    def expanded(self) -> list[dict[str, Any]]:
        """With the records that a relation names, in both directions."""
        rows = self.listed(expand="owner", sort="-@rowid", perPage="10")
        for row in rows:
            people = row["expand"]["owner"]
            ids = [one["id"] for one in (people if isinstance(people, list) else [people])]
            if ids != (row["owner"] if isinstance(row["owner"], list) else [row["owner"]]):
                self.wrong.append(f"expand of {row}")
        return rows


class Reshaper(Thread):
    """Changes the schema step by step; once a change is answered, every worker must show it."""

    def step(self) -> None:
        """One change, looked at."""
        before = after = self.times.shapes[-1]
        for _ in range(self.chance.choice((1, 1, 2, 3))):
            after = changed(after, self.chance)
        self.times.shapes.append(after)
        self.times.asked += 1
        self.change(before, after)
        self.times.answered = self.times.asked
        for _ in range(LOOKS):
            self.see(after)
        self.stop.wait(PAUSE)

    def change(self, before: Shape, after: Shape) -> None:
        """All that differs: by an import where nothing is dropped, which an import doesn't do, or else one by one."""
        told = [after.items, *after.people_and_users]
        if before.extra <= after.extra and before.motto <= after.motto:
            body = {"collections": told, "deleteMissing": False}
            self.ask("PUT", "/api/collections/import", body, good=(204,), token=self.server.token)
        else:
            for one, former in zip(told, [before.items, *before.people_and_users], strict=True):
                if one != former:
                    self.ask("PATCH", f"/api/collections/{one['id']}", one, token=self.server.token)

    def see(self, shape: Shape) -> None:
        """The newest shape, by the names of now."""
        rows = self.ask("GET", f"/api/collections/{shape.name}/records?filter={shape.note}!=''&perPage=3&sort=-@rowid").json()["items"]
        for row in rows:
            if problem := shape.problem(row) or (row["collectionName"] != shape.name and "name"):
                self.wrong.append(f"right after the change to {shape}: {problem}")
        self.ask("GET", f"/api/collections/{shape.people}/records/{CREW[0]}")


class Listener(Thread):
    """Hears all changes of the items; `heard` are positions, actions and ids in order."""

    def __init__(self, server: Server, times: Times, number: int, stop: threading.Event) -> None:
        super().__init__(server, times, number, stop)
        self.heard: list[tuple[str, str, str]] = []
        self.ready = threading.Event()

    def step(self) -> None:
        """One stream from the last position on; even ones are cut every so often."""
        since = f"?since={self.heard[-1][0]}" if self.heard else ""
        stream = Stream(self.server, since, timeout=2)
        try:
            stream.subscribe(f"{ITEMS}/*", token=self.token)
            self.ready.set()
            self.listen(stream)
        except (TimeoutError, http.client.HTTPException):
            pass
        finally:
            stream.close()

    def listen(self, stream: Stream) -> None:
        """Takes events until the stream is to be cut."""
        most = self.chance.randrange(50, 500) if self.number % 2 == 0 else 10**9
        for count, event in enumerate(stream.events):
            if event.name == f"{ITEMS}/*":
                self.hear(event.id, event.data["action"], event.data["record"])
            elif event.name == "PB_RESYNC":
                self.wrong.append(f"resync {event.data}")
            if count > most or self.stop.is_set():
                return

    def hear(self, position: str, action: str, record: Mapping[str, Any]) -> None:
        """An event's record must be whole, and in a shape that the collection had."""
        self.heard.append((position, action, record["id"]))
        if problem := broken(record):
            self.wrong.append(f"event {position}: {problem}")
        elif not any(record.keys() == shape.keys for shape in self.times.shapes):
            self.wrong.append(f"event {position} has the keys {sorted(record)}")


def broken_row(row: Mapping[str, Any]) -> str:
    """The same of a row as it is stored."""
    lists = {name: json.loads(row[name]) for name in ("tags", "owner") if row[name].startswith("[")}
    return broken({**row, **lists})

"""What is measured: how the data is made, and which requests are sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.process import Server

POSTS = "/api/collections/posts/records"
WRITTEN = "/api/collections/written/records"
SIGNED_IN = '@request.auth.id != ""'
PEOPLE = 50
ROWS = 3000


@dataclass(frozen=True)
class Workload:
    """One kind of load. `request` is asked once everything is there, and answers what each client sends over and over."""

    name: str
    request: Callable[[World], Request]
    subscribers: int = 0
    clients: int = 64
    weight: int = 1
    """Records written by one request."""
    theirs: Callable[[World], Request] | None = None
    """What PocketBase is asked where it has no such request: its quickest way to the same end."""

    def asked_of(self, name: str, world: World) -> Request:
        """What the server of this name is asked."""
        return (self.theirs or self.request)(world) if name == "pocketbase" else self.request(world)


@dataclass(frozen=True)
class Request:
    """What a client sends; `{n}` in the body is a number that grows."""

    path: str
    method: str = "GET"
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """A server with collections, people and rows in it."""

    server: Server
    token: str
    person: str
    post: str


def build(server: Server) -> World:
    """Makes the collections and rows that all workloads use."""
    server.sign_in()
    open_batch = {"batch": {"enabled": True, "maxRequests": 1000, "timeout": 30}}
    server.ask("PATCH", "/api/settings", open_batch)
    users = server.ask("GET", "/api/collections/users").json()
    people = [person(server, number) for number in range(PEOPLE)]
    server.ask("PATCH", "/api/collections/users", {"listRule": SIGNED_IN, "viewRule": SIGNED_IN})
    make_posts(server, users["id"])
    rows = [{"title": f"post {n}", "views": n, "author": people[n % PEOPLE], "done": n % 3 == 0} for n in range(ROWS)]
    ids = [post for start in range(0, ROWS, 50) for post in load(server, rows[start : start + 50])]
    token = server.sign_in("users", "p0@example.com", "password-0")
    return World(server, token, people[0], ids[0])


def person(server: Server, number: int) -> str:
    """An account; its id."""
    password = f"password-{number}"
    body = {"email": f"p{number}@example.com", "password": password, "passwordConfirm": password, "name": f"Person {number}"}
    return str(server.create("/api/collections/users/records", body)["id"])


def make_posts(server: Server, users: str) -> None:
    """Posts to read, such to write (so that reads find as many rows whoever wrote faster), and such with a rule that reads who asks."""
    fields: list[dict[str, Any]] = [
        {"name": "title", "type": "text"},
        {"name": "views", "type": "number"},
        {"name": "done", "type": "bool"},
        {"name": "author", "type": "relation", "collectionId": users, "maxSelect": 1},
        {"name": "created", "type": "autodate", "onCreate": True},
        {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
    ]
    indexes = ["CREATE INDEX `idx_%s_author` ON `%s` (`author`, `created`)"]
    for name, rule in (("posts", ""), ("written", ""), ("ruled", SIGNED_IN)):
        rules = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule"), rule)
        spelled = [index % (name, name) for index in indexes]
        server.create("/api/collections", {"name": name, "type": "base", "fields": fields, "indexes": spelled, **rules})


def load(server: Server, rows: list[dict[str, Any]]) -> list[str]:
    """Creates rows in one batch; their ids."""
    requests = [{"method": "POST", "url": POSTS, "body": row} for row in rows]
    return [item["body"]["id"] for item in server.create("/api/batch", {"requests": requests})]


def sent_by(world: World) -> dict[str, str]:
    """The headers of somebody signed in."""
    return {"Authorization": world.token}


def a_post(world: World) -> str:
    """The body of a create."""
    return json.dumps({"title": "report {n}", "views": 1, "done": False, "author": world.person})


def create(world: World) -> Request:
    """Anybody creates."""
    return Request(WRITTEN, "POST", a_post(world))


def create_ruled(world: World) -> Request:
    """Somebody signed in creates, and the rule reads who."""
    return Request("/api/collections/ruled/records", "POST", a_post(world), sent_by(world))


def increment(world: World) -> Request:
    """All raise the same counter."""
    return Request(f"{POSTS}/{world.post}", "PATCH", '{"views+": 1}')


def batch(count: int, title: str = "report") -> Callable[[World], Request]:
    """So many creates at once."""

    def request(world: World) -> Request:
        one = {"method": "POST", "url": WRITTEN, "body": {"title": title, "views": 1, "author": world.person}}
        return Request("/api/batch", "POST", json.dumps({"requests": [one] * count}))

    return request


def imported(world: World) -> Request:
    """A file of 1,000 records, one on a line, by the superuser."""
    line = json.dumps({"title": "report", "views": 1, "author": world.person})
    headers = {"Authorization": world.server.token, "Content-Type": "application/x-ndjson"}
    return Request("/api/collections/written/import", "POST", f"{line}\n" * 1000, headers)


def imported_table(world: World) -> Request:
    """The same as a table."""
    headers = {"Authorization": world.server.token, "Content-Type": "text/csv"}
    return Request("/api/collections/written/import", "POST", "title,views,author\n" + f"report,1,{world.person}\n" * 1000, headers)


def view(world: World) -> Request:
    """One record by its id."""
    return Request(f"{POSTS}/{world.post}")


def listing(world: World) -> Request:
    """20 of all rows, with the total."""
    return Request(f"{POSTS}?perPage=20")


def listing_joined(world: World) -> Request:
    """A filter through a relation, sorted, expanded."""
    return Request(f"{POSTS}?perPage=20&filter=author.name%20~%20%27Person%201%27&sort=-views&expand=author", headers=sent_by(world))


def refresh(world: World) -> Request:
    """A token for a token."""
    return Request("/api/collections/users/auth-refresh", "POST", headers=sent_by(world))


def password(world: World) -> Request:
    """A token for a password."""
    return Request("/api/collections/users/auth-with-password", "POST", '{"identity":"p0@example.com","password":"password-0"}')


WORKLOADS = (
    Workload("create", create),
    Workload("create with an auth rule", create_ruled),
    Workload("update views+ of one row", increment),
    Workload("batch of 50 creates (records)", batch(50, "report {n}"), clients=8, weight=50),
    Workload("batch of 500 creates (records)", batch(500), clients=8, weight=500),
    Workload("batch of 1,000 creates (records)", batch(1000), clients=8, weight=1000),
    Workload("import of 1,000 lines of JSON; PB: batch of 1,000", imported, clients=8, weight=1000, theirs=batch(1000)),
    Workload("import of 1,000 rows of CSV; PB: batch of 1,000", imported_table, clients=8, weight=1000, theirs=batch(1000)),
    Workload("view", view),
    Workload("list 20 of 3,000", listing),
    Workload("list: relation filter, sort, expand", listing_joined, clients=16),
    Workload("auth-refresh", refresh),
    Workload("auth-with-password", password, clients=16),
    Workload("create, 100 ruled subscribers", create_ruled, subscribers=100),
    Workload("create, 500 ruled subscribers", create_ruled, subscribers=500),
)

"""The data that all workloads use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.process import Server

POSTS = "/api/collections/posts/records"
WRITTEN = "/api/collections/written/records"
RULED = "/api/collections/ruled/records"
MINE = "/api/collections/mine/records"
PHOTOS = "/api/collections/photos/records"
SIGNED_IN = '@request.auth.id != ""'
HIS_OWN = "author = @request.auth.id || author.name ~ @request.auth.name"
PEOPLE = 50
ROWS = 3000
THUMBS = ("100x100", "800x600f")


@dataclass(frozen=True)
class World:
    """A server with collections, people and rows in it; `name` says which server."""

    name: str
    server: Server
    people: Sequence[str]
    tokens: Sequence[str]
    posts: Sequence[str]

    @property
    def token(self) -> str:
        """Of the first of the people."""
        return self.tokens[0]


def build(name: str, server: Server, rows: int = ROWS) -> World:
    """Makes collections, people and posts."""
    server.sign_in()
    server.ask("PATCH", "/api/settings", {"batch": {"enabled": True, "maxRequests": 1000, "timeout": 30}})
    users = server.ask("GET", "/api/collections/users").json()
    people = [person(server, number) for number in range(PEOPLE)]
    server.ask("PATCH", "/api/collections/users", {"listRule": SIGNED_IN, "viewRule": SIGNED_IN})
    make_collections(server, users["id"])
    posts = [{"title": f"post {n}", "views": n, "author": people[n % PEOPLE], "done": n % 3 == 0} for n in range(rows)]
    ids = [post for start in range(0, rows, 500) for post in load(server, posts[start : start + 500])]
    first = server.sign_in("users", "p0@example.com", "password-0")  # this one can be refreshed
    return World(name, server, people, [first, *(token_of(server, one) for one in people[1:])], ids)


def person(server: Server, number: int) -> str:
    """An account; its id."""
    password = f"password-{number}"
    body = {"email": f"p{number}@example.com", "password": password, "passwordConfirm": password, "name": f"Person {number}"}
    return str(server.create("/api/collections/users/records", body)["id"])


def token_of(server: Server, person: str) -> str:
    """A token of an account, without the slow check of its password."""
    return str(server.create(f"/api/collections/users/impersonate/{person}", {"duration": 86400})["token"])


def make_collections(server: Server, users: str) -> None:
    """Posts to read, such to write (reads find as many rows whoever wrote faster), such with rules that read who asks, and photos."""
    fields: list[dict[str, Any]] = [
        {"name": "title", "type": "text"},
        {"name": "views", "type": "number"},
        {"name": "done", "type": "bool"},
        {"name": "author", "type": "relation", "collectionId": users, "maxSelect": 1},
        {"name": "created", "type": "autodate", "onCreate": True},
        {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
    ]
    index = "CREATE INDEX `idx_{0}_author` ON `{0}` (`author`, `created`)"
    for name, rule in (("posts", ""), ("written", ""), ("ruled", SIGNED_IN), ("mine", HIS_OWN)):
        rules = dict.fromkeys(("listRule", "viewRule", "updateRule"), rule) | {"createRule": "" if name == "mine" else rule}
        server.create("/api/collections", {"name": name, "type": "base", "fields": fields, "indexes": [index.format(name)], **rules})
    photo = {"name": "photo", "type": "file", "maxSelect": 1, "maxSize": 20_000_000, "thumbs": list(THUMBS)}
    server.create("/api/collections", {"name": "photos", "type": "base", "fields": [photo], "createRule": "", "viewRule": ""})


def load(server: Server, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Creates posts in one batch; their ids."""
    requests = [{"method": "POST", "url": POSTS, "body": row} for row in rows]
    return [item["body"]["id"] for item in server.create("/api/batch", {"requests": requests})]

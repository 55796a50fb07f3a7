"""What clients ask: each of these makes a request for a world."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from benchmarks.world import POSTS, RULED, WRITTEN, World
from benchmarks.wrk import Request

PERSON = "author.name%20~%20%27Person%20{}%27"


def signed_in(world: World) -> dict[str, str]:
    """The headers of somebody signed in."""
    return {"Authorization": world.token}


def a_post(world: World) -> str:
    """The body of a create."""
    return json.dumps({"title": "report {n}", "views": 1, "done": False, "author": world.people[0]})


def create(world: World) -> Request:
    """Anybody creates."""
    return Request(WRITTEN, "POST", a_post(world))


def create_ruled(world: World) -> Request:
    """Somebody signed in creates, and the rule reads who."""
    return Request(RULED, "POST", a_post(world), signed_in(world))


def increment(world: World) -> Request:
    """All raise the same counter."""
    return Request(f"{POSTS}/{world.posts[0]}", "PATCH", '{"views+": 1}')


def batch(count: int, title: str = "report") -> Callable[[World], Request]:
    """So many creates at once."""

    def request(world: World) -> Request:
        one = {"method": "POST", "url": WRITTEN, "body": {"title": title, "views": 1, "author": world.people[0]}}
        return Request("/api/batch", "POST", json.dumps({"requests": [one] * count}))

    return request


def imported(world: World) -> Request:
    """A file of 1,000 records, one on a line, by the superuser."""
    line = json.dumps({"title": "report", "views": 1, "author": world.people[0]})
    headers = {"Authorization": world.server.token, "Content-Type": "application/x-ndjson"}
    return Request("/api/collections/written/import", "POST", f"{line}\n" * 1000, headers)


def imported_table(world: World) -> Request:
    """The same as a table."""
    headers = {"Authorization": world.server.token, "Content-Type": "text/csv"}
    return Request("/api/collections/written/import", "POST", "title,views,author\n" + f"report,1,{world.people[0]}\n" * 1000, headers)


def view(world: World) -> Request:
    """One record by its id."""
    return Request(f"{POSTS}/{world.posts[0]}")


def view_any(world: World) -> Request:
    """Another record each time."""
    return Request(POSTS + "/{choice}", choices=world.posts)


def listing(world: World) -> Request:
    """20 of all rows, with the total."""
    return Request(f"{POSTS}?perPage=20")


def listing_any(world: World) -> Request:
    """Another page of another filter each time: no two requests are the same."""
    return Request(POSTS + "?perPage=20&page={choice}&filter=views%3E-{n}", choices=[str(page) for page in range(1, 151)])


def joined(world: World) -> Request:
    """A filter through a relation, sorted, expanded."""
    return Request(f"{POSTS}?perPage=20&filter={PERSON.format(1)}&sort=-views&expand=author", headers=signed_in(world))


def joined_any(world: World) -> Request:
    """The same for other people, with a condition that is another each time."""
    path = f"{POSTS}?perPage=20&filter={PERSON.format('{choice}')}%26%26views%3E-{{n}}&sort=-views&expand=author"
    return Request(path, headers=signed_in(world), choices=[str(number) for number in range(10)])


def uncached(request: Callable[[World], Request]) -> Callable[[World], Request]:
    """The same by a client that wants no answer that was kept."""

    def wanted(world: World) -> Request:
        plain = request(world)
        return replace(plain, headers={**plain.headers, "Cache-Control": "no-cache"})

    return wanted


def refresh(world: World) -> Request:
    """A token for a token."""
    return Request("/api/collections/users/auth-refresh", "POST", headers=signed_in(world))


def password(world: World) -> Request:
    """A token for a password."""
    return Request("/api/collections/users/auth-with-password", "POST", '{"identity":"p0@example.com","password":"password-0"}')

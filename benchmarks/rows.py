"""A table that grows, and what is read of it."""

from __future__ import annotations

import json
import random
import sqlite3
import sys
from contextlib import closing
from urllib.parse import quote

from benchmarks.measured import Asking, Workload, asked
from benchmarks.requests import signed_in, uncached
from benchmarks.world import PEOPLE, POSTS, World
from benchmarks.wrk import Request

SIZES = (1_000, 100_000, 1_000_000)
CLIENTS = 4
"""Few: a question that takes PocketBase a second is to be answered some times."""
CHOICES = 20_000
"""Ids that are asked for, of all there are."""
BY_AUTHOR = "author.name = 'Person {choice}'"

INSERT = """
WITH RECURSIVE numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :end)
INSERT INTO posts (id, title, views, done, author, created, updated)
SELECT printf('row%012d', n), 'post ' || n, n, n % 3 = 0, json_extract(:people, '$[' || (n % :count) || ']'),
  strftime('%Y-%m-%d %H:%M:%fZ', 1700000000 + n, 'unixepoch'), strftime('%Y-%m-%d %H:%M:%fZ', 1700000000 + n, 'unixepoch')
FROM numbers
"""


def fill(world: World, first: int, end: int) -> None:
    """Puts rows into the posts of a server that is stopped, and has SQLite look at them."""
    print(f"{world.name}: {end:,} rows", file=sys.stderr, flush=True)
    with closing(sqlite3.connect(world.server.directory / "data.db")) as database, database:
        database.execute(INSERT, {"first": first, "end": end, "people": json.dumps(world.people), "count": len(world.people)})
        database.execute("ANALYZE")


def id_of(number: int) -> str:
    """The id of a row."""
    return f"row{number:012}"


def of_rows(size: int) -> list[Workload]:
    """What is read of so many rows, always of the store: no answer that was kept."""
    kinds: list[tuple[str, Asking, Asking | None]] = [
        ("view, another each time", lambda _: view(size), None),
        ("first page with total", lambda _: Request(f"{POSTS}?perPage=20"), None),
        ("filter through an index", filtered, None),
        ("filter through a relation", related, None),
        ("page in the middle, `?after=`; PB: `?page=` without total", lambda world: after(world, size // 2), lambda _: page(size // 2)),
    ]
    return [
        asked(f"{name}, {size:,} rows", uncached(ours), clients=CLIENTS, theirs=uncached(theirs) if theirs else None)
        for name, ours, theirs in kinds
    ]


def view(size: int) -> Request:
    """One of them, another each time."""
    chance = random.Random(size)
    return Request(POSTS + "/{choice}", choices=[id_of(chance.randrange(size)) for _ in range(min(size, CHOICES))])


def filtered(world: World) -> Request:
    """The newest of one of the people."""
    return Request(POSTS + "?perPage=20&sort=-created&filter=author%3D%22{choice}%22", choices=world.people)


def related(world: World) -> Request:
    """The newest of those whose author has some name."""
    path = f"{POSTS}?perPage=20&sort=-created&filter={quote(BY_AUTHOR, safe='{}')}"
    return Request(path, headers=signed_in(world), choices=[str(number) for number in range(PEOPLE)])


def after(world: World, number: int) -> Request:
    """The page behind a row; the cursor is that of a page with this row alone."""
    found = world.server.ask("GET", f"{POSTS}?perPage=1&after=&filter={quote(f'id >= {id_of(number)!r}')}")
    assert found.status == 200, found.body
    return Request(f"{POSTS}?perPage=20&after={found.json()['next']}")


def page(number: int) -> Request:
    """The page from a row on."""
    return Request(f"{POSTS}?perPage=20&skipTotal=1&page={number // 20 + 1}")

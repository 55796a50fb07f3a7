"""What `benchmarks.run` measures, in this order."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import requests as ask
from benchmarks.footprint import FOOTPRINT
from benchmarks.measured import (
    BESIDE,
    Asking,
    Heard,
    Workload,
    asked,
    by_anybody,
    creates,
    delay,
    deliveries,
    everybody,
    report_of,
    same,
    verdicts,
)
from benchmarks.photo import PHOTO
from benchmarks.world import MINE, RULED


def ruled(count: int, *, writers: int = 64, rate: float = 0) -> Heard:
    """Creates that so many subscribers of one account hear of, by a rule that reads who they are."""
    return Heard(RULED, report_of, same(count, "ruled/*"), writers, rate)


def read(name: str, request: Asking, another: Asking, clients: int = 64) -> Iterator[Workload]:
    """A read in four ways: the same over and over, with no answer that was kept, another each time, and beside somebody who writes."""
    yield asked(name, request, clients=clients)
    yield asked(f"{name}, `no-cache`", ask.uncached(request), clients=clients)
    yield asked(f"{name}, another each time", another, clients=clients)
    yield asked(f"{name}, {BESIDE} updates/s beside", request, clients=clients, beside=True)


WORKLOADS = (
    *FOOTPRINT,
    *read("view", ask.view, ask.view_any),
    *read("list 20 of 3,000", ask.listing, ask.listing_any),
    *read("list: relation filter, sort, expand", ask.joined, ask.joined_any, clients=16),
    asked("auth-refresh", ask.refresh),
    asked("auth-with-password", ask.password, clients=16),
    asked("create", ask.create),
    asked("create with an auth rule", ask.create_ruled),
    asked("update `views+` of one row", ask.increment),
    asked("batch of 50 creates (records)", ask.batch(50, "report {n}"), clients=8, weight=50),
    asked("batch of 500 creates (records)", ask.batch(500), clients=8, weight=500),
    asked("batch of 1,000 creates (records)", ask.batch(1000), clients=8, weight=1000),
    asked("import of 1,000 lines of JSON; PB: batch of 1,000", ask.imported, clients=8, weight=1000, theirs=ask.batch(1000)),
    asked("import of 1,000 rows of CSV; PB: batch of 1,000", ask.imported_table, clients=8, weight=1000, theirs=ask.batch(1000)),
    creates("create, 100 ruled subscribers", ruled(100)),
    creates("create, 500 ruled subscribers", ruled(500)),
    deliveries("deliveries to 1,000 ruled subscribers", ruled(1000)),
    verdicts("a verdict per user, 1,000 subscribers of 50 users", Heard(MINE, by_anybody, everybody(1000, "mine/*"), partly=True)),
    delay("write to event, 1,000 ruled subscribers, 10 writes/s", ruled(1000, writers=4, rate=10)),
    PHOTO,
)

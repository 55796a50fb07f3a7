"""How both servers grow with clients, subscribers and rows: `python -m benchmarks.growth --pocketbase PATH`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import pairwise

from benchmarks import requests as ask
from benchmarks import wrk
from benchmarks.figures import Results, machine, store, table
from benchmarks.measured import Workload, asked, creates, delay
from benchmarks.rows import SIZES, fill, of_rows
from benchmarks.run import compare, options_of, results_of, tried
from benchmarks.servers import Contender, contenders
from benchmarks.workloads import ruled
from benchmarks.world import World, build

CLIENTS = (1, 8, 64, 500)
SUBSCRIBERS = (0, 10, 100, 1000, 5000)
PACED = 10_000
"""Deliveries a second, which PocketBase manages too, where the time from write to event is looked at."""


def with_clients() -> list[Workload]:
    """Create, view and list by more and more clients."""
    kinds = (("create", ask.create), ("view, another each time", ask.view_any), ("list 20 of 3,000, `no-cache`", ask.uncached(ask.listing)))
    return [asked(f"{name}, {count} client{'s'[: count > 1]}", request, clients=count) for name, request in kinds for count in CLIENTS]


def with_subscribers() -> list[Workload]:
    """While more and more listen: the time from write to event at a pace that both can keep, and creates as fast as it goes."""
    rates = {count: min(100, PACED // count) for count in SUBSCRIBERS if count}
    paced = [
        delay(f"write to event, {count:,} subscribers, {rate} writes/s", ruled(count, writers=4, rate=rate))
        for count, rate in rates.items()
    ]
    return paced + [fast(count) for count in SUBSCRIBERS]


def fast(count: int) -> Workload:
    """Creates by 64 clients; by 16 beside so many subscribers that PocketBase would not answer 64 of them in time."""
    clients = 16 if count > 1000 else 64
    return creates(f"create by {clients} clients, {count:,} subscribers", ruled(count, writers=clients))


def with_rows(only: str) -> dict[int, list[Workload]]:
    """Reads of more and more rows; by their number."""
    found = {size: [workload for workload in of_rows(size) if re.search(only, workload.name)] for size in SIZES}
    return {size: wanted for size, wanted in found.items() if wanted}


def grow(sides: Sequence[Contender], wanted: Mapping[int, Sequence[Workload]], rounds: int, seconds: float, results: Results) -> None:
    """Measures the reads in directories that grow while no server runs on them."""
    with ExitStack() as stack:
        worlds = [stopped(build(side.name, stack.enter_context(side.running()), rows=0)) for side in sides]
        for before, size in pairwise((0, *wanted)):
            for world in worlds:
                fill(world, before, size)
            for number in range(rounds):
                for world in worlds:
                    measure_rows(world, wanted[size], number, seconds, results)


def stopped(world: World) -> World:
    """The world with its server at rest."""
    world.server.stop()
    return world


def measure_rows(world: World, wanted: Sequence[Workload], number: int, seconds: float, results: Results) -> None:
    """A round on one server, which runs only for that."""
    missing = [workload for workload in wanted if not results.has(workload.name, world.name, number)]
    if missing:
        world.server.start()
    for workload in missing:
        results.add(workload.name, world.name, number, tried(workload, world, seconds, f"round {number + 1}"))
    world.server.stop()


def main() -> None:
    """Reads the command line, measures, prints and stores the tables."""
    options = options_of(__doc__, 2, 1)
    wrk.require()
    sides, results = contenders(options), results_of(options, "growth")
    about = machine(f"{options.workers} workers, {options.seconds:g} s each, rounds: {options.rounds}")
    tables = []
    for name, workloads in (("clients", with_clients()), ("subscribers", with_subscribers())):
        wanted = [workload for workload in workloads if re.search(options.only, workload.name)]
        compare(sides, wanted, options.rounds, options.seconds, results)
        tables.append((name, wanted))
    rows = with_rows(options.only)
    if rows:
        grow(sides, rows, options.rounds, options.seconds, results)
    tables.append(("rows", [workload for wanted in rows.values() for workload in wanted]))
    parts = [
        f"### With {name}\n\n{table(results, [(one.name, one.unit, one.less) for one in wanted])}" for name, wanted in tables if wanted
    ]
    store("growth", "\n\n".join([about, *parts]), options.publish)


if __name__ == "__main__":
    main()

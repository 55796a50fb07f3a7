"""Measures pbtornado and PocketBase side by side: `python -m benchmarks.run --pocketbase PATH`."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import wrk
from benchmarks.figures import PUBLISH, RESULTS, WHOLE, Figures, Results, machine, store, table
from benchmarks.measured import Workload
from benchmarks.servers import Contender, contenders
from benchmarks.workloads import WORKLOADS
from benchmarks.world import World, build


def compare(sides: Sequence[Contender], wanted: Sequence[Workload], rounds: int, seconds: float, results: Results) -> None:
    """Measures what is not in the results yet, in A B A B order."""
    for number in range(rounds):
        for side in sides:
            missing = [workload for workload in wanted if not results.has(workload.name, side.name, number)]
            if not missing:
                continue
            with side.running() as server:
                world = build(side.name, server)
                for workload in missing:
                    results.add(workload.name, side.name, number, tried(workload, world, seconds, f"round {number + 1}"))


def tried(workload: Workload, world: World, seconds: float, when: str) -> Figures:
    """The figures, told as they come; what failed is noted, and the others go on."""
    began = time.monotonic()
    try:
        figures = workload.measure(world, seconds)
    except Exception as error:
        figures = Figures(None, note=f"failed: {str(error)[:200] or type(error).__name__}")
    value = f"{figures.value:12,.1f} {workload.unit}" if figures.value is not None else ""
    print(f"{when} {world.name:10} {workload.name:58} {value:24} {time.monotonic() - began:5.1f} s  {figures.note}", flush=True)
    return figures


def options_of(about: str | None, seconds: float, rounds: int) -> argparse.Namespace:
    """The command line of what measures two sides."""
    parser = argparse.ArgumentParser(description=about)
    add = parser.add_argument
    add("--pocketbase", default="", help="PocketBase's executable; without it only ours is measured")
    add("--only", default="", help="workloads whose name matches this expression")
    add("--seconds", type=float, default=seconds, help=f"of each measurement (default {seconds:g})")
    add("--rounds", type=int, default=rounds, help=f"of each server in turn (default {rounds})")
    add("--workers", type=int, default=2, help="of pbtornado (default 2)")
    add("--results", type=Path, help="a file of figures: those in it are not measured again")
    add("--publish", action="store_true", help=PUBLISH)
    options = parser.parse_args()
    if options.publish and options.only:
        parser.error(WHOLE)
    return options


def results_of(options: argparse.Namespace, name: str) -> Results:
    """Where the figures go."""
    return Results(options.results or RESULTS / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}.jsonl")


def main() -> None:
    """Reads the command line, measures, prints and stores the table."""
    options = options_of(__doc__, 3, 2)
    wrk.require()
    wanted = [workload for workload in WORKLOADS if re.search(options.only, workload.name)]
    results = results_of(options, "run")
    about = machine(f"{options.workers} workers, {options.seconds:g} s each, rounds: {options.rounds}")
    compare(contenders(options), wanted, options.rounds, options.seconds, results)
    store("run", f"{about}\n\n{table(results, [(one.name, one.unit, one.less) for one in wanted])}", options.publish)


if __name__ == "__main__":
    main()

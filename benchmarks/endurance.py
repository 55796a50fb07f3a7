"""Subscribers that come back all at once, and one that reads nothing: `python -m benchmarks.endurance`."""

from __future__ import annotations

import argparse
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import PUBLISH, WHOLE, line, machine, shown, store
from benchmarks.load import Load, Stream, loading
from benchmarks.measured import report_of
from benchmarks.servers import Contender, contenders, memory
from benchmarks.world import RULED, World, build
from tests.process import Server

PHASES = ("before", "away", "during", "after")
BEFORE_SECONDS, AFTER_SECONDS = 6.0, 6.0
MOST_MB = 20.0
"""By how much a subscriber that reads nothing may let the server grow."""


Round = tuple[float, Mapping[str, Any]]
"""In how many seconds the streams were opened, and the load client's report."""


@dataclass(frozen=True)
class Outcome:
    """What came of it: the load client's report, what must hold, and what else is to be told."""

    report: Mapping[str, Any]
    holds: Mapping[str, bool]
    told: str

    def text(self) -> str:
        """Markdown."""
        phases = self.report["phases"]
        rows = [
            [f"{what} {share}, ms", *(shown(phases[phase][kind][share]) if phases[phase][kind]["count"] else "" for phase in PHASES)]
            for kind, what in (("request_ms", "create"), ("event_ms", "write to event, of the others"))
            for share in ("p50", "p99", "max")
            if any(phases[phase][kind]["count"] for phase in PHASES)
        ]
        verdicts = [f"- {'holds' if true else 'DOES NOT HOLD'}: {what}" for what, true in self.holds.items()]
        return "\n".join([self.told, "", line(["", *PHASES]), line(["---"] * 5), *map(line, rows), "", *verdicts])


def resuming(side: Contender, options: argparse.Namespace) -> Outcome:
    """Many idle streams, and others that are cut and come back at once, having missed some events; some rounds of it.

    A round has a hundred-odd creates while they catch up, so its p99 is that of one or two of them: the median of the rounds is judged.
    """
    rounds = sorted((come_back(side, options) for _ in range(options.rounds)), key=growth)
    opened, report = rounds[len(rounds) // 2]
    each = ", ".join(f"{p99(one, 'before'):.1f} to {p99(one, 'during'):.1f}" for _, one in rounds)
    holds = {
        "no request is refused, no stream ends, none has to read anew": not any(errors(one) for _, one in rounds),
        f"all {options.resuming:,} that came back heard of everything, once": all(
            one["troubled"]["complete"] == options.resuming for _, one in rounds
        ),
        f"creates' p99 is not doubled meanwhile (in ms, before and during, by round: {each})": growth((opened, report)) <= 2,
    }
    told = (
        f"{options.idle:,} streams that hear nothing, opened with the others in {opened:.1f} s;"
        f" {options.resuming:,} that listen, are cut off, and come back at once after {options.missed / options.rate:.0f} s at"
        f" {options.rate:g} writes/s. They had caught up after {report['troubled']['caught_up_ms']:,.0f} ms."
        f" The median of {len(rounds)} rounds, by how much creates' p99 grew."
    )
    return Outcome(report, holds, told)


def come_back(side: Contender, options: argparse.Namespace) -> Round:
    """One round, on a new server."""
    away = options.missed / options.rate
    with side.running() as server:
        world = build(side.name, server, rows=0)
        streams = [Stream(world.token, "ruled/*")] * options.resuming + [Stream(world.token, "posts/*")] * options.idle
        extra = ["--drop", str(options.resuming), "--after", str(BEFORE_SECONDS), "--away", str(away), "--drain", "120"]
        load = writes(world, streams, options.rate, BEFORE_SECONDS + away + AFTER_SECONDS, extra)
        with loading(server.port, load) as running:
            return float(running.opened["seconds"]), running.go()


def growth(round: Round) -> float:
    """How many times the creates' p99 of before it was while they came back."""
    return p99(round[1], "during") / p99(round[1], "before")


def stalling(side: Contender, options: argparse.Namespace) -> Outcome:
    """One subscriber reads nothing for a while, beside others that do; and the same with all of them reading, on a server of its own."""
    calm, usual = watched(side, options, ())
    stall = ("--stall", "1", "--after", str(BEFORE_SECONDS), "--away", str(options.stall))
    report, held = watched(side, options, stall)
    meanwhile, known = p99(report, "away", "event_ms"), (p99(report, "before", "event_ms"), float(calm["event_ms"]["p99"]))
    holds = {
        f"it costs the server less than {MOST_MB:g} MB ({held:.1f} MB at most, {usual:.1f} MB where all read)": held - usual < MOST_MB,
        f"the others' p99 did not change ({meanwhile:.1f} ms meanwhile, {known[0]:.1f} before, {known[1]:.1f} where all read)": (
            meanwhile <= 1.25 * max(known)
        ),
        "it caught up completely, each event once": report["troubled"]["complete"] == 1,
        "everybody else heard of everything, no request was refused": report["complete"] == report["streams"] and not errors(report),
    }
    told = (
        f"One subscriber that reads nothing for {options.stall:g} s, {options.others} others that do, {options.stall_rate:g} writes/s"
        f" wanted, {report['requests_per_s']:,.0f} made ({calm['requests_per_s']:,.0f} where all read)."
        f" It had caught up after {report['troubled']['caught_up_ms']:,.0f} ms."
    )
    return Outcome(report, holds, told)


def watched(side: Contender, options: argparse.Namespace, extra: Sequence[str]) -> tuple[dict[str, Any], float]:
    """The report of writes that some hear, on a new server; and how much memory the server had at most, in MB."""
    with side.running() as server:
        world = build(side.name, server, rows=0)
        streams = [Stream(world.token, "ruled/*")] * (1 + options.others)
        seconds = BEFORE_SECONDS + options.stall + AFTER_SECONDS
        load = writes(world, streams, options.stall_rate, seconds, [*extra, "--drain", "120"])
        with loading(server.port, load) as running:
            running.begin()
            with sampled(server) as samples:
                report = running.report()
            return report, max(samples)


def writes(world: World, streams: list[Stream], rate: float, seconds: float, extra: list[str]) -> Load:
    """16 writers at that rate."""
    return Load(streams, 16, "POST", RULED, report_of(world), world.token, rate, seconds, extra=extra)


def errors(report: Mapping[str, Any]) -> int:
    """Whatever should not be."""
    return sum(int(report[name]) for name in ("refused", "broken", "disconnects", "resyncs"))


def p99(report: Mapping[str, Any], phase: str, kind: str = "request_ms") -> float:
    """Of a phase, in ms."""
    return float(report["phases"][phase][kind]["p99"])


@contextmanager
def sampled(server: Server) -> Iterator[list[float]]:
    """The server's memory in MB, each second as long as the context lasts."""
    samples, over = [memory(server)], threading.Event()

    def look() -> None:
        while not over.wait(1):
            samples.append(memory(server))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


SCENES: Mapping[str, Callable[[Contender, argparse.Namespace], Outcome]] = {"coming back": resuming, "reading nothing": stalling}


def main() -> None:
    """Reads the command line, measures, prints and stores what came of it; exit code 1 where something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--idle", type=int, default=10_000, help="streams that hear nothing (default 10000)")
    add("--resuming", type=int, default=1000, help="streams that come back at once (default 1000)")
    add("--missed", type=int, default=1000, help="events each of them has missed (default 1000)")
    add("--rounds", type=int, default=5, help="of coming back (default 5)")
    add("--rate", type=float, default=50, help="writes a second before and meanwhile (default 50)")
    add("--stall", type=float, default=60, help="seconds for which one subscriber reads nothing (default 60)")
    add("--stall-rate", type=float, default=1000, help="writes a second meanwhile (default 1000)")
    add("--others", type=int, default=20, help="subscribers that read meanwhile (default 20)")
    add("--only", default="", help=f"what matches this expression: {', '.join(SCENES)}")
    add("--workers", type=int, default=2, help="of the server (default 2)")
    add("--publish", action="store_true", help=PUBLISH)
    options = parser.parse_args(namespace=argparse.Namespace(pocketbase=""))
    if options.publish and options.only:
        parser.error(WHOLE)
    about, outcomes = machine(f"{options.workers} workers"), {}
    for name in (name for name in SCENES if re.search(options.only, name)):
        print(f"{name} ...", file=sys.stderr, flush=True)
        outcomes[name] = SCENES[name](contenders(options)[0], options)
    store(
        "endurance",
        "\n\n".join([about, *(f"### {name.capitalize()}\n\n{outcome.text()}" for name, outcome in outcomes.items())]),
        options.publish,
    )
    sys.exit(not all(holds for outcome in outcomes.values() for holds in outcome.holds.values()))


if __name__ == "__main__":
    main()

"""Kinds of load: requests, requests beside a writer, and writes that subscribers hear of. Each makes a `Workload`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks import wrk
from benchmarks.figures import Figures
from benchmarks.load import Load, Stream, loading
from benchmarks.servers import THEIRS, cpu_seconds, memory
from benchmarks.world import POSTS, World
from benchmarks.wrk import Request

Asking = Callable[[World], Request]
BESIDE = 300
"""Writes a second of the writer that stands beside."""


@dataclass(frozen=True)
class Workload:
    """What is measured, in which unit; `less` says that less is better."""

    name: str
    measure: Callable[[World, float], Figures]
    unit: str = "/s"
    less: bool = False


def asked(
    name: str, request: Asking, *, clients: int = 64, weight: int = 1, theirs: Asking | None = None, beside: bool = False
) -> Workload:
    """Requests a second by so many clients; `weight` records are in one of them.

    `theirs` is what PocketBase is asked where it has no such request: its quickest way to the same end.
    """

    def measure(world: World, seconds: float) -> Figures:
        wanted = (theirs if theirs and world.name == THEIRS else request)(world)
        refuse_refused(world, wanted)
        with writing(world, seconds) if beside else nothing() as writers:
            before = cpu_seconds(world.server)
            report = wrk.drive(world.server.url, wanted, clients, seconds)
            used = cpu_seconds(world.server) - before
        cpu = None if beside else 1000 * used / max(report.requests * weight, 1)
        note = noted(refused=report.refused, failed=report.failed) + "".join(map(told_of_writers, writers))
        return Figures(report.rate * weight, report.p50, report.p99, cpu, memory=memory(world.server), note=note.strip())

    return Workload(name, measure)


def refuse_refused(world: World, request: Request) -> None:
    """What is measured must be done, not refused."""
    body = request.first(request.body).encode() or None
    answer = world.server.ask(request.method, request.first(request.path), body, "", request.headers)
    assert answer.status < 300, answer.body[:500]
    assert b'"complete":false' not in answer.body, answer.body[:500]
    assert b'"items":[]' not in answer.body, f"nothing is found: {request.path}"


@contextmanager
def nothing() -> Iterator[list[dict[str, Any]]]:
    """Nobody writes."""
    yield []


@contextmanager
def writing(world: World, seconds: float) -> Iterator[list[dict[str, Any]]]:
    """Some hundred updates a second of the posts; at the end, the load client's report."""
    path, body = POSTS + "/{choice}", '{"title":"{mark}"}'
    reports: list[dict[str, Any]] = []
    load = Load(writers=16, method="PATCH", path=path, body=body, rate=BESIDE, seconds=seconds + 0.5, choices=world.posts)
    with loading(world.server.port, load) as running:
        running.begin()
        time.sleep(0.2)
        yield reports
        reports.append(running.report())


def told_of_writers(report: Mapping[str, Any]) -> str:
    """How many updates there were, where they were not as many as wanted, or not all done."""
    rate, refused = float(report["requests_per_s"]), int(report["refused"]) + int(report["broken"])
    return (f" {rate:.0f} updates/s" if rate < 0.95 * BESIDE else "") + (f" {refused} updates refused" if refused else "")


def noted(**counts: float) -> str:
    """`3 refused, 2 lost`, of those that are not 0."""
    return ", ".join(f"{count:,.0f} {name}" for name, count in counts.items() if count)


@dataclass(frozen=True)
class Heard:
    """Creates in a collection, and who listens to it."""

    path: str
    body: Callable[[World], str]
    streams: Callable[[World], Sequence[Stream]]
    writers: int = 64
    rate: float = 0
    partly: bool = False
    """Subscribers are not to hear of everything."""

    def load(self, world: World, seconds: float) -> Load:
        """What the load client does."""
        streams = self.streams(world)
        return Load(streams, self.writers, "POST", self.path, self.body(world), world.token, self.rate, seconds, world.people)

    def run(self, world: World, seconds: float) -> tuple[dict[str, Any], Figures]:
        """The load client's report, and the figures of its requests."""
        load = self.load(world, seconds)
        with loading(world.server.port, load) as running:
            before = cpu_seconds(world.server)
            report = running.go()
            used = cpu_seconds(world.server) - before
            held = memory(world.server)
        request, cpu = report["request_ms"], 1000 * used / report["requests"] if report["requests"] else None
        missing = 0 if self.partly else len(load.streams) - report["complete"]
        note = noted(refused=report["refused"] + report["broken"], cut=report["disconnects"], resynced=report["resyncs"]) + (
            f" {missing} streams did not hear of everything" if missing else ""
        )
        events = report["events_per_s"] if load.streams else None
        return report, Figures(report["requests_per_s"], request["p50"], request["p99"], cpu, events, held, note.strip())


def report_of(world: World) -> str:
    """The body of a create; whoever hears of it knows when it was sent."""
    return json.dumps({"title": "{mark}", "views": 1, "done": False, "author": world.people[0]})


def by_anybody(world: World) -> str:
    """The same by one of the people, another each time."""
    return json.dumps({"title": "{mark}", "views": 1, "done": False, "author": "{choice}"})


def same(count: int, topic: str) -> Callable[[World], Sequence[Stream]]:
    """So many streams of one account."""
    return lambda world: [Stream(world.token, topic)] * count


def everybody(count: int, topic: str) -> Callable[[World], Sequence[Stream]]:
    """So many streams of all the people in turn."""
    return lambda world: [Stream(world.tokens[number % len(world.tokens)], topic) for number in range(count)]


def creates(name: str, heard: Heard) -> Workload:
    """Creates a second; p50 and p99 are of the requests."""
    return Workload(name, lambda world, seconds: heard.run(world, seconds)[1])


def deliveries(name: str, heard: Heard) -> Workload:
    """Events a second; p50 and p99 are from write to event."""

    def measure(world: World, seconds: float) -> Figures:
        report, figures = heard.run(world, seconds)
        delay = report["event_ms"]
        return Figures(report["events_per_s"], delay["p50"], delay["p99"], figures.cpu, memory=figures.memory, note=figures.note)

    return Workload(name, measure, "events/s")


def verdicts(name: str, heard: Heard) -> Workload:
    """Creates a second times the subscribers that the rule was asked for; CPU is of a create."""

    def measure(world: World, seconds: float) -> Figures:
        report, figures = heard.run(world, seconds)
        asked = report["requests_per_s"] * len(heard.streams(world))
        return Figures(asked, figures.p50, figures.p99, figures.cpu, report["events_per_s"], figures.memory, figures.note)

    return Workload(name, measure, "verdicts/s")


def delay(name: str, heard: Heard) -> Workload:
    """The p99 of the time from write to event, of some dozens of writes at least."""

    def measure(world: World, seconds: float) -> Figures:
        report, figures = heard.run(world, max(seconds, 5))
        delay = report["event_ms"]
        return Figures(delay["p99"], delay["p50"], delay["p99"], figures.cpu, report["events_per_s"], figures.memory, figures.note)

    return Workload(name, measure, "ms", less=True)

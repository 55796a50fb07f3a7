"""What the writer of pbtornado commits, alone and over HTTP: `python -m benchmarks.writer`."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.figures import PUBLISH, line, machine, shown, store
from benchmarks.fsyncs import counted_so_far, counting
from benchmarks.load import loading
from benchmarks.measured import Heard, report_of, same
from benchmarks.servers import contenders, cpu_seconds
from benchmarks.world import RULED, World, build
from tests.process import Server

CLIENTS = (1, 8, 64, 500)
MODES = ("FULL", "NORMAL", "OFF")
HEAD = (
    "where | clients | writes/s | commits/s | writes a commit, p50 | p99 | fsyncs/s "
    "| write p50 ms | p99 | write to event p50 ms | p99 | CPU ms/write"
)


@dataclass(frozen=True)
class Written:
    """What was counted in some seconds: `counted` has `writes`, `fsyncs`, and commits by how many writes they had at most."""

    where: str
    clients: int
    seconds: float
    cpu: float
    counted: Mapping[str, float]
    write_ms: Mapping[str, float]
    event_ms: Mapping[str, float]

    @property
    def commits(self) -> float:
        """All of them."""
        return sum(count for name, count in self.counted.items() if name not in ("writes", "fsyncs"))

    def size(self, share: float) -> str:
        """How many writes that share of the commits had at most; commits are counted in powers of two."""
        seen = 0.0
        for name, count in self.counted.items():
            seen += 0 if name in ("writes", "fsyncs") else count
            if seen and seen >= share * self.commits:
                return name if name == "1" else f"≤ {name}"
        return ""

    def row(self) -> str:
        """The line of the table."""
        rates = [shown(value / self.seconds) for value in (self.counted["writes"], self.commits)]
        sizes = [self.size(0.5), self.size(0.99), shown(self.counted["fsyncs"] / self.seconds)]
        times = [shown(of[share]) for of in (self.write_ms, self.event_ms) for share in ("p50", "p99")]
        return line([self.where, str(self.clients), *rates, *sizes, *times, shown(1000 * self.cpu / max(self.counted["writes"], 1))])


def alone(synchronous: str, clients: int, seconds: float) -> Written:
    """One process without HTTP."""
    words = [sys.executable, "-m", "benchmarks.alone", synchronous, str(clients), str(seconds)]
    with counting():
        told = json.loads(subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout)
    return Written(f"store alone, {synchronous}", clients, **told)


def over_http(world: World, clients: int, seconds: float) -> Written:
    """Creates by HTTP clients, one subscriber listening."""
    heard = Heard(RULED, report_of, same(1, "ruled/*"), clients)
    with loading(world.server.port, heard.load(world, seconds)) as running:
        before, cpu = counted(world.server), cpu_seconds(world.server)
        report = running.go()
        used, after = cpu_seconds(world.server) - cpu, counted(world.server)
    difference = {name: value - before.get(name, 0) for name, value in after.items()}
    return Written("HTTP, FULL", clients, report["seconds"], used, difference, report["request_ms"], report["event_ms"])


def counted(server: Server) -> dict[str, float]:
    """What all workers have counted, of their metrics."""
    text = server.ask("GET", "/api/metrics").body.decode()
    sizes: dict[str, float] = {}
    for bound, count in re.findall(r'^pbtornado_commit_writes_bucket\{.*?le="([^"]+)".*?\} (\S+)$', text, re.MULTILINE):
        sizes[bound.removesuffix(".0")] = sizes.get(bound.removesuffix(".0"), 0) + float(count)
    below = dict(zip(sizes, (0, *sizes.values()), strict=False))
    writes = sum(map(float, re.findall(r"^pbtornado_writes_total\{.*?\} (\S+)$", text, re.MULTILINE)))
    return {"writes": writes, "fsyncs": counted_so_far(), **{bound: count - below[bound] for bound, count in sizes.items()}}


def measured(options: argparse.Namespace) -> list[Written]:
    """All of it, told as it comes."""
    found: list[Written] = []

    def add(one: Written) -> None:
        found.append(one)
        print(one.row(), file=sys.stderr, flush=True)

    for synchronous in MODES:
        for clients in CLIENTS:
            add(alone(synchronous, clients, options.seconds))
    with counting(), contenders(options)[0].running() as server:
        world = build("pbtornado", server, rows=0)
        for clients in CLIENTS:
            add(over_http(world, clients, options.seconds))
    return found


def main() -> None:
    """Reads the command line, measures, prints and stores the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement (default 3)")
    parser.add_argument("--workers", type=int, default=2, help="of the server (default 2)")
    parser.add_argument("--publish", action="store_true", help=PUBLISH)
    options = parser.parse_args(namespace=argparse.Namespace(pocketbase=""))
    about = machine(f"{options.workers} workers, {options.seconds:g} s each")
    columns = HEAD.split(" | ")
    rows = [one.row() for one in measured(options)]
    store("writer", "\n".join([about, "", line(columns), line(["---"] * len(columns)), *rows]), options.publish)


if __name__ == "__main__":
    main()

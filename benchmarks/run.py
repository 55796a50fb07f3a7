"""Measures pbtornado and PocketBase side by side: `python -m benchmarks.run --pocketbase PATH`."""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.listeners import Listeners
from benchmarks.workloads import WORKLOADS, Request, Workload, World, build
from tests.process import Server

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figures:
    """What one round gave: operations a second, p50 and p99 in ms, CPU ms an operation, memory in MB, events a second."""

    rate: float
    p50: float
    p99: float
    cpu: float
    memory: float
    events: float
    refused: int


@contextmanager
def running(name: str, command: list[str], *options: str) -> Iterator[World]:
    """A server on an empty directory with the data of the workloads in it."""
    folder = Path(tempfile.mkdtemp(prefix=f"bench-{name}-"))
    try:
        with Server(folder / "pb_data", *options, command=command) as server:
            yield build(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


LUA = """{headers}local n = 0
request = function()
  n = n + 1
  return wrk.format({method!r}, {path!r}, nil, '{body}')
end
"""


def script(request: Request) -> str:
    """The request in wrk's Lua; the number in its body grows."""
    named = {"Content-Type": "application/json", **request.headers}
    headers = "".join(f"wrk.headers[{name!r}] = {value!r}\n" for name, value in named.items())
    body = request.body.replace("\\", "\\\\").replace("\n", "\\n").replace("'", "\\'").replace("{n}", "' .. n .. '")
    return LUA.format(headers=headers, method=request.method, path=request.path, body=body)


def measure(name: str, world: World, workload: Workload, seconds: int) -> Figures:
    """Drives the workload for so many seconds."""
    request = workload.asked_of(name, world)
    refuse_refused(world.server, request)
    with (
        tempfile.NamedTemporaryFile("w", suffix=".lua") as lua,
        Listeners(world.server, "ruled/*", world.token, workload.subscribers) as listeners,
    ):
        lua.write(script(request))
        lua.flush()
        used, heard, began = cpu_seconds(world.server), listeners.heard(), time.monotonic()
        wrk = ["wrk", "-t1", f"-c{workload.clients}", f"-d{seconds}", "--latency", "--timeout", "30", "-s", lua.name, world.server.url]
        text = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout
        took, told = time.monotonic() - began, listeners.heard() - heard
        return figures(text, workload.weight, cpu_seconds(world.server) - used, memory(world.server), told / took)


def refuse_refused(server: Server, request: Request) -> None:
    """What is measured must be done, not refused."""
    answer = server.ask(request.method, request.path, request.body.encode() or None, "", request.headers)
    assert answer.status < 300, answer.body[:500]
    assert b'"complete":false' not in answer.body, answer.body[:500]


def figures(text: str, weight: int, cpu: float, megabytes: float, events: float) -> Figures:
    """wrk's report as figures."""
    requests = int(found(r"(\d+) requests in", text))
    refused = int(found(r"Non-2xx or 3xx responses: (\d+)", text, "0"))
    rate = float(found(r"Requests/sec:\s+([\d.]+)", text))
    p50, p99 = (milliseconds(found(rf"{percent}%\s+(\S+)\n", text, "0ms")) for percent in (50, 99))
    return Figures(rate * weight, p50, p99, 1000 * cpu / max(requests * weight, 1), megabytes, events, refused)


def found(pattern: str, text: str, default: str = "0") -> str:
    """The group of the pattern in the text."""
    match = re.search(pattern, text)
    return match[1] if match else default


def milliseconds(text: str) -> float:
    """`1.20ms`, `85.00us` or `1.10s` in ms."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]


def family(server: Server) -> list[int]:
    """The server's process and its workers."""
    return [server.process.pid, *server.workers()]


def cpu_seconds(server: Server) -> float:
    """CPU time used so far by all its processes."""
    ticks = 0
    for pid in family(server):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(server: Server) -> float:
    """Resident memory of all its processes in MB, shared pages counted once."""
    kilobytes = 0
    for pid in family(server):
        kilobytes += int(found(r"Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text()))
    return kilobytes / 1024


def compare(ours: list[str], theirs: list[str], options: argparse.Namespace) -> list[str]:
    """The table's rows, after all rounds in A B A B order."""
    wanted = [workload for workload in WORKLOADS if re.search(options.only, workload.name)]
    found_figures: dict[tuple[str, str], list[Figures]] = {}
    for number in range(options.rounds):
        for name, command, extra in (("pbtornado", ours, ("--workers", str(options.workers))), ("pocketbase", theirs, ())):
            with running(name, command, *extra) as world:
                for workload in wanted:
                    figures = measure(name, world, workload, options.seconds)
                    found_figures.setdefault((workload.name, name), []).append(figures)
                    print(f"round {number + 1} {name:10} {workload.name:50} {figures.rate:10,.0f}/s  p99 {figures.p99:8.1f} ms", flush=True)
    return [row(workload, found_figures) for workload in wanted]


def row(workload: Workload, all_figures: dict[tuple[str, str], list[Figures]]) -> str:
    """One line of the table: medians, and the ratio of the rates."""
    ours, theirs = (all_figures[workload.name, name] for name in ("pbtornado", "pocketbase"))

    def middle(of: list[Figures], what: str) -> float:
        return float(statistics.median(getattr(figures, what) for figures in of))

    ratio = middle(ours, "rate") / max(middle(theirs, "rate"), 0.001)
    cells = [f"{middle(of, what):,.{digits}f}" for what, digits in COLUMNS for of in (ours, theirs)]
    refused = sum(figures.refused for figures in ours + theirs)
    return "| " + " | ".join([workload.name, f"**{ratio:.2f}x**", *cells]) + (f" | {refused} refused" if refused else " |") + " |"


COLUMNS = (("rate", 0), ("p50", 1), ("p99", 1), ("cpu", 3), ("memory", 0), ("events", 0))
HEAD = "| workload | ratio | /s | PB | p50 ms | PB | p99 ms | PB | CPU ms/op | PB | MB | PB | events/s | PB | |"


def main() -> None:
    """Reads the command line, measures, prints and stores the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pocketbase", required=True, help="PocketBase's executable")
    parser.add_argument("--only", default="", help="workloads whose name matches this expression")
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("The load generator wrk is not installed (Debian: apt-get install wrk).")
    rows = compare([sys.executable, "-m", "pbtornado"], [options.pocketbase], options)
    about = (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{options.workers} workers, {time.strftime('%Y-%m-%d')}"
    )
    table = "\n".join([about, "", HEAD, "| --- " * 15 + "|", *rows, ""])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.md").write_text(table)
    print("\n" + table)


if __name__ == "__main__":
    main()

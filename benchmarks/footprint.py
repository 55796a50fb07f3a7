"""What a server takes before it is asked anything: time to start, memory at rest, memory of a stream that hears nothing."""

from __future__ import annotations

import contextlib
import http.client
import statistics
import subprocess
import time

from benchmarks.figures import Figures
from benchmarks.load import Load, Stream, loading
from benchmarks.measured import Workload
from benchmarks.servers import cpu_seconds, memory
from benchmarks.world import World
from tests.process import Server

STARTS = 5
STREAMS = 2000
SETTLED_SECONDS = 2.0


def start(world: World, _: float) -> Figures:
    """ms from the start of the process to the first answer, on a directory that exists; CPU until a moment later."""
    took, used = zip(*(started(world.server) for _ in range(STARTS)), strict=True)
    middle = statistics.median(took)
    return Figures(middle, middle, max(took), statistics.median(used), memory=memory(world.server))


def started(server: Server) -> tuple[float, float]:
    """Starts it anew; ms of time, ms of CPU."""
    server.stop()
    words = [*server.command, "serve", "--http", f"127.0.0.1:{server.port}", "--dir", str(server.directory), *server.options]
    with server.log.open("ab") as log:
        began = time.monotonic()
        server.process = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
    while not answers(server.port):
        assert time.monotonic() < began + 30, server.output()
        time.sleep(0.001)
    took = time.monotonic() - began
    time.sleep(0.3)
    return 1000 * took, 1000 * cpu_seconds(server)


def answers(port: int) -> bool:
    """Whether the server answers; sooner than a client with its own start would know."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/api/health")
        return connection.getresponse().status == 200
    return False


def rest(world: World, _: float) -> Figures:
    """MB of all processes, a moment after the start."""
    started(world.server)
    time.sleep(SETTLED_SECONDS)
    return Figures(memory(world.server))


def idle(world: World, _: float) -> Figures:
    """KB that a stream adds, of `STREAMS` that listen and hear nothing."""
    started(world.server)
    time.sleep(SETTLED_SECONDS)
    with loading(world.server.port, Load([Stream(world.token, "ruled/*")] * 20)):  # what is made once is there
        before = memory(world.server)
    with loading(world.server.port, Load([Stream(world.token, "ruled/*")] * STREAMS)):
        time.sleep(SETTLED_SECONDS)
        return Figures((memory(world.server) - before) * 1024 / STREAMS)


FOOTPRINT = (
    Workload("memory of an idle subscriber, of 2,000", idle, "KB", less=True),
    Workload("memory at rest, all processes", rest, "MB", less=True),
    Workload("start to first answer", start, "ms", less=True),
)
"""The last of them leaves a server that has just been started."""

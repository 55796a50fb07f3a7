"""The writer alone, without HTTP and other processes: creates by so many tasks at once. Prints one line of JSON."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.fsyncs import counted_so_far
from pbtornado.backend import Backend
from pbtornado.config import Options
from pbtornado.rules.request import RequestInfo

RULES = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule"), "")
FIELDS = [{"name": "title", "type": "text"}, {"name": "views", "type": "number"}]
INDEX = "CREATE INDEX idx_posts_views ON posts (views)"
WARM_SECONDS = 0.5
SETTLED_SECONDS = 0.2


class Bench:
    """Tasks that create, and one stream that hears of it. Times are in ms."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.writes: list[float] = []
        self.events: list[float] = []
        self._numbers = itertools.count()

    async def measure(self, clients: int, seconds: float) -> dict[str, Any]:
        """What so many clients did in so many seconds."""
        await self._subscribe()
        await self._drive(clients, WARM_SECONDS)
        self.writes.clear()
        self.events.clear()
        before, cpu, began = self.counted(), time.process_time(), time.monotonic()
        await self._drive(clients, seconds)
        counted = {name: after - before[name] for name, after in self.counted().items()}
        took, used = time.monotonic() - began, time.process_time() - cpu
        await asyncio.sleep(SETTLED_SECONDS)
        return {"seconds": took, "cpu": used, "counted": counted, "write_ms": ends(self.writes), "event_ms": ends(self.events)}

    def counted(self) -> dict[str, float]:
        """Writes, commits by how many writes they had at most, and what the disk was asked to keep."""
        sizes = self.backend.store.group_sizes
        by_size = zip((*map(str, sizes.bounds), "+Inf"), sizes.counts, strict=True)
        return {"writes": sizes.sum, "fsyncs": counted_so_far(), **dict(by_size)}

    async def _subscribe(self) -> None:
        connection = self.backend.realtime.connect("127.0.0.1")
        connection.attach(self._hear, lambda: None)
        await self.backend.realtime.subscribe(connection.id, ["posts/*"], RequestInfo(ip="127.0.0.1"))

    def _hear(self, owed: bytes) -> asyncio.Future[None]:
        now = time.monotonic()
        self.events += [1000 * (now - float(sent)) for sent in re.findall(rb'"title":"sent ([\d.]+)', owed)]
        taken = asyncio.get_running_loop().create_future()
        taken.set_result(None)
        return taken

    async def _drive(self, clients: int, seconds: float) -> None:
        end = time.monotonic() + seconds
        await asyncio.gather(*(self._write(end) for _ in range(clients)))

    async def _write(self, end: float) -> None:
        while (began := time.monotonic()) < end:
            info = RequestInfo(request_id=str(next(self._numbers)), ip="127.0.0.1")
            await self.backend.records.create("posts", {"title": f"sent {began}", "views": 1}, info)
            self.writes.append(1000 * (time.monotonic() - began))


def ends(of: list[float]) -> dict[str, float]:
    """p50 and p99."""
    values = sorted(of) or [0]
    return {"p50": values[len(values) // 2], "p99": values[len(values) * 99 // 100]}


async def run(synchronous: str, clients: int, seconds: float) -> dict[str, Any]:
    """Measures on a new directory."""
    with tempfile.TemporaryDirectory(prefix="bench-alone-") as folder:
        backend = Backend(Options(data_dir=Path(folder), synchronous=synchronous))
        await backend.start()
        try:
            await backend.collections.create({"name": "posts", "type": "base", "fields": FIELDS, "indexes": [INDEX], **RULES})
            return await Bench(backend).measure(clients, seconds)
        finally:
            await backend.stop()


def main() -> None:
    """`SYNCHRONOUS CLIENTS SECONDS`."""
    asked = run(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        print(json.dumps(runner.run(asked)))


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop that workers run on."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = new_event_loop
    return factory


if __name__ == "__main__":
    main()

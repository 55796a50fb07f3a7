"""The servers that are measured, and what their processes use."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.process import Server

OURS, THEIRS = "pbtornado", "pocketbase"


@dataclass(frozen=True)
class Contender:
    """A program that is measured: its name, the words that start it, and options of its `serve`."""

    name: str
    command: Sequence[str]
    options: Sequence[str] = ()

    @contextmanager
    def running(self) -> Iterator[Server]:
        """It on an empty directory, which is gone afterwards."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends us ends the server too
        folder = Path(tempfile.mkdtemp(prefix=f"bench-{self.name}-"))
        try:
            with Server(folder / "pb_data", *self.options, command=self.command) as server:
                yield server
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def contenders(options: argparse.Namespace) -> list[Contender]:
    """Ours, and PocketBase where the command line names it."""
    ours = Contender(OURS, [sys.executable, "-m", "pbtornado"], ["--workers", str(options.workers)])
    return [ours, Contender(THEIRS, [options.pocketbase])] if options.pocketbase else [ours]


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
    """Resident memory of all its processes in MB, shared pages counted once (PSS)."""
    kilobytes = 0
    for pid in family(server):
        found = re.search(r"Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())
        kilobytes += int(found[1]) if found else 0
    return kilobytes / 1024

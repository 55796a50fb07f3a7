"""The load client `load.c`, run."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.compiled import compiled


@dataclass(frozen=True)
class Stream:
    """Who hears what: a token (empty for a guest) and a topic."""

    token: str
    topic: str


@dataclass(frozen=True)
class Load:
    """What the client does; the options of `load.c` by their names."""

    streams: Sequence[Stream] = ()
    writers: int = 0
    method: str = "POST"
    path: str = "/"
    body: str = ""
    token: str = ""
    rate: float = 0
    seconds: float = 5
    choices: Sequence[str] = ()
    extra: Sequence[str] = field(default=())
    """Further options as they are."""


class Running:
    """The client, with all its connections open, waiting to begin."""

    def __init__(self, process: subprocess.Popen[str], opened: dict[str, Any]) -> None:
        self._process = process
        self.opened = opened
        """`{"ready", "refused", "lost", "seconds"}`: streams that listen, that were refused their topic, that broke; how long it took."""

    def go(self) -> dict[str, Any]:
        """Runs to the end; the report."""
        self.begin()
        return self.report()

    def begin(self) -> None:
        """Starts the writers."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def report(self) -> dict[str, Any]:
        """Waits for the end; what is reported."""
        told, _ = self._process.communicate()
        assert self._process.returncode == 0, "the load client failed; what it said stands above"
        report: dict[str, Any] = json.loads(told)
        return report


@contextmanager
def loading(port: int, load: Load) -> Iterator[Running]:
    """The client with its connections open, its writers waiting to begin; ended when the context is left."""
    with tempfile.TemporaryDirectory(prefix="bench-load-") as folder:
        process = subprocess.Popen(words(port, load, Path(folder)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout
            opened = json.loads(process.stdout.readline() or '{"ready": -1, "refused": 0}')
            assert (opened["ready"], opened["refused"]) == (len(load.streams), 0), f"not all streams could be opened: {opened}"
            yield Running(process, opened)
        finally:
            process.kill()
            process.wait()


def words(port: int, load: Load, folder: Path) -> list[str]:
    """The command; files it names are put into the folder."""
    said = [str(compiled("load.c")), "--wait", "--port", str(port), "--seconds", str(load.seconds), "--rate", str(load.rate)]
    if load.writers:
        said += ["--writers", str(load.writers), "--method", load.method, "--path", load.path, "--body", load.body]
    if load.token:
        said += ["--header", f"Authorization: {load.token}"]
    if load.streams:
        said += ["--streams", written(folder / "streams", [f"{stream.token}\t{stream.topic}" for stream in load.streams])]
    if load.choices:
        said += ["--choices", written(folder / "choices", load.choices)]
    return [*said, *load.extra]


def written(path: Path, lines: Sequence[str]) -> str:
    """A file of lines; its path."""
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)

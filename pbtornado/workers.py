"""The processes of a server: they share a port, wake each other, and are started again when they die.

Every worker has sockets of its own, bound by the parent with SO_REUSEPORT and kept there, so that
connections wait for a worker that is being started again instead of being refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import os
import resource
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from tornado.netutil import bind_unix_socket

try:
    from uvloop import new_event_loop
except ImportError:
    from asyncio import new_event_loop  # type: ignore[assignment]

from .app import App
from .config import Options
from .http.siblings import Siblings
from .rates import Rates, counts_file
from .store.protocol import UnusableDirectory

log = logging.getLogger("pbtornado.workers")

BACKLOG = 1024
RESTART_SECONDS = 1.0
"""A worker that lived shorter than this is started again only after that time."""
GRACE_SECONDS = 5.0
"""How long after its own time to stop a worker is killed."""
GARBAGE = 2_000, 4, 60
"""Objects that may be made before it is looked for such that hold each other; how often before older ones are looked at, too.

A request makes a few. What is looked at in one go holds up the loop: 10,000 objects take some 4 ms.
"""
SWITCH_SECONDS = 0.0005
"""How long the loop may go on while the thread that commits has something to do. Python's own 5 ms, twice a write, are too long."""
WARM_SECONDS = 0.5
"""How long after it serves a worker loads what requests will need."""
WORD_SECONDS = 0.002
"""How long after a word to its siblings a worker keeps the next: of commits that follow each other closely is told once."""
READY = b"+"
SOCKETS = "pbtornado-"
LONGEST_DIRECTORY = 80
Announce = Callable[[App, str], Coroutine[Any, Any, None]]
Ready = Callable[[App], Coroutine[Any, Any, None]]


class CannotListen(Exception):
    """The address cannot be served; the message is one sentence for the person who started the program."""


def serve(options: Options, announce: Announce) -> int:
    """Serves until SIGTERM or Ctrl-C; the exit code. `announce(app, url)` runs once, when the first worker answers.

    Raises CannotListen and UnusableDirectory.
    """
    allow_files()
    count = options.worker_count
    sockets = listen(options, count)
    url = f"http://{public_address(options, sockets[0])}"
    if count == 1:
        return run(_alone(options, sockets[0], announce, url))
    return Parent(options, sockets, announce, url).serve()


def allow_files() -> None:
    """Lets this process and its workers open as many files as the system allows them to."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def listen(options: Options, count: int) -> list[socket.socket]:
    """A listening socket for each worker, all on one port. Raises CannotListen."""
    try:
        first = _bound(options, options.port)
        if count == 1:
            return [first]
        port = first.getsockname()[1]
        first.close()  # it only told whether anybody else has the port: those that share it would not notice
        return [_bound(options, port, shared=True) for _ in range(count)]
    except (OSError, OverflowError) as error:
        raise CannotListen(_why(options, error)) from error


def _bound(options: Options, port: int, *, shared: bool = False) -> socket.socket:
    everywhere = not options.host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if everywhere or ":" in options.host else socket.AF_INET
    bound = socket.create_server((options.host, port), family=family, backlog=BACKLOG, reuse_port=shared, dualstack_ipv6=everywhere)
    bound.setblocking(False)
    return bound


def _why(options: Options, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return f"This account may not listen on {options.address}; ports below 1024 need more rights."
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"{options.address} is already in use by another program; choose another address with --http."
    return f"Cannot listen on {options.address}: {getattr(error, 'strerror', None) or error}."


def public_address(options: Options, listening: socket.socket) -> str:
    """The address as it is written in a URL, with the port that was really given."""
    host = f"[{options.host}]" if ":" in options.host else options.host or "127.0.0.1"
    return f"{host}:{listening.getsockname()[1]}"


def settle_garbage() -> None:
    """What is there when a worker begins to serve stays there: it is not looked through for garbage again and again."""
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    gc.enable()


def run(main: Coroutine[Any, Any, int]) -> int:
    """Runs a worker on the fastest loop there is."""
    sys.setswitchinterval(SWITCH_SECONDS)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)


async def _alone(options: Options, listening: socket.socket, announce: Announce, url: str) -> int:
    app, stopped = App(options), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await app.start([listening])
    settle_garbage()
    await announce(app, url)
    await _until(stopped, app)
    return 0


async def _until(stopped: asyncio.Event, app: App) -> None:
    """Serves until it is told to stop; what is slow for the first who needs it is loaded when the first answers have gone out."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopped.wait(), WARM_SECONDS)
    if not stopped.is_set():
        await asyncio.to_thread(app.backend.warm)
        await stopped.wait()
    await app.stop()


class Shared:
    """What all workers of a server have in common, made by the parent before any of them.

    Each worker has a pipe to be woken by, and a Unix socket where siblings hand requests over.
    `life` is a pipe only the parent can write to: its end is the parent's.
    """

    def __init__(self, count: int) -> None:
        forget_the_dead()
        self.directory = Path(tempfile.mkdtemp(prefix=SOCKETS, dir=_near_root()))
        self.paths = [self.directory / str(number) for number in range(count)]
        self.doors = [bind_unix_socket(str(path), 0o600, BACKLOG) for path in self.paths]
        self.wakes = [os.pipe() for _ in range(count)]
        for end in (end for pipe in self.wakes for end in pipe):
            os.set_blocking(end, False)
        self.life = os.pipe()
        self.counts = counts_file()
        self._resting = self._kept = False

    def announce(self, number: int) -> None:
        """Wakes every other worker: at once, or soon where that was done just now."""
        self._kept = self._resting
        if not self._resting:
            self._resting = True
            asyncio.get_running_loop().call_later(WORD_SECONDS, self._rested, number)
            self.wake_others(number)

    def _rested(self, number: int) -> None:
        self._resting = False
        if self._kept:
            self.announce(number)

    def wake_others(self, number: int) -> None:
        """Tells every other worker that there is something in the log. One that has not looked yet needs no second word."""
        for other, (_, end) in enumerate(self.wakes):
            if other != number:
                with contextlib.suppress(BlockingIOError):
                    os.write(end, b"!")

    def drain(self, number: int) -> None:
        """Forgets how often this worker was woken."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.wakes[number][0], 65536)

    def end(self) -> None:
        """Says to the workers that the parent's time is over, and that nobody is reached here any more."""
        os.close(self.life[1])
        for door in self.doors:
            door.close()

    def remove(self) -> None:
        """Takes away what is left when all workers are gone."""
        for end in (self.counts, self.life[0], *(end for pipe in self.wakes for end in pipe)):
            os.close(end)
        shutil.rmtree(self.directory, ignore_errors=True)


def forget_the_dead() -> None:
    """Removes the sockets of servers that were killed: nobody listens there any more."""
    for directory in _near_root().glob(f"{SOCKETS}*"):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as visitor:
            try:
                visitor.connect(str(directory / "0"))
            except ConnectionRefusedError:
                shutil.rmtree(directory, ignore_errors=True)


def _near_root() -> Path:
    """Where temporary files go, unless a socket's path would be too long for the system there."""
    usual = tempfile.gettempdir()
    return Path(usual if len(os.fsencode(usual)) <= LONGEST_DIRECTORY else "/tmp")


async def _worker(options: Options, number: int, shared: Shared, listening: socket.socket, ready: Ready) -> int:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    app = App(options, number, Siblings(number, shared.paths), Rates(shared.counts))
    backend = app.backend

    def woken() -> None:
        shared.drain(number)
        backend.wake()

    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_reader(shared.life[0], stopped.set)
    backend.store.on_commit.append(lambda _: shared.announce(number))
    await app.start([listening, shared.doors[number]])
    settle_garbage()
    loop.add_reader(shared.wakes[number][0], woken)
    await ready(app)
    await _until(stopped, app)
    return 0


class Signals:
    """Signals as something to wait for, with a time limit."""

    def __init__(self, *numbers: int) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._before = {number: signal.signal(number, _noted) for number in numbers}
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)

    def wait(self, seconds: float | None) -> set[int]:
        """The signals that came, none of them after `seconds`."""
        if not select.select([self._read], [], [], seconds)[0]:
            return set()
        return set(os.read(self._read, 4096))

    def forget(self) -> None:
        """Signals do again what they did before."""
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)


def _noted(number: int, frame: FrameType | None) -> None: ...


async def _quietly(app: App) -> None: ...


@dataclass
class Born:
    """A worker's number and when it was started (monotonic seconds)."""

    number: int
    at: float


class Parent:
    """Starts the workers, starts again those that die, ends them."""

    def __init__(self, options: Options, sockets: list[socket.socket], announce: Announce, url: str) -> None:
        self.options, self.sockets, self.announce, self.url = options, sockets, announce, url
        self.shared = Shared(len(sockets))
        self.alive: dict[int, Born] = {}
        self.due: dict[int, float] = {}

    def serve(self) -> int:
        """Serves until it is told to stop; 0. Raises UnusableDirectory."""
        self.signals = Signals(signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
        settle_garbage()  # pages that nobody writes to stay one for all workers
        try:
            self._start_first()
            for number in range(1, len(self.sockets)):
                self._start(number, _quietly)
            self._watch()
            return 0
        finally:
            self._end()
            self.signals.forget()
            self.shared.remove()

    def _start_first(self) -> None:
        """Starts worker 0, which prepares the directory, and waits until it answers."""
        told, tell = os.pipe()

        async def ready(app: App) -> None:
            await self.announce(app, self.url)
            os.write(tell, READY)
            os.close(tell)

        self._start(0, ready, refused=lambda sentence: os.write(tell, sentence.encode()))
        os.close(tell)
        with open(told, "rb") as pipe:
            answer = pipe.read()
        if answer != READY:
            raise UnusableDirectory(answer.decode() or "The first worker ended before it could serve; the log above says why.")

    def _start(self, number: int, ready: Ready, refused: Callable[[str], Any] = log.error) -> None:
        pid = os.fork()
        if pid:
            self.alive[pid] = Born(number, time.monotonic())
            return
        code = 1
        try:
            self._become_worker()
            code = run(_worker(self.options, number, self.shared, self.sockets[number], ready))
        except UnusableDirectory as error:
            refused(str(error))
        except BaseException:
            log.exception("worker %d failed", number)
        finally:
            sys.stdout.flush()
            os._exit(code)

    def _become_worker(self) -> None:
        """What belongs to the parent alone is given up; Ctrl-C is the parent's to hear."""
        self.signals.forget()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.close(self.shared.life[1])

    def _watch(self) -> None:
        """Starts again what dies, until a signal says that it is over."""
        while True:
            wait = max(0.0, min(self.due.values()) - time.monotonic()) if self.due else None
            if self.signals.wait(wait) & {signal.SIGTERM, signal.SIGINT}:
                return
            for number in self._dead():
                self._start(number, _quietly)

    def _dead(self) -> list[int]:
        """The workers to be started now: those that died, except that none is started more than once in `RESTART_SECONDS`."""
        now = time.monotonic()
        for born in self._reaped():
            log.error("worker %d ended and is started again", born.number)
            self.due[born.number] = max(now, born.at + RESTART_SECONDS)
        ready = [number for number, moment in self.due.items() if moment <= now]
        for number in ready:
            del self.due[number]
        return ready

    def _reaped(self) -> list[Born]:
        ended = []
        while self.alive:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            ended.append(self.alive.pop(pid))
        return ended

    def _end(self) -> None:
        """Tells the workers to stop and waits for them; whoever takes longer than his time is killed."""
        self.shared.end()
        for listening in self.sockets:
            listening.close()
        end = time.monotonic() + self.options.stop_seconds + GRACE_SECONDS
        while self.alive and time.monotonic() < end:
            self.signals.wait(0.1)
            self._reaped()
        for pid in self.alive:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

"""One thread that runs what it is given, in order; for calls that block, such as an fsync or a lock."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Job = tuple[Callable[[], Any], asyncio.Future[Any] | None]


class Lane:
    """A daemon thread, so that a call which never returns cannot keep the process from ending."""

    def __init__(self, name: str, jobs: SimpleQueue[_Job | None] | None = None) -> None:
        self._jobs: SimpleQueue[_Job | None] = jobs or SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def run(self, call: Callable[[], T]) -> asyncio.Future[T]:
        """Runs call on the thread; the future belongs to the running loop and holds what it returned or raised."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((call, future))
        return future

    def tell(self, call: Callable[[], Any]) -> None:
        """Runs call on the thread and asks for no answer."""
        self._jobs.put((call, None))

    def end(self) -> None:
        """Lets the thread stop once it has done what it was given."""
        self._jobs.put(None)

    def join(self, timeout: float = 5.0) -> None:
        """Waits for the thread's end, at most this many seconds."""
        self._thread.join(timeout)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            call, future = job
            try:
                value, error = call(), None
            except BaseException as raised:
                value, error = None, raised
            if future is not None:
                _hand_back(future, value, error)
            del job, call, future, value, error


def _hand_back(future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
    with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
        future.get_loop().call_soon_threadsafe(_settle, future, value, error)


def _settle(future: asyncio.Future[Any], value: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)

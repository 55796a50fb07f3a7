"""What the server says in its own log is kept among the lines of the logs too, where superusers find it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from .logs import ERROR, WARN, Logs, log

PACKAGE = "pbtornado"


class LogBridge(logging.Handler):
    """Hands warnings and errors of any thread on to the logs."""

    def __init__(self, logs: Logs) -> None:
        super().__init__(logging.WARNING)
        self._logs = logs

    def start(self) -> None:
        """Listens from now on; on the loop of the logs."""
        self._loop = asyncio.get_running_loop()
        logging.getLogger(PACKAGE).addHandler(self)

    def stop(self) -> None:
        """Listens no more."""
        logging.getLogger(PACKAGE).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == log.name:  # they cannot tell of their own failures
            return
        level = ERROR if record.levelno >= logging.ERROR else WARN
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._logs.add, level, record.getMessage(), _data(record))


def _data(record: logging.LogRecord) -> dict[str, Any]:
    error = record.exc_info[1] if record.exc_info else None
    return {"type": record.name, **({"error": f"{type(error).__name__}: {error}"} if error else {})}

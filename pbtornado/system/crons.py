"""Jobs that are due at times, by their cron expressions in UTC."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from .schedule import Schedule

log = logging.getLogger("pbtornado.crons")

MINUTE = 60
STOP_SECONDS = 5.0
"""How long jobs under way may go on when the server stops."""
SYSTEM = "__pb"
"""How the ids of the server's own jobs begin."""

Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Job:
    """What is done whenever its expression says so."""

    id: str
    expression: str
    schedule: Schedule
    work: Work


class Crons:
    """The jobs of a server. They run in the one process that starts the clock, none twice at a time."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._clock: asyncio.Task[None] | None = None

    def add(self, id: str, expression: str, work: Work) -> None:
        """Adds a job, in the place of the one with this id if there is one. Raises ValueError where the expression is none."""
        self._jobs[id] = Job(id, expression, Schedule.parse(expression), work)

    def remove(self, id: str) -> None:
        """Forgets a job; a run under way goes on."""
        self._jobs.pop(id, None)

    @property
    def jobs(self) -> list[Job]:
        """All jobs, the server's own after the others, which stand in the order of their ids."""
        others = sorted((job for job in self._jobs.values() if not job.id.startswith(SYSTEM)), key=lambda job: job.id)
        return [*others, *(job for job in self._jobs.values() if job.id.startswith(SYSTEM))]

    def run(self, id: str) -> bool:
        """Begins a job now, unless it is under way; is there such a job?"""
        job = self._jobs.get(id)
        if job and id not in self._running:
            self._running[id] = task = asyncio.get_running_loop().create_task(self._run(job))
            task.add_done_callback(lambda _: self._running.pop(id, None))
        return job is not None

    def run_due(self, moment: datetime) -> None:
        """Begins what is due in the minute of this moment."""
        for job in self.jobs:
            if job.schedule.due(moment):
                self.run(job.id)

    def start(self) -> None:
        """Starts the clock."""
        self._clock = asyncio.get_running_loop().create_task(self._tick())

    async def stop(self) -> None:
        """Stops the clock and lets jobs end within their time; whoever takes longer is cancelled."""
        if self._clock:
            self._clock.cancel()
            self._clock = None
        tasks = set(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()

    async def _run(self, job: Job) -> None:
        try:
            await job.work()
        except Exception:
            log.exception("the job %s failed", job.id)

    async def _tick(self) -> None:
        done = int(time.time()) // MINUTE
        while True:
            await asyncio.sleep(MINUTE - time.time() % MINUTE)
            minute = int(time.time()) // MINUTE
            if minute != done:  # the clock of the system may differ from that of the loop, or be set
                done = minute
                self.run_due(datetime.fromtimestamp(minute * MINUTE, UTC))

"""Jobs that are due at times."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pbtornado.system import crons
from pbtornado.system.crons import Crons

if TYPE_CHECKING:
    from tests.conftest import ExpectLog


async def nothing() -> None:
    """A job's work that is done at once."""


def moment(hour: int, minute: int) -> datetime:
    """A time of some Wednesday."""
    return datetime(2026, 7, 29, hour, minute, 17, tzinfo=UTC)


async def test_what_is_due_runs() -> None:
    """A job runs in the minutes its expression names, and in no others."""
    jobs, ran = Crons(), []

    async def work() -> None:
        ran.append(1)

    jobs.add("hourly", "0 * * * *", work)
    for minute in (59, 0, 1):
        jobs.run_due(moment(3, minute))
        await jobs.stop()
    assert len(ran) == 1


async def test_never_twice_at_once() -> None:
    """Who is under way is not begun again; afterwards it is."""
    jobs, ran, end = Crons(), [], asyncio.Event()

    async def work() -> None:
        ran.append(1)
        await end.wait()

    jobs.add("slow", "* * * * *", work)
    assert all(jobs.run("slow") for _ in range(3))
    await asyncio.sleep(0)
    assert len(ran) == 1
    end.set()
    await jobs.stop()
    await asyncio.sleep(0)
    jobs.run("slow")
    await jobs.stop()
    assert len(ran) == 2


async def test_failures_are_logged(expect_log: ExpectLog) -> None:
    """A job that fails is named in the log, and runs again."""
    jobs = Crons()

    async def work() -> None:
        raise OSError("no luck")

    jobs.add("hapless", "* * * * *", work)
    for _ in range(2):
        with expect_log("the job hapless failed"):
            jobs.run("hapless")
            await jobs.stop()


async def test_order_of_jobs() -> None:
    """The server's own jobs stand last, as they came, the others by their ids."""
    jobs = Crons()
    for name in ("b", "__pbB__", "a", "__pbA__"):
        jobs.add(name, "@daily", nothing)
    assert [job.id for job in jobs.jobs] == ["a", "b", "__pbB__", "__pbA__"]


async def test_another_job_of_an_id() -> None:
    """A second job takes the first one's place; a removed one is not found."""
    jobs = Crons()
    jobs.add("a", "@daily", nothing)
    jobs.add("a", "@hourly", nothing)
    assert [job.expression for job in jobs.jobs] == ["@hourly"]
    jobs.remove("a")
    assert not jobs.run("a")


async def test_expressions_are_checked() -> None:
    """What is no cron expression is refused at once."""
    with pytest.raises(ValueError, match="5 space separated segments"):
        Crons().add("a", "often", nothing)


async def test_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the clock is started, each minute is looked at once, when it begins."""
    monkeypatch.setattr(crons, "MINUTE", 1)
    jobs = Crons()
    seen: list[datetime] = []
    monkeypatch.setattr(jobs, "run_due", seen.append)
    jobs.start()
    await asyncio.sleep(2.2)
    await jobs.stop()
    assert 2 <= len(seen) == len(set(seen))
    assert all(one.microsecond == 0 and one.tzinfo is UTC for one in seen)


async def test_the_end_waits_for_jobs() -> None:
    """A job under way when the server stops comes to its end."""
    jobs, done = Crons(), []

    async def work() -> None:
        await asyncio.sleep(0.05)
        done.append(1)

    jobs.add("a", "@daily", work)
    jobs.run("a")
    await jobs.stop()
    assert done

"""Jobs over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.data import account, superuser
from tests.process import Server

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.client import Client


def wait_until(holds: Callable[[], bool]) -> None:
    """Looks again until it holds, for some seconds."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def beginning(wal: Path) -> bytes:
    """The head of a WAL, which is another one each time it begins anew."""
    with wal.open("rb") as file:
        return file.read(32)


def differs(wal: Path, before: bytes) -> bool:
    """Has the WAL begun anew?"""
    return beginning(wal) != before


async def test_the_jobs_of_a_server(client: Client, backend: Backend) -> None:
    """A superuser sees PocketBase's jobs under its names, with their expressions."""
    answer = await client.get("/api/crons", token=await superuser(backend))
    assert {"id": "__pbDBOptimize__", "expression": "0 0 * * *"} in answer.json
    assert {"id": "__pbMFACleanup__", "expression": "0 * * * *"} in answer.json
    assert {"id": "__pbOTPCleanup__", "expression": "0 * * * *"} in answer.json


async def test_only_superusers(client: Client, backend: Backend) -> None:
    """Nobody else sees or runs jobs."""
    _, token = await account(backend, "ann@example.com")
    for method, path in (("GET", "/api/crons"), ("POST", "/api/crons/__pbDBOptimize__")):
        assert (await client.send(method, path)).status == 401
        assert (await client.send(method, path, token=token)).status == 403


async def test_a_run_is_not_waited_for(client: Client, backend: Backend) -> None:
    """The answer comes while the job is under way."""
    begun, end = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await end.wait()

    backend.crons.add("slow", "@yearly", work)
    answer = await client.post("/api/crons/slow", token=await superuser(backend))
    assert (answer.status, answer.body) == (204, b"")
    await begun.wait()
    end.set()


async def test_no_such_job(client: Client, backend: Backend) -> None:
    """An unknown id is refused in PocketBase's words."""
    answer = await client.post("/api/crons/missing", token=await superuser(backend))
    assert answer.json == {"data": {}, "message": "Missing or invalid cron job.", "status": 404}


async def test_each_job_of_the_server_runs(client: Client, backend: Backend) -> None:
    """None of them fails, which would be in the log."""
    token = await superuser(backend)
    for job in backend.crons.jobs:
        assert (await client.post(f"/api/crons/{job.id}", token=token)).status == 204
    await backend.crons.stop()


def test_from_any_worker(tmp_path: Path) -> None:
    """Whichever worker is asked, the job is run: the WAL is emptied, and begins anew with what is written next."""
    with Server(tmp_path / "pb_data", "--workers", "3") as server:
        server.sign_in()
        wal = tmp_path / "pb_data" / "data.db-wal"
        for _ in range(8):
            before = beginning(wal)
            assert before
            assert server.ask("POST", "/api/crons/__pbDBOptimize__").status == 204
            wait_until(partial(differs, wal, before))
            server.ask("PATCH", "/api/settings", {"meta": {"appName": "Again"}})
        assert {server.ask("POST", "/api/crons/missing").status for _ in range(24)} == {404}

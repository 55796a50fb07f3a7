"""Lines of the logs: written behind the answers, kept as long as the settings want."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from pbtornado.rules.paging import Page
from pbtornado.store.protocol import Origin, StoreBusy
from pbtornado.system import logs as module
from pbtornado.system.logs import ERROR, INFO, WARN
from tests.data import change_settings

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.conftest import ExpectLog

ALL = Page(1, 1000)


async def lines(backend: Backend, filter: str = "") -> list[dict[str, Any]]:
    """The lines that are kept, the first first."""
    await backend.logs.flush()
    found = await backend.log_search.lines(filter, "@rowid", ALL)
    return list(found["items"])


async def messages(backend: Backend) -> list[str]:
    """What the lines say."""
    return [line["message"] for line in await lines(backend)]


async def keep(backend: Backend, **logs: Any) -> None:
    """Settings for the logs."""
    await backend.settings.update({"logs": logs}, Origin())


async def test_a_line(backend: Backend) -> None:
    """What was added is kept with its time, under a new id."""
    backend.logs.add(WARN, "hello", {"a": [1, "ä"]})
    (line,) = await lines(backend)
    assert (line["level"], line["message"], line["data"]) == (4, "hello", {"a": [1, "ä"]})
    assert len(line["id"]) == 15
    assert await backend.log_search.view(line["id"]) == line


async def test_written_when_enough_wait(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full batch is written at once, the rest after a while; nothing is lost or twice."""
    monkeypatch.setattr(module, "BATCH", 10)
    monkeypatch.setattr(module, "SECONDS", 0.2)
    for n in range(25):
        backend.logs.add(INFO, str(n), {})
    assert (await backend.log_search.lines("", "", ALL))["totalItems"] == 0
    backend.logs.add(INFO, "25", {})
    await asyncio.sleep(0.5)
    found = await backend.log_search.lines("", "@rowid", ALL)
    assert [line["message"] for line in found["items"]] == [str(n) for n in range(26)]


async def test_too_many(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes faster than it can be written is dropped, and a line says how many."""
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    for n in range(5):
        backend.logs.add(INFO, str(n), {})
    assert await messages(backend) == ["0", "1", "2", "2 lines are missing here: they came too fast"]


async def test_levels(backend: Backend) -> None:
    """Only lines of the least level or above are kept, the others also go when it is raised."""
    for level in (-4, INFO, WARN):
        backend.logs.add(level, str(level), {})
    assert await messages(backend) == ["0", "4"]
    await keep(backend, minLevel=WARN)
    backend.logs.add(INFO, "later", {})
    assert await messages(backend) == ["4"]


async def test_no_days(backend: Backend) -> None:
    """With no days to keep them for, no lines are kept."""
    backend.logs.add(ERROR, "before", {})
    await keep(backend, maxDays=0)
    backend.logs.add(ERROR, "after", {})
    assert await messages(backend) == []


async def test_age(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job removes lines that are older than the days the settings say, slice by slice."""
    monkeypatch.setattr(module, "SLICE", 2)
    monkeypatch.setattr(module, "now", lambda: "2020-01-01 00:00:00.000Z")
    for n in range(5):
        backend.logs.add(INFO, str(n), {})
    await backend.logs.flush()
    monkeypatch.undo()
    backend.logs.add(INFO, "new", {})
    assert len(await messages(backend)) == 6
    backend.crons.run("__pbLogsCleanup__")
    await backend.crons.stop()
    assert await messages(backend) == ["new"]


async def test_more_days_than_there_were(backend: Backend) -> None:
    """Settings of another program may ask for longer than calendars go."""
    await change_settings(backend, logs={"maxDays": 10**12, "minLevel": 0})
    backend.logs.add(INFO, "kept", {})
    await backend.logs.clean()
    assert await messages(backend) == ["kept"]


async def test_a_database_that_takes_nothing(backend: Backend, expect_log: ExpectLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that cannot be written are given up; the server goes on, and its own log says so once."""

    async def refuse(*_: Any, **__: Any) -> None:
        raise StoreBusy("no")

    with expect_log("1 lines of the logs could not be written: no"), monkeypatch.context() as patch:
        patch.setattr(backend.journal, "write", refuse)
        for _ in range(2):
            backend.logs.add(INFO, "lost", {})
            await backend.logs.flush()
    backend.logs.add(INFO, "kept", {})
    assert await messages(backend) == ["kept"]


async def test_what_the_server_says(backend: Backend, expect_log: ExpectLog) -> None:
    """Warnings and errors of the server's own log stand among the lines, whichever thread says them."""

    def speak() -> None:
        logging.getLogger("pbtornado.things").warning("mind %s", "this")

    with expect_log("mind this"), expect_log("broken"):
        await asyncio.to_thread(speak)
        try:
            raise OSError("no luck")
        except OSError:
            logging.getLogger("pbtornado.things").exception("broken")
    await asyncio.sleep(0)
    warning, error = await lines(backend)
    assert (warning["level"], warning["message"], warning["data"]) == (4, "mind this", {"type": "pbtornado.things"})
    assert (error["level"], error["data"]["error"]) == (8, "OSError: no luck")


def test_ids_grow() -> None:
    """Ids are all different, of fifteen letters and digits, and those made later are greater."""
    first, second = ([row[0] for row in module.numbered([("", 0, "", {})] * 300)] for _ in range(2))
    assert first == sorted(set(first))
    assert all(len(id) == 15 and id.isalnum() and id == id.lower() for id in first + second)
    assert first[0][:8] <= second[0][:8]

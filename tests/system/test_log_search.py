"""Reading the logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pbtornado.errors import BadRequest, NotFound
from pbtornado.rules.paging import Page

if TYPE_CHECKING:
    from pbtornado.backend import Backend

HOURS = ("2026-05-01 10:00:00.123Z", "2026-05-01 10:59:59.999Z", "2026-05-02 11:00:00.000Z")


@pytest.fixture
def filled(backend: Backend, io_loop: Any) -> Backend:
    """A backend with three lines of two hours."""

    def work(writer: Any) -> None:
        for n, created in enumerate(HOURS):
            data = f'{{"status":{200 + n},"auth":"{"users" if n else ""}","details":{{"n":{n}}}}}'
            writer.insert("_logs", {"id": f"line{n}", "created": created, "level": 4 * n, "message": f"GET /{n}", "data": data})

    io_loop.run_sync(lambda: backend.journal.write(work))
    return backend


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ("", "012"),
        ("level > 0", "12"),
        ("data.status = 201", "1"),
        ("data.status >= 201 && data.auth = 'users'", "12"),
        ("data.details.n = 2", "2"),
        ("message ~ 'get' && id != 'line0'", "12"),
        ("created < '2026-05-02'", "01"),
        ("data.nothing = null", "012"),
        ("message ~ '@request.' || message ~ '@collection.'", ""),
    ],
)
async def test_filters(filled: Backend, filter: str, found: str) -> None:
    """Lines are filtered as records are, into what they hold too."""
    answer = await filled.log_search.lines(filter, "created", Page())
    assert "".join(line["id"][-1] for line in answer["items"]) == found
    assert answer["totalItems"] == len(found)


@pytest.mark.parametrize(("sort", "found"), [("-created", "210"), ("-data.status", "210"), ("level", "012"), ("-data.auth,-@rowid", "210")])
async def test_sorts(filled: Backend, sort: str, found: str) -> None:
    """Lines are sorted by any of what they hold."""
    answer = await filled.log_search.lines("", sort, Page())
    assert "".join(line["id"][-1] for line in answer["items"]) == found


async def test_pages(filled: Backend) -> None:
    """Lines come page by page; nobody needs the total."""
    answer = await filled.log_search.lines("", "created", Page(2, 2))
    assert [line["id"] for line in answer.pop("items")] == ["line2"]
    assert answer == {"page": 2, "perPage": 2, "totalItems": 3, "totalPages": 2}
    answer = await filled.log_search.lines("", "", Page(1, 2, counted=False))
    assert (answer["totalItems"], answer["totalPages"]) == (-1, -1)


@pytest.mark.parametrize("filter", ["nope = 1", "((", "updated > 1", "rowid > 1", "@collection.users.id != ''"])
async def test_filters_that_are_none(filled: Backend, filter: str) -> None:
    """What lines do not have cannot be filtered by."""
    with pytest.raises(BadRequest, match="Something went wrong"):
        await filled.log_search.lines(filter, "", Page())
    with pytest.raises(BadRequest, match="Invalid filter format"):
        await filled.log_search.stats(filter)


async def test_one_line(filled: Backend) -> None:
    """A line by its id, its data as JSON."""
    line = await filled.log_search.view("line1")
    assert list(line) == ["id", "created", "data", "message", "level"]
    assert line["data"] == {"status": 201, "auth": "users", "details": {"n": 1}}
    with pytest.raises(NotFound):
        await filled.log_search.view("nope")


async def test_hours(filled: Backend) -> None:
    """How many lines there were in each hour that has any."""
    first, second = {"date": "2026-05-01 10:00:00.000Z", "total": 2}, {"date": "2026-05-02 11:00:00.000Z", "total": 1}
    assert await filled.log_search.stats("") == [first, second]
    assert await filled.log_search.stats("data.status > 201") == [second]

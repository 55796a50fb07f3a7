"""Exports and imports over HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

from pbtornado.backend import Backend
from pbtornado.records.transfer import exporting
from pbtornado.store.protocol import Origin
from tests import data
from tests.client import Answer, Client
from tests.conftest import ExpectLog
from tests.http.forms import END, MULTIPART, part

POSTS = ({"name": "title"}, {"name": "n", "type": "number", "max": 100})
PATH = "/api/collections/posts/import"
CSV = {"Content-Type": "text/csv"}


async def posts(client: Client, backend: Backend, count: int = 0) -> None:
    """A collection with so many records; the client is a superuser from now on."""
    await data.collection(backend, "posts", *POSTS)
    await data.records(backend, "posts", *({"title": f"t{n}", "n": n} for n in range(count)))
    client.token = await data.superuser(backend)


async def give(client: Client, content: bytes, query: str = "", headers: dict[str, str] | None = None) -> Answer:
    """The answer to an import."""
    return await client.send("POST", PATH + query, body=content, headers=headers or CSV)


async def count(backend: Backend) -> int:
    """How many posts there are."""
    return int((await backend.records.list("posts", data.ROOT))["totalItems"])


async def test_exports(client: Client, backend: Backend) -> None:
    """A file of the collection's name, streamed."""
    await posts(client, backend, 3)
    answer = await client.get("/api/collections/posts/export?format=csv&filter=" + quote("n > 0"))
    lines = answer.body.decode().splitlines()
    assert (answer.status, lines[0], [line.split(",")[1] for line in lines[1:]]) == (200, "id,title,n", ["t1", "t2"])
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=posts.csv"
    assert [one["n"] for one in (await client.get("/api/collections/posts/export")).json] == [0, 1, 2]
    head = await client.send("HEAD", "/api/collections/posts/export?format=ndjson")
    assert (head.status, head.headers["Content-Type"]) == (200, "application/x-ndjson")


async def test_exports_that_cannot_be(client: Client, backend: Backend) -> None:
    """Are refused before anything is sent."""
    await posts(client, backend)
    statuses = [
        (await client.get(f"/api/collections/{rest}")).status
        for rest in ("gone/export", "posts/export?format=xml", "posts/export?filter=gone%3D1")
    ]
    assert statuses == [404, 400, 400]


async def test_exports_that_break_off_are_seen_to(client: Client, backend: Backend, expect_log: ExpectLog, monkeypatch: Any) -> None:
    """A collection that changes meanwhile ends the connection, not the file."""
    monkeypatch.setattr(exporting, "PAGE", 2)
    await posts(client, backend, 6)
    page = exporting.Export._page

    async def changing(self: exporting.Export, after: Any) -> Any:
        if after is not None:
            await backend.collections.update("posts", {"listRule": None}, Origin())
        return await page(self, after)

    monkeypatch.setattr(exporting.Export, "_page", changing)
    with expect_log("broke off"):
        answer = await asyncio.gather(client.get("/api/collections/posts/export?format=ndjson"), return_exceptions=True)
    assert isinstance(answer[0], Exception)


async def test_imports(client: Client, backend: Backend) -> None:
    """The body is the file; the answer says what came of it."""
    await posts(client, backend)
    answer = await give(client, b"Titel,n\na,1\nb,2\n", "?map=" + quote('{"Titel": "title"}'))
    assert (answer.status, answer.json) == (
        200,
        {
            "complete": True,
            "created": 2,
            "done": True,
            "dryRun": False,
            "errors": [],
            "leftOut": [],
            "problem": "",
            "readBytes": 16,
            "rows": 2,
            "updated": 0,
        },
    )
    assert await count(backend) == 2
    assert not list(backend.temporary.iterdir())


async def test_formats(client: Client, backend: Backend) -> None:
    """By the content type, by the name of a form's file, by the query."""
    await posts(client, backend)
    form = part("file", b'{"n": 1}\n', "rows.ndjson") + END
    given = [
        await give(client, b'[{"n": 1}]', headers={"Content-Type": "application/json"}),
        await give(client, b'{"n": 1}\n', headers={"Content-Type": "application/x-ndjson"}),
        await give(client, form, headers={"Content-Type": MULTIPART}),
        await give(client, b"n\n1\n", "?format=csv", {"Content-Type": "application/octet-stream"}),
    ]
    assert [answer.json["created"] for answer in given] == [1, 1, 1, 1]


async def test_dry_runs_and_upserts(client: Client, backend: Backend) -> None:
    """Switches of the query."""
    await posts(client, backend)
    key = (await data.records(backend, "posts", {"n": 1}))[0]["id"]
    rows = f"id,n\n{key},5\n,6\n".encode()
    assert (await give(client, rows, "?upsert=true&dryRun=1")).json["updated"] == 1
    assert await count(backend) == 1
    assert (await give(client, rows, "?upsert=true")).json["updated"] == 1
    assert await count(backend) == 2


async def test_wrong_rows(client: Client, backend: Backend) -> None:
    """With row, line, fields and codes."""
    await posts(client, backend)
    answer = await give(client, b"n\n1\n101\n")
    assert (answer.status, answer.json["complete"], await count(backend)) == (200, False, 0)
    (wrong,) = answer.json["errors"]
    assert (wrong["row"], wrong["line"], wrong["errors"]["n"]["code"]) == (2, 3, "validation_max_number_constraint")


async def test_progress(client: Client, backend: Backend) -> None:
    """Who accepts lines hears of every batch, and last of the outcome."""
    await posts(client, backend)
    content = b"n\n" + b"1\n" * 1100
    answer = await give(client, content, headers={**CSV, "Accept": "application/x-ndjson"})
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert ([line["rows"] for line in lines], lines[-1]["complete"]) == ([500, 1000, 1100, 1100], True)


async def test_imports_that_cannot_be(client: Client, backend: Backend) -> None:
    """Refused as a whole: no file, no format, no collection, columns that fill no field, lines or not."""
    await posts(client, backend)
    lines = {**CSV, "Accept": "application/x-ndjson"}
    answers = [
        await give(client, b""),
        await give(client, b"n\n1\n", headers={"Content-Type": "application/octet-stream"}),
        await give(client, b"n\n1\n", "?map=5"),
        await give(client, b"n\n1\n", "?upsert=perhaps"),
        await give(client, b"m\n1\n"),
        await give(client, b"m\n1\n", headers=lines),
    ]
    assert [(answer.status, list(answer.error)) for answer in answers] == [
        (400, ["file"]),
        (400, ["format"]),
        (400, ["map"]),
        (400, ["upsert"]),
        (400, ["map"]),
        (400, ["map"]),
    ]
    assert (await client.send("POST", "/api/collections/gone/import", body=b"n\n1\n", headers=CSV)).status == 404


async def test_for_superusers_only(client: Client, backend: Backend) -> None:
    """Whatever the rules of the collection."""
    await posts(client, backend)
    _, token = await data.account(backend, "ann@example.com")
    for who, status in (("", 401), (token, 403)):
        assert (await client.get("/api/collections/posts/export", token=who)).status == status
        assert (await client.send("POST", PATH, body=b"n\n1\n", headers=CSV, token=who)).status == status


async def test_clients_that_leave(client: Client, backend: Backend, monkeypatch: Any) -> None:
    """An export ends with its client, and nobody complains."""
    monkeypatch.setattr(exporting, "PAGE", 10)
    await posts(client, backend, 30)
    pages: list[Any] = []
    page = exporting.Export._page

    async def slow(self: exporting.Export, after: Any) -> Any:
        pages.append(after)
        await asyncio.sleep(0.05)
        return await page(self, after)

    monkeypatch.setattr(exporting.Export, "_page", slow)
    host, _, port = client.base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET /api/collections/posts/export HTTP/1.1\r\nHost: x\r\nAuthorization: {client.token}\r\n\r\n".encode())
    await reader.read(100)
    writer.transport.abort()
    await asyncio.sleep(0.5)
    assert len(pages) < 4

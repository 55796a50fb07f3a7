"""Files over HTTP: uploaded, downloaded as a whole and in parts, as thumbs, protected."""

from __future__ import annotations

import asyncio
import os
import re
from datetime import timedelta
from typing import Any

import pytest
from tornado.iostream import IOStream
from tornado.tcpclient import TCPClient

from pbtornado.files.temporary import TEMPORARY
from pbtornado.http import files as module
from pbtornado.http import handler
from tests import data
from tests.client import Answer, Client
from tests.files.images import opened, quarters
from tests.http.forms import END, MULTIPART, part

DOCS = "/api/collections/docs/records"
GONE = {"data": {}, "message": "The requested resource wasn't found.", "status": 404}
TEXT = b"0123456789"


async def docs(client: Client, *fields: dict[str, Any], **options: Any) -> None:
    """A collection with files of every kind."""
    sizes = {"name": "files", "type": "file", "maxSelect": 9, "maxSize": 10_000_000, "thumbs": ["40x20", "0x10"]}
    await data.collection(client.backend, "docs", sizes, {"name": "secret", "type": "file", "protected": True}, *fields, **options)


async def upload(client: Client, *parts: bytes, path: str = DOCS, method: str = "POST") -> Answer:
    """Sends a multipart body."""
    return await client.send(method, path, body=b"".join(parts) + END, headers={"Content-Type": MULTIPART})


async def stored(client: Client, content: bytes = TEXT, name: str = "a.txt", field: str = "files") -> str:
    """The path under which a new file is downloaded."""
    answer = await upload(client, part(field, content, name))
    assert answer.status == 200, answer.json
    named = answer.json[field]
    return f"/api/files/docs/{answer.json['id']}/{named[0] if isinstance(named, list) else named}"


def left_behind(client: Client) -> list[str]:
    """Temporary files that are still there."""
    directory = client.backend.options.data_dir / TEMPORARY
    return os.listdir(directory) if directory.exists() else []


# ---- uploads


async def test_upload_and_download(client: Client) -> None:
    """What was sent comes back byte for byte, under a name of its own, and nothing temporary stays."""
    await docs(client)
    content = os.urandom(1_000_000)
    path = await stored(client, content, "My Photo.bin")
    assert re.fullmatch(r"my_photo_[a-z0-9]{10}\.bin", path.rpartition("/")[2])
    assert (await client.get(path)).body == content
    assert left_behind(client) == []


async def test_uploads_join_kept_names(client: Client) -> None:
    """Files sent beside names are added to them; what is no longer named goes."""
    await docs(client)
    record = (await upload(client, part("files", b"1", "one.txt"), part("files", b"2", "two.txt"))).json
    one, two = record["files"]
    path = f"{DOCS}/{record['id']}"
    changed = await upload(client, part("files", two.encode()), part("files", b"3", "new.txt"), path=path, method="PATCH")
    assert [changed.json["files"][0], changed.json["files"][1][:4]] == [two, "new_"]
    appended = await upload(client, part("files+", b"4", "last.txt"), path=path, method="PATCH")
    assert [name[:5] for name in appended.json["files"]] == ["two_" + two[4], "new_" + changed.json["files"][1][4], "last_"]
    assert (await client.patch(path, {"files-": two})).json["files"] == appended.json["files"][1:]
    assert one not in appended.json["files"]


@pytest.mark.parametrize("name", ["../../../data.db", "..\\..\\data.db", "/etc/passwd", "..", ".", "a\x00b", "x" * 5000, "%2e%2e%2f"])
async def test_names_stay_inside(client: Client, name: str) -> None:
    """Whatever a client calls its file, it lies with its record."""
    await docs(client)
    answer = await upload(client, part("files", TEXT, name))
    assert answer.status in (200, 400)
    for stored_name in answer.json.get("files", []):
        assert re.fullmatch(r"[\w.*+=#-]+", stored_name)
        assert (client.backend.options.data_dir / "storage" / answer.json["collectionId"] / answer.json["id"] / stored_name).is_file()
    assert left_behind(client) == []


async def test_refused_upload_leaves_nothing(client: Client) -> None:
    """A record that is refused keeps none of its files."""
    await docs(client, {"name": "title", "required": True})
    answer = await upload(client, part("files", TEXT, "a.txt"))
    assert answer.error["title"]["code"] == "validation_required"
    assert left_behind(client) == []
    assert not [path for path in (client.backend.options.data_dir / "storage").rglob("*") if path.is_file()]


async def test_body_over_the_limit(client: Client) -> None:
    """A body that announces more than its collection can hold is 413 before it has been sent, and is heard out."""
    await docs(client)
    size = 150_000_000
    stream = await talk(client, f"POST {DOCS} HTTP/1.1\r\nHost: x\r\nContent-Type: {MULTIPART}\r\nContent-Length: {size}\r\n\r\n")
    answer = await asyncio.wait_for(stream.read_until(b"}\n"), 5)
    assert answer.startswith(b"HTTP/1.1 413")
    assert answer.endswith(b'{"data":{},"message":"Request entity too large.","status":413}\n')
    for _ in range(size // 1_000_000):
        await stream.write(bytes(1_000_000))
    await stream.write(b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await asyncio.wait_for(stream.read_until(b"\r\n"), 5)) == b"HTTP/1.1 200 OK\r\n"
    stream.close()
    assert left_behind(client) == []


async def test_refused_body_is_not_heard_for_ever(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who goes on sending what was refused loses the connection after a while."""
    monkeypatch.setattr(handler, "HEAR_SECONDS", 0.1)
    stream = await talk(client, "POST /api/files/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
    assert (await asyncio.wait_for(stream.read_until_close(), 5)).startswith(b"HTTP/1.1 401")


async def talk(client: Client, request: str, body: bytes = b"") -> IOStream:
    """A connection on which the beginning of a request has been sent."""
    stream = await TCPClient().connect("127.0.0.1", int(client.base.rpartition(":")[2]))
    await stream.write(request.encode() + body)
    return stream


async def until(client: Client, count: int) -> None:
    """Waits until so many temporary files are there."""
    for _ in range(300):
        if len(left_behind(client)) == count:
            return
        await asyncio.sleep(0.01)
    assert len(left_behind(client)) == count


async def test_upload_cut_midway(client: Client) -> None:
    """A client that goes away in the middle of an upload leaves nothing."""
    await docs(client)
    body = part("files", b"x" * 100_000, "a.txt") + part("files", b"x" * 100_000, "b.txt")[:-100]
    head = f"POST {DOCS} HTTP/1.1\r\nHost: x\r\nContent-Type: {MULTIPART}\r\nContent-Length: 900000\r\n\r\n"
    stream = await talk(client, head, body)
    await until(client, 2)
    stream.close()
    await until(client, 0)
    assert not (client.backend.options.data_dir / "storage").exists()


async def test_hundred_uploads_at_once(client: Client) -> None:
    """Concurrent uploads do not get into each other's way."""
    await docs(client)
    answers = await asyncio.gather(*(upload(client, part("files", b"%d" % number, f"{number}.txt")) for number in range(100)))
    paths = [f"/api/files/docs/{answer.json['id']}/{answer.json['files'][0]}" for answer in answers]
    assert [(await client.get(path)).body for path in paths] == [b"%d" % number for number in range(100)]
    assert left_behind(client) == []


# ---- downloads


async def test_headers(client: Client) -> None:
    """A download says what it is and that nobody may run it, and it may be framed; HEAD says the same."""
    await docs(client)
    path = await stored(client, quarters(9, 9), "a.png")
    for method in ("GET", "HEAD"):
        answer = await client.send(method, path)
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Content-Disposition"] == f"inline; filename={path.rpartition('/')[2]}"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
        assert answer.headers["Cache-Control"] == "max-age=2592000, stale-while-revalidate=86400"
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["Content-Length"] == str(len(quarters(9, 9)))
        assert answer.headers["Last-Modified"].endswith("GMT")
        assert not {"X-Frame-Options", "Etag"} & set(answer.headers)
        assert answer.body == (quarters(9, 9) if method == "GET" else b"")


@pytest.mark.parametrize(
    ("name", "content", "query", "content_type", "how"),
    [
        ("a.png", quarters(9, 9), "?download=1", "image/png", "attachment"),
        ("a.png", quarters(9, 9), "?download=0", "image/png", "inline"),
        ("a.svg", b"<svg></svg>", "", "image/svg+xml", "attachment"),
        ("a.html", b"<html></html>", "", "text/html; charset=utf-8", "attachment"),
        ("a.css", b"body {}", "", "text/css", "attachment"),
        ("a.png", b"<html></html>", "", "text/html; charset=utf-8", "attachment"),
        ("a.pdf", b"%PDF-1.7", "", "application/pdf", "inline"),
    ],
)
async def test_what_browsers_may_show(client: Client, name: str, content: bytes, query: str, content_type: str, how: str) -> None:
    """Only harmless content is shown, told by what it is and not by its name; the rest is saved."""
    await docs(client)
    answer = await client.get(await stored(client, content, name) + query)
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Content-Disposition"].partition(";")[0] == how


async def test_parts_of_a_file(client: Client) -> None:
    """One range is 206 with its place, one beyond the end 416, and what was not changed is 304."""
    await docs(client)
    path = await stored(client)
    some = await client.get(path, headers={"Range": "bytes=2-4"})
    assert (some.status, some.headers["Content-Range"], some.body) == (206, "bytes 2-4/10", b"234")
    none = await client.get(path, headers={"Range": "bytes=10-"})
    assert (none.status, none.headers["Content-Range"], none.body) == (416, "bytes */10", b"invalid range: failed to overlap\n")
    assert not {"Last-Modified", "Cache-Control", "Accept-Ranges"} & set(none.headers)
    known = await client.get(path, headers={"If-Modified-Since": some.headers["Last-Modified"]})
    assert (known.status, known.body, known.headers["Last-Modified"]) == (304, b"", some.headers["Last-Modified"])
    assert "Content-Type" not in known.headers
    other = await client.get(path, headers={"If-Match": '"x"'})
    assert (other.status, other.body) == (412, b"")


async def test_several_parts_at_once(client: Client) -> None:
    """Several ranges come as a multipart body."""
    await docs(client)
    answer = await client.get(await stored(client), headers={"Range": "bytes=0-0,8-"})
    boundary = answer.headers["Content-Type"].removeprefix("multipart/byteranges; boundary=")
    head = f"--{boundary}\r\nContent-Range: bytes {{}}/10\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{{}}\r\n"
    assert answer.body.decode() == head.format("0-0", "0") + head.format("8-9", "89") + f"--{boundary}--\r\n"
    assert answer.status == 206


async def test_large_file_is_sent_as_the_client_takes_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that does not read stops the sending, and once it has stopped for too long loses its connection."""
    monkeypatch.setattr(module, "STALLED", timedelta(seconds=0.2))
    await docs(client)
    path = await stored(client, bytes(9_000_000), "big.bin")
    assert len((await client.get(path)).body) == 9_000_000
    stream = await talk(client, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.sleep(0.5)
    received = await asyncio.wait_for(stream.read_until_close(), 5)
    assert 0 < len(received) < 9_000_000


async def test_client_that_leaves_midway(client: Client) -> None:
    """Nothing is logged when somebody stops a download; the server goes on."""
    await docs(client)
    path = await stored(client, bytes(9_000_000), "big.bin")
    stream = await talk(client, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
    await stream.read_bytes(100)
    stream.close()
    await asyncio.sleep(0.1)
    assert (await client.send("HEAD", path)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "docs/{id}/other.txt",
        "docs/{id}/{name}.attrs",
        "docs/{id}/..%2f..%2f..%2fdata.db",
        "docs/{id}/%2e%2e",
        "docs/{id}/%00",
        "docs/{id}/%ff",
        "docs/missing/{name}",
        "docs/..%2fx/{name}",
        "users/{id}/{name}",
    ],
)
async def test_only_what_a_record_names_is_there(client: Client, path: str) -> None:
    """No path leads to a file that the record's own fields do not name."""
    await docs(client)
    _, _, _, _, id, name = (await stored(client)).split("/")
    assert (await client.get("/api/files/" + path.format(id=id, name=name))).json == GONE


async def test_unknown_collection(client: Client) -> None:
    """There are no files where there is no collection."""
    answer = await client.get("/api/files/nothing/a/b")
    assert (answer.status, answer.json["message"]) == (404, "Missing or invalid collection context.")


async def test_blob_that_is_missing(client: Client) -> None:
    """A name whose blob somebody removed is not found, also as a thumb."""
    await docs(client)
    path = await stored(client, quarters(9, 9), "a.png")
    for blob in (client.backend.options.data_dir / "storage").rglob("*.png"):
        blob.unlink()
    assert (await client.get(path)).json == GONE
    assert (await client.get(f"{path}?thumb=100x100")).json == GONE


# ---- thumbs


@pytest.mark.parametrize(
    ("size", "measures"), [("40x20", (40, 20)), ("0x10", (20, 10)), ("100x100", (100, 100)), ("41x20", (200, 100)), ("", (200, 100))]
)
async def test_thumbs(client: Client, size: str, measures: tuple[int, int]) -> None:
    """The sizes of the field and 100x100 are to be had; for any other there is the original."""
    await docs(client)
    path = await stored(client, quarters(200, 100), "a.png")
    answer = await client.get(f"{path}?thumb={size}")
    prefix = f"{size}_" if measures != (200, 100) else ""
    assert (answer.status, opened(answer.body).size) == (200, measures)
    assert answer.headers["Content-Disposition"] == f"inline; filename={prefix}{path.rpartition('/')[2]}"


async def test_image_that_cannot_be_drawn(client: Client) -> None:
    """A broken image is served as it is."""
    await docs(client)
    broken = quarters(200, 100)[:100]
    answer = await client.get(await stored(client, broken, "a.png") + "?thumb=40x20")
    assert (answer.status, answer.body) == (200, broken)


# ---- protected files


async def test_protected_file_needs_a_token(client: Client) -> None:
    """Who may view the record may have its protected file with a token for files, and nobody else."""
    await docs(client, viewRule="@request.auth.verified = true && @request.context = 'protectedFile'")
    path = await stored(client, field="secret")
    _, good = await data.account(client.backend, "a@example.com", verified=True)
    _, bad = await data.account(client.backend, "b@example.com")
    assert (await client.get(path)).json == GONE
    assert (await client.get(path, token=good)).json == GONE
    assert (await client.get(f"{path}?token={good}")).json == GONE
    assert (await client.get(f"{path}?token={await file_token(client, good)}")).body == TEXT
    assert (await client.get(f"{path}?token={await file_token(client, bad)}")).json == GONE


async def test_superusers_have_every_file(client: Client) -> None:
    """A locked rule keeps out all but superusers."""
    await docs(client, viewRule=None)
    path = await stored(client, field="secret")
    token = await file_token(client, await data.superuser(client.backend))
    assert (await client.get(f"{path}?token={token}&thumb=100x100")).body == TEXT
    await data.change_settings(client.backend, superuserIPs=["10.0.0.0/8"])
    assert (await client.get(f"{path}?token={token}")).json == GONE


async def file_token(client: Client, token: str) -> str:
    """A token for files of whoever has this one."""
    answer = await client.post("/api/files/token", token=token)
    return str(answer.json["token"])


async def test_guests_have_no_token(client: Client) -> None:
    """Tokens for files are for those who are signed in."""
    answer = await client.post("/api/files/token")
    assert (answer.status, answer.json["message"]) == (401, "The request requires valid record authorization token.")

"""Bad input gets PocketBase's status and error shape, never a 500, and leaves nothing behind."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compat.conftest import multipart
from tests.process import Server

RECORDS = "/api/collections/things/records"
THINGS = {
    "name": "things",
    "type": "base",
    "listRule": "",
    "viewRule": "",
    "createRule": "",
    "updateRule": "",
    "deleteRule": "",
    "fields": [
        {"name": "title", "type": "text", "max": 20, "required": True},
        {"name": "n", "type": "number", "onlyInt": True},
        {"name": "kind", "type": "select", "values": ["a", "b"], "maxSelect": 1},
        {"name": "when", "type": "date"},
        {"name": "point", "type": "geoPoint"},
        {"name": "data", "type": "json", "maxSize": 100},
        {"name": "link", "type": "url"},
        {"name": "mail", "type": "email"},
        {"name": "file", "type": "file", "maxSelect": 1, "maxSize": 1000},
        {"name": "secret", "type": "text", "hidden": True},
    ],
}
DEEP = b'{"title":"x","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
JSON = {"Content-Type": "application/json"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}

CASES: dict[str, tuple[str, str, object, dict[str, str], int]] = {
    "malformed JSON": ("POST", RECORDS, b'{"title": ', JSON, 400),
    "JSON that is no object": ("POST", RECORDS, b"[1,2]", JSON, 400),
    "JSON that is text": ("POST", RECORDS, b'"x"', JSON, 400),
    "no body": ("POST", RECORDS, None, JSON, 400),
    "invalid UTF-8": ("POST", RECORDS, b'{"title":"\xff\xfe"}', JSON, 200),
    "another content type": ("POST", RECORDS, b"title=x", {"Content-Type": "text/csv"}, 400),
    "deep JSON": ("POST", RECORDS, DEEP, JSON, 400),
    "wrong types are read leniently": ("POST", RECORDS, {"title": 12, "n": "3", "when": 5}, JSON, 200),
    "a number with a fraction": ("POST", RECORDS, {"title": "x", "n": 1.5}, JSON, 400),
    "a number that is none": ("POST", RECORDS, {"title": "x", "n": "many"}, JSON, 200),
    "a huge number": ("POST", RECORDS, b'{"title":"x","n":1e999}', JSON, 400),
    "an unknown option": ("POST", RECORDS, {"title": "x", "kind": "c"}, JSON, 400),
    "a missing required value": ("POST", RECORDS, {"n": 1}, JSON, 400),
    "a text too long": ("POST", RECORDS, {"title": "x" * 21}, JSON, 400),
    "JSON too long": ("POST", RECORDS, {"title": "x", "data": "y" * 200}, JSON, 400),
    "a point off the globe": ("POST", RECORDS, {"title": "x", "point": {"lon": 500, "lat": 0}}, JSON, 400),
    "no address": ("POST", RECORDS, {"title": "x", "link": "not a url", "mail": "nobody"}, JSON, 400),
    "unknown fields are ignored": ("POST", RECORDS, {"title": "x", "other": 1, "collectionId": "y"}, JSON, 200),
    "an id with a slash": ("POST", RECORDS, {"title": "x", "id": "../../../../etc"}, JSON, 400),
    "text for a file": ("POST", RECORDS, {"title": "x", "file": "../../data.db"}, JSON, 400),
    "a null byte": ("POST", RECORDS, {"title": "a\x00b"}, JSON, 200),
    "multipart without a boundary": ("POST", RECORDS, b"--b\r\n", {"Content-Type": "multipart/form-data"}, 400),
    "multipart cut off": ("POST", RECORDS, b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nabc', MULTIPART, 400),
    "multipart that is garbage": ("POST", RECORDS, b"garbage", MULTIPART, 400),
    "an unknown collection": ("GET", "/api/collections/nothing/records", None, {}, 404),
    "an unknown record": ("GET", f"{RECORDS}/nothing", None, {}, 404),
    "an unknown route": ("GET", "/api/nothing", None, {}, 404),
    "a filter that does not parse": ("GET", f"{RECORDS}?filter=title%20%3D%20(", None, {}, 400),
    "a filter of an unknown field": ("GET", f"{RECORDS}?filter=nothing%3D1", None, {}, 400),
    "a filter of a hidden field": ("GET", f"{RECORDS}?filter=secret%3D%27x%27", None, {}, 400),
    "a filter with quotes": ("GET", f"{RECORDS}?filter=title%3D%27%27%27%27--", None, {}, 400),
    "a filter that is too long": ("GET", f"{RECORDS}?filter=title%3D%27{'x' * 4000}%27", None, {}, 400),
    "a deep filter": ("GET", f"{RECORDS}?filter={'(' * 1500}title%3D1{')' * 1500}", None, {}, 200),
    "a sort of an unknown field": ("GET", f"{RECORDS}?sort=nothing", None, {}, 400),
    "a sort of a hidden field": ("GET", f"{RECORDS}?sort=secret", None, {}, 400),
    "pages that are no numbers": ("GET", f"{RECORDS}?page=x&perPage=y", None, {}, 400),
    "a page beyond all": ("GET", f"{RECORDS}?page=999999999999", None, {}, 200),
    "a negative page": ("GET", f"{RECORDS}?page=-1&perPage=-1", None, {}, 200),
    "traversal in a file name": ("GET", "/api/files/things/x/..%2f..%2fdata.db", None, {}, 404),
    "traversal in a path": ("GET", "/api/files/../../data.db", None, {}, 404),
    "a token that is none": ("GET", RECORDS, None, {"Authorization": "Bearer x.y.z"}, 200),
    "a method that is not offered": ("PUT", RECORDS, {}, JSON, 404),
    "a collection over the API as a guest": ("POST", "/api/collections", {"name": "x"}, JSON, 401),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a collection that everybody may do everything with."""
    with Server(tmp_path_factory.mktemp("bad") / "pb_data", "--workers", "1") as server:
        server.sign_in()
        server.create("/api/collections", THINGS)
        server.token = ""
        yield server


def left_behind(directory: Path, seconds: float = 5) -> list[Path]:
    """Temporary files that are still there after the server had time to clear up."""
    end = time.monotonic() + seconds
    while (found := [path for path in (directory / ".pb_temp_to_delete").rglob("*") if path.is_file()]) and time.monotonic() < end:
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("name", CASES)
def test_status_and_shape(server: Server, name: str) -> None:
    """Each kind of bad input gets the status PocketBase gives it, and a refusal has its error shape."""
    method, path, body, headers, status = CASES[name]
    answer = server.ask(method, path, body, headers=headers)
    assert answer.status == status, answer.body
    if status >= 400:
        assert set(answer.json()) == {"data", "message", "status"}
        assert answer.json()["status"] == status
    assert left_behind(server.directory) == []


def test_a_body_over_the_limit_is_refused_early(server: Server) -> None:
    """A body over the collection's limit is refused with 413 before it was read."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(
            f"POST {RECORDS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n".encode()
        )
        assert client.recv(100).split()[1] == b"413"


def test_an_upload_that_breaks_off_leaves_no_file(server: Server) -> None:
    """An upload whose connection is cut midway leaves neither record nor temporary file."""
    body, headers = multipart({"title": "cut"}, [("file", "x.bin", b"x" * 900)])
    head = f"POST {RECORDS} HTTP/1.1\r\nHost: x\r\nContent-Type: {headers['Content-Type']}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(head.encode() + body[: len(body) // 2])
        time.sleep(0.2)
    assert left_behind(server.directory) == []
    assert server.ask("GET", f"{RECORDS}?filter=title%3D%27cut%27").json()["totalItems"] == 0


def test_a_refused_upload_leaves_no_blob(server: Server) -> None:
    """A file over its field's size is refused at the field, and nothing of it stays in storage."""
    before = set((server.directory / "storage").rglob("*"))
    body, headers = multipart({"title": "big"}, [("file", "x.bin", b"x" * 1001)])
    answer = server.ask("POST", RECORDS, body, headers=headers)
    assert (answer.status, answer.json()["data"]["file"]["code"]) == (400, "validation_file_size_limit")
    assert set((server.directory / "storage").rglob("*")) == before
    assert left_behind(server.directory) == []

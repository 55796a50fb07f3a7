"""The dashboard at /_/."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from pbtornado.http import admin
from tests.client import Client

PAGE = '<!doctype html><meta name="csp-nonce" content="{{nonce}}">'
SCRIPT = "console.log(1);\n" * 100
HASHED = "/_/assets/index-abc.js"
BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small build such as Vite leaves, in place of the dashboard's."""
    dist = tmp_path / "admin" / "dist"
    files = {
        "index.html": PAGE.encode(),
        "icon.svg": b"<svg/>",
        "assets/index-abc.js": SCRIPT.encode(),
        "assets/index-abc.js.gz": gzip.compress(SCRIPT.encode()),
        "assets/index-abc.js.br": b"brotli of it",
        ".vite/manifest.json": b"{}",
        ".sources": b"hash",
    }
    for name, content in files.items():
        (dist / name).parent.mkdir(parents=True, exist_ok=True)
        (dist / name).write_bytes(content)
    monkeypatch.setattr(admin, "asset", lambda name: tmp_path / name)
    return dist


async def test_page_under_its_policy(client: Client) -> None:
    """The page is asked for each time, and lets in nothing foreign and nothing inline but what has its nonce."""
    page = await client.get("/_/")
    nonce = re.search(rb'content="([\w-]{20,})"', page.body)
    assert page.status == 200
    assert nonce
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-cache"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    policy = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == f"'self' 'nonce-{nonce[1].decode()}'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in page.headers["Content-Security-Policy"]


async def test_nonces_are_used_once(client: Client) -> None:
    """No two answers have the same nonce, so the page has no tag to be kept by."""
    first, second = await client.get("/_/"), await client.get("/_/index.html", headers={"If-None-Match": "*"})
    assert first.headers["Content-Security-Policy"] != second.headers["Content-Security-Policy"]
    assert first.body != second.body
    assert second.status == 200
    assert "ETag" not in first.headers


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("br; q=0.000 , GZIP; q=0.1", "gzip"),
        ("brotli, x-gzip", ""),
        ("identity", ""),
        ("", ""),
    ],
)
async def test_compressed_when_it_was_built(client: Client, build: Path, accepted: str, encoding: str) -> None:
    """A file is sent as short as the client can read it, and caches are told that this decides."""
    answer = await client.get(HASHED, headers={"Accept-Encoding": accepted})
    ending = {"br": ".br", "gzip": ".gz", "": ""}[encoding]
    assert answer.body == (build / f"assets/index-abc.js{ending}").read_bytes()
    assert answer.headers.get("Content-Encoding", "") == encoding
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert "javascript" in answer.headers["Content-Type"]


async def test_what_browsers_keep(client: Client) -> None:
    """What has its hash in its name is kept for a year, the rest is asked for again."""
    assert (await client.get(HASHED)).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    icon = await client.get("/_/icon.svg", headers=BROWSER)
    assert icon.headers["Cache-Control"] == "no-cache"
    assert icon.headers["Content-Type"] == "image/svg+xml"
    assert "Content-Encoding" not in icon.headers


async def test_not_modified(client: Client) -> None:
    """Who has a file gets 304; each encoding has a tag of its own."""
    plain, short = await client.get(HASHED), await client.get(HASHED, headers=BROWSER)
    assert plain.headers["ETag"] != short.headers["ETag"]
    for known, headers in ((plain, {}), (short, BROWSER)):
        again = await client.get(HASHED, headers={"If-None-Match": known.headers["ETag"], **headers})
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", known.headers["ETag"])
        assert "Content-Encoding" not in again.headers
    assert (await client.get(HASHED, headers={"If-None-Match": plain.headers["ETag"], **BROWSER})).status == 200


@pytest.mark.parametrize("path", ["/_/", HASHED, "/_/icon.svg"])
async def test_head(client: Client, path: str) -> None:
    """HEAD says what GET would, without a body."""
    whole, head = await client.get(path, headers=BROWSER), await client.send("HEAD", path, headers=BROWSER)
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Length", "Content-Type", "Content-Encoding", "ETag", "Cache-Control"):
        assert head.headers.get(name) == whole.headers.get(name)
    assert int(head.headers["Content-Length"]) == len(whole.body)


async def test_no_ranges(client: Client) -> None:
    """A part of a compressed file is of no use: all of it is sent."""
    answer = await client.get(HASHED, headers={"Range": "bytes=0-1", **BROWSER})
    assert (answer.status, answer.body) == (200, b"brotli of it")


async def test_without_its_slash(client: Client) -> None:
    """/_ leads to /_/."""
    answer = await client.get("/_")
    assert (answer.status, answer.headers["Location"]) == (302, "/_/")


@pytest.mark.parametrize(
    "path",
    ["nothing.js", ".sources", ".vite/manifest.json", "assets", "assets/index-abc.js.gz", "../package.json", "%2e%2e/dist/icon.svg", "%00"],
)
async def test_nothing_else(client: Client, path: str) -> None:
    """What is no file of the dashboard is 404 as everywhere, by whatever spelling."""
    answer = await client.get(f"/_/{path}")
    assert (answer.status, answer.json["message"]) == (404, "File not found.")


async def test_no_writes(client: Client) -> None:
    """Nothing can be sent to the dashboard."""
    assert (await client.post("/_/", {})).status == 404


async def test_where_it_is_not_built(client: Client, build: Path) -> None:
    """A checkout that was never installed has a page that says what to run."""
    (build / "index.html").unlink()
    page = await client.get("/_/")
    assert page.status == 200
    assert b"pip install -e ." in page.body

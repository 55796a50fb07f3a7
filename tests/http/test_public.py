"""A site served from a directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbtornado.config import Options
from pbtornado.http.public import tidied
from tests.client import Client


@pytest.fixture
def options(data_dir: Path, tmp_path: Path) -> Options:
    """A site with a page, a script, a folder with and one without a page, and something beside it."""
    site = tmp_path / "site"
    (site / "docs").mkdir(parents=True)
    (site / "empty").mkdir()
    (site / "index.html").write_text("home")
    (site / "app.js").write_text("script")
    (site / "docs" / "index.html").write_text("docs")
    (tmp_path / "secret.txt").write_text("secret")
    return Options(data_dir=data_dir, synchronous="OFF", public_dir=site)


@pytest.mark.parametrize(
    ("path", "body"),
    [("/", b"home"), ("/app.js", b"script"), ("/docs/", b"docs"), ("/any/page", b"home"), ("/empty/", b"home"), ("/api/nothing", b"home")],
)
async def test_files_pages_and_fallback(client: Client, path: str, body: bytes) -> None:
    """Files as they are, a folder's page, and the site's own page for every path it does not know."""
    answer = await client.get(path)
    assert (answer.status, answer.body) == (200, body)


@pytest.mark.parametrize(
    ("path", "target"), [("/docs", "/docs/"), ("/index.html", "/"), ("/docs/index.html", "/docs/"), ("/app.js/", "/app.js")]
)
async def test_one_path_for_each_thing(client: Client, path: str, target: str) -> None:
    """Other spellings of a path lead to the one it has."""
    answer = await client.get(path)
    assert (answer.status, answer.headers["Location"]) == (301, target)


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/docs/..%2f..%2fsecret.txt", "/..%5csecret.txt", "/%00"])
async def test_nothing_outside(client: Client, path: str) -> None:
    """No spelling of a path leads out of the directory."""
    answer = await client.get(path)
    assert answer.status < 500
    assert b"secret" not in answer.body


async def test_the_api_goes_first(client: Client) -> None:
    """A site does not hide the API, and takes no writes."""
    assert (await client.get("/api/health")).json["code"] == 200
    assert (await client.post("/app.js", {})).status == 404


async def test_ranges_and_unchanged_files(client: Client) -> None:
    """Parts of a file, and nothing where the client has it already."""
    part = await client.get("/app.js", headers={"Range": "bytes=0-1"})
    assert (part.status, part.body) == (206, b"sc")
    again = await client.get("/app.js", headers={"If-Modified-Since": part.headers["Last-Modified"]})
    assert again.status == 304


@pytest.mark.parametrize(
    ("path", "tidy"),
    [
        ("/a", ""),
        ("/a/", ""),
        ("//a", "/a"),
        ("/a/../b/", "/b/"),
        ("/.well-known/x", ""),
        ("/", ""),
        ("//%5Cevil.example", "/%5Cevil.example"),
        ("//%0d%0aX-Header:%20x%00", "/%0D%0AX-Header:%20x%00"),
        ("http://evil.example//a", ""),
    ],
)
def test_tidied_paths(path: str, tidy: str) -> None:
    """Only what is untidy has another spelling, and none that a browser takes for another site."""
    assert tidied(path) == tidy

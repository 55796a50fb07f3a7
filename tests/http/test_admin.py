"""The page at /_/."""

from __future__ import annotations

from tests.client import Client


async def test_first_run_page(client: Client) -> None:
    """Without a built dashboard a page says where things are, under a policy that lets nothing foreign in."""
    page = await client.get("/_/")
    assert page.status == 200
    assert b"/api/collections" in page.body
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Type"].startswith("text/html")


async def test_its_script_and_style(client: Client) -> None:
    """The page's files are served beside it, checked anew each time."""
    for name, kind in (("welcome.js", "javascript"), ("welcome.css", "css")):
        file = await client.get(f"/_/{name}")
        assert file.status == 200
        assert kind in file.headers["Content-Type"]
        assert file.headers["Cache-Control"] == "no-cache"


async def test_without_its_slash(client: Client) -> None:
    """/_ leads to /_/."""
    answer = await client.get("/_")
    assert (answer.status, answer.headers["Location"]) == (302, "/_/")


async def test_unknown_files(client: Client) -> None:
    """What the dashboard does not have is 404 as everywhere."""
    assert (await client.get("/_/nothing.js")).json["message"] == "File not found."

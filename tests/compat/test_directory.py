"""A PocketBase directory opens as it is, and PocketBase opens it again afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.compat.conftest import PNG, fill, lists
from tests.process import Server

Made = tuple[Path, dict[str, Any], str]


def opened(directory: Path, token: str, command: list[str] | None = None) -> Server:
    """A server on the directory that signs nobody in: it is to accept the token it is given."""
    server = Server(directory, **({"command": command} if command else {}))
    server.token = token
    server.start()
    return server


def test_lists_what_pocketbase_lists(made_by_pocketbase: Made) -> None:
    """Every record reads exactly as PocketBase showed it, asked with PocketBase's own token."""
    directory, listed, token = made_by_pocketbase
    server = opened(directory, token)
    try:
        assert lists(server) == listed
    finally:
        server.stop()


def test_serves_files(made_by_pocketbase: Made) -> None:
    """Files that PocketBase stored are served."""
    directory, listed, token = made_by_pocketbase
    record = next(r for r in listed["kinds/records?sort=id"]["items"] if r["file"])
    server = opened(directory, token)
    try:
        answer = server.ask("GET", f"/api/files/kinds/{record['id']}/{record['file']}")
        assert (answer.status, answer.body, answer.headers["content-type"]) == (200, PNG, "image/png")
    finally:
        server.stop()


def test_bcrypt_password_is_upgraded(made_by_pocketbase: Made) -> None:
    """A password that PocketBase hashed signs in, twice: before and after its hash was renewed."""
    directory, _, token = made_by_pocketbase
    server = opened(directory, token)
    try:
        for _ in range(2):
            assert server.sign_in("users", "frank@example.com", "frank-password")
    finally:
        server.stop()


def test_pocketbase_opens_it_again(made_by_pocketbase: Made, real: list[str]) -> None:
    """After pbtornado has written to it, PocketBase lists the same records."""
    directory, _, token = made_by_pocketbase
    server = opened(directory, token)
    server.create("/api/collections/related/records", {})
    listed = lists(server)
    assert server.stop() == 0
    again = opened(directory, token, real)
    try:
        assert lists(again) == listed
    finally:
        again.stop()


def test_kept_bcrypt_signs_in_at_pocketbase(real: list[str], tmp_path: Path) -> None:
    """With --keepBcrypt an account made here signs in at PocketBase."""
    with Server(tmp_path / "pb_data", "--keepBcrypt") as server:
        fill(server)
    again = opened(tmp_path / "pb_data", "", real)
    try:
        assert again.sign_in("users", "frank@example.com", "frank-password")
    finally:
        again.stop()


def test_pocketbase_opens_a_directory_made_here(real: list[str], tmp_path: Path) -> None:
    """A directory that pbtornado made from nothing serves the same records at PocketBase, with the same token."""
    with Server(tmp_path / "pb_data") as server:
        fill(server)
        listed, token = lists(server), server.token
    again = opened(tmp_path / "pb_data", token, real)
    try:
        assert lists(again) == listed
    finally:
        again.stop()

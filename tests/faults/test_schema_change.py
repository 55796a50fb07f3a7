"""The schema changes while others write, read and listen: nobody notices but by what he is shown."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults.reshaping import Listener, Reader, Reshaper, Thread, Times, Writer, broken_row
from tests.faults.shapes import CREW, ITEMS, NICK, PEOPLE, Shape
from tests.process import EMAIL, PASSWORD, Server

SECONDS = float(os.environ.get("SCHEMA_SECONDS", "8"))
WRITERS, READERS, LISTENERS = 16, 3, 4


class Storm:
    """A server under load whose schema changes, and what everybody has seen of it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.times = Times(Shape())
        self.stop, self.deaf = threading.Event(), threading.Event()

    def run(self) -> None:
        """The storm, then calm."""
        with Server(self.directory, "--workers", "2") as server:
            server.sign_in()
            self.make(server)
            self.ears = [Listener(server, self.times, number, self.deaf) for number in range(LISTENERS)]
            for ear in self.ears:
                ear.start()
            assert all(ear.ready.wait(10) for ear in self.ears)
            self.writers = [Writer(server, self.times, number, self.stop) for number in range(WRITERS)]
            self.readers = [Reader(server, self.times, 100 + number, self.stop) for number in range(READERS)]
            self.reshaper = Reshaper(server, self.times, 200, self.stop)
            self.blow()
            self.calm()
        self.output = server.output()
        counted = [sum((thread.statuses for thread in threads), Counter[int]()) for threads in (self.writers, self.readers)]
        print(f"{len(self.times.shapes)} shapes, writes {dict(counted[0])}, reads {dict(counted[1])}, {len(self.log)} changes")

    def make(self, server: Server) -> None:
        """The collections in their first shape, a view that stays as it is, and an account."""
        people = {"id": PEOPLE, "name": "people", "type": "base", "fields": [NICK], "listRule": "", "viewRule": ""}
        crew = {"id": "crew00000000000", "name": "crew", "type": "base"}
        server.create("/api/collections", people)
        server.create("/api/collections", Shape().items)
        server.create("/api/collections", {**crew, "name": "members"})
        server.create("/api/collections", {"name": "crew", "type": "view", "listRule": "", "viewQuery": "SELECT id FROM members"})
        for key in CREW:
            server.create(f"/api/collections/{PEOPLE}/records", {"id": key, "nick": key})
            server.create("/api/collections/members/records", {"id": key})
        server.ask("PATCH", "/api/collections/users", Shape().people_and_users[1])
        account = {"email": EMAIL, "password": PASSWORD, "passwordConfirm": PASSWORD, "nick": "somebody"}
        server.create("/api/collections/users/records", account)

    def blow(self) -> None:
        """Everybody works for a while."""
        busy = [*self.writers, *self.readers, self.reshaper]
        for thread in busy:
            thread.start()
        self.stop.wait(SECONDS)
        self.stop.set()
        for thread in busy:
            thread.join(40)

    def calm(self) -> None:
        """Listeners hear the rest."""
        self.log = self.query("SELECT (SELECT epoch FROM _cursors WHERE name = '') || ':' || seq, action, record FROM _changes" + OF_ITEMS)
        end = time.monotonic() + 10
        while any(len(ear.heard) < len(self.log) for ear in self.ears) and time.monotonic() < end:
            time.sleep(0.05)
        self.deaf.set()
        for ear in self.ears:
            ear.join(10)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the database, read past the server."""
        with closing(sqlite3.connect(f"file:{self.directory / 'data.db'}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()

    def table(self) -> dict[str, dict[str, Any]]:
        """The rows of the table as they are stored, by id."""
        with closing(sqlite3.connect(f"file:{self.directory / 'data.db'}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return {row["id"]: dict(row) for row in connection.execute(f"SELECT * FROM {self.times.shapes[-1].name}")}


OF_ITEMS = f" WHERE collection = '{ITEMS}' ORDER BY seq"


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Storm:
    """The same storm for all facts of this file."""
    storm = Storm(tmp_path_factory.mktemp("schema") / "pb_data")
    storm.run()
    return storm


def test_the_load_was_real(storm: Storm) -> None:
    """Many changes of the schema, far more writes and reads."""
    assert len(storm.times.shapes) > SECONDS
    assert sum(writer.statuses[200] for writer in storm.writers) > 20 * SECONDS
    assert sum(reader.statuses[200] for reader in storm.readers) > 10 * SECONDS


@pytest.mark.parametrize("kind", ["writers", "readers", "ears"])
def test_nothing_was_wrong(storm: Storm, kind: str) -> None:
    """Every answer and every event was good, whole, and in a shape of its time."""
    threads: list[Thread] = getattr(storm, kind)
    assert not [wrong for thread in threads for wrong in thread.wrong]


def test_a_change_that_was_answered_is_everywhere(storm: Storm) -> None:
    """Whichever worker is asked next shows the new schema."""
    assert not storm.reshaper.wrong


def test_no_value_was_lost(storm: Storm) -> None:
    """The table has exactly what was answered, in the columns of the last shape."""
    sure = {key: n for writer in storm.writers for key, n in writer.sure.items()}
    table = storm.table()
    assert {key: row["n"] for key, row in table.items()} == sure
    assert not [problem for row in table.values() if (problem := broken_row(row))]


def test_the_log_is_whole(storm: Storm) -> None:
    """Every image is a row as it once was, and the last ones are those of the table."""
    replayed: dict[str, float] = {}
    for action, key, image, n in storm.query("SELECT action, record, image, json_extract(image, '$.n') FROM _changes" + OF_ITEMS):
        assert not broken_row(json.loads(image))
        replayed.pop(key, None) if action == "delete" else replayed.update({key: n})
    assert replayed == {key: row["n"] for key, row in storm.table().items()}


def test_nobody_missed_an_event(storm: Storm) -> None:
    """Each listener heard the log, once and in order, whether or not it was cut."""
    for ear in storm.ears:
        assert ear.heard == storm.log


def test_the_server_complained_of_nothing(storm: Storm) -> None:
    """No error stands in its log, and the database is sound."""
    assert not re.findall(r"^.*(?:ERROR|WARNING|Traceback).*$", storm.output, re.MULTILINE)
    assert storm.query("PRAGMA integrity_check") == [("ok",)]

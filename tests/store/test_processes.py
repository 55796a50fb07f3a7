"""Several processes on one directory: turns, crashes, and what survives."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from pathlib import Path

from pbtornado.store import SqliteStore
from pbtornado.store.query import Column, Order, Select, Table
from tests.store.notes import opened
from tests.store.processes import Writing

LOGGED = Select((Column("r", "record"), Column("r", "seq")), Table("_changes"), order=(Order(Column("r", "seq")),))
STORED = Select((Column("r", "id"),), Table("notes"))


async def logged(store: SqliteStore) -> dict[str, int]:
    """The seq of each note's change; the table must agree with the log."""
    rows, stored = await store.read(lambda reader: (reader.rows(LOGGED), reader.rows(STORED)))
    assert len(rows) == len(stored)
    log = {str(record): int(seq) for record, seq in rows}
    assert set(log) == {row[0] for row in stored}
    return log


async def test_writers_of_several_processes_take_turns(tmp_path: Path) -> None:
    """While all write, no process gets much more than its share."""
    processes = [Writing(tmp_path, name) for name in "abc"]
    for process in processes:
        process.begin()
    await asyncio.sleep(1.0)
    for process in processes:
        process.kill()
    answered = [process.answered() for process in processes]
    until = min(max(seqs.values()) for seqs in answered)
    shares = sorted(sum(1 for seq in seqs.values() if seq <= until) for seqs in answered)
    assert shares[0] > shares[2] / 2


async def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    """After kill -9 of every process at any moment, answered writes are there, the log agrees with the table and its epoch holds."""
    async with opened(tmp_path) as store:
        epoch = store.position().epoch
    for attempt in range(4):
        processes = [Writing(tmp_path, f"{attempt}{name}") for name in "ab"]
        for process in processes:
            process.begin()
        await asyncio.sleep(random.uniform(0.05, 0.3))
        for process in processes:
            process.kill()
        answered = processes[0].answered() | processes[1].answered()
        async with opened(tmp_path) as store:
            assert store.position().epoch == epoch
            log = await logged(store)
        assert answered.items() <= log.items()
    assert sqlite3.connect(tmp_path / "data.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_the_others_go_on_when_one_is_killed(tmp_path: Path) -> None:
    """A process that dies in its turn holds up nobody, and its last commit is no stranger's."""
    async with opened(tmp_path) as store:
        epoch = store.position().epoch
        for attempt in range(4):
            lives, dies = Writing(tmp_path, f"{attempt}a", 400), Writing(tmp_path, f"{attempt}b")
            dies.begin()
            lives.begin()
            await asyncio.sleep(random.uniform(0.01, 0.1))
            dies.kill()
            assert len(lives.answered()) == 400
            answered = dies.answered()
            await store.write(lambda writer: None)
            assert answered.items() <= (await logged(store)).items()
            assert store.position().epoch == epoch
            assert store.head_mark == max((await logged(store)).values())

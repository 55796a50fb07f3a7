"""A new directory has PocketBase's own tables and the names of its migrations."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pbtornado.store import SqliteStore, Writer
from pbtornado.store.migrations import POCKETBASE_MIGRATIONS, applied, create_system_tables, mark_applied


async def test_system_tables_and_names(tmp_path: Path) -> None:
    """Creating twice changes nothing; names are noted once."""

    def work(writer: Writer) -> set[str]:
        for _ in range(2):
            create_system_tables(writer)
            mark_applied(writer, POCKETBASE_MIGRATIONS)
        return applied(writer)

    store = SqliteStore(tmp_path / "data.db")
    await store.open()
    assert await store.write(work, long=True) == set(POCKETBASE_MIGRATIONS)
    await store.close()


async def test_the_auxiliary_database_is_made(tmp_path: Path) -> None:
    """PocketBase finds its table of logs."""
    store = SqliteStore(tmp_path / "data.db")
    await store.open()
    await store.close()
    with closing(sqlite3.connect(tmp_path / "auxiliary.db")) as connection:
        found = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE sql IS NOT NULL")}
    assert found == {"_logs", "idx_logs_level", "idx_logs_message", "idx_logs_created_hour"}

"""The auxiliary database beside the data: request logs live there, so that they never stand in the way of records."""

from __future__ import annotations

from pathlib import Path

from . import ddl
from .connection import connect, run

AUXILIARY = "auxiliary.db"


def create_auxiliary(folder: Path) -> None:
    """Creates `auxiliary.db` with an empty `_logs`, as PocketBase does, where it is missing."""
    path = folder / AUXILIARY
    if path.exists():
        return
    connection = connect(path, write=True, synchronous="NORMAL")
    try:
        for text in ("BEGIN IMMEDIATE", *ddl.AUXILIARY_TABLES, "COMMIT"):
            run(connection, text)
    finally:
        connection.close()

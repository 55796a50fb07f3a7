"""Whether a data directory can be served, said in one sentence before anything in it is touched."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from ..protocol import UnusableDirectory
from .connection import connect

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
_COLUMNS = "SELECT name FROM pragma_table_info('_collections')"


def check_directory(database: Path) -> None:
    """Raises UnusableDirectory; a directory that does not exist yet is made."""
    folder = database.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableDirectory(f"The data directory {folder} cannot be made: {error.strerror}.") from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise UnusableDirectory(f"The data directory {folder} cannot be read and written.")
    if database.exists():
        _check_database(database)


def _check_database(database: Path) -> None:
    if not database.is_file() or not os.access(database, os.R_OK | os.W_OK):
        raise UnusableDirectory(f"The database {database} cannot be read and written.")
    try:
        tables, columns = _look_into(database)
    except sqlite3.DatabaseError as error:
        raise UnusableDirectory(f"The file {database} cannot be opened as a database: {error}.") from error
    if "_admins" in tables or ("_collections" in tables and not {"fields", "options"} <= columns):
        raise UnusableDirectory(f"{database.parent} is of a PocketBase before 0.23; open it with PocketBase 0.23 or later first.")


def _look_into(database: Path) -> tuple[set[str], set[str]]:
    connection = connect(database, write=False)
    try:
        return {row[0] for row in connection.execute(_TABLES)}, {row[0] for row in connection.execute(_COLUMNS)}
    finally:
        connection.close()

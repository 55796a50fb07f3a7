"""The tables every data directory has, and the names of the migrations that were applied to it."""

from __future__ import annotations

from collections.abc import Iterable
from time import time_ns

from .protocol import Reader, Writer
from .query import Column, Select, Table

POCKETBASE_MIGRATIONS = (
    "1640988000_aux_init.go",
    "1640988000_init.go",
    "1717233556_v0.23_migrate.go",
    "1717233557_v0.23_migrate2.go",
    "1717233558_v0.23_migrate3.go",
    "1717233559_v0.23_migrate4.go",
    "1763020353_update_default_auth_alert_templates.go",
    "1778828400_normalize_indexes.go",
)
"""What a new directory holds as applied, so that PocketBase can open it."""

_APPLIED = Select((Column("r", "file"),), Table("_migrations"))


def create_system_tables(writer: Writer) -> None:
    """Creates `_migrations`, `_params` and `_collections` where they are missing."""
    writer.create_system_tables()


def applied(reader: Reader) -> set[str]:
    """The names of the applied migrations; the table must exist."""
    return {str(row[0]) for row in reader.rows(_APPLIED)}


def mark_applied(writer: Writer, names: Iterable[str]) -> None:
    """Notes migrations as applied now; those already noted keep their time."""
    known = applied(writer)
    for name in names:
        if name not in known:
            writer.insert("_migrations", {"file": name, "applied": time_ns() // 1000})

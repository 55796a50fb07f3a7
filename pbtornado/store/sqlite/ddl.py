"""Table descriptions as SQLite's DDL, with the very statements PocketBase would leave behind."""

from __future__ import annotations

import re
from secrets import token_hex

from ..protocol import ColumnShape, TableShape

_ID_DEFAULT = "('r'||lower(hex(randomblob(7))))"
COLUMN_TYPES = {
    "id": f"TEXT PRIMARY KEY DEFAULT {_ID_DEFAULT} NOT NULL",
    "text": "TEXT DEFAULT '' NOT NULL",
    "number": "NUMERIC DEFAULT 0 NOT NULL",
    "bool": "BOOLEAN DEFAULT FALSE NOT NULL",
    "json": "JSON DEFAULT NULL",
    "multiple": "JSON DEFAULT '[]' NOT NULL",
    "geo": """JSON DEFAULT '{"lon":0,"lat":0}' NOT NULL""",
}
_NOW = "(strftime('%Y-%m-%d %H:%M:%fZ'))"

LOG_TABLES = (
    "CREATE TABLE IF NOT EXISTS `_changes` (`seq` INTEGER PRIMARY KEY AUTOINCREMENT, `at` TEXT NOT NULL, `request` TEXT NOT NULL,"
    " `actor` TEXT NOT NULL, `action` TEXT NOT NULL, `collection` TEXT NOT NULL, `record` TEXT NOT NULL,"
    " `image` TEXT NOT NULL, `old` TEXT NOT NULL)",
    "DROP INDEX IF EXISTS `idx__changes_collection_record`",  # nobody asked it, and it cost a third of every write
    # A few rows only; what became of a collection's fields is asked for every image that is older than they are.
    "CREATE INDEX IF NOT EXISTS `idx__changes_schema` ON `_changes` (`record`) WHERE `collection` = '_collections'",
    "CREATE TABLE IF NOT EXISTS `_cursors` (`name` TEXT PRIMARY KEY NOT NULL, `epoch` TEXT NOT NULL, `seq` INTEGER NOT NULL)",
)

SYSTEM_TABLES = (
    "CREATE TABLE IF NOT EXISTS `_migrations` (file VARCHAR(255) PRIMARY KEY NOT NULL, applied INTEGER NOT NULL)",
    f"""CREATE TABLE IF NOT EXISTS `_params` (
			`id`      TEXT PRIMARY KEY DEFAULT {_ID_DEFAULT} NOT NULL,
			`value`   JSON DEFAULT NULL,
			`created` TEXT DEFAULT {_NOW} NOT NULL,
			`updated` TEXT DEFAULT {_NOW} NOT NULL
		)""",
    f"""CREATE TABLE IF NOT EXISTS `_collections` (
				`id`         TEXT PRIMARY KEY DEFAULT {_ID_DEFAULT} NOT NULL,
				`system`     BOOLEAN DEFAULT FALSE NOT NULL,
				`type`       TEXT DEFAULT "base" NOT NULL,
				`name`       TEXT UNIQUE NOT NULL,
				`fields`     JSON DEFAULT "[]" NOT NULL,
				`indexes`    JSON DEFAULT "[]" NOT NULL,
				`listRule`   TEXT DEFAULT NULL,
				`viewRule`   TEXT DEFAULT NULL,
				`createRule` TEXT DEFAULT NULL,
				`updateRule` TEXT DEFAULT NULL,
				`deleteRule` TEXT DEFAULT NULL,
				`options`    JSON DEFAULT "{{}}" NOT NULL,
				`created`    TEXT DEFAULT {_NOW} NOT NULL,
				`updated`    TEXT DEFAULT {_NOW} NOT NULL
			)""",
    "CREATE INDEX IF NOT EXISTS idx__collections_type on `_collections` (`type`)",
)

AUXILIARY_TABLES = (
    f"""CREATE TABLE IF NOT EXISTS `_logs` (
					`id`      TEXT PRIMARY KEY DEFAULT {_ID_DEFAULT} NOT NULL,
					`level`   INTEGER DEFAULT 0 NOT NULL,
					`message` TEXT DEFAULT "" NOT NULL,
					`data`    JSON DEFAULT "{{}}" NOT NULL,
					`created` TEXT DEFAULT {_NOW} NOT NULL
				)""",
    "CREATE INDEX IF NOT EXISTS idx_logs_level on `_logs` (`level`)",
    "CREATE INDEX IF NOT EXISTS idx_logs_message on `_logs` (`message`)",
    "CREATE INDEX IF NOT EXISTS idx_logs_created_hour on `_logs` (strftime('%Y-%m-%d %H:00:00', `created`))",
)


def tick(name: str) -> str:
    """A name in the quotes PocketBase's DDL has."""
    return "`" + name.replace("`", "``") + "`"


def created(shape: TableShape) -> list[str]:
    """Statements that make the table or view, without its indexes; columns stand in alphabetical order."""
    if shape.view:
        return [f"CREATE VIEW {tick(shape.name)} AS SELECT * FROM ({shape.view})", f"SELECT 1 FROM {tick(shape.name)} LIMIT 0"]
    ordered = sorted(shape.columns, key=lambda column: column.name)
    columns = ", ".join(f"{tick(column.name)} {COLUMN_TYPES[column.kind]}" for column in ordered)
    return [f"CREATE TABLE {tick(shape.name)} ({columns})"]


def dropped(shape: TableShape) -> list[str]:
    """Statements that remove the table or view with all that belongs to it."""
    return [f"DROP {'VIEW' if shape.view else 'TABLE'} IF EXISTS {tick(shape.name)}"]


def altered(before: TableShape, after: TableShape) -> list[str]:
    """Statements that take a table from one description to the other, without its indexes.

    Every new or renamed column goes through a name nobody has, so that names may be swapped.
    """
    steps = _renamed_table(before.name, after.name)
    kept = {column.key for column in after.columns}
    steps += [f"ALTER TABLE {tick(after.name)} DROP COLUMN {tick(column.name)}" for column in before.columns if column.key not in kept]
    known = {column.key: column for column in before.columns}
    finishing: list[str] = []
    for column in after.columns:
        start, finish = _moved_column(after.name, known.get(column.key), column)
        steps += start
        finishing += finish
    return steps + finishing


def retyped(before: TableShape, after: TableShape) -> list[tuple[ColumnShape, ColumnShape]]:
    """The columns whose kind changes, as they are before and after."""
    known = {column.key: column for column in before.columns}
    return [(known[column.key], column) for column in after.columns if column.key in known and known[column.key].kind != column.kind]


def migrated(table: str, old: ColumnShape, new: ColumnShape) -> list[str]:
    """Statements that give a column another kind, its values with it. Views must be away meanwhile."""
    former, column, name = tick(f"_{new.name}{token_hex(3)}"), tick(new.name), tick(table)
    return [
        f"ALTER TABLE {name} RENAME COLUMN {column} TO {former}",
        f"ALTER TABLE {name} ADD COLUMN {column} {COLUMN_TYPES[new.kind]}",
        f"UPDATE {name} SET {column} = {_migrated_value(former, old.kind, new.kind)}",
        f"ALTER TABLE {name} DROP COLUMN {former}",
    ]


_SCHEMA_PART = r"(?:[`\"\[]?\w+[`\"\]]?\s*\.\s*)?"
_INDEX_NAME = re.compile(
    rf"\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?{_SCHEMA_PART}(?:`([^`]+)`|\"([^\"]+)\"|\[([^\]]+)\]|([^\s(`\"\[]+))",
    re.IGNORECASE,
)


def index_name(statement: str) -> str:
    """The name a CREATE INDEX statement gives; "" when it is none."""
    match = _INDEX_NAME.match(statement)
    return match[match.lastindex or 0] if match else ""


def _renamed_table(before: str, after: str) -> list[str]:
    if before.lower() == after.lower():  # to SQLite it is the same name
        return []
    return [f"ALTER TABLE {tick(before)} RENAME TO {tick(after)}"]


def _moved_column(table: str, old: ColumnShape | None, new: ColumnShape) -> tuple[list[str], list[str]]:
    if old is not None and old.name == new.name:
        return [], []
    between = tick(f"{new.name}{token_hex(3)}")
    start = f"ADD COLUMN {between} {COLUMN_TYPES[new.kind]}" if old is None else f"RENAME COLUMN {tick(old.name)} TO {between}"
    return [f"ALTER TABLE {tick(table)} {start}"], [f"ALTER TABLE {tick(table)} RENAME COLUMN {between} TO {tick(new.name)}"]


def _migrated_value(former: str, old: str, new: str) -> str:
    is_array = f"iif(json_valid({former}), json_type({former}) = 'array', FALSE)"
    if new == "multiple":
        return f"CASE WHEN COALESCE({former}, '') = '' THEN '[]' WHEN {is_array} THEN {former} ELSE json_array({former}) END"
    if old == "multiple" and new == "text":
        last = f"COALESCE(json_extract({former}, '$[#-1]'), '')"
        return f"CASE WHEN COALESCE({former}, '[]') = '[]' THEN '' WHEN {is_array} THEN {last} ELSE {former} END"
    return former if new == "json" else f"COALESCE({former}, '')"

"""`CREATE INDEX` statements taken apart and put together the way PocketBase keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_INDEX = re.compile(
    r"create\s+(unique\s+)?\s*index\s*(if\s+not\s+exists\s+)?(\S*)\s+on\s+(\S*)\s*\(([\s\S]*)\)(?:\s*where\s+([\s\S]*))?", re.IGNORECASE
)
_COLUMN = re.compile(r"([\s\S]+?)(?:\s+collate\s+(\w+))?(?:\s+(asc|desc))?", re.IGNORECASE | re.ASCII)
_QUOTES = "`\"'[]\r\n\t\f\v "


@dataclass(frozen=True, slots=True)
class IndexColumn:
    """A column or an expression of an index."""

    name: str
    collate: str = ""
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """A parsed statement; not `valid` when it was none."""

    name: str = ""
    table: str = ""
    columns: tuple[IndexColumn, ...] = ()
    where: str = ""
    unique: bool = False
    optional: bool = False
    schema: str = ""

    @property
    def valid(self) -> bool:
        """It has what an index needs."""
        return bool(self.name and self.table and self.columns)

    def text(self) -> str:
        """The statement in the one spelling PocketBase uses."""
        head = "CREATE " + ("UNIQUE " if self.unique else "") + "INDEX " + ("IF NOT EXISTS " if self.optional else "")
        schema = f"`{self.schema}`." if self.schema else ""
        parts = [_column_text(column) for column in self.columns]
        inner = parts[0] if len(parts) == 1 else "\n  " + ",\n  ".join(parts) + "\n"
        return f"{head}{schema}`{self.name}` ON `{self.table}` ({inner})" + (f" WHERE {self.where}" if self.where else "")


def _column_text(column: IndexColumn) -> str:
    name = column.name.strip()
    quoted = name if "(" in name or " " in name else f"`{name}`"
    return quoted + (f" COLLATE {column.collate}" if column.collate else "") + (f" {column.sort}" if column.sort else "")


@lru_cache(maxsize=1024)
def parse_index(statement: str) -> Index:
    """The parts of a CREATE INDEX statement."""
    match = _INDEX.search(statement) if len(statement) < 10_000 else None
    if not match:
        return Index()
    unique, optional, name, table, columns, where = match.groups(default="")
    names = [part.strip(_QUOTES) for part in split_outside_quotes(name, ".")] or [""]
    schema, name = names if len(names) == 2 else ("", names[0])
    parsed = tuple(filter(None, map(_parse_column, split_outside_quotes(columns, ","))))
    return Index(name, table.strip(_QUOTES), parsed, where.strip(), bool(unique), bool(optional), schema)


def _parse_column(text: str) -> IndexColumn | None:
    match = _COLUMN.fullmatch(text)
    name = match[1].strip(_QUOTES) if match else ""
    return IndexColumn(name, match[2] or "", (match[3] or "").upper()) if match and name else None


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """The non-empty parts between separators that stand in no quotes and no parentheses."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "`\"'":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == separator and depth == 0:
            parts.append("")
            continue
        parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def unique_index(indexes: Iterable[str], column: str) -> Index | None:
    """The first unique index of this column alone, whatever its WHERE says."""
    for statement in indexes:
        index = parse_index(statement)
        if index.unique and len(index.columns) == 1 and index.columns[0].name.lower() == column.lower():
            return index
    return None

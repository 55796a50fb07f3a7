"""What an import is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import plain_errors
from .formats import Format


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a file is to be imported: `mapping` renames columns, to "" it leaves them out; with `upsert` rows whose id exists
    change that record; with `dry_run` nothing is stored."""

    format: Format
    mapping: Mapping[str, str] = field(default_factory=dict)
    upsert: bool = False
    dry_run: bool = False


@dataclass(slots=True)
class Outcome:
    """What came of an import, or has come so far.

    `rows` were read, of which `created` and `updated` are stored (or would be); `errors` tell of wrong rows, `problem` why
    the file could not be read on. Of a batch with a wrong row nothing is stored, and nothing of what follows.
    """

    dry_run: bool
    rows: int = 0
    created: int = 0
    updated: int = 0
    read_bytes: int = 0
    done: bool = False
    problem: str = ""
    errors: list[WrongRow] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        """Is every row of the file stored, or would it be?"""
        return self.done and not self.problem and not self.errors

    def to_json(self) -> dict[str, Any]:
        """As an answer."""
        return {
            "dryRun": self.dry_run,
            "done": self.done,
            "complete": self.complete,
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "readBytes": self.read_bytes,
            "leftOut": sorted(self.left_out),
            "problem": self.problem,
            "errors": [wrong.to_json() for wrong in self.errors],
        }


@dataclass(frozen=True, slots=True)
class WrongRow:
    """A row that was refused: its number from 1 on, its line where the format has lines, the errors by field ("" for the row)."""

    row: int
    line: int | None
    message: str
    errors: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As an answer."""
        return {"row": self.row, "line": self.line, "message": self.message, "errors": plain_errors(self.errors)}

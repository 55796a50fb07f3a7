"""What the text of a view's SELECT says of its columns: which are taken from a table as they are, which are of a known type.

It reads the text the way PocketBase does, so that a view gets the same fields here and there. What it does not
understand counts as an expression of any type; whether the SELECT is one at all is for the database to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..protocol import BadQuestion, ViewColumn, ViewKind

LONGEST = 50_000
"""Characters a SELECT may have."""

_BLANKS = "\t\n\v\f\r \x85\xa0"
_QUOTES = "`\"'"
_COMMENT = re.compile(r"/\*[\s\S]*?\*/|--.+$", re.MULTILINE)
_JOIN, _END = "__join__", "__end__"
_JOINS = re.compile(r"(?<!\s)\s++(?:(?:(?:full|left|right)(?:\s++outer)?|outer|cross|inner)\s++)?join\s", re.IGNORECASE | re.ASCII)
_ENDS = re.compile(r"(?<!\s)\s++(?:where|group\s++by|having|order|limit|with)\s", re.IGNORECASE | re.ASCII)
_CAST = re.compile(r"cast\s*+\(.*\sas\s++(\w+)\s*+\)", re.DOTALL | re.ASCII)
_CAST_KINDS: Mapping[str, ViewKind] = {
    "real": "number",
    "decimal": "number",
    "numeric": "number",
    "int": "whole",
    "integer": "whole",
    "text": "text",
    "boolean": "bool",
    "bool": "bool",
}


@dataclass(frozen=True, slots=True)
class _Named:
    """A column or table: what it is, and the name it goes by."""

    source: str
    name: str


def tidied(query: str) -> str:
    """The SELECT without what is around it."""
    return query.strip().strip(";")


@lru_cache(maxsize=256)
def outline(query: str) -> tuple[ViewColumn, ...]:
    """The columns of a view of this SELECT, as far as its text tells. Raises BadQuestion where no view may be made of it."""
    if len(query) > LONGEST:
        raise BadQuestion(f"the query must be no longer than {LONGEST} characters")
    query = tidied(query)
    _refuse_several(query)
    clauses = _clauses(_marked(query))
    columns = _named_items(clauses["select"])
    tables = _named_items(clauses["from"]) + _named_items(clauses[_JOIN])
    return tuple(_columns(columns, tables))


def _refuse_several(query: str) -> None:
    try:
        statements = _split(query, ";")
    except BadQuestion:  # a comment may hold any quotes
        return
    if len(statements) > 1:
        raise BadQuestion("multiple statements are not supported")


# ---- clauses


def _marked(query: str) -> str:
    """The text without comments, with one word for any join and for whatever ends a list of columns or tables."""
    return _ENDS.sub(f" {_END} ", _JOINS.sub(f" {_JOIN} ", _COMMENT.sub(" ", query)))


def _clauses(text: str) -> dict[str, str]:
    """What stands behind `select`, `from` and joins; the joined tables separated by commas."""
    clauses = {"select": "", "from": "", _JOIN: ""}
    current, heard = "", False
    for word in _split(text, ", \n\t", keep=True):
        key = word.strip().lower()
        if key in clauses:
            clauses[key] += "," if key == current == _JOIN else ""
            current, heard = key, True
        elif key == _END or (key == "on" and current == _JOIN):
            heard = False
        elif key != "distinct" and current and heard:
            clauses[current] += f" {word}"
    return clauses


def _split(text: str, separators: str, *, keep: bool = False) -> list[str]:
    """The non-empty parts between separators that stand in no quotes and brackets; `keep` leaves each at the end of its part."""
    blanks = "".join(set(_BLANKS) - set(separators))
    parts = (part.strip(blanks) for part in _parts(text, separators, keep))
    return [part for part in parts if part]


def _parts(text: str, separators: str, keep: bool) -> Iterator[str]:
    start, depth, quote = 0, 0, ""
    for position, character in enumerate(text):
        if character in separators:
            if not depth and not quote:
                yield text[start : position + keep]
                start = position + 1
        elif text[position - 1 : position] == "\\":
            continue
        elif character in _QUOTES:
            quote = character if not quote else "" if quote == character else quote
        elif not quote and character in "()":
            depth = depth + 1 if character == "(" else max(depth - 1, 0)
    if depth or quote:
        raise BadQuestion(f"unbalanced parenthesis or quoted expression: {json.dumps(text[start:], ensure_ascii=False)}")
    yield text[start:]


# ---- columns and tables


def _named_items(clause: str) -> list[_Named]:
    return [_named(_split(item, " \n\t")) for item in _split(clause, ",")]


def _named(words: list[str]) -> _Named:
    if not 1 <= len(words) <= 3:
        raise BadQuestion(f"invalid identifier parts [{' '.join(words)}]")
    if len(words) == 3 and words[1].lower() != "as":
        raise BadQuestion(f'invalid identifier part - expected "as", got {words[1]}')
    name = words[-1] if len(words) > 1 else words[0].rpartition(".")[2]
    return _Named(_unquoted(words[0]), _unquoted(name, "'"))


def _unquoted(text: str, more: str = "") -> str:
    return ".".join([part.strip('`"[];' + more) for part in text.split(".")])


def _columns(columns: Sequence[_Named], tables: Sequence[_Named]) -> Iterator[ViewColumn]:
    known = {table.name: table.source for table in tables if "(" not in table.name}
    main = tables[0].name if tables else ""
    for column in columns:
        if column.name == "*":
            raise BadQuestion(
                "wildcard columns (*) are not supported - manually type the collection field names you want the view query to have"
            )
        yield _computed(column) or _taken(column, known, main)


def _computed(column: _Named) -> ViewColumn | None:
    """A column whose type its expression tells."""
    source = column.source.lower()
    if source.startswith("count("):
        return ViewColumn(column.name, "whole")
    if source.startswith("total("):
        return ViewColumn(column.name, "number")
    cast = _CAST.fullmatch(source)
    kind = _CAST_KINDS.get(cast[1]) if cast else None
    return ViewColumn(column.name, kind) if kind else None


def _taken(column: _Named, known: dict[str, str], main: str) -> ViewColumn:
    """A column of one of the tables, of the first where it does not say of which."""
    parts = column.source.split(".")
    table, name = parts if len(parts) == 2 else (main, parts[0])
    return ViewColumn(column.name, "taken", known[table], name) if table in known else ViewColumn(column.name)

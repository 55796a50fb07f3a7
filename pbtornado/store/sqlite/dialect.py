"""SQLite's spelling of questions; JSON is read the way PocketBase reads it, also where a column holds none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..dialect import Dialect

_CALLS = {
    "lower": "lower",
    "strftime": "strftime",
    "geo_distance": "geo_distance",
    "random": "random",
    "contains": "contains_pattern",
    "number": "number_of",
    "sum": "total",
    "avg": "avg",
    "min": "min",
    "max": "max",
}
_AFFINITY = {"id": "TEXT", "text": "TEXT", "number": "NUMERIC", "bool": "NUMERIC"}


class SqliteDialect(Dialect):
    """The dialect of SQLite 3.38 and later."""

    last_join = "CROSS JOIN"

    def quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def placeholder(self, number: int) -> str:
        return f"?{number}"

    def constant(self, value: object) -> str | None:
        # Partial indexes (`WHERE email != ''`) are only found when the constant is spelled out.
        if value is None:
            return "NULL"
        if value == "" and isinstance(value, str):
            return "''"
        return str(int(value)) if isinstance(value, int) and abs(value) < 2**53 else None

    def compare(self, op: str, left: str, right: str) -> str:
        return f"({left} {op.upper()} {right})"

    def like(self, value: str, pattern: str, negated: bool) -> str:
        return f"({value} {'NOT ' if negated else ''}LIKE {pattern} ESCAPE '\\')"

    def json_item(self, value: str, path: str, bound: Callable[[str], str]) -> str:
        step = path if path.startswith("[") else f".{path}"
        json, plain = (bound(f"${step}"), bound(f"$.pb{step}")) if path else ("'$'", "'$.pb'")
        wrapped = f"json_extract(json_object('pb', {value}), {plain})"
        return f"(CASE WHEN json_valid({value}) THEN json_extract({value}, {json}) ELSE {wrapped} END)"

    def json_length(self, value: str) -> str:
        plain = f"CASE WHEN {value} = '' OR {value} IS NULL THEN 0 ELSE 1 END"
        return f"(CASE WHEN {_is_array(value)} THEN json_array_length({value}) ELSE {plain} END)"

    def json_each(self, value: str) -> str:
        return f"json_each(CASE WHEN {_is_array(value)} THEN {value} ELSE json_array({value}) END)"

    def json_items(self, array: str) -> str:
        return f"SELECT value FROM json_each({array})"

    def json_objects(self, array: str, columns: Sequence[str]) -> str:
        items = ", ".join([f"json_extract(value, '{literal(_member(column))}')" for column in columns])
        return f"SELECT {items} FROM json_each({array})"

    def call(self, name: str, args: Sequence[str]) -> str:
        if name == "text":
            return f"CAST({args[0]} AS TEXT)"
        if name == "nocase":
            return f"({args[0]} COLLATE NOCASE)"
        if name == "bare":
            return f"(+{args[0]})"
        return f"{_CALLS[name]}({', '.join(args)})"

    def convert(self, value: str, kind: str) -> str:
        affinity = _AFFINITY.get(kind)
        return f"CAST({value} AS {affinity})" if affinity else value

    def page(self, limit: str | None, offset: str | None) -> str:
        if limit is None and offset is None:
            return ""
        return f" LIMIT {limit or '-1'}" + (f" OFFSET {offset}" if offset else "")


def literal(text: str) -> str:
    """Text as it stands between single quotes."""
    return text.replace("'", "''")


def _member(column: str) -> str:
    return f'$."{column}"'


def _is_array(value: str) -> str:
    return f"iif(json_valid({value}), json_type({value}) = 'array', FALSE)"

"""The change log: one row for each committed effect, in the order of the commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ..values import json_text, parse_json
from .protocol import Change, Position, Reader, Store
from .query import And, Bindable, Column, Compare, In, Order, Param, Row, Select, Statement, Table, Value

CHANGES = "_changes"
CURSORS = "_cursors"
WHOLE_LOG = ""
"""The cursor of this name is the log's own row: its epoch, and the version of its format as seq."""

SCHEMA_COLLECTIONS = frozenset({"_collections", "_params"})
"""Changes of these move the schema mark."""

COLUMNS = ("seq", "at", "request", "actor", "action", "collection", "record", "image", "old")
SLICE = 1000
"""Rows one write of a trim removes."""


def _column(name: str) -> Column:
    return Column("r", name)


_AFTER = Select(
    columns=tuple(map(_column, COLUMNS)),
    source=Table(CHANGES),
    where=Compare(">", _column("seq"), Param("seq")),
    order=(Order(_column("seq")),),
    limit=Param("limit"),
)
_AMONG = Select(
    columns=tuple(map(_column, COLUMNS)),
    source=Table(CHANGES),
    where=And(
        (
            Compare(">", _column("seq"), Param("seq")),
            Compare("<=", _column("seq"), Param("upto")),
            In(_column("collection"), Param("collections")),
        )
    ),
    order=(Order(_column("seq")),),
)
_OLDEST = Select((_column("seq"), _column("at")), Table(CHANGES), order=(Order(_column("seq")),), limit=Value(1))
_FROM = Compare(">=", _column("seq"), Param("seq"))
_AT = Select((_column("seq"), _column("at")), Table(CHANGES), where=_FROM, order=(Order(_column("seq")),), limit=Value(1))
_CURSOR = Select((_column("epoch"), _column("seq")), Table(CURSORS), where=Compare("=", _column("name"), Param("name")))
_SLOWEST = Select(
    (_column("seq"),),
    Table(CURSORS),
    where=Compare("<>", _column("name"), Value(WHOLE_LOG)),
    order=(Order(_column("seq")),),
    limit=Value(1),
)


class _Owner(Store, Protocol):
    """What the log needs of its store."""

    def position(self) -> Position: ...
    def rows_now(self, question: Select | Statement, params: Mapping[str, Bindable] = ...) -> list[Row]: ...


class ChangeLog:
    """Reads, trims and remembers places in the log; appending is the writer's part."""

    def __init__(self, store: _Owner) -> None:
        self._store = store

    def position(self) -> Position:
        """The head: the newest change any process has committed."""
        return self._store.position()

    @property
    def oldest(self) -> int:
        """The oldest seq the log still holds; one past the head when it is empty."""
        rows = self._store.rows_now(_OLDEST)
        return int(rows[0][0]) if rows else self._store.position().seq + 1

    def resumable(self, position: Position) -> bool:
        """True when everything after `position` can still be read."""
        head = self._store.position()
        return position.epoch == head.epoch and self.oldest - 1 <= position.seq <= head.seq

    def read_after(self, reader: Reader, seq: int, limit: int = 500) -> list[Change]:
        """At most `limit` changes that follow seq, oldest first."""
        return [change_of(row) for row in reader.rows(_AFTER, {"seq": seq, "limit": limit})]

    def read_among(self, reader: Reader, seq: int, upto: int, collections: Iterable[str]) -> list[Change]:
        """The changes of these collections that follow seq, as far as `upto`, oldest first."""
        params: dict[str, Bindable] = {"seq": seq, "upto": upto, "collections": json_text(list(collections))}
        return [change_of(row) for row in reader.rows(_AMONG, params)]

    def cursor(self, reader: Reader, name: str) -> Position | None:
        """How far the durable consumer of this name has read, None when it never did."""
        row = reader.one(_CURSOR, {"name": name})
        return Position(str(row[0]), int(row[1])) if row else None

    def first_since(self, reader: Reader, at: str) -> int:
        """The first seq of that time (`2006-01-02 15:04:05.000Z`) or later; one past the head where there is none."""
        return _last_before(reader, at, self._store.position().seq) + 1

    async def trim(self, before: str, keep: int) -> int:
        """Removes what `expired` names, in slices; returns how many changes went."""
        upto = await self._store.read(lambda reader: self.expired(reader, before, keep))
        gone = 0
        while count := await self._store.write(lambda writer: writer.drop_changes(upto, SLICE)):
            gone += count
        return gone

    def expired(self, reader: Reader, before: str, keep: int) -> int:
        """The newest seq that may go.

        Changes made before that time (`2006-01-02 15:04:05.000Z`) may, as far as every durable consumer
        has read them; and whatever stands more than `keep` rows behind the head.
        """
        head, slowest = self._store.position().seq, reader.one(_SLOWEST)
        by_age = _last_before(reader, before, head)
        if slowest is not None:
            by_age = min(by_age, int(slowest[0]))
        return max(by_age, head - keep)


def _last_before(reader: Reader, before: str, head: int) -> int:
    """The last seq of that time, found by halving: seqs and times grow together."""
    low, high = 0, head
    while low < high:
        middle = (low + high + 1) // 2
        row = reader.one(_AT, {"seq": middle})
        if row is None or row[1] >= before:
            high = middle - 1
        else:
            low = int(row[0])
    return low


def image_text(image: Mapping[str, Any]) -> str:
    """An image or old values as compact JSON; bytes are read as UTF-8 text."""
    try:
        return json_text(image)
    except TypeError:
        return json_text({name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value for name, value in image.items()})


def change_of(row: Row) -> Change:
    """The change of a row of COLUMNS."""
    seq, at, request, actor, action, collection, record, image, old = row
    return Change(seq, at, request, actor, action, collection, record, parse_json(image), parse_json(old) if old != "{}" else {})

"""How many changes there were in each minute of the last hour; each is counted once, however often somebody asks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ...schema.catalog import Catalogs
from ...store.changes import CHANGES
from ...store.protocol import Reader
from ...store.query import And, Call, Column, Compare, Count, Param, Row, Select, Table, Value
from ...store.tail import LoggedStore
from ...values import datetime_form
from .shown import COLLECTIONS, SETTINGS
from .wanted import SEQ

MINUTES = 60
MOST = 200_000
"""Changes that are counted at once; of more, only the newest."""
QUICK = 2_000
_MINUTE = Call("strftime", (Value("%Y-%m-%d %H:%M:00.000Z"), Column("r", "at")))
_KEY = (_MINUTE, Column("r", "collection"), Column("r", "action"))
_BETWEEN = And((Compare(">=", SEQ, Param("low")), Compare("<=", SEQ, Param("high"))))
_COUNTS = Select((*_KEY, Count()), Table(CHANGES), where=_BETWEEN, group=_KEY)
Key = tuple[str, str, str]
"""Minute, collection's id, action."""


class ChangeStats:
    """Counts of the newest changes, for superusers."""

    def __init__(self, store: LoggedStore, catalogs: Catalogs) -> None:
        self._store, self._catalogs = store, catalogs
        self._counts: Counter[Key] = Counter()
        self._epoch, self._upto, self._complete = "", 0, ""
        self._turn = asyncio.Lock()

    async def minutes(self) -> dict[str, Any]:
        """`{"epoch", "head", "oldest", "from", "minutes"}`: minutes that have changes, oldest first; complete from `from` on."""
        async with self._turn:
            head, start = self._store.changes.position(), _minutes_ago(MINUTES)
            if head.epoch != self._epoch:
                self._epoch, self._upto = head.epoch, 0
            long = head.seq - self._upto > QUICK
            low, rows = await self._store.read(lambda reader: self._counted(reader, start, head.seq), long=long)
            self._add(low, head.seq, start, rows)
        return {
            "epoch": head.epoch,
            "head": head.seq,
            "oldest": self._store.changes.oldest,
            "from": max(start, self._complete),
            "minutes": self._told(),
        }

    def _counted(self, reader: Reader, start: str, head: int) -> tuple[int, list[Row]]:
        """Counts of what is not counted yet, and the seq they begin with."""
        low = max(self._upto + 1, self._store.changes.first_since(reader, start), head - MOST + 1)
        return low, reader.rows(_COUNTS, {"low": low, "high": head})

    def _add(self, low: int, head: int, start: str, rows: list[Row]) -> None:
        """Takes new counts in, and forgets those of minutes that are over."""
        if low == head - MOST + 1 and low > self._upto + 1 and rows:
            self._counts.clear()
            self._complete = min(row[0] for row in rows)
        for minute, collection, action, count in rows:
            self._counts[minute, collection, action] += count
        self._upto = head
        for key in [key for key in self._counts if key[0] < start]:
            del self._counts[key]

    def _told(self) -> list[dict[str, Any]]:
        names = {COLLECTIONS: COLLECTIONS, SETTINGS: SETTINGS, **{one.id: one.name for one in self._catalogs.current.all}}
        minutes: dict[str, list[dict[str, Any]]] = {}
        for key in sorted(self._counts):
            minutes.setdefault(key[0], []).append(_line(key, self._counts[key], names))
        return [{"at": at, "total": sum(line["count"] for line in lines), "counts": lines} for at, lines in minutes.items()]


def _line(key: Key, count: int, names: Mapping[str, str]) -> dict[str, Any]:
    _, collection, action = key
    return {"collectionId": collection, "collectionName": names.get(collection, ""), "action": action, "count": count}


def _minutes_ago(minutes: int) -> str:
    """The beginning of a minute."""
    return datetime_form((datetime.now(UTC) - timedelta(minutes=minutes)).replace(second=0, microsecond=0))

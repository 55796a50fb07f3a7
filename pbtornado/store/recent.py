"""What the log says has changed lately: is an answer still what the database would say?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from .changes import CHANGES
from .protocol import Position, StoreBusy, TooSlow
from .query import Bindable, Column, Compare, Order, Param, Row, Select, Statement, Table

Place = tuple[str, str]
"""A collection's id and a record's id."""

MOST_AT_ONCE = 1000
"""Changes that are looked at one by one; after more than that between two looks, everything may have changed."""
MOST_RECORDS = 10_000
"""Records whose last change is remembered; of all others it is known by collection alone."""

_SEQ = Column("r", "seq")
_SINCE = Select(
    (_SEQ, Column("r", "collection"), Column("r", "record")),
    Table(CHANGES),
    where=Compare(">=", _SEQ, Param("seq")),
    order=(Order(_SEQ),),
    limit=Param("limit"),
)


class RecentStore(Protocol):
    """What a store must offer to whoever wants to know what its log says as of now."""

    def seen(self) -> bytes:
        """Another after each commit of whatever program."""

    def known(self, seen: bytes) -> bool:
        """Does the log tell all that led to this `seen`?"""

    def position(self) -> Position: ...
    def rows_now(self, question: Select | Statement, params: Mapping[str, Bindable] = ...) -> list[Row]: ...


class Recent:
    """When each collection, and each record, changed last, as far back as the first look at the log.

    Every commit of whatever program shows in the database before anybody can read what it wrote; so while nothing shows,
    nothing has changed, and when something does, the log is read on from where it was read to. What another program wrote
    is not in the log: until a worker has noticed, nothing is said, and afterwards nothing older counts.
    """

    def __init__(self, store: RecentStore) -> None:
        self._store = store
        self._seen = b""
        self._at = Position("", 0)
        self._collections: dict[str, int] = {}
        self._records: dict[Place, int] = {}
        self._from = self._records_from = 0

    def now(self) -> Position | None:
        """How far the log is known: a snapshot taken from now on shows at least that much. None where nobody can say."""
        seen = self._store.seen()
        if seen == self._seen:
            return self._at
        if not self._store.known(seen):
            return None
        try:
            self._follow()
        except (StoreBusy, TooSlow):
            return None
        self._seen = seen
        return self._at

    def unchanged(self, since: Position, collections: Iterable[str], records: Iterable[Place] = ()) -> bool:
        """Is everything in these collections (ids), and are these records, as they were at `since`, which `now` gave?"""
        now = self.now()
        if now is None or now.epoch != since.epoch or since.seq < self._from:
            return False
        changed = self._collections
        if any(changed.get(collection, 0) > since.seq for collection in collections):
            return False
        return all(changed.get(place[0], 0) <= since.seq or self._untouched(place, since.seq) for place in records)

    def _untouched(self, place: Place, since: int) -> bool:
        return since >= self._records_from and self._records.get(place, 0) <= since

    def _follow(self) -> None:
        head = self._store.position()
        rows = self._store.rows_now(_SINCE, {"seq": self._at.seq, "limit": MOST_AT_ONCE + 1})
        if head.epoch != self._at.epoch or not rows or rows[0][0] != self._at.seq or len(rows) > MOST_AT_ONCE:
            self._begin(head)
        else:
            self._take(rows[1:])

    def _begin(self, head: Position) -> None:
        """From here on: what was before is not known, or was too much to look at."""
        self._collections.clear()
        self._records.clear()
        self._at, self._from, self._records_from = head, head.seq, head.seq

    def _take(self, rows: list[Row]) -> None:
        if not rows:
            return
        if len(self._records) > MOST_RECORDS:
            self._records.clear()
            self._records_from = self._at.seq
        for seq, collection, record in rows:
            self._collections[collection] = self._records[collection, record] = seq
        self._at = Position(self._at.epoch, rows[-1][0])

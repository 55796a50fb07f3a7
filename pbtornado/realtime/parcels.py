"""What a stretch of the log owes to connections: gathered by cohort, put into one piece for all who are owed the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from .connection import Connection
from .payload import Event
from .subscribers import Cohort


class _Row:
    """Events that follow each other, the last of them and the row before it: one object for all cohorts that are told the same."""

    __slots__ = ("before", "event", "following")

    def __init__(self, event: Event, before: _Row | None) -> None:
        self.event, self.before = event, before
        self.following: dict[Event, _Row] = {}

    def after(self, seq: int) -> list[Event]:
        """Its events after seq."""
        events: list[Event] = []
        row: _Row | None = self
        while row and row.event.seq > seq:
            events.append(row.event)
            row = row.before
        return events[::-1]


Share = tuple[tuple[_Row, int], ...]
"""Rows of events, and after which seq they are owed: the same share, the same bytes."""


class Parcels:
    """The events of changes that follow each other, until they are delivered."""

    def __init__(self) -> None:
        self._rows: dict[Cohort, _Row] = {}
        self._first: dict[Event, _Row] = {}
        self._parcels: dict[Share, tuple[int, bytes, int]] = {}
        self._start = 0
        self.size = 0
        """Bytes of the events, those counted once that are the same for several cohorts."""

    def add(self, event: Event, cohorts: Iterable[Cohort]) -> None:
        """These cohorts are told of the next change by this event."""
        self._start = self._start or event.seq
        self.size += len(event.data)
        rows, first = self._rows, self._first
        for cohort in cohorts:
            before = rows.get(cohort)
            following = first if before is None else before.following
            row = following.get(event)
            if row is None:
                row = following[event] = _Row(event, before)
            rows[cohort] = row

    def deliver(self, wanted: Callable[[Connection], bool]) -> list[Connection]:
        """Puts into the outboxes of those connections what they are owed and have not had; returns who got something."""
        shares: dict[Connection, list[tuple[_Row, int]]] = {}
        before = self._start - 1
        for cohort, row in self._rows.items():
            for connection, subscription in cohort.members.items():
                after = max(before, subscription.after, connection.position)
                if after < row.event.seq and wanted(connection):
                    shares.setdefault(connection, []).append((row, after))
        for connection, share in shares.items():
            connection.deliver(*self._parcel(tuple(share)))
        return list(shares)

    def _parcel(self, share: Share) -> tuple[int, bytes, int]:
        """The first seq, the bytes and the number of a share's events."""
        found = self._parcels.get(share)
        if found is None:
            events = [event for row, after in share for event in row.after(after)]
            if len(share) > 1:
                events.sort(key=lambda event: (event.seq, event.topic))
            frames = [event.marked() if event.seq == next.seq else event.data for event, next in pairwise(events)]
            found = self._parcels[share] = events[0].seq, b"".join([*frames, events[-1].data]), len(events)
        return found

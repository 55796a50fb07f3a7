"""What a stretch of the log owes to connections: gathered by cohort, put into one piece for all who are owed the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

from .connection import Connection
from .payload import Event
from .subscribers import Cohort

Share = tuple[tuple[Cohort, int], ...]
"""Cohorts, and after which seq their events are owed: the same share, the same bytes."""


class Parcels:
    """The events of changes that follow each other, until they are delivered."""

    def __init__(self) -> None:
        self._events: dict[Cohort, list[Event]] = {}
        self._parcels: dict[Share, tuple[int, bytes, int]] = {}
        self.size = 0
        """Bytes of the events, those counted once that are the same for several cohorts."""

    def add(self, events: Iterable[Event], size: int) -> None:
        """Adds those of the next change, which have so many bytes together."""
        for event in events:
            self._events.setdefault(event.cohort, []).append(event)
        self.size += size

    def deliver(self, wanted: Callable[[Connection], bool]) -> list[Connection]:
        """Puts into the outboxes of those connections what they are owed and have not had; returns who got something."""
        shares: dict[Connection, list[tuple[Cohort, int]]] = {}
        for cohort, events in self._events.items():
            before, last = events[0].seq - 1, events[-1].seq
            for connection, subscription in cohort.members.items():
                after = max(before, subscription.after, connection.position)
                if after < last and wanted(connection):
                    shares.setdefault(connection, []).append((cohort, after))
        for connection, share in shares.items():
            connection.deliver(*self._parcel(tuple(share)))
        return list(shares)

    def _parcel(self, share: Share) -> tuple[int, bytes, int]:
        """The first seq, the bytes and the number of a share's events."""
        if share not in self._parcels:
            events = [event for cohort, after in share for event in self._events[cohort] if event.seq > after]
            if len(share) > 1:
                events.sort(key=lambda event: (event.seq, event.cohort.topic.text))
            frames = [event.marked() if event.seq == next.seq else event.data for event, next in pairwise(events)]
            self._parcels[share] = events[0].seq, b"".join([*frames, events[-1].data]), len(events)
        return self._parcels[share]

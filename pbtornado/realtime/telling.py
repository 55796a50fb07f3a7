"""One change, told to everybody who may hear of it."""

from __future__ import annotations

import logging

from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.history import History
from ..store.protocol import Change, StoreBusy
from .connection import Connection
from .ghosts import Ghosts
from .match import Match, PrivateReader
from .payload import Payloads, emails_for
from .subscribers import Group, Subscribers, Subscription

log = logging.getLogger("pbtornado.realtime")

Heard = tuple[Subscription, bool, bool]
"""A subscription that hears of a change, whether the record leaves its sight, whether it sees the email."""


class Telling:
    """Decides who hears of a change and puts the events into the connections' outboxes."""

    def __init__(self, reader: PrivateReader, subscribers: Subscribers) -> None:
        self._reader, self._subscribers = reader, subscribers
        self._history = History()
        self._ghosts = Ghosts(self._history)

    def live(self, change: Change, epoch: str) -> int:
        """Tells all connections that are live; returns how many bytes of events that made."""
        read = self._readable(change)
        if read is None:
            return 0
        collection, change = read
        owed: dict[Connection, list[Heard]] = {}
        for group in self._subscribers.concerned(change.collection, change.record):
            for heard in self._safely(collection, group, change, None):
                connection = heard[0].connection
                if connection.behind or change.seq <= connection.position:
                    continue
                if connection in owed:
                    owed[connection].append(heard)
                else:
                    owed[connection] = [heard]
        return self._send(collection, change, epoch, owed)

    def again(self, change: Change, epoch: str, connection: Connection) -> None:
        """Tells one connection, which reads the log."""
        read = self._readable(change)
        if read is None:
            return
        collection, change = read
        owed: list[Heard] = []
        for subscription in self._subscribers.of.get(connection, {}).values():
            group = subscription.group
            if group and group.concerns(change.collection, change.record):
                owed.extend(self._safely(collection, group, change, subscription))
        if owed:
            self._send(collection, change, epoch, {connection: owed})

    def _readable(self, change: Change) -> tuple[Collection, Change] | None:
        """The collection and the change in terms of it; None for what is nobody's to hear any more."""
        collection = self._catalog.by_id.get(change.collection)
        translated = self._history.translated(self._reader, collection, change) if collection else None
        return (collection, translated) if collection and translated else None

    @property
    def _catalog(self) -> Catalog:
        return self._subscribers.catalog

    def _send(self, collection: Collection, change: Change, epoch: str, owed: dict[Connection, list[Heard]]) -> int:
        if not owed:
            return 0
        payloads = Payloads(self._reader, self._catalog, collection, change, epoch)
        for connection, heard in owed.items():
            try:
                connection.deliver(change.seq, payloads.frames(heard), len(heard))
            except Exception:
                log.exception("a connection could not be told of change %s", change.seq)
        return payloads.size

    # ---- who hears of it

    def _safely(self, collection: Collection, group: Group, change: Change, only: Subscription | None) -> list[Heard]:
        """Nobody hears of what cannot be decided; a database that is busy is asked again later."""
        try:
            return self._heard(collection, group, change, only)
        except StoreBusy:
            raise
        except Exception:
            log.exception("nobody hears of change %s of %s: it could not be decided who may", change.seq, collection.name)
            return []

    def _heard(self, collection: Collection, group: Group, change: Change, only: Subscription | None) -> list[Heard]:
        members = {only.number: only} if only else group.members
        seen = self._among(group.match, group, change, only)
        hearing = list(members.values()) if seen is None else [members[number] for number in seen if number in members]
        emails = self._emails(collection, group, change, only, hearing) if collection.auth else ()
        heard = [(one, False, one.number in emails) for one in hearing if self._owed(one, collection, change)]
        if group.leaving and seen is not None and change.action == "update":
            left = self._left(group, change, only, seen)
            leaving = [one for one in members.values() if one.leave and one.number in left]
            heard += [(one, True, False) for one in leaving if self._owed(one, collection, change)]
        return heard

    def _owed(self, one: Subscription, collection: Collection, change: Change) -> bool:
        """Did the subscription exist, and its topic speak of the collection, when the change was made?"""
        if change.seq <= one.after:
            return False
        return not one.former or self._history.name_at(self._reader, collection, change.seq).lower() == one.topic.collection.lower()

    def _among(self, match: Match, group: Group, change: Change, only: Subscription | None) -> set[int] | None:
        """Those members for whom the match holds; None for all."""
        ghosts = None
        if change.action == "delete" and match.tables:
            ghosts = self._ghosts.of(self._reader, change, match.tables, self._catalog)
        return match.among(self._reader, change.image, group.number, only.number if only else None, ghosts)

    def _left(self, group: Group, change: Change, only: Subscription | None, seen: set[int]) -> set[int]:
        """Those members who saw the record as it was before an update and don't now."""
        if not group.match.depends_on(change.old):
            return set()
        image = {**change.image, **change.old}
        before = group.match.among(self._reader, image, group.number, only.number if only else None)
        return (set(group.members) if before is None else before) - seen

    def _emails(
        self, collection: Collection, group: Group, change: Change, only: Subscription | None, hearing: list[Subscription]
    ) -> set[int]:
        """Those members who see the record's email although it is private."""
        if not hearing or change.image.get("emailVisibility"):
            return set()
        return emails_for(change.record, hearing, self._among(group.manage, group, change, only), collection)

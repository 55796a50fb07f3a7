"""Who may hear of a change, and what."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.history import History
from ..store.protocol import Change, StoreBusy
from .ghosts import Ghosts
from .match import Match, PrivateReader
from .parcels import Parcels
from .payload import Event, Payloads, emails_for
from .subscribers import Cohort, Group, Subscribers

log = logging.getLogger("pbtornado.realtime")

Members = Mapping[int, Cohort]
"""Cohorts of a group by number."""
Heard = tuple[Cohort, bool, bool]
"""A cohort that hears of a change, whether the record leaves its sight, whether it sees the email."""


class Telling:
    """Decides which cohorts hear of a change and makes their events."""

    def __init__(self, reader: PrivateReader, subscribers: Subscribers) -> None:
        self._reader, self._subscribers = reader, subscribers
        self._history = History()
        self._ghosts = Ghosts(self._history)

    def tell(self, change: Change, epoch: str, parcels: Parcels, only: Mapping[Group, Members] | None = None) -> bool:
        """Puts the events of all cohorts, or `only` of these, into parcels; were there any?"""
        read = self._readable(change)
        if read is None:
            return False
        collection, change = read
        heard: list[Heard] = []
        if only is None:
            for group in self._subscribers.concerned(change.collection, change.record):
                heard += self._safely(collection, group, change, None)
        else:
            for group, asked in only.items():
                if group.concerns(change.collection, change.record):
                    heard += self._safely(collection, group, change, asked)
        if heard:
            payloads = Payloads(self._reader, self._catalog, collection, change, epoch)
            parcels.add(self._events(change.seq, payloads, heard), payloads.size)
        return bool(heard)

    def _readable(self, change: Change) -> tuple[Collection, Change] | None:
        """The collection and the change in terms of it; None for what is nobody's to hear any more."""
        collection = self._catalog.by_id.get(change.collection)
        translated = self._history.translated(self._reader, collection, change) if collection else None
        return (collection, translated) if collection and translated else None

    @property
    def _catalog(self) -> Catalog:
        return self._subscribers.catalog

    def _events(self, seq: int, payloads: Payloads, heard: list[Heard]) -> list[Event]:
        events: list[Event] = []
        for cohort, leaves, email in heard:
            try:
                events.append(payloads.event(cohort, leaves, email))
            except Exception:
                log.exception("connections could not be told of change %s", seq)
        return events

    # ---- who hears of it

    def _safely(self, collection: Collection, group: Group, change: Change, only: Members | None) -> list[Heard]:
        """Nobody hears of what cannot be decided; a database that is busy is asked again later."""
        try:
            return self._heard(collection, group, change, only)
        except StoreBusy:
            raise
        except Exception:
            log.exception("nobody hears of change %s of %s: it could not be decided who may", change.seq, collection.name)
            return []

    def _heard(self, collection: Collection, group: Group, change: Change, only: Members | None) -> list[Heard]:
        members = group.members if only is None else only
        seen = self._among(group.match, group, change, only)
        hearing = list(members.values()) if seen is None else [members[number] for number in seen if number in members]
        emails = self._emails(collection, group, change, only, hearing) if collection.auth else ()
        heard = [(one, False, one.number in emails) for one in hearing if self._owed(one, collection, change)]
        if group.leaving and seen is not None and change.action == "update":
            left = self._left(group, change, only, seen)
            leaving = [one for one in members.values() if one.leave and one.number in left]
            heard += [(one, True, False) for one in leaving if self._owed(one, collection, change)]
        return heard

    def _owed(self, one: Cohort, collection: Collection, change: Change) -> bool:
        """Did the topic speak of the collection when the change was made?"""
        return not one.former or self._history.name_at(self._reader, collection, change.seq).lower() == one.topic.collection.lower()

    def _among(self, match: Match, group: Group, change: Change, only: Members | None) -> set[int] | None:
        """Those members for whom the match holds; None for all."""
        ghosts = None
        if change.action == "delete" and match.tables:
            ghosts = self._ghosts.of(self._reader, change, match.tables, self._catalog)
        return match.among(self._reader, change.image, group.number, only, ghosts)

    def _left(self, group: Group, change: Change, only: Members | None, seen: set[int]) -> set[int]:
        """Those members who saw the record as it was before an update and don't now."""
        if not group.match.depends_on(change.old):
            return set()
        image = {**change.image, **change.old}
        before = group.match.among(self._reader, image, group.number, only)
        return (set(group.members) if before is None else before) - seen

    def _emails(self, collection: Collection, group: Group, change: Change, only: Members | None, hearing: list[Cohort]) -> set[int]:
        """Those members who see the record's email although it is private."""
        if not hearing or change.image.get("emailVisibility"):
            return set()
        return emails_for(change.record, hearing, self._among(group.manage, group, change, only), collection)

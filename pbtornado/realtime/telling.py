"""Who may hear of a change, and what."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.history import History
from ..store.protocol import Change, StoreBusy
from .ghosts import Ghosts
from .match import Match, PrivateReader
from .parcels import Parcels
from .payload import Payloads, emails_for
from .subscribers import Cohort, Group, Sight, Subscribers

log = logging.getLogger("pbtornado.realtime")

Members = Mapping[int, Cohort]
"""Cohorts of a group by number."""
Heard = dict[tuple[Sight, bool, bool], list[Cohort]]
"""The cohorts that hear of a change by what they are told: their sight, whether the record leaves it, whether they see the email."""


class Telling:
    """Decides which cohorts hear of a change and makes their events."""

    def __init__(self, reader: PrivateReader, subscribers: Subscribers) -> None:
        self._reader, self._subscribers = reader, subscribers
        self._history = History()
        self._ghosts = Ghosts(self._history)

    def tell(self, change: Change, epoch: str, parcels: Parcels, only: Mapping[Group, Members] | None = None) -> Iterator[None]:
        """Puts the events of all cohorts, or `only` of these, into parcels; a step for each group, then the events."""
        read = self._readable(change)
        if read is None:
            return
        collection, change = read
        heard: Heard = {}
        for group, asked in self._asked(change, only):
            self._safely(collection, group, change, asked, heard)
            yield
        if heard:
            self._put(Payloads(self._reader, self._catalog, collection, change, epoch), heard, parcels)

    def _asked(self, change: Change, only: Mapping[Group, Members] | None) -> list[tuple[Group, Members | None]]:
        """The groups that a change concerns, and those of their members that are asked about; None for all."""
        if only is None:
            return [(group, None) for group in self._subscribers.concerned(change.collection, change.record)]
        return [(group, asked) for group, asked in only.items() if group.concerns(change.collection, change.record)]

    def _readable(self, change: Change) -> tuple[Collection, Change] | None:
        """The collection and the change in terms of it; None for what is nobody's to hear any more."""
        collection = self._catalog.by_id.get(change.collection)
        translated = self._history.translated(self._reader, collection, change) if collection else None
        return (collection, translated) if collection and translated else None

    @property
    def _catalog(self) -> Catalog:
        return self._subscribers.catalog

    def _put(self, payloads: Payloads, heard: Heard, parcels: Parcels) -> None:
        for (_, leaves, email), cohorts in heard.items():
            present = [one for one in cohorts if one.members]  # some may have left between two steps
            try:
                event = payloads.event(present[0], leaves, email) if present else None
            except Exception:
                log.exception("connections could not be told of change %s", payloads.change.seq)
            else:
                if event:
                    parcels.add(event, present)

    # ---- who hears of it

    def _safely(self, collection: Collection, group: Group, change: Change, only: Members | None, heard: Heard) -> None:
        """Nobody hears of what cannot be decided; a database that is busy is asked again later."""
        try:
            self._decide(collection, group, change, only, heard)
        except StoreBusy:
            raise
        except Exception:
            log.exception("nobody hears of change %s of %s: it could not be decided who may", change.seq, collection.name)

    def _decide(self, collection: Collection, group: Group, change: Change, only: Members | None, heard: Heard) -> None:
        members = group.members if only is None else only
        seen = self._among(group.match, group, change, only)
        hearing = list(members.values()) if seen is None else [members[number] for number in seen if number in members]
        emails = self._emails(collection, group, change, only, hearing) if collection.auth else ()
        leaving: list[Cohort] = []
        if group.leaving and seen is not None and change.action == "update":
            left = self._left(group, change, only, seen)
            leaving = [one for one in members.values() if one.leave and one.number in left]
        for leaves, cohorts in ((False, hearing), (True, leaving)):
            for one in cohorts:
                if not one.former or self._named(one, collection, change):
                    heard.setdefault((one.sight, leaves, one.number in emails), []).append(one)

    def _named(self, one: Cohort, collection: Collection, change: Change) -> bool:
        """Did the topic speak of the collection when the change was made?"""
        return self._history.name_at(self._reader, collection, change.seq).lower() == one.topic.collection.lower()

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

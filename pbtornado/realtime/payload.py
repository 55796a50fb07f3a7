"""What a change looks like to each of those who hear of it; made once for all who see the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..records.expand import Expansion, branches
from ..records.export import present
from ..rules.projection import Projection
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.record import Record
from ..store.protocol import Change, Position
from ..values import json_bytes
from .forms import Form
from .match import PrivateReader
from .resume import mark_of
from .subscribers import Cohort


@dataclass(slots=True, eq=False)
class Event:
    """One change as it is told: `data` is what connections get, `body` the JSON in it."""

    seq: int
    position: str
    form: Form
    topic: str
    body: bytes
    data: bytes
    _marked: bytes = b""

    def marked(self) -> bytes:
        """The same for a connection that is told of the change for another topic afterwards.

        The id says how far it got with the change, so that a stream cut in between goes on with the next topic.
        """
        self._marked = self._marked or self.form.event(f"{self.position}.{mark_of(self.topic)}", self.topic, self.body)
        return self._marked


class Payloads:
    """The events of one change at one position."""

    def __init__(self, reader: PrivateReader, catalog: Catalog, collection: Collection, change: Change, epoch: str) -> None:
        self._reader, self._catalog, self._collection, self.change = reader, catalog, collection, change
        self._position = str(Position(epoch, change.seq))
        self._bodies: dict[tuple[bool, bool, str, bool], bytes] = {}

    def event(self, cohort: Cohort, leaves: bool, email: bool) -> Event:
        """What cohorts with this one's sight are told: whether the record leaves it, whether they see the email."""
        body, text = self._body(cohort, leaves, email), cohort.topic.text
        return Event(self.change.seq, self._position, cohort.form, text, body, cohort.form.event(self._position, text, body))

    def _body(self, cohort: Cohort, leaves: bool, email: bool) -> bytes:
        topic, actor = cohort.topic, cohort.actor
        position = topic.position and cohort.form.repeats
        if leaves:
            return self._json(self._trace(), "leave", position)
        if topic.expand:
            return self._json(self._record(cohort, email), self.change.action, position)
        view = (actor.superuser, email, topic.fields, position)
        if view not in self._bodies:
            self._bodies[view] = self._json(self._record(cohort, email), self.change.action, position)
        return self._bodies[view]

    def _json(self, record: Any, action: str, position: bool) -> bytes:
        data = {"record": record, "action": action}
        return json_bytes({**data, "position": self._position} if position else data)

    def _trace(self) -> dict[str, str]:
        """All that may be told of a record that is out of sight."""
        return {"collectionId": self._collection.id, "collectionName": self._collection.name, "id": self.change.record}

    def _record(self, cohort: Cohort, email: bool) -> Any:
        record, topic = Record.from_image(self._collection, self.change.image), cohort.topic
        if topic.expand:
            info = cohort.info.within("expand")
            self._reader.read(lambda reader: Expansion(reader, self._catalog, info, present).attach([record], branches(topic.expand)))
        data = record.export(hidden=cohort.actor.superuser, email=email)
        return Projection.parse(topic.fields).apply(data) if topic.fields else data


def emails_for(owner: str, cohorts: Iterable[Cohort], managing: set[int] | None, collection: Collection) -> set[int]:
    """Those cohorts (numbers) that see a private email: superusers, its owner, those who manage him."""
    return {
        one.number
        for one in cohorts
        if one.actor.superuser
        or managing is None
        or one.number in managing
        or (one.actor.record is not None and one.actor.record.id == owner and one.actor.record.collection.id == collection.id)
    }

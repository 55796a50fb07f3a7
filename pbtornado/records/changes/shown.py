"""A change as a superuser is told of it: in terms of the collections as they are now, without secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...schema.catalog import Catalog
from ...schema.collection import COLUMNS, Collection
from ...schema.fields import BadShape
from ...schema.history import History
from ...schema.record import Record
from ...schema.settings import shown
from ...store.changes import CHANGES
from ...store.protocol import Change, Position, Reader
from ...store.query import And, Column, Compare, In, Order, Param, Select, Table, Value
from ...values import json_text, parse_json
from ..questions import RECORD_IDS

COLLECTIONS, SETTINGS = "_collections", "_params"
_SEQ = Column("r", "seq")
_DROPPED = Select(
    (_SEQ, Column("r", "image")),
    Table(CHANGES),
    where=And(
        (
            Compare("=", Column("r", "collection"), Value(COLLECTIONS)),
            Compare("=", Column("r", "record"), Param("collection")),
            Compare(">", _SEQ, Param("seq")),
            Compare("=", Column("r", "action"), Value("delete")),
        )
    ),
    order=(Order(_SEQ),),
    limit=Value(1),
)
Told = tuple[dict[str, Any], dict[str, Any], list[str]]
"""The record after the change (before a delete), former values of what changed, and the names of all that changed."""


class Showing:
    """Changes as JSON data, of one snapshot and the catalog that belongs to it."""

    def __init__(self, reader: Reader, catalog: Catalog, epoch: str) -> None:
        self._reader, self._catalog, self._epoch = reader, catalog, epoch
        self._history = History()
        self._gone: dict[tuple[str, int], tuple[Collection, History]] = {}

    def items(self, changes: Sequence[Change]) -> list[dict[str, Any]]:
        """The changes in the same order."""
        actors = self._actors({change.actor for change in changes if change.actor})
        return [self._item(change, actors.get(change.actor)) for change in changes]

    def as_it_is_now(self, change: Change) -> tuple[Collection, Change] | None:
        """The change of a record in terms of its collection, None where that is gone (another one may have its id)."""
        collection = self._catalog.by_id.get(change.collection)
        translated = self._history.translated(self._reader, collection, change) if collection else None
        return (collection, translated) if collection and translated else None

    def _item(self, change: Change, actor: dict[str, str] | None) -> dict[str, Any]:
        name, (record, old, changed) = self._told(change)
        return {
            "seq": change.seq,
            "position": str(Position(self._epoch, change.seq)),
            "at": change.at,
            "request": change.request,
            "actor": actor,
            "action": change.action,
            "collectionId": change.collection,
            "collectionName": name,
            "recordId": change.record,
            "record": record,
            "old": old,
            "changed": changed,
        }

    def _told(self, change: Change) -> tuple[str, Told]:
        """The name of the collection, "" where nobody knows it any more, and what is told of the record."""
        try:
            if change.collection == COLLECTIONS:
                return COLLECTIONS, _differing(change, _collection_data)
            if change.collection == SETTINGS:
                return SETTINGS, _differing(change, _settings_data)
            found = self.as_it_is_now(change) or self._as_it_was_last(change)
            if found:
                return found[0].name, _record_data(*found)
        except (ValueError, TypeError, KeyError, BadShape):
            pass  # an image that cannot be read is told as it lies there
        return "", (dict(change.image), dict(change.old), sorted(change.old))

    def _as_it_was_last(self, change: Change) -> tuple[Collection, Change] | None:
        """The same in terms of the collection that was dropped since."""
        row = self._reader.one(_DROPPED, {"collection": change.collection, "seq": change.seq})
        if row is None:
            return None
        key = (change.collection, row[0])
        if key not in self._gone:
            self._gone[key] = _collection_of(parse_json(row[1])), History(upto=row[0])
        collection, history = self._gone[key]
        translated = history.translated(self._reader, collection, change)
        return (collection, translated) if translated else None

    # ---- who did it

    def _actors(self, labels: Iterable[str]) -> dict[str, dict[str, str]]:
        """Actors by their labels in the log."""
        ids: dict[str, list[str]] = {}
        for label in labels:
            collection, _, record = label.partition("/")
            ids.setdefault(collection, []).append(record)
        return {f"{collection}/{actor['id']}": actor for collection, records in ids.items() for actor in self._of(collection, records)}

    def _of(self, id: str, records: list[str]) -> list[dict[str, str]]:
        collection = self._catalog.by_id.get(id)
        emails: Mapping[str, str] = {}
        if collection and collection.is_auth:
            rows = self._reader.rows(_emails(collection), {RECORD_IDS: json_text(records)})
            emails = {row[0]: row[1] for row in rows}
        name = collection.name if collection else ""
        return [{"id": one, "collectionId": id, "collectionName": name, "label": emails.get(one, "")} for one in records]


def _emails(collection: Collection) -> Select:
    among = In(Column("r", "id"), Param(RECORD_IDS))
    return Select((Column("r", "id"), Column("r", "email")), Table(collection.name), where=among)


def _record_data(collection: Collection, change: Change) -> Told:
    record = _exported(collection, change.image)
    before = _exported(collection, {**change.image, **change.old})
    told = [name for name in change.old if name in before and name not in collection.secret_names]
    return record, {name: before[name] for name in told}, sorted(change.old)


def _exported(collection: Collection, image: Mapping[str, Any]) -> dict[str, Any]:
    return Record.from_image(collection, image).export(hidden=True, email=True)


def _differing(change: Change, read: Any) -> Told:
    """Of what is stored as JSON in a few columns: what differs within."""
    after = read(change.image)
    before = read({**change.image, **change.old}) if change.old else after
    old = {name: before.get(name) for name in before | after if before.get(name) != after.get(name)}
    return after, old, sorted(old)


def _collection_data(image: Mapping[str, Any]) -> dict[str, Any]:
    return _collection_of(image).to_json()


def _collection_of(image: Mapping[str, Any]) -> Collection:
    return Collection.from_row([image[name] for name in COLUMNS])


def _settings_data(image: Mapping[str, Any]) -> dict[str, Any]:
    return shown(parse_json(image["value"]))

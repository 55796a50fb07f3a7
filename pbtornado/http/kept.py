"""Answers to reads, kept for as long as the log shows that nothing they depend on has changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..rules.request import Actor, Footprint
from ..schema.catalog import Catalog, Catalogs
from ..store.protocol import Position
from ..store.recent import Place, Recent

MOST_BYTES = 16 << 20
"""Of answers that one worker keeps."""
LARGEST = 1 << 20
"""Bytes of one that is kept."""
OVERHEAD = 1024
"""Bytes that keeping an answer takes beside its own, about."""

Key = tuple[str, str, str, bool]
"""Method, address with its query, the actor's collection ("" for guests), superuser."""


@dataclass(slots=True, eq=False)
class Kept:
    """A body with its tag, what it depends on, and the actor it is for, None where it is for all of the key's."""

    catalog: Catalog
    at: Position
    collections: tuple[str, ...]
    records: tuple[Place, ...]
    actor: Actor | None
    body: bytes
    tag: str | None
    weight: int
    """Bytes it takes, about, with the address it is kept under."""


def key_of(method: str, uri: str, actor: Actor) -> Key:
    """What answers to this request are kept under."""
    return method, uri, actor.record.collection.id if actor.record else "", actor.superuser


class KeptAnswers:
    """The answers asked for last.

    An answer is given again only while the collections are what they were, no collection and no record it was read
    from has changed since, and the actor, where it depends on him, is the same in every value. One that the time, chance,
    a header or a view had a part in is never kept.
    """

    def __init__(self, recent: Recent, catalogs: Catalogs) -> None:
        self._recent, self._catalogs = recent, catalogs
        self._answers: OrderedDict[tuple[Key, str], Kept] = OrderedDict()
        self.hits = self.misses = self.bytes = 0

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, key: Key, actor: Actor) -> Kept | None:
        """The answer to the request of this actor, if it would be the same now."""
        for full in ((key, ""), (key, actor.label)):
            kept = self._answers.get(full)
            if kept and self._holds(kept, actor):
                self.hits += 1
                self._answers.move_to_end(full)
                return kept
        self.misses += 1
        return None

    def _holds(self, kept: Kept, actor: Actor) -> bool:
        if kept.catalog is not self._catalogs.current or not (kept.actor is None or _same(kept.actor, actor)):
            return False
        return self._recent.unchanged(kept.at, kept.collections, kept.records)

    def begin(self) -> tuple[Catalog, Position] | None:
        """Call it before an answer is read, to keep it afterwards; None where it cannot be kept."""
        at = self._recent.now()
        return (self._catalogs.current, at) if at else None

    def keep(self, key: Key, actor: Actor, begun: tuple[Catalog, Position], footprint: Footprint, body: bytes, tag: str | None) -> None:
        """Keeps an answer, if that can be: the oldest go where it gets too much."""
        catalog, at = begun
        ids = {name: _logged(catalog, name) for name in footprint.names}
        lasting = not (footprint.fleeting or footprint.reads("headers") or "" in ids.values())
        if not lasting or len(body) > LARGEST or catalog is not self._catalogs.current:
            return
        collections = tuple(ids[name] for name in footprint.tables)
        records = tuple((ids[name], record) for name, record in footprint.records)
        personal = footprint.reads("auth") and actor.record is not None
        weight = len(body) + len(key[1]) + OVERHEAD
        kept = Kept(catalog, at, collections, records, actor if personal else None, body, tag, weight)
        self._put((key, actor.label if personal else ""), kept)

    def _put(self, full: tuple[Key, str], kept: Kept) -> None:
        if former := self._answers.pop(full, None):
            self.bytes -= former.weight
        self._answers[full] = kept
        self.bytes += kept.weight
        while self.bytes > MOST_BYTES:
            self.bytes -= self._answers.popitem(last=False)[1].weight


def _logged(catalog: Catalog, name: str) -> str:
    """The id of a collection whose every change is in the log; "" for views and for tables that are none."""
    collection = catalog.find(name)
    return "" if collection is None or collection.is_view else collection.id


def _same(one: Actor, other: Actor) -> bool:
    """Is it the same record with the same values?"""
    if one is other:
        return True
    a, b = one.record, other.record
    return a is not None and b is not None and a.collection is b.collection and a.values == b.values


def found_nothing(data: Mapping[str, Any]) -> bool:
    """Is it a list without records, or a count of none?"""
    items = data.get("items")
    return items is not None and (not items or items[0].get("count") == 0)

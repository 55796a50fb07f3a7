"""Images of the change log in terms of the collections as they are now: fields were renamed, retyped, added and dropped since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from ..store.changes import CHANGES
from ..store.protocol import Change, Reader
from ..store.query import And, Column, Compare, Order, Param, Select, Table, Value
from ..values import parse_json
from .collection import Collection, field_list
from .fields import Field

Image = Mapping[str, Any]
_SEQ = Column("r", "seq")
_LAST = 2**63 - 1
_MOVES = Select(
    (_SEQ, Column("r", "action"), Column("r", "old")),
    Table(CHANGES),
    where=And(
        (
            Compare("=", Column("r", "collection"), Value("_collections")),
            Compare("=", Column("r", "record"), Param("collection")),
            Compare(">", _SEQ, Param("seq")),
            Compare("<=", _SEQ, Param("upto")),
        )
    ),
    order=(Order(_SEQ),),
)


@dataclass(slots=True)
class _Past:
    """What the log tells of one collection: when it was made, and its fields and its name before each change of them."""

    collection: Collection | None = None
    read: int = 0
    born: int = 0
    moves: list[tuple[int, Sequence[Field]]] = field(default_factory=list)
    names: list[tuple[int, str]] = field(default_factory=list)

    def add(self, seq: int, action: str, old: Mapping[str, Any]) -> None:
        """What a change of the collection tells of the time before."""
        self.read = seq
        if action == "create":
            self.born, self.moves, self.names = seq, [], []
        if "fields" in old:
            self.moves.append((seq, field_list(parse_json(old["fields"]))))
        if "name" in old:
            self.names.append((seq, str(old["name"])))


class History:
    """What became of collections' fields, as far as the log tells; changes of collections are read from it once.

    With `upto` only what was done to them up to that change counts.
    """

    def __init__(self, upto: int = _LAST) -> None:
        self._upto = upto
        self._pasts: dict[str, _Past] = {}

    def translated(self, reader: Reader, collection: Collection, change: Change, *, whole: bool = True) -> Change | None:
        """The change of a record as if it were made of the collection as it is now, which must be what the reader's snapshot shows.

        Fields that are newer than the change have their zeros in its image or, unless it shall be `whole`, are left out.
        None for a change from before the collection was made: an earlier one had the same id.
        """
        past = self._past(reader, collection)
        if change.seq < past.born:
            return None
        if not past.moves or change.seq > past.moves[-1][0]:
            return change
        shapes = [*(fields for seq, fields in past.moves if seq > change.seq), collection.fields]
        image, old = change.image, change.old
        for before, after in pairwise(shapes):
            image, old = moved(image, before, after, whole=whole), moved(old, before, after, whole=False)
        return replace(change, image=image, old=old)

    def name_at(self, reader: Reader, collection: Collection, seq: int) -> str:
        """The name a collection had when the change `seq` was made."""
        names = self._past(reader, collection).names
        return next((name for moved_at, name in names if moved_at > seq), collection.name)

    def _past(self, reader: Reader, collection: Collection) -> _Past:
        past = self._pasts.setdefault(collection.id, _Past())
        if past.collection is not collection:
            for seq, action, old in reader.rows(_MOVES, {"collection": collection.id, "seq": past.read, "upto": self._upto}):
                past.add(seq, action, parse_json(old))
            past.collection = collection
        return past


def moved(image: Image, before: Sequence[Field], after: Sequence[Field], *, whole: bool) -> Image:
    """Stored values by column as a change of fields left them; with `whole` new fields are there with their zeros."""
    known = {one.id: one for one in before}
    values: dict[str, Any] = {}
    for one in after:
        former = known.get(one.id)
        if former is None and whole:
            values[one.name] = one.to_store(one.zero())
        elif former is not None and former.name in image:
            values[one.name] = _converted(image[former.name], former, one)
    return values


def _converted(stored: Any, before: Field, after: Field) -> Any:
    if stored is None or before.kind == after.kind:
        return stored
    return after.to_store(after.coerce(before.from_store(stored)))

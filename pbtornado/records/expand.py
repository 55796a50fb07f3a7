"""`?expand=`: related records put into records, level by level, one question for each level and relation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import BadRequest
from ..rules.request import RequestInfo
from ..rules.rule import RuleError
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.fields import RelationField
from ..schema.record import Record
from ..store.protocol import Reader
from ..store.query import Bindable
from ..values import json_text
from . import questions
from .access import bound, question_of

MAX_LEVELS = 6
MAX_BACK_RELATIONS = 1000
"""Records that one record gets through one back-relation."""
MAX_EXPANDED = 250_000
"""Records that one answer shows in all, each as often as it is shown: paths that lead there and back multiply."""
BACK_RELATION = re.compile(r"(\w+)_via_(\w+)", re.ASCII)
OLD_BACK_RELATION = re.compile(r"(\w+)\((\w+)\)", re.ASCII)

Branches = dict[str, "Branches"]
Present = Callable[[Reader, Catalog, Sequence[Record], RequestInfo], list[dict[str, Any]]]


def branches(text: str) -> Branches:
    """`a.b,a.c,d` as a tree: `{"a": {"b": {}, "c": {}}, "d": {}}`; spaces and stray dots don't count."""
    tree: Branches = {}
    paths = [path.strip(".") for path in text.replace(" ", "").split(",")]
    for path in filter(None, paths):
        level = tree
        for name in path.split("."):
            level = level.setdefault(name, {})
    return tree


@dataclass(frozen=True, slots=True)
class Step:
    """One relation to follow: whose records, under which name, whether as a list, and which ids for each record."""

    target: Collection
    many: bool
    ids: list[list[str]]


class Expansion:
    """Expands records for one request; `info` is the request as rules see it here (context `expand`)."""

    def __init__(self, reader: Reader, catalog: Catalog, info: RequestInfo, present: Present) -> None:
        self.reader, self.catalog, self.info, self.present = reader, catalog, info, present
        self.left = MAX_EXPANDED

    def attach(self, records: Sequence[Record], tree: Branches, level: int = 1, times: Sequence[int] = ()) -> bool:
        """Sets `expand` of each record. True where at least one branch, or none at all, could be followed.

        `times`: how often the answer shows each record, once where it is not given. Raises BadRequest for an answer without measure.
        """
        if not tree or not records or level > MAX_LEVELS:
            return True
        followed = [self._follow(records, name, below, level, times or [1] * len(records)) for name, below in tree.items()]
        return any(followed)

    def _follow(self, records: Sequence[Record], name: str, below: Branches, level: int, times: Sequence[int]) -> bool:
        step = self._step(records, name)
        related = self._load(step) if step else None
        if step is None or related is None or not self.attach(related, below, level + 1, self._shown(step, related, times)):
            return False
        by_id = dict(zip([record.id for record in related], self.present(self.reader, self.catalog, related, self.info), strict=True))
        for record, ids in zip(records, step.ids, strict=True):
            visible = [by_id[key] for key in ids if key in by_id]
            record.expand = {**(record.expand or {}), **_entry(name, visible, step.many)}
        return True

    def _shown(self, step: Step, related: Sequence[Record], times: Sequence[int]) -> list[int]:
        """How often the answer shows each of the related records. Raises BadRequest where that is too often in all."""
        counts = dict.fromkeys([record.id for record in related], 0)
        for ids, often in zip(step.ids, times, strict=True):
            for key in ids:
                if key in counts:
                    counts[key] += often
        self.left -= sum(counts.values())
        if self.left < 0:
            raise BadRequest("Too many records to expand.")
        return list(counts.values())

    def _load(self, step: Step) -> list[Record] | None:
        """The target records the actor may view; None where he may view none at all or the rule is broken."""
        rule = step.target.view_rule
        if rule is None and not self.info.actor.superuser:
            return None
        try:
            question = question_of(self.catalog, step.target, rule or "", self.info)
        except RuleError:
            return None
        ids = sorted({key for ids in step.ids for key in ids})
        if not ids:
            return []
        params = bound(question, self.info, {questions.RECORD_IDS: json_text(ids)})
        rows = self.reader.rows(questions.rows_among(question, step.target), params)
        return [Record.from_row(step.target, row) for row in rows]

    # ---- which records a name leads to

    def _step(self, records: Sequence[Record], name: str) -> Step | None:
        match = BACK_RELATION.fullmatch(name) or OLD_BACK_RELATION.fullmatch(name)
        return self._back(records, match[1], match[2]) if match else self._forth(records, name)

    def _forth(self, records: Sequence[Record], name: str) -> Step | None:
        field = records[0].collection.field(name)
        target = self.catalog.find(field.collection_id) if isinstance(field, RelationField) else None
        if field is None or target is None:
            return None
        return Step(target, field.multiple, [_ids(record.get(name)) for record in records])

    def _back(self, records: Sequence[Record], name: str, relation: str) -> Step | None:
        source = self.catalog.find(name)
        field = source.field(relation) if source else None
        if source is None or not isinstance(field, RelationField) or field.collection_id != records[0].collection.id:
            return None
        named = self._referring(source, field, [record.id for record in records])
        only_one = (field.name,) in source.unique_columns()
        return Step(source, not only_one, [named[record.id] for record in records])

    def _referring(self, source: Collection, field: RelationField, ids: list[str]) -> dict[str, list[str]]:
        """For each id, the records whose relation names it.

        A question brings at most as many rows as all ids together may get. When it brings that many,
        at least one id has all it may get, and those that have not are asked about again without it.
        """
        named: dict[str, list[str]] = {}
        waiting = list(dict.fromkeys(ids))
        while waiting:
            limit = MAX_BACK_RELATIONS * len(waiting)
            params: dict[str, Bindable] = {questions.RECORD_IDS: json_text(waiting), questions.PAGE_LIMIT: limit}
            rows = self.reader.rows(questions.referring_rows(source, field), params)
            named |= _by_target(rows, field, waiting)
            full = [key for key in waiting if len(named[key]) >= MAX_BACK_RELATIONS]
            waiting = [key for key in waiting if key not in set(full)] if len(rows) == limit and full else []
        return named


def _by_target(rows: Sequence[tuple[Any, ...]], field: RelationField, targets: list[str]) -> dict[str, list[str]]:
    """Rows of (id, stored relation) as target -> ids, each list at most as long as one record may get."""
    named: dict[str, list[str]] = {key: [] for key in targets}
    for key, stored in rows:
        for target in _ids(field.from_store(stored)):
            if target in named and len(named[target]) < MAX_BACK_RELATIONS:
                named[target].append(key)
    return named


def _ids(value: Any) -> list[str]:
    """The ids of a relation's value, which is one id, "" or a list."""
    return list(value) if isinstance(value, list | tuple) else [value] if value else []


def _entry(name: str, visible: list[dict[str, Any]], many: bool) -> dict[str, Any]:
    if not visible:
        return {}
    return {name: visible if many else visible[0]}

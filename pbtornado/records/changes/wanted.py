"""Which changes are asked for: from the texts of a query to a condition of the log, and to a test of one change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ...errors import BadRequest, FieldError
from ...schema.catalog import Catalog
from ...schema.system import SUPERUSERS
from ...store.changes import CHANGES
from ...store.query import And, Bindable, Column, Compare, Expr, In, Order, Param, Row, Select, Table
from ...values import json_text

ACTIONS = ("create", "update", "delete")
GUEST, SUPERUSER = "guest", "superuser"
DEFAULT_LIMIT, MOST = 50, 500
LONGEST_WAIT = 30
LARGEST = 2**63 - 2
NOT_A_NUMBER = FieldError("validation_not_a_number", "Must be a whole number.")
NOT_AN_ACTION = FieldError("validation_in_invalid", f"Must be among {', '.join(ACTIONS)}.")

SEQ = Column("r", "seq")
TOLD = ("seq", "actor", "action", "collection", "record", "request")
"""The columns `Wanted.holds` looks at, in this order."""
_CONDITIONS: Mapping[str, Expr] = {
    "collections": In(Column("r", "collection"), Param("collections")),
    "record": Compare("=", Column("r", "record"), Param("record")),
    "actions": In(Column("r", "action"), Param("actions")),
    "request": Compare("=", Column("r", "request"), Param("request")),
    "actor": Compare("=", Column("r", "actor"), Param("actor")),
    "account": And((Compare(">=", Column("r", "actor"), Param("account")), Compare("<", Column("r", "actor"), Param("account_end")))),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes; what is None may be anything. `actor` is a label of the log, or ends with `/` for all of a collection."""

    collections: frozenset[str] | None = None
    record: str | None = None
    actions: frozenset[str] | None = None
    actor: str | None = None
    request: str | None = None

    @classmethod
    def parse(cls, query: Mapping[str, str], catalog: Catalog) -> Wanted:
        """From the texts of a query. Raises BadRequest."""
        collections, actions, actor = _items(query.get("collection")), _items(query.get("action")), query.get("actor")
        if actions and not actions.issubset(ACTIONS):
            raise BadRequest(errors={"action": NOT_AN_ACTION})
        return cls(
            frozenset(_id_of(catalog, name) for name in collections) if collections else None,
            query.get("record") or None,
            actions,
            _label(catalog, actor) if actor else None,
            query.get("request") or None,
        )

    def holds(self, row: Row) -> bool:
        """Is the change of these TOLD columns one of them?"""
        _, actor, action, collection, record, request = row
        return (
            (self.collections is None or collection in self.collections)
            and (self.record is None or record == self.record)
            and (self.actions is None or action in self.actions)
            and (self.request is None or request == self.request)
            and (self.actor is None or actor == self.actor or (self.actor.endswith("/") and actor.startswith(self.actor)))
        )

    def seqs(self, *, newest_first: bool) -> Select:
        """The seqs of at most `limit` of them between `low` and `high`, both included."""
        return _seqs(tuple(name for name in _CONDITIONS if name in self.params()), newest_first)

    def params(self) -> dict[str, Bindable]:
        """What the select binds."""
        found: dict[str, Bindable] = {}
        for name, items in (("collections", self.collections), ("actions", self.actions)):
            if items is not None:
                found[name] = json_text(sorted(items))
        for name, text in (("record", self.record), ("request", self.request)):
            if text is not None:
                found[name] = text
        if self.actor is not None and self.actor.endswith("/"):
            found["account"], found["account_end"] = self.actor, self.actor[:-1] + "0"  # the character after `/`
        elif self.actor is not None:
            found["actor"] = self.actor
        return found


@lru_cache(maxsize=64)
def _seqs(conditions: tuple[str, ...], newest_first: bool) -> Select:
    between = (Compare(">=", SEQ, Param("low")), Compare("<=", SEQ, Param("high")))
    where = And((*between, *(_CONDITIONS[name] for name in conditions)))
    return Select((SEQ,), Table(CHANGES), where=where, order=(Order(SEQ, descending=newest_first),), limit=Param("limit"))


@dataclass(frozen=True, slots=True)
class Range:
    """How many, between which seqs, for how long to wait: after one seq, oldest first, or before another, newest first."""

    after: int | None = None
    before: int | None = None
    limit: int = DEFAULT_LIMIT
    wait: float = 0

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Range:
        """From the texts of a query; too large numbers count as the largest. Raises BadRequest."""
        numbers = {name: _number(name, query[name]) for name in ("after", "before", "limit", "wait") if query.get(name)}
        limit = min(numbers.get("limit", DEFAULT_LIMIT), MOST) or DEFAULT_LIMIT
        return cls(numbers.get("after"), numbers.get("before"), limit, min(numbers.get("wait", 0), LONGEST_WAIT))


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise BadRequest(errors={name: NOT_A_NUMBER})
    return min(int(text[:30]), LARGEST)


def _items(text: str | None) -> frozenset[str] | None:
    return frozenset(filter(None, map(str.strip, (text or "").split(",")))) or None


def _id_of(catalog: Catalog, name: str) -> str:
    """A collection's id; a name that no collection has may be the id of one that is gone."""
    found = catalog.find(name)
    return found.id if found else name


def _label(catalog: Catalog, text: str) -> Any:
    """`guest`, `superuser`, `users`, `users:ID`, or a label as the log has it."""
    if text == GUEST:
        return ""
    text = SUPERUSERS if text == SUPERUSER else text
    name, _, record = text.replace(":", "/", 1).partition("/")
    return f"{_id_of(catalog, name)}/{record}"

"""Which subscribers may hear of a change: one question over all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Collection as Several
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from ..rules.request import GUEST, RequestInfo
from ..rules.rule import Part, Question, RuleError, ask
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..store.protocol import BadQuestion, Reader, TooSlow
from ..store.query import And, Bindable, Column, Compare, Expr, Image, In, Join, Param, Select, Statement, Table, Value
from ..values import json_text

log = logging.getLogger("pbtornado.realtime")

TABLE = "subscriber"
GROUP = "subscriber_group"
ONLY = "subscriber_only"
T = TypeVar("T")
Render = Callable[[Select], Statement]
Deleted = Mapping[str, str]
"""Collection name -> JSON array of the rows that were deleted along with the one asked about."""

ALL: None = None
_HERE = Compare("=", Column("s", "topic"), Param(GROUP))
_THESE = In(Column("s", "id"), Param(ONLY))
_NOBODY = RequestInfo(GUEST, context="realtime")


class PrivateReader(Reader, Protocol):
    """A reader with temporary tables of its own, which a question may join with stored ones."""

    def create_temp(self, name: str, columns: Sequence[str], indexes: Sequence[Sequence[str]] = ()) -> None: ...
    def insert(self, table: str, values: Mapping[str, Bindable]) -> None: ...
    def delete(self, table: str, key: Bindable, column: str = "id") -> None: ...
    def read(self, question: Callable[[Reader], T]) -> T:
        """Runs question on one snapshot, within a time limit: raises TooSlow."""

    def close(self) -> None: ...


class Match:
    """The verdict of a rule and a filter on the image of a record, for every cohort of a group at once.

    Everybody passes who is asked nothing. Where nothing of the subscriber is read, the question is
    put once for all. A rule that is broken or cannot be answered lets nobody pass, and the log says so.
    """

    def __init__(
        self,
        catalog: Catalog,
        collection: Collection,
        rule: str | None,
        filter: str = "",
        actor: Collection | None = None,
        superuser: bool = False,
        *,
        render: Render,
    ) -> None:
        self._render = render
        self._catalog, self._collection, self._actor, self._superuser = catalog, collection, actor, superuser
        self._parts: tuple[Part, ...] = () if superuser or not rule else (Part(rule, True),)
        if filter:
            self._parts += (Part(filter, False),)
        self.locked = rule is None and not superuser
        self.open = not self._parts
        self._questions: dict[frozenset[str], tuple[Question, bool]] = {}
        self._statements: dict[tuple[frozenset[str], bool], Statement] = {}
        self._standing: dict[int, set[int]] = {}
        """By group, the verdicts of a question that always has the same answer, as long as the group has the same members."""

    def forget(self, group: int) -> None:
        """A group has other members now."""
        self._standing.pop(group, None)

    def check(self) -> None:
        """Compiles the question. Raises RuleError."""
        if not self.open:
            self._statement(frozenset(), False)

    @property
    def tables(self) -> frozenset[str]:
        """Names of the collections the question reads beside the record itself."""
        return frozenset() if self.locked or self.open else frozenset(self._question(frozenset())[0].reads.tables)

    def depends_on(self, columns: Iterable[str]) -> bool:
        """Could other values in these columns of the record have changed the verdict?"""
        if self.locked or self.open:
            return False
        root = self._question(frozenset())[0].root
        return isinstance(root, Image) and not set(columns).isdisjoint(root.columns)

    def among(
        self, reader: PrivateReader, image: Mapping[str, Any], group: int, only: Several[int] | None = None, ghosts: Deleted | None = None
    ) -> set[int] | None:
        """The cohorts of the group (or `only` of these) that may hear of the image; None for all. Leave the set as it is."""
        if self.locked:
            return set()
        if self.open:
            return ALL
        if group in self._standing:
            return self._standing[group]
        try:
            return self._ask(reader, image, group, only, ghosts or {})
        except (RuleError, BadQuestion, TooSlow, KeyError, ValueError) as error:
            log.error("nobody hears of a change of %s: its rule or a filter failed: %s", self._collection.name, error)
            return set()

    def _ask(
        self, reader: PrivateReader, image: Mapping[str, Any], group: int, only: Several[int] | None, ghosts: Deleted
    ) -> set[int] | None:
        haunted = frozenset(ghosts) & self.tables
        question, personal = self._question(haunted)
        if isinstance(question.root, Image) and not self._collection.secret_names.isdisjoint(question.root.columns):
            return set()  # the log holds no secrets, so that nobody can be told by them
        params: dict[str, Bindable] = dict(question.bind(_NOBODY, image))
        params.update({"ghosts_" + name: ghosts[name] for name in haunted})
        statement = self._statement(haunted, only is not None)
        if not personal:
            return ALL if reader.read(lambda reader: reader.exists(statement, params)) else set()
        params[GROUP] = group
        if only is not None:
            params[ONLY] = json_text(list(only))
        found = {row[0] for row in reader.read(lambda reader: reader.rows(statement, params))}
        if only is None and _stands(question):
            self._standing[group] = found
        return found

    def _question(self, ghosts: frozenset[str]) -> tuple[Question, bool]:
        """The compiled question, and whether it reads anything of the subscriber."""
        if ghosts not in self._questions:
            alike = self._compile("params", ghosts)
            personal = bool(alike.reads.request)
            self._questions[ghosts] = (self._compile("subscribers", ghosts) if personal else alike, personal)
        return self._questions[ghosts]

    def _compile(self, request: Any, ghosts: frozenset[str]) -> Question:
        return ask(
            self._catalog,
            self._collection,
            self._parts,
            actor=self._actor,
            superuser=self._superuser,
            record="image",
            request=request,
            ghosts=ghosts,
        )

    def _statement(self, ghosts: frozenset[str], some: bool) -> Statement:
        if (ghosts, some) not in self._statements:
            question, personal = self._question(ghosts)
            select = over_subscribers(question, some) if personal else question.select((Value(1),), limit=Value(1))
            self._statements[ghosts, some] = self._render(select)
        return self._statements[ghosts, some]


def _stands(question: Question) -> bool:
    """Does it read nothing but who asks?"""
    root, reads = question.root, question.reads
    return isinstance(root, Image) and not root.columns and not reads.tables and not reads.clock and not reads.random


def over_subscribers(question: Question, some: bool) -> Select:
    """The ids of a group's cohorts for which the question holds; with `some`, of those that are asked about."""
    here: Expr = And((_HERE, _THESE)) if some else _HERE
    select = question.select((Column("s", "id"),))
    return replace(select, joins=(Join(Table(TABLE), "s", here, left=False), *select.joins))

"""The door of the rules: texts of rules and filters become questions to the store, compiled once and bound often."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from threading import Lock
from typing import Any, Literal

from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..store.query import And, Bindable, Call, Column, Compare, Count, Expr, Image, Join, Or, Order, Select, Table, Value
from ..values import json_text
from .asking import Asking, Params, Slot, Slots, Subscribers
from .compile import Compiler, Note
from .constants import MAX_FILTER_LENGTH, NONE, Constants
from .joins import ROOT, Joins
from .parser import parse
from .request import Footprint, RequestInfo
from .requested import Names
from .resolve import Find, Place, Resolver
from .sort import order_of
from .tree import PrivateName, RuleError, Tree

__all__ = ["Dissected", "Part", "PrivateName", "Question", "Reads", "RuleError", "ask", "check", "dissect"]

KEPT = 2000
"""Compiled questions that are kept."""
Source = Literal["table", "image", "draft"]
"""Where the record is: stored; an image of a stored row; values of one that is yet to be, compared as they are."""
PRIVATE = ("@collection.", "@request.")
"""What a client's filter or sort may not contain anywhere, a quoted text included."""


@dataclass(frozen=True, slots=True)
class Part:
    """A rule or filter. A collection's rule is trusted: it may name hidden fields, `@request` and `@collection`.

    A client's filter is not. It has a limited length, and its names of joined rows mean those that the sort speaks of.
    With its `constants` put aside, whoever asks binds those too.
    """

    text: str
    trusted: bool
    constants: Constants = NONE

    @property
    def key(self) -> tuple[object, bool]:
        """Parts of the same key mean the same."""
        return self.constants.form or self.text, self.trusted


@dataclass(frozen=True, slots=True)
class Reads:
    """What an answer depends on beside the record: other collections by name, request items, the time, chance."""

    tables: frozenset[str]
    request: frozenset[str]
    clock: bool
    random: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A compiled question about the record aliased `r`; with `distinct` its joins may give a record several times."""

    root: Table | Image
    joins: tuple[Join, ...]
    where: Expr | None
    order: tuple[Order, ...]
    distinct: bool
    reads: Reads
    slots: Mapping[str, Slot] = field(compare=False)

    def bind(self, info: RequestInfo, image: Mapping[str, Any] | None = None) -> dict[str, Bindable]:
        """The params of one asking; `image` is the record's stored values by column, where the root is an image."""
        if info.footprint:
            self._note(info.footprint)
        moment = datetime.now(UTC)
        params = {name: slot(info, moment) for name, slot in self.slots.items()}
        if isinstance(self.root, Image):
            given = image or {}
            params.update({f"image_{name}": _stored(given.get(name)) for name in self.root.columns})
        return params

    def _note(self, footprint: Footprint) -> None:
        footprint.request |= self.reads.request
        footprint.fleeting |= self.reads.clock or self.reads.random

    def select(self, columns: tuple[Expr, ...], *, limit: Expr | None = None, offset: Expr | None = None, count: bool = False) -> Select:
        """The rows for which the question holds; with `count` their number alone, each record once."""
        if count:
            number = Count(Column(ROOT, "id")) if self.distinct else Count()
            return Select((number,), self.root, ROOT, self.joins, self.where)
        return Select(columns, self.root, ROOT, self.joins, self.where, self.order, self.distinct, limit=limit, offset=offset)


def ask(
    catalog: Catalog,
    collection: Collection,
    parts: tuple[Part, ...],
    *,
    sort: str = "",
    actor: Collection | None = None,
    superuser: bool = False,
    record: Source = "table",
    request: Literal["params", "subscribers", "none"] = "params",
    ghosts: frozenset[str] = frozenset(),
) -> Question:
    """Compiles the conjunction of parts, or finds it compiled.

    `actor` is the collection of whoever asks, None for guests; for a superuser every part counts as
    trusted. With `request="subscribers"` request items are columns of the table `subscriber`, which
    the caller joins as `s`, with rows of that actor's collection only; with "none" only the record's
    own fields have names, without modifiers. `ghosts` names collections
    whose joined rows include those of the param `ghosts_<name>`. Raises RuleError; PrivateName where
    a client's filter or sort may not say what it says.
    """
    _refuse(parts, sort, superuser)
    meant = tuple([part.key for part in parts])
    key = (id(catalog), id(collection), meant, sort, actor and actor.id, superuser, record, request, ghosts)
    question = _kept.get(key, catalog, collection)
    if question is None:
        slots = Slots()
        asking = Subscribers(actor) if request == "subscribers" else Params(slots, actor) if request == "params" else None
        question = _Compilation(catalog.find, collection, Joins(ghosts), slots, asking, superuser, record).question(parts, sort)
        _kept.put(key, catalog, collection, question)
    return question


@dataclass(frozen=True, slots=True)
class Dissected:
    """A text that a question was compiled from, with what each comparison and group in it came to.

    `condition` is what the question asks of it; `listing` names the collection whose list rule it is,
    where a client's filter looks through a relation.
    """

    text: str
    tree: Tree
    condition: Expr
    notes: tuple[Note, ...]
    listing: str = ""


def dissect(
    catalog: Catalog,
    collection: Collection,
    parts: tuple[Part, ...],
    *,
    actor: Collection | None = None,
    superuser: bool = False,
    record: Source = "table",
) -> tuple[Question, list[Dissected]]:
    """The question that `ask` gives, and what it is made of: the parts in their order, then list rules. Raises RuleError."""
    _refuse(parts, "", superuser)
    slots = Slots()
    made = _Compilation(catalog.find, collection, Joins(), slots, Params(slots, actor), superuser, record)
    made.dissected = []
    return made.question(parts, ""), made.dissected


class _Kept:
    """Compiled questions, those asked last; readers on several threads share them."""

    def __init__(self) -> None:
        self._lock = Lock()
        # Each entry holds its catalog and collection, so that their ids in the key stay theirs.
        self._entries: OrderedDict[tuple[Any, ...], tuple[Catalog, Collection, Question]] = OrderedDict()

    def get(self, key: tuple[Any, ...], catalog: Catalog, collection: Collection) -> Question | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or entry[0] is not catalog or entry[1] is not collection:
                return None
            self._entries.move_to_end(key)
            return entry[2]

    def put(self, key: tuple[Any, ...], catalog: Catalog, collection: Collection, question: Question) -> None:
        with self._lock:
            self._entries[key] = (catalog, collection, question)
            if len(self._entries) > KEPT:
                self._entries.popitem(last=False)


_kept = _Kept()


def check(catalog: Catalog, collection: Collection, text: str) -> None:
    """Can this be a rule of the collection, as far as it shows without knowing who will ask? Raises RuleError."""
    slots = Slots()
    _Compilation(catalog.find, collection, Joins(), slots, Params(slots, None), True, "table").question((Part(text, True),), "")


class _Compilation:
    """The making of one question."""

    def __init__(
        self,
        find: Find,
        collection: Collection,
        joins: Joins,
        slots: Slots,
        asking: Asking | None,
        superuser: bool,
        record: Source,
    ) -> None:
        self._find, self._collection, self._joins, self._slots, self._asking = find, collection, joins, slots, asking
        self._superuser, self._record = superuser, record
        self._reads: set[str] = set()
        self.dissected: list[Dissected] | None = None

    def question(self, parts: tuple[Part, ...], sort: str) -> Question:
        """All parts and the sort; a client's parts and its sort speak of the same joined rows."""
        client = self._resolver("client", trusted=self._superuser)
        conditions = [self._part(part, client, f"part{number}") for number, part in enumerate(parts)]
        order = order_of(sort, self._names(client))
        if not client.trusted:
            conditions += [self._listable(alias, collection) for alias, collection in client.visited.items() if collection.list_rule]
        return Question(
            self._root(),
            tuple(self._joins.joins),
            _all(conditions),
            order,
            self._joins.multiplies,
            Reads(frozenset(self._joins.tables), frozenset(self._reads), self._slots.clock, Call("random") in [key.by for key in order]),
            dict(self._slots.slots),
        )

    def _part(self, part: Part, client: Resolver, scope: str) -> Expr:
        resolver = self._resolver(scope, trusted=True) if part.trusted else client
        return self._condition(part.text, resolver, constants=part.constants)

    def _listable(self, alias: str, collection: Collection) -> Expr:
        """Clients look through a relation only at what they may list; a missing record hides nothing."""
        missing = Or((Compare("=", Column(alias, "id"), Value("")), Compare("is", Column(alias, "id"), Value(None))))
        resolver = self._resolver(f"list {alias}", trusted=True, root=Place(collection, alias, ("@list", alias)))
        try:
            return self._condition(collection.list_rule or "", resolver, missing, collection.name)
        except RuleError as error:
            raise RuleError(f'the list rule of "{collection.name}": {error}') from None

    def _condition(
        self, text: str, resolver: Resolver, otherwise: Expr | None = None, listing: str = "", constants: Constants = NONE
    ) -> Expr:
        """The condition of a text; with `otherwise`, it or that."""
        tree = parse(text)
        notes: list[Note] = []
        compiler = Compiler(self._names(resolver), self._slots, self._joins.alias, None if self.dissected is None else notes, constants)
        condition = compiler.condition(tree)
        if otherwise:
            condition = Or((otherwise, condition))
        if self.dissected is not None:
            self.dissected.append(Dissected(text, tree, condition, tuple(notes), listing))
        return condition

    def _names(self, resolver: Resolver) -> Names:
        return Names(resolver, self._asking, self._reads)

    def _resolver(self, scope: str, *, trusted: bool, root: Place | None = None) -> Resolver:
        return Resolver(root or Place(self._collection, ROOT), self._find, self._joins, scope=scope, trusted=trusted)

    def _root(self) -> Table | Image:
        if self._record == "table":
            return Table(self._collection.name)
        read = [one for one in self._collection.fields if one.name in self._joins.root_columns]
        kinds = tuple(one.kind for one in read) if self._record == "image" else ()
        return Image(tuple(one.name for one in read), kinds=kinds)


def _refuse(parts: tuple[Part, ...], sort: str, superuser: bool) -> None:
    """Raises RuleError where a client's filter or sort is too long or says what it may not, whatever else it says."""
    filters = [part.text for part in parts if not part.trusted]
    for text, name in () if superuser else product([*filters, sort], PRIVATE):
        if name in text:
            raise PrivateName(f"Only superusers can filter by {name}")
    if any(len(text.encode(errors="replace")) > MAX_FILTER_LENGTH for text in filters):
        raise RuleError("max filter length limit reached")


def _all(conditions: list[Expr]) -> Expr | None:
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else And(tuple(conditions))


def _stored(value: Any) -> Bindable:
    return json_text(value) if isinstance(value, dict | list) else value

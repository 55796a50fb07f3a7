"""Names to operands: fields, relation paths, JSON paths, back-relations, `@request` and `@collection`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..schema.collection import Collection
from ..schema.fields import Field, RelationField
from ..store.query import Call, Column, Compare, Expr, In, Join, JsonEach, JsonItem, JsonLength, Select, Value
from .joins import ROOT, Joins, Key
from .operand import NOTHING, Many, Operand
from .tree import RuleError

Find = Callable[[str], Collection | None]
MAX_RELATIONS = 6
MODIFIERS = frozenset({"each", "isset", "length", "lower", "changed"})
LISTS = frozenset({"file", "relation", "select"})
"""Field types that may hold several values."""
BACK = re.compile(r"(\w+)_via_(\w+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path has come to: a collection's row `alias`, and, past the first step to several rows, the
    joins that reach all of them again (`chain`, whose last is `inner`) for the match-all test."""

    collection: Collection
    alias: str
    key: Key = ()
    chain: tuple[Join, ...] = ()
    inner: str = ""

    @property
    def start(self) -> str:
        """The row that the next step of the chain starts from."""
        return self.inner or self.alias


class Resolver:
    """Resolves the names of one part of a question, from the row `root`.

    `trusted` parts may name hidden fields; `scope` keeps apart which of several rows two parts speak
    of; `visited` are the collections of the joins made, by alias.
    """

    def __init__(self, root: Place, find: Find, joins: Joins, *, scope: str, trusted: bool) -> None:
        self.root, self.joins, self.scope, self.trusted = root, joins, scope, trusted
        self.visited: dict[str, Collection] = {}
        self._find = find

    def resolve(self, text: str) -> Operand:
        """The operand of a field, a path or a `@collection` name. Raises RuleError."""
        head, *rest = text.split(".")
        return self._other_collection(text, rest) if head == "@collection" else self.walk(self.root, [head, *rest])

    def collection(self, name: str) -> Collection | None:
        """A collection by name or id; the root's own may be newer than the catalog."""
        root = self.root.collection
        return root if name in (root.id, root.name) else self._find(name)

    # ---- paths

    def walk(self, place: Place, path: Sequence[str], *, lenient: bool = False) -> Operand:
        """Follows a path of relations to its last name; with `lenient`, what does not exist is null."""
        for depth, name in enumerate(path[:-1]):
            field = place.collection.field(name)
            if field and field.hidden and not self.trusted:
                raise RuleError(f'non-filterable field "{name}"')
            if field and field.kind in ("json", "geo"):
                return self._json(place, field, path[depth + 1 :])
            if depth >= MAX_RELATIONS:
                raise RuleError(f'max nested relations reached for field "{name}"')
            if isinstance(field, RelationField) and not field.multiple and path[depth + 1 :] == ["id"]:
                return self._last(place, name, lenient)
            step = self._step(place, name, field, lenient)
            if step is None:
                return NOTHING
            place = step
        return self._last(place, path[-1], lenient)

    def _step(self, place: Place, name: str, field: Field | None, lenient: bool) -> Place | None:
        if isinstance(field, RelationField):
            return self._forward(place, field)
        if field is not None:
            raise RuleError(f'field "{name}" is not a valid relation')
        try:
            return self._backward(place, name)
        except Absent:
            if lenient:
                return None
            raise

    def _forward(self, place: Place, field: RelationField) -> Place:
        """Through a relation to the record it names, or to each of those."""
        target = self.collection(field.collection_id)
        if target is None:
            raise RuleError(f'failed to load field "{field.name}" collection')
        if not field.multiple:
            key = (*place.key, field.name)
            alias = self.join(key, target, lambda alias: self._equal(alias, "id", place.alias, field.name))
            return self._follow(place, target, alias, key, lambda inner: self._equal(inner, "id", place.start, field.name))
        key = (*place.key, field.name, self.scope)
        item = self.joins.each((*key, "each"), self.column(place.alias, field.name))
        alias = self.join(key, target, lambda alias: self._equal(alias, "id", item, "value"), many=True)
        inner_item, inner = self.joins.alias(), self.joins.alias()
        items = Join(JsonEach(self.column(place.start, field.name)), inner_item)
        rows = Join(self.joins.source(target), inner, self._equal(inner, "id", inner_item, "value"))
        return Place(target, alias, key, (*place.chain, items, rows), inner)

    def _backward(self, place: Place, name: str) -> Place:
        """Through `collection_via_relation` to the records that name this one."""
        source, field = self._back_field(place, name)
        if field.hidden and not self.trusted:
            raise RuleError(f'non-filterable back relation field "{field.name}"')
        many = field.multiple or not source.unique_index(field.name)
        key = (*place.key, name, self.scope) if many else (*place.key, name)
        alias = self.join(key, source, lambda alias: self._names(alias, field, place.alias), many=many)
        return self._follow(place, source, alias, key, lambda inner: self._names(inner, field, place.start), many=many)

    def _back_field(self, place: Place, name: str) -> tuple[Collection, RelationField]:
        match = BACK.fullmatch(name)
        if not match:
            raise Absent(f'failed to resolve field "{name}"')
        source = self.collection(match[1])
        if source is None:
            raise Absent(f'failed to load back relation field "{name}" collection')
        field = source.field(match[2])
        if field is None:
            raise Absent(f'missing back relation field "{match[2]}"')
        if not isinstance(field, RelationField):
            raise Absent(f'invalid back relation field "{match[2]}"')
        if field.collection_id != place.collection.id:
            raise Absent(f'invalid collection reference of a back relation field "{field.name}"')
        return source, field

    def _names(self, alias: str, field: RelationField, target: str) -> Expr:
        """Does the relation of the row `alias` name the row `target`?"""
        relation, wanted = self.column(alias, field.name), self.column(target, "id")
        if not field.multiple:
            return Compare("=", relation, wanted)
        item = self.joins.alias()
        return In(wanted, Select((Column(item, "value"),), JsonEach(relation), item))

    def _follow(self, place: Place, target: Collection, alias: str, key: Key, on: Callable[[str], Expr], *, many: bool = False) -> Place:
        """The next place; the chain goes along where it exists or begins here."""
        if not (place.chain or many):
            return Place(target, alias, key)
        inner = self.joins.alias()
        return Place(target, alias, key, (*place.chain, Join(self.joins.source(target), inner, on(inner))), inner)

    def _other_collection(self, text: str, rest: Sequence[str]) -> Operand:
        """`@collection.name:alias.path`: every row of a collection."""
        name, _, alias_name = rest[0].partition(":")
        collection = self.collection(name)
        if collection is None:
            raise RuleError(f'failed to load collection "{rest[0]}" from field path "{text}"')
        key = ("@collection", collection.name, alias_name, self.scope)
        alias = self.join(key, collection, lambda alias: None, many=True)
        inner = self.joins.alias()
        return self.walk(Place(collection, alias, key, (Join(self.joins.source(collection), inner),), inner), rest[1:])

    # ---- the last name of a path

    def _last(self, place: Place, text: str, lenient: bool) -> Operand:
        name, modifier = split(text)
        field = place.collection.field(name)
        if field is None:
            if lenient:
                return NOTHING
            raise RuleError(f'unknown field "{name}"')
        if field.hidden and not self.trusted:
            raise RuleError(f'non-filterable field "{name}"')
        if modifier == "length" and field.type in LISTS:
            return self._value(place, "solid", lambda alias: JsonLength(self.column(alias, name)))
        if modifier == "each" and field.type in LISTS:
            return self._each(place, field)
        return self._plain(place, field, lower=modifier == "lower")

    def _plain(self, place: Place, field: Field, *, lower: bool) -> Operand:
        def value(alias: str) -> Expr:
            column: Expr = self.column(alias, field.name)
            found = JsonItem(column, "") if field.kind == "json" else column
            return Call("lower", (found,)) if lower else found

        # A stored row of a table has no null but in JSON columns; joined rows may be missing, views hold anything.
        sure = place.alias == ROOT and not place.collection.is_view and field.kind != "json"
        operand = self._value(place, "solid" if sure else "column", value)
        kind = "text" if field.kind == "id" or lower else field.kind
        return replace(operand, exact=field.kind == "json", kind=kind, also=self._email_shown(place, field))

    def _email_shown(self, place: Place, field: Field) -> Expr | None:
        if self.trusted or field.name != "email" or not place.collection.is_auth:
            return None
        return Compare("=", self.column(place.alias, "emailVisibility"), Value(1))

    def _json(self, place: Place, field: Field, path: Sequence[str]) -> Operand:
        if "" in path:
            raise RuleError(f'invalid path in field "{field.name}"')
        steps = "".join(f"[{int(step)}]" if step.isdecimal() else f".{step}" for step in (part.replace(":", "") for part in path))
        operand = self._value(place, "column", lambda alias: JsonItem(self.column(alias, field.name), steps.removeprefix(".")))
        return replace(operand, exact=True)

    def _each(self, place: Place, field: Field) -> Operand:
        scope = (self.scope,) if field.multiple else ()
        item = self.joins.each((*place.key, field.name, *scope, "each"), self.column(place.alias, field.name), many=field.multiple)
        many = None
        if place.chain or field.multiple:
            inner = self.joins.alias()
            many = Many((*place.chain, Join(JsonEach(self.column(place.start, field.name)), inner)), Column(inner, "value"))
        return Operand(Column(item, "value"), "column", many=many)

    def _value(self, place: Place, sort: str, value: Callable[[str], Expr]) -> Operand:
        many = Many(place.chain, value(place.inner)) if place.chain else None
        return Operand(value(place.alias), "solid" if sort == "solid" else "column", many=many)

    # ---- joins

    def join(self, key: Key, collection: Collection, on: Callable[[str], Expr | None], *, many: bool = False) -> str:
        """The alias of a joined collection; clients may only look into those whose list they may ask for."""
        if not self.trusted and collection.list_rule is None:
            raise RuleError(f'"{collection.name}" fields can be accessed only by superusers')
        alias = self.joins.table(key, collection, on, many=many)
        self.visited[alias] = collection
        return alias

    def column(self, alias: str, name: str) -> Column:
        """A column of a joined row."""
        return self.joins.column(alias, name)

    def _equal(self, left: str, left_name: str, right: str, right_name: str) -> Expr:
        return Compare("=", self.column(left, left_name), self.column(right, right_name))


class Absent(RuleError):
    """A step of a path that does not exist."""


def split(text: str) -> tuple[str, str]:
    """A name and its modifier, "" where it has none. Raises RuleError for an unknown one."""
    name, *modifiers = text.split(":")
    if len(modifiers) != 1:
        return text, ""
    if modifiers[0] not in MODIFIERS:
        raise RuleError(f'unknown modifier in "{text}"')
    return name, modifiers[0]

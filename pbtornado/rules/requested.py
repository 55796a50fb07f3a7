"""`@request.*` names to operands: the actor and its relations, the body with its modifiers, query and headers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from ..schema.fields import Field, RelationField
from ..store.query import And, Call, Column, Compare, Exists, Expr, Image, In, Join, JsonEach, Scalar, Select, Value
from .asking import PLAIN_AUTH, Asking, Kind, dynamic
from .operand import ITEM, NOTHING, Many, Operand
from .operators import compare
from .resolve import LISTS, Place, Resolver, split
from .tree import RuleError

ALLOWED = re.compile(
    r"\w+[\w.:]*|@request\.(?:context|method)|@request\.(?:auth|body|query|headers)\.[\w.:]*\w+|@collection\.\w+(?::\w+)?\.[\w.:]*\w+",
    re.ASCII,
)
PLAIN = re.compile(r"\w+", re.ASCII)


class Names:
    """Every name a part may use; `reads` collects the request items among them. Where nothing is asked by a request, own fields alone."""

    def __init__(self, resolver: Resolver, asking: Asking | None, reads: set[str]) -> None:
        self._resolver, self._asking, self._reads = resolver, asking, reads

    @property
    def of_view(self) -> bool:
        """The root rows are those of a view."""
        return self._resolver.root.collection.is_view

    def shown(self, operand: Operand) -> Expr:
        """The operand's value where it may be seen, else null."""
        if operand.also is None:
            return operand.expr
        return Scalar(Select((operand.expr,), Image(()), self._resolver.joins.alias(), where=operand.also))

    def resolve(self, text: str) -> Operand:
        """The operand of a name as written. Raises RuleError."""
        head, *path = text.split(".")
        if not ALLOWED.fullmatch(text) or (self._asking is None and not PLAIN.fullmatch(head)):
            raise RuleError(f'failed to resolve field "{text}"')
        return self._request(self._asking, path) if self._asking and head == "@request" else self._resolver.resolve(text)

    def _request(self, asking: Asking, path: Sequence[str]) -> Operand:
        if path[0] != "auth" or asking.actor is not None:
            self._reads.add(".".join(path))
        if path[0] == "auth":
            return _auth(self._resolver, asking, path[1:])
        return _body(self._resolver, asking, path[1:]) if path[0] == "body" else _item(self._resolver, asking, path)


def _auth(resolver: Resolver, asking: Asking, path: Sequence[str]) -> Operand:
    actor = asking.actor
    if actor is None:
        return NOTHING
    if len(path) == 1 and path[0] in asking.known:
        return asking.auth(path[0])
    actor_id = asking.auth("id").expr
    key = ("@auth",)
    alias = resolver.join(key, actor, lambda alias: Compare("=", Column(alias, "id"), actor_id))
    operand = resolver.walk(Place(actor, alias, key), path, lenient=True)
    if len(path) > 1 or path[0] not in PLAIN_AUTH:
        return operand
    return dynamic(Call("bare", (operand.expr,)), filled=path[0] != "email")  # just as if it were a value of the request


def _item(resolver: Resolver, asking: Asking, path: Sequence[str]) -> Operand:
    *front, last = path
    name, modifier = split(last)
    plain = (*front, name)
    if modifier == "isset":
        return asking.isset(plain)
    if modifier not in ("", "lower"):
        raise RuleError(f"invalid modifier sequence {last}")
    return asking.item(plain, kind=_kind(resolver.root.collection.field(name), plain), lower=modifier == "lower")


def _kind(field: Field | None, path: Sequence[str]) -> Kind:
    """A number's name counts wherever it stands, that of JSON at the top of a body."""
    if field is None or (field.type == "json" and (path[0] != "body" or len(path) > 2)):
        return ""
    return cast(Kind, field.type) if field.type in ("number", "json") else ""


# ---- the body


def _body(resolver: Resolver, asking: Asking, path: Sequence[str]) -> Operand:
    name, modifier = split(path[0])
    field = resolver.root.collection.field(name)
    if isinstance(field, RelationField) and len(path) > 1:
        return _body_relation(resolver, asking, field, path[1:])
    if field is None or len(path) > 1 or modifier in ("", "isset"):
        return _item(resolver, asking, ("body", *path))
    if modifier == "lower":
        return asking.body_lower(name, kind="json" if field.kind in ("json", "geo") else "")
    if modifier == "changed":
        return _changed(resolver, asking, name)
    if field.type not in LISTS:
        raise RuleError(f'field "{name}" doesn\'t support multivalue operations')
    return asking.body_length(name) if modifier == "length" else _body_each(resolver, asking, field)


def _changed(resolver: Resolver, asking: Asking, name: str) -> Operand:
    """Is it in the body, and other than the record has it?"""
    differs = compare(_item(resolver, asking, ("body", name)), "!=", resolver.resolve(name), any=False, alias=resolver.joins.alias)
    given = Compare("=", asking.isset(("body", name)).expr, Value(1))
    return Operand(And((given, differs)), "column", exact=True)


def _body_each(resolver: Resolver, asking: Asking, field: Field) -> Operand:
    items = asking.body_items(field.name)
    item = resolver.joins.each(("@body", field.name, ":each", resolver.scope), items, many=field.multiple)
    many = None
    if field.multiple:
        inner = resolver.joins.alias()
        many = Many((Join(JsonEach(items), inner),), Column(inner, "value"))
    return Operand(Column(item, "value"), "filled", kind=ITEM, many=many)  # PocketBase takes the list for a constant that is not empty


def _body_relation(resolver: Resolver, asking: Asking, field: RelationField, path: Sequence[str]) -> Operand:
    """Into the records that the body names."""
    target = resolver.collection(field.collection_id)
    if target is None:
        raise RuleError(f'failed to load collection "{field.collection_id}" from data field "{field.name}"')
    ids = asking.body_ids(field.name)
    if ids is None:
        return NOTHING

    def named(alias: str) -> Expr:
        return In(Column(alias, "id"), ids)

    key = ("@body", field.name, resolver.scope)
    alias = resolver.join(key, target, named, many=True)
    chain: tuple[Join, ...] = ()
    inner = ""
    if field.multiple:
        inner = resolver.joins.alias()
        chain = (Join(resolver.joins.source(target), inner, named(inner)),)
    found = resolver.walk(Place(target, alias, key, chain, inner), path, lenient=True)
    named_any = Exists(Select((Value(1),), JsonEach(ids), resolver.joins.alias()))
    return replace(found, given=named_any)

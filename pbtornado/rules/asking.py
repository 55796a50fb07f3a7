"""Where `@request.*` comes from: bound anew for each request, or columns of the table of subscribers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from ..schema.collection import Collection
from ..store.patterns import contains, number
from ..store.query import Bindable, Call, Column, Compare, Expr, JsonItem, Param, Value
from ..values import json_text, text_of, texts_of
from .macros import MACROS
from .operand import NOTHING, Operand, constant
from .request import RequestInfo

Kind = Literal["", "number", "json"]
"""What the field of an item's name makes of it: of a text that spells a number that number, of JSON its text."""
Slot = Callable[[RequestInfo, datetime], Bindable]
"""What a param is bound to, from the request and the moment of asking."""


class Asking(Protocol):
    """A source of request items, of a request by a record of `actor`. Names in a body are those of fields."""

    actor: Collection | None
    known: frozenset[str]
    """Items of the actor that need no look into its collection."""

    def auth(self, name: str) -> Operand: ...
    def item(self, path: Sequence[str], *, kind: Kind = "", lower: bool = False) -> Operand: ...
    def isset(self, path: Sequence[str]) -> Operand: ...
    def body_lower(self, name: str, *, kind: Kind = "") -> Operand: ...
    def body_length(self, name: str) -> Operand: ...
    def body_items(self, name: str) -> Expr:
        """A JSON array of the values a body has for a field."""

    def body_ids(self, name: str) -> Param | None:
        """A JSON array of the ids a body has for a relation; None where there is no body."""


PLAIN_AUTH = frozenset({"id", "collectionId", "collectionName", "email", "emailVisibility", "verified"})
"""Items that every actor has."""


class Slots:
    """The params of a question, collected while it is compiled."""

    def __init__(self) -> None:
        self.slots: dict[str, Slot] = {}
        self.clock = False

    def add(self, name: str, slot: Slot) -> Param:
        """The param of that name, bound by slot."""
        self.slots[name] = slot
        return Param(name)

    def operand(self, name: str, slot: Slot, *, filled: bool = False) -> Operand:
        """A request item; as the right side of `~` it is bound as a pattern."""

        def pattern() -> Expr:
            return self.add(f"~{name}", lambda info, moment: contains(slot(info, moment)))

        return Operand(self.add(name, slot), "filled" if filled else "given", pattern=pattern)

    def macro(self, name: str) -> Operand:
        """`@now` and its like."""
        self.clock = True
        macro = MACROS[name]
        return self.operand(name, lambda info, moment: macro(moment), filled=True)


class Params:
    """Each request item is a param of its own."""

    known = PLAIN_AUTH

    def __init__(self, slots: Slots, actor: Collection | None) -> None:
        self._slots, self.actor = slots, actor

    def auth(self, name: str) -> Operand:
        if name in ("collectionId", "collectionName"):
            return _collection_item(self.actor, name)
        return self._slots.operand(f"auth.{name}", lambda info, moment: _auth(info, name), filled=name != "email")

    def item(self, path: Sequence[str], *, kind: Kind = "", lower: bool = False) -> Operand:
        def slot(info: RequestInfo, moment: datetime) -> Bindable:
            found = _found(info, path, MISSING)
            if found is MISSING:
                return None
            if kind == "json":
                return json_text(found)
            value = _bindable(found)
            if kind == "number":
                return _bindable(number(value))
            return float(value) if lower and type(value) is int else value  # JSON's numbers are doubles

        name = ".".join(path) + (f"#{kind}" if kind else "") + (":lower" if lower else "")
        plain = self._slots.operand(name, slot, filled=len(path) == 1)
        return _lowered(plain) if lower else plain

    def isset(self, path: Sequence[str]) -> Operand:
        def slot(info: RequestInfo, moment: datetime) -> Bindable:
            return int(_found(info, path, MISSING) is not MISSING)

        return self._slots.operand(".".join(path) + ":isset", slot, filled=True)

    def body_lower(self, name: str, *, kind: Kind = "") -> Operand:
        def slot(info: RequestInfo, moment: datetime) -> Bindable:
            return json_text(info.body[name]) if kind == "json" and name in info.body else text_of(info.body.get(name))

        return _lowered(self._slots.operand(f"body.{name}:text", slot))

    def body_length(self, name: str) -> Operand:
        return self._slots.operand(f"body.{name}:length", lambda info, moment: len(_items(info.body.get(name))), filled=True)

    def body_items(self, name: str) -> Expr:
        return self._slots.add(f"body.{name}:each", lambda info, moment: json_text(_items(info.body.get(name))))

    def body_ids(self, name: str) -> Param | None:
        return self._slots.add(f"body.{name}:ids", lambda info, moment: json_text(texts_of(info.body.get(name))))


class Subscribers:
    """Request items are columns of `subscriber`, aliased `s`; a subscriber's request has no body."""

    known = frozenset({"id", "collectionId", "collectionName"})

    def __init__(self, actor: Collection | None) -> None:
        self.actor = actor

    def auth(self, name: str) -> Operand:
        if name == "id":
            return dynamic(Column("s", "auth_id"), filled=True)
        return _collection_item(self.actor, name)

    def item(self, path: Sequence[str], *, kind: Kind = "", lower: bool = False) -> Operand:
        found = self._item(path)
        if found is None:
            return NOTHING
        operand = dynamic(Call("number", (found,)) if kind == "number" else found, filled=len(path) == 1)
        return _lowered(operand) if lower else operand

    def isset(self, path: Sequence[str]) -> Operand:
        found = self._item(path)
        return constant(0) if found is None else Operand(Compare("is not", found, Value(None)), "filled")

    def _item(self, path: Sequence[str]) -> Expr | None:
        if path[0] == "body" or len(path) > 2:
            return None
        return JsonItem(Column("s", "request"), ".".join(path))

    def body_lower(self, name: str, *, kind: Kind = "") -> Operand:
        return constant("")

    def body_length(self, name: str) -> Operand:
        return constant(0)

    def body_items(self, name: str) -> Expr:
        return Value("[]")

    def body_ids(self, name: str) -> Param | None:
        return None


class _Missing:
    """What is not there, as opposed to what is null."""


MISSING = _Missing()


def _found(info: RequestInfo, path: Sequence[str], default: Any = None) -> Any:
    """What stands at a path like `("body", "a", "0")`."""
    found: Any = getattr(info, path[0])
    for key in path[1:]:
        if isinstance(found, Mapping):
            found = found.get(key, MISSING)
        elif isinstance(found, list | tuple):
            found = found[int(key)] if key.isdecimal() and int(key) < len(found) else MISSING
        else:
            found = MISSING
        if found is MISSING:
            return default
    return found


def _bindable(value: Any) -> Bindable:
    if isinstance(value, int) and abs(value) >= 2**63:
        return float(value)
    return value if value is None or isinstance(value, str | int | float) else json_text(value)


def _auth(info: RequestInfo, name: str) -> Bindable:
    record = info.actor.record
    return _bindable(record.get(name)) if record else None


def _collection_item(actor: Collection | None, name: str) -> Operand:
    assert actor is not None
    return constant(actor.id if name == "collectionId" else actor.name)


def _items(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def dynamic(expr: Expr, *, filled: bool = False) -> Operand:
    """A request item that is an expression; as the right side of `~` it is made a pattern."""
    return Operand(expr, "filled" if filled else "given", pattern=lambda: Call("contains", (expr,)))


def _lowered(operand: Operand) -> Operand:
    return Operand(Call("lower", (operand.expr,)), operand.sort, pattern=lambda: Call("lower", (operand.like,)))

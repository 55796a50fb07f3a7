"""`sort=-created,+title` to sort keys."""

from __future__ import annotations

from ..store.query import Call, Column, Order
from .requested import Names
from .tree import RuleError

MAX_KEYS = 8
MAX_KEY_LENGTH = 255


def order_of(text: str, names: Names) -> tuple[Order, ...]:
    """The sort keys a client asks for; constants, `@` items of a request and hidden fields are none. Raises RuleError.

    What a record does not show, a private email, has no part in its place.
    """
    keys = [key.strip() for key in text.split(",")] if text else []
    if len(keys) > MAX_KEYS:
        raise RuleError("max sort expressions limit reached")
    return tuple(_order(key, names) for key in keys)


def _order(key: str, names: Names) -> Order:
    descending = key.startswith("-")
    name = key[1:] if key[:1] in ("-", "+") else key
    if len(name) > MAX_KEY_LENGTH:
        raise RuleError("max sort field length limit reached")
    if name == "@random":
        return Order(Call("random"))
    if name == "@rowid" and names.of_view:
        raise RuleError("the rows of a view have no numbers")
    if name == "@rowid":
        return Order(Column("r", "rowid"), descending)
    try:
        operand = names.resolve(name)
    except RuleError as error:
        raise RuleError(f'invalid sort field "{name}" - {error}') from None
    if operand.fixed:
        raise RuleError(f'invalid sort field "{name}"')
    return Order(names.shown(operand), descending)

"""A rule as it was written: comparisons of operands, joined by all and any."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Span = tuple[int, int]
"""From where to where something stands in the text of a rule, in characters."""
NOWHERE: Span = (0, 0)
Sign = Literal["=", "!=", ">", ">=", "<", "<=", "~", "!~"]


class RuleError(Exception):
    """A rule, filter or sort that can't be used; the message says where and what, `span` where in its text if that is known."""

    def __init__(self, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.span = span


class PrivateName(RuleError):
    """A client's filter or sort names what only rules and superusers may: `@request.`, `@collection.`."""


@dataclass(frozen=True, slots=True)
class Name:
    """A field, path, macro or `@` name, as written."""

    text: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted constant, without its quotes."""

    text: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A numeric constant, as written."""

    text: str
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Function:
    """A function with its arguments."""

    name: str
    args: tuple[Name | Text | Number, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands and the sign between them; `any` is set by the signs with a question mark."""

    left: Term
    sign: Sign
    right: Term
    any: bool = False

    @property
    def span(self) -> Span:
        """From its left to its right operand."""
        return self.left.span[0], self.right.span[1]


@dataclass(frozen=True, slots=True)
class All:
    """Every one holds."""

    items: tuple[Tree, ...]
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Any:
    """At least one holds."""

    items: tuple[Tree, ...]
    span: Span = field(default=NOWHERE, compare=False)


Term = Name | Text | Number | Function
Tree = Comparison | All | Any

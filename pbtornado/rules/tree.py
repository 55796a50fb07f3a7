"""A rule as it was written: comparisons of operands, joined by all and any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sign = Literal["=", "!=", ">", ">=", "<", "<=", "~", "!~"]


class RuleError(Exception):
    """A rule, filter or sort that can't be used; the message says where and what."""


class PrivateName(RuleError):
    """A client's filter or sort names what only rules and superusers may: `@request.`, `@collection.`."""


@dataclass(frozen=True, slots=True)
class Name:
    """A field, path, macro or `@` name, as written."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted constant, without its quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A numeric constant, as written."""

    text: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function with its arguments."""

    name: str
    args: tuple[Name | Text | Number, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands and the sign between them; `any` is set by the signs with a question mark."""

    left: Term
    sign: Sign
    right: Term
    any: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Every one holds."""

    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one holds."""

    items: tuple[Tree, ...]


Term = Name | Text | Number | Function
Tree = Comparison | All | Any

"""A filter's constants, put aside: filters that differ in nothing else are one question, compiled once and bound to each one's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..store.patterns import contains
from ..store.query import Bindable, Param
from .operand import Operand
from .parser import unquoted

MAX_FILTER_LENGTH = 3500
"""Bytes of a client's filter."""
COMMENT = r"//[^\n]*"
TEXT = r"""'(?:[^'\\]|\\[\s\S])*+'?|"(?:[^"\\]|\\[\s\S])*+"?"""
FORMATTED = rf"""strftime\((?:{TEXT}|{COMMENT}|[^'")/]|/(?!/))*+\)?"""
TOKEN = re.compile(rf"{COMMENT}|{FORMATTED}|[@#A-Za-z_][A-Za-z0-9_.:]*|(?P<text>{TEXT})|(?P<number>-?[0-9]+(?:\.[0-9]+)?)")
"""What the grammar reads as one, where a constant is or seems to be in it. What has no end takes all that is left: such a text cannot be
read anyway. Arguments of `strftime` stay where they are, for what it depends on depends on them."""


@dataclass(frozen=True, slots=True)
class Constants:
    """Those of one text. Texts of the same `form` mean the same but for `params`; `places` are where the constants stand, in characters.

    An empty text stays where it is: it means another question.
    """

    form: tuple[str, ...] = ()
    places: Mapping[int, str] = field(default_factory=dict)
    params: Mapping[str, Bindable] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Constants:
        """Those of a filter, whether it can be read or not; one that is too long has none."""
        if len(text) > MAX_FILTER_LENGTH:
            return NONE
        patterns = "~" in text
        form: list[str] = []
        places: dict[int, str] = {}
        params: dict[str, Bindable] = {}
        end = 0
        for token in TOKEN.finditer(text):
            value = _value(token[0], token.lastgroup)
            if value != "":
                name = places[token.start()] = f"constant_{len(places)}"
                params[name] = value
                if patterns:
                    params[f"~{name}"] = contains(value)
                form += (text[end : token.start()], token.lastgroup or "")
                end = token.end()
        return cls((*form, text[end:]), places, params)

    def operand(self, place: int) -> Operand | None:
        """The constant that stands there, as what it is bound to; None where none does."""
        name = self.places.get(place)
        return Operand(Param(name), "filled", pattern=lambda: Param(f"~{name}")) if name else None


def _value(token: str, kind: str | None) -> str | float:
    """What a constant's token stands for, "" where it is none."""
    if kind == "text":
        return unquoted(token)
    return float(token) if kind == "number" else ""


NONE = Constants()

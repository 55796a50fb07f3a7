"""Texts as questions use them: search patterns, and numbers spelled as text."""

from __future__ import annotations

from ..values import text_of
from .query import Bindable


def contains(value: object) -> str | None:
    """The LIKE pattern of what is looked for: as it is where it has a wildcard `%`, else anywhere in the text; null for null."""
    if value is None:
        return None
    text = text_of(value)
    return text if _has_wildcard(text) else f"%{_escaped(text)}%"


def number(value: Bindable) -> Bindable:
    """The number a text spells; everything else as it is."""
    if not isinstance(value, str) or value != value.strip() or "_" in value:
        return value
    try:
        return float(value)
    except ValueError:
        return value


def _has_wildcard(text: str) -> bool:
    before = ""
    for char in text:
        if char == "%" and before != "\\":
            return True
        before = "" if char == before == "\\" else char
    return False


def _escaped(text: str) -> str:
    """Backslashes, `%` and `_` that have no backslash before them get one."""
    out: list[str] = []
    pending = False
    for char in reversed(text):
        if pending:
            if char != "\\":
                out.append("\\")
            pending = False
        elif char in "\\%_":
            pending = True
        out.append(char)
    return "".join(reversed([*out, "\\"] if pending else out))

"""What came of a trial, as JSON data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..rules.tester import Examination, Examined, Finding, Side
from ..rules.tree import All, Comparison, Function, Name, Span, Term
from ..schema.catalog import Catalog

Reason = Literal["expression", "open", "locked", "superuser", "missing", "error"]
"""Why: what was compared; a rule without text; a rule of null; superusers are not asked rules; there is no such record;
the text cannot be used."""
SENT = ("@request.body", "@request.query", "@request.headers")
"""Beginnings of names whose values come from the trial itself."""


@dataclass(frozen=True, slots=True)
class Broken:
    """An error: in which text (`rule`, `filter`, "" for both together), what, and where in it."""

    part: str
    text: str
    message: str
    span: Span | None


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a trial. `names` are those of the examination's first parts; list rules follow."""

    catalog: Catalog
    reason: Reason
    rule: str | None
    names: tuple[str, ...] = ()
    examination: Examination | None = None
    error: Broken | None = None

    @property
    def allowed(self) -> bool:
        """The verdict."""
        return self.examination.holds if self.examination else self.reason in ("open", "superuser")

    def to_json(self) -> dict[str, Any]:
        """`{"allowed", "reason", "rule", "error", "rows", "parts"}`; values of secret fields are not told."""
        parts = self.examination.parts if self.examination else []
        names = [*self.names, *("listRule" for _ in parts[len(self.names) :])]
        secrets = frozenset(name for collection in self.catalog.all for name in collection.secret_names)
        return {
            "allowed": self.allowed,
            "reason": self.reason,
            "rule": self.rule,
            "error": _error(self.error) if self.error else None,
            "rows": self.examination.rows if self.examination else 0,
            "parts": [_part(name, part, secrets) for name, part in zip(names, parts, strict=True)],
        }


def _error(broken: Broken) -> dict[str, Any]:
    start, end = broken.span or (None, None)
    return {"part": broken.part, "text": broken.text, "message": broken.message, "start": start, "end": end}


def _part(name: str, part: Examined, secrets: frozenset[str]) -> dict[str, Any]:
    return {
        "part": name,
        "collection": part.listing,
        "text": part.text,
        "result": part.result,
        "decided": part.decided,
        "expression": _finding(part.text, part.finding, secrets),
    }


def _finding(text: str, finding: Finding, secrets: frozenset[str]) -> dict[str, Any]:
    start, end = finding.span
    told: dict[str, Any] = {"text": text[start:end], "start": start, "end": end}
    told |= {"result": finding.result, "decided": finding.decided, "trueRows": finding.true_rows}
    tree = finding.tree
    if not isinstance(tree, Comparison):
        items = [_finding(text, item, secrets) for item in finding.items]
        return {"type": "all" if isinstance(tree, All) else "any", **told, "items": items}
    sides = finding.sides or (Side(tree.left.span), Side(tree.right.span))
    left, right = (_side(text, side, term, secrets) for side, term in zip(sides, (tree.left, tree.right), strict=True))
    return {"type": "comparison", **told, "operator": ("?" if tree.any else "") + tree.sign, "left": left, "right": right}


def _side(text: str, side: Side, term: Term, secrets: frozenset[str]) -> dict[str, Any]:
    start, end = side.span
    told: dict[str, Any] = {"text": text[start:end], "start": start, "end": end, "value": side.value}
    if side.values is not None:
        told["values"] = side.values
    if _secret(term, secrets):
        told |= {"value": None, "secret": True}
        told.pop("values", None)
    return told


def _secret(term: Term, secrets: frozenset[str]) -> bool:
    """Does it name a field whose values never leave the store?"""
    if isinstance(term, Function):
        return any(_secret(arg, secrets) for arg in term.args)
    return isinstance(term, Name) and not term.text.startswith(SENT) and term.text.split(".")[-1].split(":")[0] in secrets

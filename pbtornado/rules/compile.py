"""A tree of comparisons to one condition."""

from __future__ import annotations

from dataclasses import dataclass

from ..store.query import And, Expr, Or
from .asking import Slots
from .constants import NONE, Constants
from .functions import call, reads_clock
from .macros import MACROS
from .operand import Operand, constant
from .operators import Alias, compare
from .requested import Names
from .tree import All, Comparison, Function, Name, Number, RuleError, Term, Text, Tree

MAX_COMPARISONS = 200
MAX_DEPTH = 16
"""Levels of groups in groups; SQLite's parser gives up at about 20."""
LITERALS = {"null": None, "true": 1, "false": 0}


@dataclass(frozen=True, slots=True)
class Note:
    """What a comparison, or a group of them, was compiled to; a group has no sides."""

    tree: Tree
    condition: Expr
    sides: tuple[Operand, ...] = ()


class Compiler:
    """Compiles one part of a question; refuses more than MAX_COMPARISONS.

    What it makes of each of its parts goes to `notes`; what is among `constants` is bound by those.
    """

    def __init__(self, names: Names, slots: Slots, alias: Alias, notes: list[Note] | None = None, constants: Constants = NONE) -> None:
        self._names, self._slots, self._alias, self._notes, self._constants = names, slots, alias, notes, constants
        self._left = MAX_COMPARISONS

    def condition(self, tree: Tree, depth: int = 0) -> Expr:
        """The condition of a tree. Raises RuleError."""
        if isinstance(tree, Comparison):
            return self._comparison(tree)
        if depth > MAX_DEPTH:
            raise RuleError("groups are nested too deep", tree.span)
        items = tuple(self.condition(item, depth + 1) for item in tree.items)
        return self._noted(tree, And(items) if isinstance(tree, All) else Or(items))

    def _noted(self, tree: Tree, condition: Expr, *sides: Operand) -> Expr:
        if self._notes is not None:
            self._notes.append(Note(tree, condition, sides))
        return condition

    def _comparison(self, tree: Comparison) -> Expr:
        self._left -= 1
        if self._left < 0:
            raise RuleError("max filter expressions limit reached", tree.span)
        left, right = self._side(tree.left, "left"), self._side(tree.right, "right")
        return self._noted(tree, compare(left, tree.sign, right, any=tree.any, alias=self._alias), left, right)

    def _side(self, term: Term, side: str) -> Operand:
        try:
            return self._operand(term)
        except RuleError as error:
            written = term.name if isinstance(term, Function) else term.text
            raise RuleError(f'invalid {side} operand "{written}" - {error}', term.span) from None

    def _operand(self, term: Term) -> Operand:
        match term:
            case Name(text):
                return self._name(text)
            case Text(text, span):
                return self._constants.operand(span[0]) or constant(text)
            case Number(text, span):
                return self._constants.operand(span[0]) or constant(float(text))
            case Function():
                self._slots.clock |= reads_clock(term)
                return call(term, self._operand)

    def _name(self, text: str) -> Operand:
        if text in MACROS:
            return self._slots.macro(text)
        try:
            return self._names.resolve(text)
        except RuleError:
            if text.lower() in LITERALS:
                return constant(LITERALS[text.lower()])
            raise

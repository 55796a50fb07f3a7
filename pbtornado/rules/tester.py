"""Why a question says yes or no: what each comparison in it comes to for one record, and which of them decided.

Nothing is interpreted here. Every comparison and group is an expression of the very question that
decides in earnest; they are read as further columns of the rows it looks at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..store.protocol import Reader
from ..store.query import And, Bindable, Expr, Row, Select, Value
from .compile import Note
from .operand import Many, Operand
from .rule import Dissected, Question
from .tree import Comparison, Span, Tree

MOST_ROWS = 1000
"""Combinations of joined rows that are looked at for a record which the question refuses."""
MOST_VALUES = 20
"""Values of a path to several records that are told."""


@dataclass(slots=True)
class Side:
    """An operand: its value in the row that decided, and up to MOST_VALUES values where its path leads to several."""

    span: Span
    value: Bindable = None
    values: list[Bindable] | None = None


@dataclass(slots=True)
class Finding:
    """A comparison, or a group of findings: true, false or null in the row that decided, and in how many rows it was true."""

    tree: Tree
    span: Span
    result: bool | None = None
    true_rows: int = 0
    decided: bool = False
    sides: tuple[Side, ...] = ()
    items: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Examined:
    """A text of the question; `result` is the question's answer as far as this text goes."""

    text: str
    listing: str
    finding: Finding
    result: bool | None = None
    decided: bool = False


@dataclass(slots=True)
class Examination:
    """The verdict, what it was made of, and how many rows were looked at: none where there is no such record.

    Joins give a record several rows. What is told of parts is told of the row for which the question
    holds, or of the one that came nearest to it.
    """

    holds: bool
    parts: list[Examined]
    rows: int = 0


@dataclass(slots=True)
class _Columns:
    """The columns of the row that is read."""

    exprs: list[Expr] = field(default_factory=list)

    def add(self, expr: Expr) -> int:
        """Where the value of an expression stands."""
        self.exprs.append(expr)
        return len(self.exprs) - 1


@dataclass(frozen=True, slots=True)
class _Read:
    """Where the values of a note stand in a row."""

    note: Note
    condition: int
    sides: tuple[int, ...]


def examine(
    reader: Reader, question: Question, dissected: Sequence[Dissected], params: Mapping[str, Bindable], the_one: Expr | None
) -> Examination:
    """What the question says, and why. `the_one` picks the record where the root is a table; params are those of both."""
    columns = _Columns()
    wholes = [columns.add(part.condition) for part in dissected]
    reads = [[_read(columns, note) for note in part.notes] for part in dissected]
    select = replace(question.select(tuple(columns.exprs)), where=the_one, distinct=False, order=())
    granted = reader.rows(replace(select, where=_and(the_one, question.where), limit=Value(1)), params)
    rows = granted or reader.rows(replace(select, limit=Value(MOST_ROWS)), params)
    row = _nearest(rows, wholes, reads)
    several = _Several(reader, select, params)
    parts = [_examined(part, at, rows, row, notes, several) for part, at, notes in zip(dissected, wholes, reads, strict=True)]
    _decide(parts, bool(granted), bool(rows))
    return Examination(bool(granted), parts, len(rows))


def _read(columns: _Columns, note: Note) -> _Read:
    return _Read(note, columns.add(note.condition), tuple(columns.add(side.expr) for side in note.sides))


def _and(*conditions: Expr | None) -> Expr | None:
    given = tuple(condition for condition in conditions if condition is not None)
    return And(given) if given else None


def _nearest(rows: Sequence[Row], wholes: Sequence[int], reads: Sequence[Sequence[_Read]]) -> Row | None:
    """The row in which most comes true: whole texts first, then what they are made of."""
    single = [read.condition for notes in reads for read in notes if read.note.sides]

    def near(row: Row) -> tuple[int, int]:
        return sum(bool(row[at]) for at in wholes), sum(bool(row[at]) for at in single)

    return max(rows, key=near, default=None)


# ---- what is told


class _Several:
    """Looks up the values of paths that lead to several records."""

    def __init__(self, reader: Reader, select: Select, params: Mapping[str, Bindable]) -> None:
        self._reader, self._select, self._params = reader, select, params

    def of(self, many: Many) -> list[Bindable]:
        """The distinct values, at most MOST_VALUES."""
        joins = (*self._select.joins, *many.joins)
        select = replace(self._select, columns=(many.value,), joins=joins, distinct=True, limit=Value(MOST_VALUES))
        return [row[0] for row in self._reader.rows(select, self._params)]


def _examined(part: Dissected, at: int, rows: Sequence[Row], row: Row | None, notes: Sequence[_Read], several: _Several) -> Examined:
    found: dict[int, Finding] = {}
    for read in notes:
        tree = read.note.tree
        sides = _sides(tree, read, row, several) if isinstance(tree, Comparison) and row else ()
        items = () if isinstance(tree, Comparison) else tuple(found[id(item)] for item in tree.items)
        true = sum(bool(one[read.condition]) for one in rows)
        found[id(tree)] = Finding(tree, tree.span, _truth(row, read.condition), true, sides=sides, items=items)
    return Examined(part.text, part.listing, found[id(part.tree)], _truth(row, at))


def _sides(tree: Comparison, read: _Read, row: Row, several: _Several) -> tuple[Side, ...]:
    told = zip((tree.left, tree.right), read.note.sides, read.sides, strict=True)
    return tuple(Side(term.span, row[at], _values(side, several)) for term, side, at in told)


def _values(side: Operand, several: _Several) -> list[Bindable] | None:
    return several.of(side.many) if side.many else None


def _truth(row: Row | None, at: int) -> bool | None:
    return None if row is None or row[at] is None else bool(row[at])


# ---- who decided


def _decide(parts: Sequence[Examined], outcome: bool, asked: bool) -> None:
    """A yes is everybody's; a no is that of those who did not say yes."""
    for part in parts if asked else ():
        if bool(part.result) == outcome:
            part.decided = True
            if bool(part.finding.result) == outcome:
                _blame(part.finding, outcome)


def _blame(finding: Finding, outcome: bool) -> None:
    finding.decided = True
    for item in finding.items:
        if bool(item.result) == outcome:
            _blame(item, outcome)

"""`geoDistance` and `strftime`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..store.query import And, Call, Expr
from .operand import Many, Operand, Sort
from .tree import Function, Name, Number, RuleError, Text

Resolve = Callable[[Name | Text | Number], Operand]
MAX_STRFTIME_ARGS = 10


def call(function: Function, resolve: Resolve) -> Operand:
    """The operand of a function. Raises RuleError for unknown ones and wrong arguments."""
    if function.name == "geoDistance":
        return _geo_distance(function.args, resolve)
    if function.name == "strftime":
        return _strftime(function.args, resolve)
    raise RuleError(f'unknown function "{function.name}"')


def reads_clock(function: Function) -> bool:
    """Does the answer depend on the time of asking?"""
    times = function.args[1:2]
    return function.name == "strftime" and (not times or (isinstance(times[0], Text) and times[0].text.strip().lower() == "now"))


def _geo_distance(args: tuple[Name | Text | Number, ...], resolve: Resolve) -> Operand:
    """Kilometres; on multi-valued paths always any match."""
    if len(args) != 4:
        raise RuleError(f"[geoDistance] expected 4 arguments, got {len(args)}")
    resolved: list[Operand] = []
    for position, arg in enumerate(args):
        if isinstance(arg, Text):
            raise RuleError(f"[geoDistance] argument {position} must be an identifier or number")
        resolved.append(_resolved(arg, resolve, f"[geoDistance] failed to resolve argument {position}"))
    expr = Call("geo_distance", tuple(arg.expr for arg in resolved))
    return Operand(expr, "column", exact=True, aside=_aside(resolved), also=_also(resolved), pattern=lambda: expr)


def _strftime(args: tuple[Name | Text | Number, ...], resolve: Resolve) -> Operand:
    """A text; null of an unreadable time compares like ''."""
    if not args:
        raise RuleError("[strftime] expected at least 1 arguments, got 0")
    if len(args) > MAX_STRFTIME_ARGS:
        raise RuleError(f"[strftime] too many arguments (max allowed {MAX_STRFTIME_ARGS}, got {len(args)})")
    if not isinstance(args[0], Text):
        raise RuleError("[strftime] expects the first argument to be a format string")
    for position, arg in enumerate(args[2:]):
        if not isinstance(arg, Text):
            raise RuleError(f"[strftime] invalid modifier argument {position} - can be only string")
    form, *rest = [_resolved(arg, resolve, "[strftime] failed to resolve time-value argument") for arg in args]
    expr = Call("strftime", tuple(arg.expr for arg in (form, *rest)))
    operand = Operand(expr, "column", aside=_aside([form, *rest]), also=_also(rest), pattern=lambda: expr)
    time = rest[0].many if rest else None
    if time is None:
        return operand
    inner = Call("strftime", (form.expr, time.value, *(arg.expr for arg in rest[1:])))
    return replace(operand, many=Many(time.joins, inner))


def _resolved(arg: Name | Text | Number, resolve: Resolve, failure: str) -> Operand:
    try:
        return resolve(arg)
    except RuleError as error:
        raise RuleError(f"{failure}: {error}", error.span) from None


def _also(args: Sequence[Operand]) -> Expr | None:
    """What must hold beside a comparison with a function of these."""
    conditions = tuple(arg.also for arg in args if arg.also is not None)
    return And(conditions) if conditions else None


def _aside(args: Sequence[Operand]) -> Sort:
    # PocketBase takes a function with a constant among its arguments for one that is never null there.
    return "filled" if any(arg.sort in ("filled", "given") for arg in args) else "column"

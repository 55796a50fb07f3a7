"""Work done once for immutable objects: rendered questions, tables of setters, blank values."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


def remembered(work: Callable[P, T], limit: int = 1000) -> Callable[P, T]:
    """The same function, asked once for the same objects (by identity; texts by value).

    Arguments are positional and immutable: a collection, a catalog, a compiled question. At most
    `limit` answers are kept; when there are more, all are forgotten, which costs their work once more.
    """
    kept: dict[object, tuple[object, T]] = {}
    one = cast(Callable[[Any], T], work)

    @wraps(work)
    def ask_one(arg: Any) -> T:
        found = kept.get(id(arg))
        if found is not None:
            return found[1]
        if len(kept) >= limit:
            kept.clear()
        answer = one(arg)
        kept[id(arg)] = (arg, answer)
        return answer

    @wraps(work)
    def ask(*args: P.args, **kwargs: P.kwargs) -> T:
        key = tuple([arg if isinstance(arg, str) else id(arg) for arg in args])
        found = kept.get(key)
        if found is not None:
            return found[1]
        if len(kept) >= limit:
            kept.clear()
        answer = work(*args, **kwargs)
        kept[key] = (args, answer)  # holding the arguments keeps their ids from being given to others
        return answer

    return cast(Callable[P, T], ask_one) if len(signature(work).parameters) == 1 else ask

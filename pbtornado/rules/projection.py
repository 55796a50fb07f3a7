"""`?fields=id,expand.author.name,text:excerpt(100,true)`: which keys of a JSON answer are kept, and in which form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from ..config import asset
from ..errors import BadRequest
from ..values import MAX_DEPTH, bool_of
from .excerpt import excerpt

if TYPE_CHECKING:
    from lark import Lark

Modifier = Callable[[Any], Any]
MAX_LENGTH = 8192
"""Characters of a projection."""
MOST_STEPS = MAX_DEPTH + 16
"""Names one path of a projection may have: data is no deeper."""
LIST = frozenset({"page", "perPage", "totalItems", "totalPages", "items"})
"""The keys of a list's answer; the projection is meant for its items."""
GOING_ON = LIST | {"next"}
"""The same of a list that goes on after a cursor."""


@dataclass(slots=True)
class _Level:
    """What is kept of an object: a key entirely (through a modifier), or a level of its own; `rest` keeps all other keys.

    `whole` is what a path that ends in a dot makes of it: everything is kept as it is.
    """

    kept: dict[str, Modifier | None] = field(default_factory=dict)
    deeper: dict[str, _Level] = field(default_factory=dict)
    rest: bool = False
    rest_modifier: Modifier | None = None
    whole: bool = False

    def add(self, path: list[str], modifier: Modifier | None) -> None:
        name, *further = path
        if further == [""]:
            self.deeper.setdefault(name, _Level()).whole = True
        elif further:
            self.deeper.setdefault(name, _Level()).add(further, modifier)
        elif name == "*":
            self.rest, self.rest_modifier = True, modifier
        else:
            self.kept[name] = modifier

    def pick(self, data: Any) -> Any:
        """The projection of an object, keys in order, or of each object in a list; everything else stays as it is."""
        if isinstance(data, list):
            return [self.pick(item) for item in data] if data and isinstance(data[0], Mapping) else data
        if not isinstance(data, Mapping):
            return data
        return {key: self._value(key, value) for key, value in sorted(data.items()) if self._wants(key)}

    def _wants(self, key: str) -> bool:
        return self.whole or self.rest or key in self.kept or key in self.deeper

    def _value(self, key: str, value: Any) -> Any:
        if self.whole:
            return value
        if key in self.kept:
            modifier = self.kept[key]
        elif key in self.deeper:
            return self.deeper[key].pick(value)
        else:
            modifier = self.rest_modifier
        return modifier(value) if modifier else value


@dataclass(frozen=True, slots=True)
class Projection:
    """A parsed projection, applicable to any JSON data."""

    _level: _Level | None

    @staticmethod
    def parse(text: str) -> Projection:
        """Raises BadRequest where the text can't be read or names an unknown modifier."""
        return _parsed(text) if text else Projection(None)

    def apply(self, data: Any) -> Any:
        """The data with only the keys that were asked for; of a list's answer, its items."""
        if self._level is None:
            return data
        if isinstance(data, Mapping) and data.keys() in (LIST, GOING_ON) and isinstance(data["items"], list):
            return {**data, "items": self._level.pick(data["items"])}
        return self._level.pick(data)


@lru_cache(maxsize=500)
def _parsed(text: str) -> Projection:
    from lark import UnexpectedInput

    if len(text) > MAX_LENGTH:
        raise BadRequest("The fields parameter is too long.")
    try:
        fields = cast("list[tuple[list[str], Modifier | None]]", grammar().parse(text))
    except UnexpectedInput:
        raise BadRequest("Invalid fields parameter.") from None
    except ValueError as error:
        raise BadRequest(f"Invalid fields parameter: {error}") from None
    level = _Level()
    for path, modifier in fields:
        if len(path) > MOST_STEPS:
            raise BadRequest("Invalid fields parameter: a path is too long.")
        level.add(path, modifier)
    return Projection(level if fields else None)


@lru_cache(maxsize=1)
def grammar() -> Lark:
    """The parser, which gives paths and modifiers."""
    from lark import Lark, Token, Transformer, v_args

    @v_args(inline=True)
    class Build(Transformer[Token, Any]):
        def start(self, *fields: Any) -> Any:
            return [one for one in fields if one is not None]

        def field(self, path: Token, modifier: Modifier | None = None) -> Any:
            return path.split("."), modifier

        def argument(self, token: Token) -> str:
            return str(token)

        def modifier(self, name: Token, *args: str | None) -> Modifier:
            return _modifier(str(name), [arg for arg in args if arg is not None])

    source = (asset("grammar") / "fields.lark").read_text("utf-8")
    return Lark(source, parser="lalr", transformer=Build(), maybe_placeholders=False)


def _modifier(name: str, args: list[str]) -> Modifier:
    if name != "excerpt":
        raise ValueError(f'missing or invalid modifier "{name}"')
    if not 1 <= len(args) <= 2:
        raise ValueError("excerpt expects (max, withEllipsis?)")
    longest = int(args[0]) if args[0].isdecimal() else 0
    if longest <= 0:
        raise ValueError("max argument must be > 0")
    ellipsis = len(args) > 1 and bool_of(args[1])
    return lambda value: excerpt(value, longest, ellipsis=ellipsis) if isinstance(value, str) else value

"""Text to tree. The grammar is read when the first rule is, and what was parsed is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from ..config import asset
from .tree import All, Any, Comparison, Function, Name, Number, RuleError, Sign, Term, Text, Tree

if TYPE_CHECKING:
    from lark import Lark

ESCAPE = re.compile(r"\\(.)", re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "\\": "\\"}


@lru_cache(maxsize=1000)
def parse(text: str) -> Tree:
    """The tree of a rule or filter. Raises RuleError where it can't be read."""
    from lark import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

    try:
        return cast(Tree, grammar().parse(text))
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise RuleError("invalid or incomplete filter expression") from None
        raise RuleError(f"unexpected {str(error.token)!r} at line {error.line}, column {error.column}") from None
    except UnexpectedCharacters as error:
        raise RuleError(f"unexpected character {error.char!r} at line {error.line}, column {error.column}") from None
    except (UnexpectedEOF, UnexpectedInput):
        raise RuleError("invalid or incomplete filter expression") from None


@lru_cache(maxsize=1)
def grammar() -> Lark:
    """The parser, which builds the tree as it reads."""
    from lark import Lark, Token, Transformer, v_args

    @v_args(inline=True)
    class Build(Transformer[Token, Tree]):
        def start(self, tree: Tree) -> Tree:
            return tree

        def any(self, *items: Tree) -> Tree:
            return Any(tuple(_flat(items, Any)))

        def all(self, *items: Tree) -> Tree:
            return All(tuple(_flat(items, All)))

        def comparison(self, left: Term, sign: Token, right: Term) -> Tree:
            return Comparison(left, cast(Sign, sign.lstrip("?")), right, any=sign.startswith("?"))

        def name(self, token: Token) -> Term:
            return Name(str(token))

        def text(self, token: Token) -> Term:
            return Text(ESCAPE.sub(lambda match: ESCAPES.get(match[1], match[0]), token[1:-1]))

        def number(self, token: Token) -> Term:
            return Number(str(token))

        def call(self, name: Token, *args: Name | Text | Number | None) -> Term:
            return Function(name[:-1], tuple(arg for arg in args if arg is not None))

    source = (asset("grammar") / "rule.lark").read_text("utf-8")
    return Lark(source, parser="lalr", transformer=Build(), maybe_placeholders=False)


def _flat(items: tuple[Tree, ...], kind: type[All | Any]) -> Iterator[Tree]:
    """Groups within a group of their own kind are not groups."""
    for item in items:
        if isinstance(item, kind):
            yield from item.items
        else:
            yield item

"""Text to tree. The grammar is read when the first rule is, and what was parsed is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from ..config import asset
from .tree import All, Any, Comparison, Function, Name, Number, RuleError, Sign, Span, Term, Text, Tree

if TYPE_CHECKING:
    from lark import Lark, Token

ESCAPE = re.compile(r"\\(.)", re.DOTALL)
COMMENT = re.compile(r"//[^\n]*")
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "'": "'", '"': '"', "\\": "\\"}


def unquoted(token: str) -> str:
    """The text that a constant in quotes stands for."""
    return ESCAPE.sub(lambda match: ESCAPES.get(match[1], match[0]), token[1:-1])


@lru_cache(maxsize=1000)
def parse(text: str) -> Tree:
    """The tree of a rule or filter. Raises RuleError where it can't be read."""
    from lark import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

    try:
        return cast(Tree, grammar().parse(text))
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise _incomplete(text) from None
        message = f"unexpected {str(error.token)!r} at line {error.line}, column {error.column}"
        raise RuleError(message, _span(error.token)) from None
    except UnexpectedCharacters as error:
        message = f"unexpected character {error.char!r} at line {error.line}, column {error.column}"
        at = error.pos_in_stream or 0
        raise RuleError(message, (at, at + 1)) from None
    except (UnexpectedEOF, UnexpectedInput):
        raise _incomplete(text) from None


def _incomplete(text: str) -> RuleError:
    empty = not COMMENT.sub("", text).strip()
    return RuleError("empty filter expression" if empty else "invalid or incomplete filter expression", (len(text), len(text)))


@dataclass(frozen=True, slots=True)
class _Brackets:
    """What stands in brackets, and where those are."""

    tree: Tree
    span: Span


@lru_cache(maxsize=1)
def grammar() -> Lark:
    """The parser, which builds the tree as it reads."""
    from lark import Lark, Token, Transformer, v_args

    @v_args(inline=True)
    class Build(Transformer[Token, Tree]):
        def start(self, tree: Tree | _Brackets) -> Tree:
            return _bare(tree)

        def chain(self, first: Tree | _Brackets, *rest: Tree | _Brackets | Token) -> Tree | _Brackets:
            alternatives, join = [[first]], "&&"
            for item in rest:
                if isinstance(item, Token):
                    join = str(item)
                elif join == "&&":
                    alternatives[-1].append(item)
                else:
                    alternatives.append([item])
            return _joined(Any, [_joined(All, items) for items in alternatives])

        def brackets(self, opening: Token, tree: Tree | _Brackets, closing: Token) -> _Brackets:
            return _Brackets(_bare(tree), (_span(opening)[0], _span(closing)[1]))

        def comparison(self, left: Term, sign: Token, right: Term) -> Tree:
            return Comparison(left, cast(Sign, sign.lstrip("?")), right, any=sign.startswith("?"))

        def name(self, token: Token) -> Term:
            return Name(str(token), _span(token))

        def text(self, token: Token) -> Term:
            return Text(unquoted(token), _span(token))

        def number(self, token: Token) -> Term:
            return Number(str(token), _span(token))

        def call(self, name: Token, *rest: Name | Text | Number | Token) -> Term:
            *args, closing = rest
            return Function(name[:-1], cast(tuple[Name, ...], tuple(args)), (_span(name)[0], _span(cast(Token, closing))[1]))

    source = (asset("grammar") / "rule.lark").read_text("utf-8")
    return Lark(source, parser="lalr", transformer=Build(), maybe_placeholders=False)


def _joined(kind: type[All | Any], items: list[Tree | _Brackets]) -> Tree | _Brackets:
    """A group of that kind, where there is more than one item."""
    return items[0] if len(items) == 1 else kind(tuple(_flat(items, kind)), (items[0].span[0], items[-1].span[1]))


def _flat(items: list[Tree | _Brackets], kind: type[All | Any]) -> Iterator[Tree]:
    """Groups within a group of their own kind are not groups."""
    for item in map(_bare, items):
        if isinstance(item, kind):
            yield from item.items
        else:
            yield item


def _bare(tree: Tree | _Brackets) -> Tree:
    return tree.tree if isinstance(tree, _Brackets) else tree


def _span(token: Token) -> Span:
    return token.start_pos or 0, token.end_pos or 0

"""What rules may look like."""

from __future__ import annotations

import pytest

from pbtornado.rules.parser import parse
from pbtornado.rules.tree import All, Any, Comparison, Function, Name, Number, RuleError, Text


def test_a_comparison_has_two_sides_and_a_sign() -> None:
    """Names, texts and numbers stand on either side; a question mark asks for any match."""
    assert parse("title ?!= 'a'") == Comparison(Name("title"), "!=", Text("a"), any=True)
    assert parse("-1.5 <= a.b:each") == Comparison(Number("-1.5"), "<=", Name("a.b:each"))


def test_and_binds_tighter_than_or() -> None:
    """`&&` before `||`, brackets before both."""
    a, b, c = (Comparison(Name(name), "=", Number("1")) for name in "abc")
    assert parse("a=1 || b=1 && c=1") == Any((a, All((b, c))))
    assert parse("(a=1 || b=1) && c=1") == All((Any((a, b)), c))


def test_brackets_without_a_join_are_joined_as_what_stands_before() -> None:
    """By `&&` where nothing was joined yet."""
    assert parse("(a=1) (b=1)") == parse("a=1 (b=1)") == parse("a=1 && b=1")
    assert parse("a=1 || b=1 (c=1)") == parse("a=1 || b=1 || c=1")
    assert parse("a=1 || b=1 && (c=1)(d=1)") == parse("a=1 || b=1 && c=1 && d=1")


def test_functions_take_plain_arguments() -> None:
    """A comma may follow the last one."""
    call = Function("strftime", (Text("%Y"), Name("day")))
    assert parse("strftime('%Y', day,) = ''") == Comparison(call, "=", Text(""))


def test_comments_end_with_their_line() -> None:
    """Quotes and brackets in a comment mean nothing."""
    assert parse("a = 1 // isn't (it\n && b = 2") == parse("a=1&&b=2")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"'a\'b'", "a'b"),
        (r"'a\"b'", 'a"b'),
        (r"'a\\b'", r"a\b"),
        (r"'\n\r\t'", "\n\r\t"),
        (r"'a\b\x\u0041'", r"a\b\x\u0041"),
        ("'a\nb'", "a\nb"),
    ],
)
def test_a_backslash_escapes_quotes_itself_and_white_space(written: str, meant: str) -> None:
    """Before any other character it stands for itself."""
    assert parse(f"{written} = 1").left == Text(meant)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "// nothing",
        "a",
        "a =",
        "= 1",
        "a == 1",
        "a <> 1",
        "a = 1.",
        "a = .5",
        "a = 5b",
        "a = --1",
        "(a = 1",
        "a = 1)",
        "()",
        "a = 'b",
        r"a = 'b\'",
        "a = 1 &&",
        "a = 1 & b = 1",
        "a = 1 &&& b = 1",
        "a ? = 1",
        "a. = 1",
        "f (1) = 1",
        "f(g(1)) = 1",
        "a = 1 b = 1",
        "a = 1; b",
    ],
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    """With a sentence, never with another exception."""
    with pytest.raises(RuleError, match=r"\w+"):
        parse(text)


def test_deep_nesting_is_no_burden() -> None:
    """Brackets around one comparison cost nothing."""
    assert parse("(" * 1500 + "a=1" + ")" * 1500) == parse("a=1")


def test_parts_know_where_they_stand() -> None:
    """Operands, comparisons and groups span their text, groups with the brackets around them."""
    text = "a = 'x' && (b:each ?= 1 || f('y', c) != 2) // why"
    tree = parse(text)
    assert isinstance(tree, All)
    first, group = tree.items
    assert isinstance(first, Comparison)
    assert isinstance(group, Any)
    spans = [tree.span, first.span, first.right.span, group.span, group.items[1].span]
    assert [text[start:end] for start, end in spans] == [text[:42], "a = 'x'", "'x'", "b:each ?= 1 || f('y', c) != 2", "f('y', c) != 2"]


@pytest.mark.parametrize(("text", "span"), [("a = 1 && & b", (9, 10)), ("a = 1 b", (6, 7)), ("a = ", (4, 4))])
def test_errors_know_where_they_are(text: str, span: tuple[int, int]) -> None:
    """What can't be read is pointed at; what is missing is missing at the end."""
    with pytest.raises(RuleError) as caught:
        parse(text)
    assert caught.value.span == span

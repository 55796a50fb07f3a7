"""Excerpts of formatted texts."""

from __future__ import annotations

import time

import pytest

from pbtornado.rules.excerpt import excerpt

HTML = """ <script>var a = 123;</script>  <p>Hello</p><div id="x">t   est<b>12
  3</b><span>456</span></div><img alt="no"><button>no <i>way</i></button><span>word &amp; 89</span>#<h1>title</h1>"""


def test_markup_is_left_out_and_white_space_collapsed() -> None:
    """Blocks are set apart by a space; scripts, forms and buttons say nothing."""
    assert excerpt(HTML, 100) == "Hello t est12 3456 word & 89# title"


@pytest.mark.parametrize(
    ("html", "longest", "text"),
    [("<p>Hello you</p>", 5, "Hello..."), ("Hello", 5, "Hello"), ("Hello you", 6, "Hello..."), ("äöü ß", 3, "äöü..."), ("", 3, "")],
)
def test_a_long_text_is_cut(html: str, longest: int, text: str) -> None:
    """After so many characters, with dots where that is asked for."""
    assert excerpt(html, longest, ellipsis=True) == text


def test_a_huge_text_costs_only_its_beginning() -> None:
    """Reading stops where the excerpt is full."""
    assert excerpt("<p>word</p>" * 200_000, 10) == "word word"


def test_malformed_declarations_end_the_text() -> None:
    """What the parser does not understand is no failure: what came before it counts."""
    assert excerpt("word<![<![<![", 10) == "word"


def test_open_tags_without_end_cost_little() -> None:
    """How long an excerpt takes does not grow with the square of the tags left open."""
    before = time.perf_counter()
    assert excerpt("<svg>" * 50_000 + "</p>" * 50_000, 10) == ""
    assert time.perf_counter() - before < 5

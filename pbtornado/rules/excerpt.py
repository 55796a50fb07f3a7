"""The beginning of a formatted text as plain text."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

_WORDS = """
head style script iframe embed applet object svg img picture dialog template button form textarea input select option
area base br col embed hr img input link meta param source track wbr
a abbr acronym b bdo big br button cite code em i label q small span strong strike sub sup time
"""
LEFT_OUT, VOID, INLINE = (frozenset(line.split()) for line in _WORDS.strip().splitlines())
SPACES = re.compile(r"[ \t\n\f\r]+")


class _Enough(Exception):
    """No more of the text is needed."""


class _Plain(HTMLParser):
    """Collects text: white space collapsed, a space around blocks, nothing of scripts, forms and the like."""

    def __init__(self, longest: int) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._room = longest + 2  # the spaces at both ends
        self._spaced = False
        self._skipped: list[str] = []
        self._open = Counter[str]()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if self._skipped or tag in LEFT_OUT:
            if tag not in VOID:
                self._skipped.append(tag)
                self._open[tag] += 1
        elif tag not in INLINE:
            self._add(" ")

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._open[tag]:
            self._leave(tag)
        elif not self._skipped and tag not in INLINE and tag not in LEFT_OUT:
            self._add(" ")

    def _leave(self, tag: str) -> None:
        """What is left out ends here, with all that was begun within it."""
        last = ""
        while last != tag:
            last = self._skipped.pop()
            self._open[last] -= 1

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self._add(SPACES.sub(" ", data))

    def _add(self, text: str) -> None:
        text = text.lstrip(" ") if self._spaced else text
        if not text:
            return
        self._spaced = text.endswith(" ")
        self.parts.append(text)
        self._room -= len(text)
        if self._room < 0:
            raise _Enough


def excerpt(html: str, longest: int, *, ellipsis: bool = False) -> str:
    """At most `longest` characters of the text in html; with `ellipsis`, three dots where it was cut."""
    plain = _Plain(longest)
    try:
        plain.feed(html)
        plain.close()
    except (_Enough, AssertionError):  # the parser asserts that declarations are well formed
        pass
    text = "".join(plain.parts).strip()
    if len(text) <= longest:
        return text
    return text[:longest].strip() + ("..." if ellipsis else "")

"""HTML as plain text, for the readers of mail that show nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_UNSEEN = {"head", "style", "script", "title", "template", "svg", "object", "select", "textarea", "button"}
_INLINE = {"a", "span", "small", "strike", "strong", "sub", "sup", "em", "b", "u", "i", "code", "img", "label"}
_SPACE = re.compile(r"\s+")
_LINES = re.compile(r" *\n *")
_GAP = re.compile(r"\n{3,}")


def plain_text(html: str) -> str:
    """The text of an HTML document: a line for each block, `- ` before items, links as `[label](address)`."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _GAP.sub("\n\n", _LINES.sub("\n", "".join(reader.parts))).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.links: list[str] = []
        self.unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unseen += tag in _UNSEEN
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")
            self._write("[")
        self._break(tag)
        if tag == "li":
            self._write("- ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self.unseen = max(0, self.unseen - (tag in _UNSEEN))
        if tag == "a" and self.links:
            address = self.links.pop()
            self._write(f"]({address})" if address else "]")
        self._break(tag)

    def handle_data(self, data: str) -> None:
        self._write(_SPACE.sub(" ", data))

    def _break(self, tag: str) -> None:
        if tag not in _INLINE:
            self._write("\n")

    def _write(self, text: str) -> None:
        if not self.unseen:
            self.parts.append(text)

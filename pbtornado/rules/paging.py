"""Pages of lists: what a query asks for, and how a list is answered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..errors import BadRequest

DEFAULT_PER_PAGE = 30
MAX_PER_PAGE = 1000
MAX_NUMBER = 2**63 - 1
TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list: the page's number from 1 on, its size, and whether the total is wanted."""

    number: int = 1
    size: int = DEFAULT_PER_PAGE
    counted: bool = True

    @classmethod
    def parse(cls, number: str, size: str, skip_total: str) -> Page:
        """The page query parameters ask for, "" where they don't. Raises BadRequest for what is no number or truth."""
        wanted = _whole(size) if size else DEFAULT_PER_PAGE
        return cls(
            number=max(_whole(number), 1) if number else 1,
            size=min(wanted, MAX_PER_PAGE) if wanted > 0 else DEFAULT_PER_PAGE,
            counted=not _truth(skip_total) if skip_total else True,
        )

    @property
    def offset(self) -> int:
        """How many rows come before it."""
        return min((self.number - 1) * self.size, MAX_NUMBER)

    def answer(self, items: list[dict[str, Any]], total: int) -> dict[str, Any]:
        """The list as PocketBase answers it; totals are -1 where they were not wanted."""
        pages = -(-total // self.size) if self.counted else -1
        return {"items": items, "page": self.number, "perPage": self.size, "totalItems": total, "totalPages": pages}


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,19}", text, re.ASCII) or abs(int(text)) > MAX_NUMBER:
        raise BadRequest
    return int(text)


def _truth(text: str) -> bool:
    if text not in TRUE and text not in FALSE:
        raise BadRequest
    return text in TRUE

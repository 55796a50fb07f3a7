"""Where a stream goes on: positions as clients hand them back, and whether the log still reaches so far."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from ..store.protocol import Position

_FORM = re.compile(r"([^:\s]{1,64}):(\d{1,18})(?:\.(\d{1,10}))?")
_CLIENT = re.compile(r"[A-Za-z0-9]{40}")


@dataclass(frozen=True, slots=True)
class Resume:
    """A position to go on after. With `mark`, only topics up to the marked one have had the change at `position`."""

    position: Position
    mark: int | None = None

    @classmethod
    def parse(cls, text: str) -> Resume | None:
        """None where the text is no position."""
        match = _FORM.fullmatch(text.strip())
        if match is None:
            return None
        return cls(Position(match[1], int(match[2])), int(match[3]) if match[3] else None)

    def refusal(self, head: Position, oldest: int) -> str:
        """Why the log cannot go on, as `refusal`; with a mark the change at the position itself is needed still."""
        return refusal(self.position, head, oldest + (self.mark is not None))

    def after(self, texts: Sequence[str]) -> dict[str, int]:
        """The seq after which each of these topics goes on."""
        ordered, seq = sorted(texts), self.position.seq
        if self.mark is None:
            return dict.fromkeys(ordered, seq)
        marks = [mark_of(text) for text in ordered]
        had = marks.index(self.mark) + 1 if self.mark in marks else 0
        return {text: seq if number < had else seq - 1 for number, text in enumerate(ordered)}


def starts(own: Mapping[str, str], came_with: str, head: Position, oldest: int) -> tuple[dict[str, int], dict[str, list[str]]]:
    """The seq after which each topic starts: after the position of its own, or the one its client came with, or now ("").

    And, by reason, those whose position the log cannot go on after.
    """
    found: dict[str, int] = dict.fromkeys(own, head.seq)
    lost: dict[str, list[str]] = {}
    shared = [text for text, since in own.items() if not since]
    asked = [(came_with, shared), *((since, [text]) for text, since in own.items())]
    for since, texts in [(since, texts) for since, texts in asked if since and texts]:
        resume = Resume.parse(since)
        reason = resume.refusal(head, oldest) if resume else "unknown"
        if resume and not reason:
            found |= resume.after(texts) if texts is shared else dict.fromkeys(texts, resume.position.seq)
        else:
            lost.setdefault(reason, []).extend(texts)
    return found, lost


def is_client_id(text: str) -> bool:
    """Whether the text is the id of PB_CONNECT: what a browser sends back that has heard nothing else."""
    return _CLIENT.fullmatch(text) is not None


def mark_of(text: str) -> int:
    """Tells a topic in a position: several topics of one connection may speak of the same change."""
    return crc32(text.encode())


def refusal(position: Position, head: Position, oldest: int) -> str:
    """Why the log cannot go on after this position, "" when it can; `oldest` is the first seq it still has."""
    if position.epoch != head.epoch:
        return "epoch"
    if position.seq > head.seq:
        return "future"
    return "trimmed" if position.seq + 1 < oldest else ""

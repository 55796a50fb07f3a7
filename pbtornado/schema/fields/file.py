"""The file field: names of stored files, and uploads that have none yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ...errors import FieldError
from ...store.query import Bindable
from ...values import ReceivedFile, json_text, texts_of
from . import checks
from .base import MAX_SAFE_INT, Modifier, Surroundings
from .choice import ListField

_THUMB = re.compile(r"(\d+)x(\d+)([tbf])?", re.ASCII)
_NO_THUMBS = ("0x0", "0x0t", "0x0b", "0x0f")


@dataclass(frozen=True, kw_only=True)
class FileField(ListField):
    """Up to `max_select` files. A value's items are stored names, and ReceivedFile while a write is under way."""

    type = "file"

    max_size: int = 0
    mime_types: tuple[str, ...] = ()
    thumbs: tuple[str, ...] = ()
    protected: bool = False

    @property
    def size_limit(self) -> int:
        """Bytes one file may have; 5 MB unless said otherwise."""
        return self.max_size if self.max_size > 0 else 5 << 20

    @property
    def body_limit(self) -> int:
        """Bytes all files of a value may have."""
        return self.size_limit * max(self.max_select, 1)

    def items(self, value: Any) -> list[Any]:
        """The distinct names and uploads of any form of value."""
        if isinstance(value, ReceivedFile):
            return [value]
        if not isinstance(value, list | tuple):
            return texts_of(value) if value is not None else []
        distinct: dict[str, Any] = {}
        for found in map(self.items, value):
            if len(found) == 1:
                distinct.setdefault(_key(found[0]), found[0])
        return list(distinct.values())

    def modify(self, how: Modifier, current: Any, operand: Any) -> Any:
        """Files put behind or before, or taken away by name."""
        if how != "subtract":
            return super().modify(how, current, operand)
        gone = {_key(item) for item in self.items(operand)}
        return self.coerce([item for item in self.items(current) if _key(item) not in gone])

    def to_store(self, value: Any) -> Bindable:
        """Names only; an upload goes by its name in storage."""
        names = [_name(item) for item in self.items(value)]
        return json_text(names) if self.multiple else names[-1] if names else ""

    def export(self, value: Any) -> Any:
        """Names only."""
        return [_name(item) for item in value] if isinstance(value, list) else _name(value)

    def check(self, value: Any) -> FieldError | None:
        """Required and count; sizes and types of uploads are for the files' own check."""
        items = self.items(value)
        if not items:
            return checks.REQUIRED if self.required else None
        most = max(self.max_select, 1)
        if len(items) <= most:
            return None
        return FieldError("validation_too_many_files", f"The maximum allowed files is {most}", {"maxSelect": most})

    def check_options(self, around: Surroundings) -> dict[str, Any]:
        """Limits that fit, thumbs of known forms."""
        thumbs = [checks.none_of(thumb, _NO_THUMBS) or checks.matches(thumb, _THUMB) for thumb in self.thumbs]
        own = checks.gather(
            maxSelect=checks.within(self.max_select, 0, MAX_SAFE_INT),
            maxSize=checks.within(self.max_size, 0, MAX_SAFE_INT),
            thumbs=checks.each(self.thumbs, thumbs),
        )
        return checks.joined(super().check_options(around), own)


def _name(item: str | ReceivedFile) -> str:
    return item.stored or item.name if isinstance(item, ReceivedFile) else item


def _key(item: str | ReceivedFile) -> str:
    """What makes two items the same; uploads of one name are still two."""
    return item.stored or str(item.path) if isinstance(item, ReceivedFile) else item

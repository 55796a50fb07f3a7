"""Fields of one datetime: date, and autodate which the server fills in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import FieldError
from ...values import datetime_text
from . import checks
from .base import Field, Surroundings


@dataclass(frozen=True, kw_only=True)
class DateField(Field):
    """`2006-01-02 15:04:05.000Z` or ""; what is no datetime becomes "" without a word. Nobody checks that `min` is before `max`."""

    type = "date"

    min: str = ""
    max: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "min", datetime_text(self.min))
        object.__setattr__(self, "max", datetime_text(self.max))

    def coerce(self, raw: Any) -> str:
        """A datetime's text in the one form, else ""."""
        return datetime_text(raw)

    def check(self, value: Any) -> FieldError | None:
        """Required, limits; texts of one form are ordered as their moments."""
        if not value:
            return checks.REQUIRED if self.required else None
        if self.min and value < self.min:
            return _limit("validation_min_greater_equal_than_required", "must be no less than", self.min)
        if self.max and value > self.max:
            return _limit("validation_max_less_equal_than_required", "must be no greater than", self.max)
        return None


def _limit(code: str, words: str, moment: str) -> FieldError:
    """The sentence names the moment as PocketBase's does, the params in RFC 3339."""
    fraction = moment[19:23].rstrip("0").rstrip(".")
    return FieldError(code, f"{words} {moment[:19]}{fraction} +0000 UTC", {"threshold": moment[:10] + "T" + moment[11:19] + fraction + "Z"})


@dataclass(frozen=True, kw_only=True)
class AutodateField(Field):
    """The moment of creation, of the last update, or both; what clients send is ignored."""

    type = "autodate"
    optional = ("presentable",)

    on_create: bool = False
    on_update: bool = False

    def coerce(self, raw: Any) -> str:
        """A datetime's text in the one form, else ""."""
        return datetime_text(raw)

    def check(self, value: Any) -> FieldError | None:
        """Nothing to refuse."""
        return None

    def check_options(self, around: Surroundings) -> dict[str, Any]:
        """At least one moment; a system field keeps its own."""
        old = around.old.by_id.get(self.id) if around.old else None
        before = old if isinstance(old, AutodateField) and self.system else self
        neither = None
        if not self.on_create and not self.on_update:
            neither = FieldError("validation_required", "either onCreate or onUpdate must be enabled")
        own = checks.gather(
            onCreate=checks.equal(self.on_create, before.on_create) or neither,
            onUpdate=checks.equal(self.on_update, before.on_update) or neither,
        )
        return checks.joined(super().check_options(around), own)

"""The password field: a hash in the store, a plain text only while a write is under way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import FieldError
from . import checks
from .base import Surroundings
from .patterns import found
from .text import OneText

MOST_BYTES = 72
"""What bcrypt looks at, whose hashes a directory may hold."""


@dataclass(frozen=True, kw_only=True)
class PasswordField(OneText):
    """`min` and `max` (0: 71) count characters of the plain text; `cost` (0: 10) is for bcrypt hashes."""

    type = "password"

    min: int = 0
    max: int = 0
    pattern: str = ""
    cost: int = 0

    def check(self, value: Any) -> FieldError | None:
        """Checks a plain text; never hand it a hash."""
        if len(value.encode(errors="surrogatepass")) > MOST_BYTES:
            return FieldError("validation_invalid_value", "Invalid value")
        if not value:
            return checks.REQUIRED if self.required else None
        longest = self.max if self.max > 0 else 71
        if len(value) < self.min:
            return FieldError("validation_min_text_constraint", f"Must be at least {self.min} character(s)")
        if len(value) > longest:
            return FieldError("validation_max_text_constraint", f"Must be less than {longest} character(s)")
        if self.pattern and not found(self.pattern, value):
            return FieldError("validation_invalid_format", "Invalid value format")
        return None

    def export(self, value: Any) -> Any:
        """Nobody sees it."""
        return ""

    def check_options(self, around: Surroundings) -> dict[str, Any]:
        """Lengths and costs that hashing can take."""
        own = checks.gather(
            min=checks.within(self.min, 1, 71),
            max=checks.within(self.max, self.min, 71),
            cost=checks.within(self.cost, 4, 31),
            pattern=checks.regex(self.pattern),
        )
        return checks.joined(super().check_options(around), own)

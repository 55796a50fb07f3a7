"""Fields of one scalar: number and bool."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ...errors import FieldError
from ...store.query import Bindable
from ...values import bool_of, number_of, plain_number
from . import checks
from .base import Field, Kind, Modifier, Surroundings


@dataclass(frozen=True, kw_only=True)
class NumberField(Field):
    """A 64-bit float; one without fraction is an int. 0 stands for no value: it passes `min` and `max`."""

    type = "number"
    modifiers = frozenset[Modifier]({"append", "subtract"})

    min: float | None = None
    max: float | None = None
    only_int: bool = False

    @property
    def kind(self) -> Kind:
        """A numeric column."""
        return "number"

    def zero(self) -> Any:
        """0, never null."""
        return 0

    def coerce(self, raw: Any) -> int | float:
        """A scalar as number, 0 where it is none."""
        return number_of(raw)

    def from_store(self, stored: Any) -> int | float:
        """Integers come as they are."""
        return stored if type(stored) is int else number_of(stored)

    def to_store(self, value: Any) -> Bindable:
        """Integers that SQLite cannot hold as such are stored as floats."""
        return float(value) if isinstance(value, int) and not -(2**63) <= value < 2**63 else value

    def modify(self, how: Modifier, current: Any, operand: Any) -> int | float:
        """The sum or the difference."""
        change = number_of(operand)
        return plain_number(number_of(current) + (-change if how == "subtract" else change))

    def check(self, value: Any) -> FieldError | None:
        """A finite number, whole if asked for, within its limits."""
        if not math.isfinite(value):
            return FieldError("validation_not_a_number", "The submitted number is not properly formatted")
        if not value:
            return checks.REQUIRED if self.required else None
        return self._check_whole(value) or self._check_limits(value)

    def _check_whole(self, value: float | None) -> FieldError | None:
        if value is None or not self.only_int or (float(value).is_integer() and -(2**63) <= value < 2**63):
            return None
        return FieldError("validation_only_int_constraint", "Decimal numbers are not allowed")

    def _check_limits(self, value: float) -> FieldError | None:
        if self.min is not None and value < self.min:
            return FieldError("validation_min_number_constraint", f"Must be greater or equal than {self.min}", {"min": self.min})
        if self.max is not None and value > self.max:
            return FieldError("validation_max_number_constraint", f"Must be less or equal than {self.max}", {"max": self.max})
        return None

    def check_options(self, around: Surroundings) -> dict[str, Any]:
        """Limits in order, whole ones where values must be."""
        order = self._check_limits(self.max) if self.max is not None and self.min is not None and self.max < self.min else None
        own = checks.gather(min=self._check_whole(self.min), max=self._check_whole(self.max) or order)
        return checks.joined(super().check_options(around), own)


@dataclass(frozen=True, kw_only=True)
class BoolField(Field):
    """True or false; required means true."""

    type = "bool"

    @property
    def kind(self) -> Kind:
        """A boolean column."""
        return "bool"

    def zero(self) -> Any:
        """False, never null."""
        return False

    def coerce(self, raw: Any) -> bool:
        """A scalar as truth."""
        return bool_of(raw)

    def from_store(self, stored: Any) -> bool:
        """0 and 1 as truth."""
        return stored != 0 if type(stored) is int else bool_of(stored)

    def to_store(self, value: Any) -> Bindable:
        """Truth as 0 and 1."""
        return int(value)

    def check(self, value: Any) -> FieldError | None:
        """Required means true."""
        return checks.REQUIRED if self.required and not value else None

"""Cron expressions: five columns of minutes, hours, days of the month, months and days of the week, or a word for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from ..values import json_text

WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
"""The least and the most of each column."""
_NUMBER = re.compile(r"[+-]?\d+", re.ASCII)
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Schedule:
    """The values of each column at which something is due."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Columns are parted by one space each: `*`, `5`, `1-30`, `*/5`, `1-30/5`, or several with commas. ValueError."""
        columns = WORDS.get(text, text).split(" ")
        if len(columns) != len(BOUNDS):
            raise ValueError("invalid cron expression - must be a valid macro or to have exactly 5 space separated segments")
        return cls(*(_column(column, *bounds) for column, bounds in zip(columns, BOUNDS, strict=True)))

    def due(self, moment: datetime) -> bool:
        """Is something due in the minute of this moment? Every column must say so."""
        weekday = moment.isoweekday() % 7
        return (
            moment.minute in self.minutes
            and moment.hour in self.hours
            and moment.day in self.days
            and moment.month in self.months
            and weekday in self.weekdays
        )


def _column(text: str, least: int, most: int) -> frozenset[int]:
    return frozenset(value for part in text.split(",") for value in _part(part, least, most))


def _part(text: str, least: int, most: int) -> range:
    values, *steps = text.split("/")
    if len(steps) > 1:
        raise ValueError("invalid segment step format - must be in the format */n or 1-30/n")
    step = _step(steps[0], most) if steps else 1
    if values == "*":
        return range(least, most + 1, step)
    first, *last = values.split("-")
    if len(last) > 1:
        raise ValueError("invalid segment range format - the range must have 1 or 2 parts")
    if not last and step != 1:
        raise ValueError("invalid segment step - step > 1 could be used only with the wildcard or range format")
    return range(_first(first, least, most), _last(first, last[0], most) + 1, step) if last else _one(first, least, most)


def _one(text: str, least: int, most: int) -> range:
    value = _number(text)
    if not least <= value <= most:
        raise ValueError("invalid segment value - must be between the min and max of the segment")
    return range(value, value + 1)


def _step(text: str, most: int) -> int:
    step = _number(text)
    if not 1 <= step <= most:
        raise ValueError(f"invalid segment step boundary - the step must be between 1 and the {most}")
    return step


def _first(text: str, least: int, most: int) -> int:
    value = _number(text)
    if not least <= value <= most:
        raise ValueError(f"invalid segment range minimum - must be between {least} and {most}")
    return value


def _last(first: str, text: str, most: int) -> int:
    value = _number(text)
    if not int(first) <= value <= most:
        raise ValueError(f"invalid segment range maximum - must be between {int(first)} and {most}")
    return value


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"strconv.Atoi: parsing {json_text(text)}: invalid syntax")
    if len(text) > 20 or abs(int(text)) > _LARGEST:
        raise ValueError(f"strconv.Atoi: parsing {json_text(text)}: value out of range")
    return int(text)

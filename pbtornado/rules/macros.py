"""`@now` and its like: what they stand for at a moment, always UTC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

Macro = Callable[[datetime], str | int]


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _start(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _end(moment: datetime) -> datetime:
    return moment.replace(hour=23, minute=59, second=59, microsecond=999_999)


def _month_end(moment: datetime) -> datetime:
    next_month = moment.replace(day=28) + timedelta(days=4)
    return _end(next_month - timedelta(days=next_month.day))


MACROS: Mapping[str, Macro] = {
    "@now": _text,
    "@yesterday": lambda moment: _text(moment - timedelta(days=1)),
    "@tomorrow": lambda moment: _text(moment + timedelta(days=1)),
    "@second": lambda moment: moment.second,
    "@minute": lambda moment: moment.minute,
    "@hour": lambda moment: moment.hour,
    "@day": lambda moment: moment.day,
    "@month": lambda moment: moment.month,
    "@weekday": lambda moment: moment.isoweekday() % 7,
    "@year": lambda moment: moment.year,
    "@todayStart": lambda moment: _text(_start(moment)),
    "@todayEnd": lambda moment: _text(_end(moment)),
    "@monthStart": lambda moment: _text(_start(moment.replace(day=1))),
    "@monthEnd": lambda moment: _text(_month_end(moment)),
    "@yearStart": lambda moment: _text(_start(moment.replace(month=1, day=1))),
    "@yearEnd": lambda moment: _text(_end(moment.replace(month=12, day=31))),
}

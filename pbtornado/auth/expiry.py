"""How old records about sign-ins may become."""

from __future__ import annotations

from datetime import UTC, datetime

from ..schema.record import Record
from ..values import parse_datetime


def is_over(record: Record, seconds: float) -> bool:
    """Was the record made more than so many seconds ago?"""
    made = parse_datetime(str(record.get("created")))
    return made is None or (datetime.now(UTC) - made).total_seconds() > seconds

"""Versions: names for a record's states as an actor sees them, so that a write can be meant for one state only."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from ..errors import Changed
from ..rules.request import RequestInfo
from ..schema.catalog import Catalog
from ..schema.record import Record
from ..store.protocol import Reader
from ..values import json_bytes
from .export import present

ANY = "*"
"""Among the versions a write expects: whichever it is."""


def version(shown: Mapping[str, Any]) -> str:
    """The version of a record as it was shown to an actor, whatever was expanded in it."""
    plain = {name: value for name, value in shown.items() if name != "expand"} if "expand" in shown else shown
    return digest(json_bytes(plain))


def digest(content: bytes) -> str:
    """A short name of these bytes alone."""
    return blake2b(content, digest_size=12).hexdigest()


def refuse_changed(reader: Reader, catalog: Catalog, record: Record, info: RequestInfo, expected: frozenset[str] | None) -> None:
    """Raises Changed where the record, as the actor sees it, is in none of the versions that are expected; None expects nothing."""
    if expected is None or ANY in expected:
        return
    seeing = RequestInfo(actor=info.actor, headers=info.headers, ip=info.ip)
    if version(present(reader, catalog, [record], seeing)[0]) not in expected:
        raise Changed

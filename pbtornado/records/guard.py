"""What follows for an auth record from new credentials: old tokens end, and what was made with the old ones goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import FieldError
from ..schema.catalog import Catalog
from ..schema.record import Record
from ..store.protocol import Writer
from . import cascade, companions, questions, save
from .cascade import SUPERUSERS
from .check import value_errors
from .credentials import fresh_token_key, token_key_due


def guarded(writer: Writer, catalog: Catalog, old: Record, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values`, about to be written into the auth record `old`, with all that goes along; companions that are overdue are deleted."""
    given = {**values, "verified": True} if old.collection.name == SUPERUSERS else dict(values)
    new = {**old.values, **given}
    if token_key_due(old, new) or _verified_now(writer, catalog, old, new):
        new["tokenKey"] = given["tokenKey"] = fresh_token_key(old.collection)
    for name in _overdue(old, new):
        for companion in list(companions.of(writer, catalog, old, (name,))):
            cascade.delete(writer, catalog, companion)
    return given


def change(writer: Writer, catalog: Catalog, record: Record, values: Mapping[str, Any]) -> Record | None:
    """Writes values that the program itself decides into an auth record, and does what follows; passwords are hashes.

    None, and nothing written, where the record is gone or has another token key by now: what proved the right to the
    change is no longer good. Raises Invalid where a value had to be unique.
    """
    collection = catalog.by_id.get(record.collection.id)
    row = writer.one(questions.row_by_id(collection), {questions.RECORD_ID: record.id}) if collection else None
    if collection is None or row is None:
        return None
    current = Record.from_row(collection, row)
    if current.get("tokenKey") != record.get("tokenKey"):
        return None
    return save.update(writer, current, row, guarded(writer, catalog, current, values))


def wrong_values(record: Record, values: Mapping[str, Any]) -> dict[str, FieldError]:
    """What is wrong with new values of a record by themselves; passwords in plain."""
    errors = value_errors(record.collection, {**record.values, **values}, values, record)
    return {name: error for name, error in errors.items() if name in values}


def _verified_now(writer: Writer, catalog: Catalog, old: Record, new: Mapping[str, Any]) -> bool:
    """Does it become verified while accounts of providers are linked that came before?"""
    if old.get("verified") or not new["verified"]:
        return False
    return any(companions.of(writer, catalog, old, (companions.EXTERNAL_AUTHS,)))


def _overdue(old: Record, new: Mapping[str, Any]) -> list[str]:
    """Collections of those companions that must not outlive the old password, token key or unverified state."""
    due = {
        companions.AUTH_ORIGINS: new["password"] != old.get("password"),
        companions.MFAS: new["password"] != old.get("password"),
        companions.OTPS: new["tokenKey"] != old.get("tokenKey"),
        companions.EXTERNAL_AUTHS: bool(new["verified"]) and not old.get("verified"),
    }
    return [name for name, is_due in due.items() if is_due]

"""What a dry run knows of rows before: they were not stored, so the database does not know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...schema.collection import Collection
from ...store.protocol import Reader
from ...values import text_of
from .. import questions
from ..check import MISSING_RECORDS

MOST_KEYS = 500_000
"""Keys that are remembered; a row that names one beyond them may be called wrong by a dry run although it is not."""


class Forward:
    """Keys of the rows that would have been stored by now."""

    def __init__(self) -> None:
        self._keys: set[str] = set()

    def remember(self, payload: Mapping[str, Any]) -> None:
        """This row would be stored."""
        key = text_of(payload.get("id"))
        if key and len(self._keys) < MOST_KEYS:
            self._keys.add(key)

    def knows(self, key: str) -> bool:
        """Would a row before have been stored under this key?"""
        return key in self._keys

    def still_wrong(self, reader: Reader, collection: Collection, payload: Mapping[str, Any], errors: Mapping[str, Any]) -> dict[str, Any]:
        """The errors without those that say of rows before that they are missing."""
        return {name: error for name, error in errors.items() if not self._excused(reader, collection, payload.get(name), name, error)}

    def _excused(self, reader: Reader, collection: Collection, value: Any, name: str, error: Any) -> bool:
        relation = next((one for one in collection.relation_fields if one.name == name), None)
        if relation is None or relation.collection_id != collection.id or error != MISSING_RECORDS:
            return False
        question = questions.exists_by_id(collection)
        return all(self.knows(key) or reader.exists(question, {questions.RECORD_ID: key}) for key in relation.items(value))

"""Fields that hold one item or a list of items: select and relation; what they share with files is `ListField`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import FieldError
from ...store.query import Bindable
from ...values import json_text, parse_json, texts_of
from . import checks
from .base import Field, Kind, Modifier, Surroundings


@dataclass(frozen=True, kw_only=True)
class ListField(Field):
    """Up to `max_select` distinct items: a list when more than one may be, else the item itself or ""."""

    modifiers = frozenset[Modifier]({"append", "prepend", "subtract"})

    max_select: int = 0

    @property
    def multiple(self) -> bool:
        """Its value is a list."""
        return self.max_select > 1

    @property
    def kind(self) -> Kind:
        """Lists are stored as JSON."""
        return "multiple" if self.max_select > 1 else "text"

    def zero(self) -> Any:
        """[] or ""."""
        return [] if self.multiple else ""

    def items(self, value: Any) -> list[Any]:
        """The distinct non-empty items of any form of value."""
        if type(value) is str and "[" not in value:
            return [value] if value else []
        return texts_of(value) if value is not None else []

    def coerce(self, raw: Any) -> Any:
        """A list, or the last item where there may be one only."""
        if self.max_select <= 1 and type(raw) is str and "[" not in raw:
            return raw
        items = self.items(raw)
        return items if self.multiple else items[-1] if items else ""

    def from_store(self, stored: Any) -> Any:
        """A list is stored as JSON."""
        if not self.multiple:
            return stored if isinstance(stored, str) and "[" not in stored else self.coerce(stored)
        if stored == "[]":
            return []
        try:
            items = parse_json(stored)
        except (ValueError, TypeError):
            items = stored
        return self.coerce(items)

    def to_store(self, value: Any) -> Bindable:
        """Lists as JSON."""
        return json_text(value) if self.multiple else str(value)

    def modify(self, how: Modifier, current: Any, operand: Any) -> Any:
        """Items put behind or before, or taken away."""
        mine, given = self.items(current), self.items(operand)
        if how == "subtract":
            return self.coerce([item for item in mine if item not in given])
        return self.coerce(mine + given if how == "append" else given + mine)

    def _check_count(self, items: list[Any]) -> FieldError | None:
        most = max(self.max_select, 1)
        if len(items) <= most:
            return None
        return FieldError("validation_too_many_values", f"Select no more than {most}", {"maxSelect": most})


@dataclass(frozen=True, kw_only=True)
class SelectField(ListField):
    """One or several of `values`."""

    type = "select"

    values: tuple[str, ...] = ()

    def check(self, value: Any) -> FieldError | None:
        """Required, count, and each item one of the values."""
        items = self.items(value)
        if not items:
            return checks.REQUIRED if self.required else None
        return self._check_count(items) or self._check_values(items)

    def _check_values(self, items: list[str]) -> FieldError | None:
        for item in items:
            if item not in self.values:
                return FieldError("validation_invalid_value", f"Invalid value {item}", {"value": item})
        return None

    def check_options(self, around: Surroundings) -> dict[str, Any]:
        """Some values, and no more to be selected than there are."""
        own = checks.gather(values=checks.required(self.values), maxSelect=checks.within(self.max_select, 0, max(len(self.values), 1)))
        return checks.joined(super().check_options(around), own)


@dataclass(frozen=True, kw_only=True)
class RelationField(ListField):
    """Ids of records of another collection; `cascade_delete`: they take this record along when the last one goes."""

    type = "relation"

    collection_id: str = ""
    cascade_delete: bool = False
    min_select: int = 0

    def check(self, value: Any) -> FieldError | None:
        """Required and count; that the records exist is for the writer to say."""
        items = self.items(value)
        if not items:
            return checks.REQUIRED if self.required else None
        if 0 < self.min_select > len(items):
            message = f"Select at least {self.min_select}"
            return FieldError("validation_not_enough_values", message, {"minSelect": self.min_select})
        return self._check_count(items)

    def check_options(self, around: Surroundings) -> dict[str, Any]:
        """A collection that exists and stays the same."""
        most = checks.required(self.max_select) if self.min_select > 0 else None
        own = checks.gather(
            collectionId=checks.required(self.collection_id) or self._check_collection(around),
            minSelect=checks.at_least(self.min_select, 0),
            maxSelect=most or checks.at_least(self.max_select, self.min_select),
        )
        return checks.joined(super().check_options(around), own)

    def _check_collection(self, around: Surroundings) -> FieldError | None:
        old = around.old.by_id.get(self.id) if around.old else None
        if isinstance(old, RelationField) and old.collection_id != self.collection_id:
            return FieldError("validation_field_relation_change", "The relation collection cannot be changed.")
        target = around.find(self.collection_id)
        if target is None or target.id != self.collection_id:
            return FieldError("validation_field_relation_missing_collection", "The relation collection doesn't exist.")
        if target.is_view and not around.collection.is_view:
            message = "Only view collections are allowed to have relations to other views."
            return FieldError("validation_relation_field_non_view_base_collection", message)
        return None

"""Every field type, and the one way from JSON to a field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

from .base import BadShape, Field, Kind, Modifier, Surroundings
from .choice import ListField, RelationField, SelectField
from .date import AutodateField, DateField
from .file import FileField
from .number import BoolField, NumberField
from .password import PasswordField
from .structured import GeoPointField, JSONField
from .text import EditorField, EmailField, TextField, URLField

__all__ = [
    "FIELD_TYPES",
    "AutodateField",
    "BadShape",
    "BoolField",
    "DateField",
    "EditorField",
    "EmailField",
    "Field",
    "FileField",
    "GeoPointField",
    "JSONField",
    "Kind",
    "ListField",
    "Modifier",
    "NumberField",
    "PasswordField",
    "RelationField",
    "SelectField",
    "Surroundings",
    "TextField",
    "URLField",
    "default_id",
    "field_from_json",
]

_CLASSES: tuple[type[Field], ...] = (
    TextField,
    EditorField,
    NumberField,
    BoolField,
    EmailField,
    URLField,
    DateField,
    AutodateField,
    SelectField,
    FileField,
    RelationField,
    JSONField,
    PasswordField,
    GeoPointField,
)
FIELD_TYPES: Mapping[str, type[Field]] = {cls.type: cls for cls in _CLASSES}


def field_from_json(data: Any) -> Field:
    """The field that PocketBase's JSON describes. BadShape for an unknown type or options of wrong types."""
    cls = FIELD_TYPES.get(data.get("type") or "") if isinstance(data, dict) and isinstance(data.get("type"), str) else None
    if cls is None:
        raise BadShape("missing or unknown field type")
    return cls.from_json(data)


def default_id(field_type: str, name: str, taken: Iterable[str] = ()) -> str:
    """PocketBase's id of a field that was given none: its type and the checksum of its name."""
    base = f"{field_type}{crc32(name.encode())}"
    ids = set(taken)
    return base if base not in ids else next(f"{base}{n}" for n in range(2, 1000) if f"{base}{n}" not in ids)

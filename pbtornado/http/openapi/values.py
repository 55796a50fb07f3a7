"""Schemas of fields: as records show them, and as writes take them."""

from __future__ import annotations

import re
from typing import Any

from ...schema.catalog import Catalog
from ...schema.fields import (
    AutodateField,
    BoolField,
    DateField,
    EditorField,
    Field,
    FileField,
    GeoPointField,
    JSONField,
    ListField,
    NumberField,
    PasswordField,
    RelationField,
    SelectField,
    TextField,
)
from .pieces import ANY, BOOL, TEXT, WHOLE, Json, array, described, ref

DATE = "`2006-01-02 15:04:05.000Z`, empty for none."
SUPERUSERS = "Only superusers see and write it."
BINARY: Json = {"type": "string", "format": "binary"}


def shown(field: Field, catalog: Catalog) -> Json:
    """The schema of a field's value in a record."""
    schema = array(TEXT) if field.multiple else _plain(field)
    return described(schema, _sentence(field.help), _meaning(field, catalog), SUPERUSERS if field.hidden else "")


def written(field: Field, catalog: Catalog, *, upload: bool = False) -> Json:
    """The schema of what a write takes for a field; with `upload` new files come along."""
    item = BINARY if upload and isinstance(field, FileField) else _item(field)
    limits: Json = {"maxItems": field.max_select} if isinstance(field, ListField) and field.multiple else {}
    schema = array(item, **limits) if field.multiple else {**item, **_limits(field)}
    meaning = _upload(field) if isinstance(field, FileField) else _meaning(field, catalog)
    return described(schema, _sentence(field.help), meaning, SUPERUSERS if field.hidden else "")


def _plain(field: Field) -> Json:
    if isinstance(field, NumberField):
        return WHOLE if field.only_int else {"type": "number"}
    if isinstance(field, BoolField):
        return BOOL
    if isinstance(field, GeoPointField):
        return ref("GeoPoint")
    return ANY if isinstance(field, JSONField) else TEXT


def _item(field: Field) -> Json:
    if isinstance(field, SelectField) and field.values:
        nothing = [] if field.required or field.multiple or "" in field.values else [""]
        return {"type": "string", "enum": [*field.values, *nothing]}
    return _plain(field) if not isinstance(field, ListField) else TEXT


def _limits(field: Field) -> Json:
    if isinstance(field, PasswordField):
        return {"format": "password", "writeOnly": True}
    if isinstance(field, TextField):
        return _text_limits(field)
    return _number_limits(field) if isinstance(field, NumberField) else {}


def _text_limits(field: TextField) -> Json:
    """An empty text is no text and passes all limits, unless there must be one."""
    limits: Json = {"maxLength": field.max or 5000}
    if field.required and not field.autogenerate_pattern:
        limits["minLength"] = max(field.min, 1)
        if field.pattern and _is_plain(field.pattern):
            limits["pattern"] = field.pattern
    return limits


def _number_limits(field: NumberField) -> Json:
    """0 is no number and passes all limits, unless there must be one."""
    limits: Json = {}
    if field.min is not None and (field.required or field.min <= 0):
        limits["minimum"] = field.min
    if field.max is not None and (field.required or field.max >= 0):
        limits["maximum"] = field.max
    return limits


def _is_plain(pattern: str) -> bool:
    """Does it mean the same in every dialect of regular expressions, as far as one can see?"""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return re.search(r"\(\?|\\[^dDwWsS.\-/^$*+?()[\]{}|\\]", pattern) is None


def _meaning(field: Field, catalog: Catalog) -> str:
    match field:
        case RelationField():
            target = catalog.find(field.collection_id)
            return f"{'Ids of records' if field.multiple else 'The id of a record'} of `{target.name if target else '?'}`."
        case FileField():
            return f"{'Names of files' if field.multiple else 'The name of a file'}, served at `/api/files/…`."
        case SelectField():
            return f"{'Some' if field.multiple else 'One'} of the options: {', '.join(f'`{value}`' for value in field.values)}."
        case AutodateField() | DateField():
            return DATE
        case EditorField():
            return "HTML."
        case _:
            return {"email": "An email address.", "url": "A URL.", "json": "Any JSON."}.get(field.type, "")


def _upload(field: FileField) -> str:
    kept = "Names of files to keep" if field.multiple else "The name of the file to keep, empty to remove it"
    return f"{kept}; new files are sent as a form."


def _sentence(text: str) -> str:
    return text and text.strip().rstrip(".") + "."


def example_modifiers(field: Field) -> list[str]:
    """The keys that change a field's value instead of replacing it."""
    forms: dict[Any, str] = {"append": f"{field.name}+", "prepend": f"+{field.name}", "subtract": f"{field.name}-"}
    return [form for how, form in forms.items() if how in field.modifiers]

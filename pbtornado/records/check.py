"""What makes a record's values invalid: by themselves, and beside what is stored."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from ..errors import FieldError
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.fields import AutodateField, Field, FileField, PasswordField, TextField
from ..schema.fields.text import LOWERCASE_ID
from ..schema.record import Record
from ..store.protocol import Reader
from ..values import json_text
from . import companions, questions
from .credentials import REQUIRED
from .remembered import remembered
from .uploads import file_error

PK_CHANGE = FieldError("validation_pk_change", "The record primary key cannot be changed.")
PK_TAKEN = FieldError("validation_pk_invalid", "The record primary key is invalid or already exists.")
AUTH_ID_TAKEN = FieldError("validation_invalid_auth_id", "Invalid or duplicated auth record id.")
MISSING_COLLECTION = FieldError("validation_missing_rel_collection", "Relation connection is missing or cannot be accessed")
MISSING_RECORDS = FieldError("validation_missing_rel_records", "Failed to find all relation records with the provided ids")

Errors = dict[str, FieldError]


def value_errors(collection: Collection, values: Mapping[str, Any], touched: Container[str], old: Record | None) -> Errors:
    """Errors that the values alone tell, of all fields; passwords among `touched` are plain, others hashes."""
    found = {name: error for name, check in plain_checks(collection) if (error := check(values[name]))}
    for field in special_fields(collection):
        if error := _special_error(field, values[field.name], field.name in touched, old):
            found[field.name] = error
    return found


@remembered
def special_fields(collection: Collection) -> tuple[Field, ...]:
    """Fields whose values are judged beside the old ones."""
    return tuple(field for field in collection.fields if field.name == "id" or isinstance(field, PasswordField | FileField))


@remembered
def plain_checks(collection: Collection) -> tuple[tuple[str, Callable[[Any], FieldError | None]], ...]:
    """Names and checks of the fields whose values say all."""
    apart = {field.name for field in special_fields(collection)}
    plain = [field for field in collection.fields if field.name not in apart and not isinstance(field, AutodateField)]
    return tuple((field.name, field.check) for field in plain)


def _special_error(field: Field, value: Any, touched: bool, old: Record | None) -> FieldError | None:
    if field.name == "id" and old is not None:
        return None if value == old.id else PK_CHANGE
    if isinstance(field, PasswordField) and not touched:
        return REQUIRED if field.required and not value else None
    if isinstance(field, FileField) and field.items(value):
        return file_error(field, value, old.get(field.name) if old else None)
    return field.check(value)


def stored_errors(
    reader: Reader, catalog: Catalog, collection: Collection, values: Mapping[str, Any], touched: Iterable[str], *, new: bool
) -> Errors:
    """Errors that only the database tells: relations to nothing, keys that are taken."""
    found: Errors = {}
    if collection.relation_fields:
        names = collection.names if new else touched
        found = _relation_errors(reader, catalog, collection, {name: values[name] for name in names})
    if new and (error := _key_error(reader, collection, values["id"])):
        found["id"] = error
    return found


def last_errors(reader: Reader, catalog: Catalog, collection: Collection, values: Mapping[str, Any], *, new: bool) -> Errors:
    """Errors looked for when there are no others: what companions belong to, ids taken by other auth collections."""
    if collection.name in companions.NAMES:
        return companions.errors(reader, catalog, collection, values)
    return _auth_id_errors(reader, catalog, collection, values["id"]) if new and collection.is_auth else {}


def _relation_errors(reader: Reader, catalog: Catalog, collection: Collection, values: Mapping[str, Any]) -> Errors:
    found: Errors = {}
    for field in collection.relation_fields:
        ids = field.items(values.get(field.name))
        if ids and (error := _relation_error(reader, catalog.find(field.collection_id), ids)):
            found[field.name] = error
    return found


def _relation_error(reader: Reader, target: Collection | None, ids: list[str]) -> FieldError | None:
    if target is None:
        return MISSING_COLLECTION
    if len(ids) == 1:
        return None if reader.exists(questions.exists_by_id(target), {questions.RECORD_ID: ids[0]}) else MISSING_RECORDS
    rows = reader.rows(questions.ids_that_exist(target), {questions.RECORD_IDS: json_text(ids)})
    return None if len(rows) == len(ids) else MISSING_RECORDS


def _key_error(reader: Reader, collection: Collection, key: str) -> FieldError | None:
    """Keys of a form of their own must differ in more than the case of letters; of the usual form the table itself takes care."""
    field = collection.field("id")
    if not isinstance(field, TextField) or field.pattern == LOWERCASE_ID:
        return None
    return PK_TAKEN if reader.exists(questions.exists_in_other_case(collection), {questions.RECORD_ID: key}) else None


def _auth_id_errors(reader: Reader, catalog: Catalog, collection: Collection, key: str) -> Errors:
    for other in catalog.all:
        if other.is_auth and other.id != collection.id and reader.exists(questions.exists_by_id(other), {questions.RECORD_ID: key}):
            return {"id": AUTH_ID_TAKEN}
    return {}

"""Many collections at once, from the JSON of an export: all of them are stored, or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..errors import BadRequest, FieldError
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection, place_field
from ..schema.defaults import merged, new_collection
from ..schema.fields import BadShape, Field
from ..schema.fields.checks import REQUIRED
from ..schema.views import view_fields
from ..store.protocol import BadQuestion, UniqueViolation, Writer
from ..values import datetime_text, plain_number, text_of
from .collection_put import drop, errors_of, put
from .collection_save import changed, fresh
from .view_save import resave, with_fields

NOT_IMPORTED = "Failed to import collections."
Wanted = tuple[Collection, Collection | None]
"""A collection as it shall be, and the stored one it replaces."""


def read(payload: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], bool]:
    """The collections as JSON objects, and whether others shall go. BadRequest."""
    wanted, delete_missing = payload.get("collections") or [], payload.get("deleteMissing") or False
    if not isinstance(wanted, list) or not all(isinstance(item, Mapping) for item in wanted) or not isinstance(delete_missing, bool):
        raise BadRequest("An error occurred while loading the submitted data.")
    if not wanted:
        raise BadRequest("An error occurred while validating the submitted data.", {"collections": REQUIRED})
    return [_plain(item) for item in wanted], delete_missing


def _plain(data: Any) -> Any:
    """Data whose whole numbers are integers, however they were written."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(item) for item in data]
    return plain_number(data) if isinstance(data, float) else data


def failure(reason: str) -> BadRequest:
    """The answer when the database refused."""
    message = f"Failed to import the collections configuration. Raw error:\n{reason}"
    return BadRequest(NOT_IMPORTED, {"collections": FieldError("validation_collections_import_failure", message)})


def importing(catalogs: Catalogs, payloads: list[Mapping[str, Any]], *, delete_missing: bool) -> Callable[[Writer], None]:
    """Work for a writer: drops what is missing, stores everything, then checks it, so that order does not matter."""

    def work(writer: Writer) -> None:
        catalog = catalogs.load(writer)
        wanted = [_wanted(catalog, payload, delete_missing=delete_missing) for payload in _in_order(catalog, payloads)]
        if delete_missing:
            _drop_others(writer, catalog, {new.id for new, _ in wanted})
        for new, old in wanted:
            _put(writer, _with_fields(writer, catalogs, new), old)
        resave(writer, catalogs, "")
        _check_all(writer, catalogs.load(writer), wanted)

    return work


def _in_order(catalog: Catalog, payloads: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Tables before views, older collections before younger ones."""

    def rank(payload: Mapping[str, Any]) -> tuple[bool, str, str]:
        stored = _stored(catalog, payload) or Collection()
        moments = [datetime_text(payload.get(key)) or getattr(stored, key) for key in ("created", "updated")]
        return (payload.get("type", stored.type) == "view", *moments)

    return sorted(payloads, key=rank)


def _stored(catalog: Catalog, payload: Mapping[str, Any]) -> Collection | None:
    return catalog.find(text_of(payload.get("id")) or text_of(payload.get("name")))


def _wanted(catalog: Catalog, payload: Mapping[str, Any], *, delete_missing: bool) -> Wanted:
    old = _stored(catalog, payload)
    if old is None:
        kind, name, given = (text_of(payload.get(key)) for key in ("type", "name", "id"))
        return fresh(catalog, _laid_over(new_collection(kind, name, collection_id=given), payload)), None
    if delete_missing and payload.get("fields") is None:
        payload = {**payload, "fields": []}
    draft = replace(_laid_over(old, payload), id=old.id)
    return changed(replace(draft, fields=_with_kept(draft, old, delete_missing=delete_missing)), old), old


def _laid_over(collection: Collection, payload: Mapping[str, Any]) -> Collection:
    try:
        return merged(collection, payload)
    except BadShape as error:
        raise failure(f"json: {error}") from error


def _with_kept(draft: Collection, old: Collection, *, delete_missing: bool) -> tuple[Field, ...]:
    """The imported fields and those stored ones that nobody asked to delete; system fields always stay."""
    fields = list(draft.fields)
    for field in old.fields:
        if (field.system or not delete_missing) and field.id not in draft.by_id:
            same = [index for index, one in enumerate(fields) if one.name == field.name and one.type == field.type]
            if same:
                fields[same[0]] = field
            else:
                place_field(fields, field)
    return tuple(fields)


def _drop_others(writer: Writer, catalog: Catalog, kept: set[str]) -> None:
    """Views first: a view over a dropped table would stand in the way of altering others."""
    others = [one for one in catalog.all if one.id not in kept and not one.system]
    for collection in sorted(others, key=lambda one: not one.is_view):
        drop(writer, catalog, collection)


def _with_fields(writer: Writer, catalogs: Catalogs, new: Collection) -> Collection:
    if not new.is_view:
        return new
    try:
        return replace(new, fields=view_fields(writer, catalogs.load(writer), new.view_query))
    except BadQuestion as error:
        raise failure(f'failed to save collection "{new.name}": {error}') from error


def _put(writer: Writer, new: Collection, old: Collection | None) -> None:
    try:
        put(writer, new, old)
    except BadQuestion as error:
        raise failure(f'failed to save collection "{new.name}": {error}') from error
    except UniqueViolation as error:
        columns = ", ".join(f"{error.table}.{column}" for column in error.columns)
        raise failure(f'failed to save collection "{new.name}": UNIQUE constraint failed: {columns}') from error


def _check_all(writer: Writer, catalog: Catalog, wanted: list[Wanted]) -> None:
    for new, old in wanted:
        errors = errors_of(writer, catalog, with_fields(writer, catalog, new), old or new)
        if errors:
            reasons = json.dumps(_messages(errors), indent=2, ensure_ascii=False)
            message = f'Data validations failed for collection "{new.name}" ({new.id}):\n{reasons}'
            raise BadRequest(NOT_IMPORTED, {"collections": FieldError("validation_collections_import_failure", message)})


def _messages(errors: Mapping[str, Any]) -> dict[str, Any]:
    """Errors at any depth as their sentences."""
    return {key: one.message if isinstance(one, FieldError) else _messages(one) for key, one in sorted(errors.items())}

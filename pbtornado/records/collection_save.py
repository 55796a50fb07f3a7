"""How a collection is stored, changed and dropped within a write: checked, its table kept in step, the change logged."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..errors import BadRequest, FieldError, Invalid, NotFound
from ..rules.rule import RuleError, check
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection
from ..schema.defaults import checksum_id, completed, merged, with_free_id
from ..schema.fields import BadShape
from ..schema.indexes import parse_index
from ..schema.options import new_token
from ..schema.record import Record
from ..schema.settings import rename_limits
from ..schema.validate import Validation
from ..store.protocol import BadQuestion, IndexRefused, Reader, Writer
from ..store.query import Column, Compare, Select, Table, Value
from ..values import now
from . import cascade, companions, questions, save

LOG_NAME = "_collections"
"""How the change log names the collection of collections."""
BAD_FORMAT = "Failed to load the submitted data due to invalid formatting."
NOT_CREATED = "Failed to create collection."
NOT_UPDATED = "Failed to update collection."
NOT_DELETED = "Failed to delete collection"
NOT_TRUNCATED = "Failed to truncate collection (most likely due to required cascade delete record references)."
BATCH = 500


# ---- the verbs, as work for a writer


def creation(catalogs: Catalogs, blank: Collection, payload: Mapping[str, Any]) -> Callable[[Writer], Collection]:
    """Stores a new collection: a blank one with the JSON object laid over. BadRequest."""
    draft = laid_over(blank, payload)

    def work(writer: Writer) -> Collection:
        catalog = catalogs.load(writer)
        new = fresh(catalog, draft)
        _refuse(errors_of(writer, catalog, new, None) | _view_errors(new, None), NOT_CREATED)
        return put(writer, new, None)

    return work


def update(catalogs: Catalogs, name_or_id: str, payload: Mapping[str, Any]) -> Callable[[Writer], Collection]:
    """Changes a collection by a JSON object. NotFound, BadRequest."""

    def work(writer: Writer) -> Collection:
        catalog = catalogs.load(writer)
        old = found(catalog, name_or_id)
        draft = laid_over(old, payload)
        if draft.id != old.id:
            raise NotFound
        new = changed(draft, old)
        _refuse(errors_of(writer, catalog, new, old) | _view_errors(new, old), NOT_UPDATED)
        return put(writer, new, old)

    return work


def deletion(catalogs: Catalogs, name_or_id: str) -> Callable[[Writer], None]:
    """Drops a collection that nothing depends on. NotFound, BadRequest."""

    def work(writer: Writer) -> None:
        catalog = catalogs.load(writer)
        old = found(catalog, name_or_id)
        referring = dict.fromkeys(other.name for other, _ in catalog.referring(old) if other.id != old.id)
        reason = f" probably due to existing reference in {', '.join(referring)}" if referring else ""
        if old.system or referring:
            raise BadRequest(NOT_DELETED + reason)
        drop(writer, catalog, old)
        _refuse_broken_views(writer, catalog, old)

    return work


def truncation(catalogs: Catalogs, name_or_id: str) -> Callable[[Writer], None]:
    """Deletes every record of a collection with all that follows from it. NotFound, BadRequest."""

    def work(writer: Writer) -> None:
        catalog = catalogs.load(writer)
        collection = found(catalog, name_or_id)
        if collection.is_view:
            raise BadRequest("View collections cannot be truncated since they don't store their own records.")
        try:
            _delete_all(writer, catalog, collection)
        except BadRequest as error:
            raise BadRequest(NOT_TRUNCATED) from error

    return work


def _delete_all(writer: Writer, catalog: Catalog, collection: Collection) -> None:
    rows = Select(questions.columns_of(collection), Table(collection.name), limit=Value(BATCH))
    while batch := writer.rows(rows, {}):
        for row in batch:
            record = Record.from_row(collection, row)
            if writer.exists(questions.row_by_id(collection), {questions.RECORD_ID: record.id}):
                cascade.delete(writer, catalog, record)


# ---- their steps


def found(catalog: Catalog, name_or_id: str) -> Collection:
    """The collection. NotFound."""
    collection = catalog.find(name_or_id)
    if collection is None:
        raise NotFound
    return collection


def laid_over(collection: Collection, payload: Mapping[str, Any]) -> Collection:
    """The collection with the JSON object laid over. BadRequest for wrong JSON types."""
    try:
        return merged(collection, payload)
    except BadShape as error:
        raise BadRequest(BAD_FORMAT) from error


def fresh(catalog: Catalog, draft: Collection) -> Collection:
    """A new collection with all it must have, its default id a free one; nobody chooses a view's fields."""
    moment = now()
    draft = replace(draft, fields=()) if draft.is_view else draft
    new = completed(replace(draft, type=draft.type or "base", created=moment, updated=moment))
    return with_free_id(new, lambda some: some in catalog.by_id) if new.id == checksum_id(new.type, new.name) else new


def changed(draft: Collection, old: Collection) -> Collection:
    """A stored collection after a change; another condition for signing in ends all sign-ins made under the former one."""
    new = completed(replace(draft, updated=now(), fields=old.fields if draft.is_view else draft.fields))
    if new.auth is None or old.auth is None or (new.auth.auth_rule or "") == (old.auth.auth_rule or ""):
        return new
    return replace(new, auth=replace(new.auth, auth_token=new_token(new.auth.auth_token.duration)))


def errors_of(reader: Reader, catalog: Catalog, new: Collection, old: Collection | None) -> dict[str, Any]:
    """What is wrong with a collection, by JSON key."""
    beside = catalog.replaced(new)

    def problem(collection: Collection, rule: str) -> str | None:
        try:
            check(beside, collection, rule)
        except RuleError as error:
            return str(error)
        return None

    return Validation(new, old, catalog, problem, lambda name: table_exists(reader, name)).errors()


def put(writer: Writer, new: Collection, old: Collection | None) -> Collection:
    """Stores the collection, makes or alters its table, logs the change. Invalid for an index, BadQuestion."""
    if old is None:
        writer.insert("_collections", new.to_row())
    else:
        writer.update("_collections", old.id, new.to_row())
    if old is None or not new.is_view:
        _reshape(writer, new, old)
    if old is not None and old.name != new.name:
        rename_limits(writer, old.name, new.name)
    image, before = new.image(), old.image() if old else {}
    differing = {key: value for key, value in before.items() if image[key] != value}
    writer.append("update" if old else "create", LOG_NAME, new.id, image, differing)
    return new


def _reshape(writer: Writer, new: Collection, old: Collection | None) -> None:
    try:
        writer.reshape(old.shape() if old else None, new.shape())
    except IndexRefused as error:
        name = parse_index(new.indexes[error.position]).name
        refused = FieldError("validation_invalid_index_expression", f"Failed to create index {name} - {error.reason}")
        raise Invalid({"indexes": {str(error.position): refused}}) from error


def drop(writer: Writer, catalog: Catalog, old: Collection) -> None:
    """Removes the collection, its table and what is known about its accounts; logs the change."""
    writer.delete("_collections", old.id)
    writer.reshape(old.shape(), None)
    if old.is_auth:
        _drop_companions(writer, catalog, old)
    writer.append("delete", LOG_NAME, old.id, old.image())


def _drop_companions(writer: Writer, catalog: Catalog, gone: Collection) -> None:
    mine = Compare("=", Column("r", "collectionRef"), Value(gone.id))
    for collection in filter(None, map(catalog.find, companions.NAMES)):
        for row in writer.rows(Select(questions.columns_of(collection), Table(collection.name), where=mine), {}):
            save.delete(writer, Record.from_row(collection, row))


def table_exists(reader: Reader, name: str) -> bool:
    """The database has a table or view of this name that can be read."""
    if not re.fullmatch(r"\w+", name):
        return False
    try:
        reader.exists(Select((Value(1),), Table(name), limit=Value(1)), {})
    except BadQuestion:
        return False
    return True


def _refuse(errors: Mapping[str, Any], failure: str) -> None:
    if errors:
        raise BadRequest(failure, errors)


def _view_errors(new: Collection, old: Collection | None) -> dict[str, FieldError]:
    message = "Invalid query - view collections can only be read here, not made or changed."
    return {"viewQuery": FieldError("validation_invalid_view_query", message)} if view_differs(new, old) else {}


def view_differs(new: Collection, old: Collection | None) -> bool:
    """It is a view whose query or name is not the stored one."""
    return new.is_view and (old is None or (new.view_query, new.name) != (old.view_query, old.name))


def _refuse_broken_views(reader: Reader, catalog: Catalog, gone: Collection) -> None:
    for view in catalog.all:
        if view.is_view and view.id != gone.id and not table_exists(reader, view.name):
            raise BadRequest(NOT_DELETED)

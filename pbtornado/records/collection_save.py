"""The verbs of collections as work for a writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..errors import BadRequest, NotFound
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection
from ..schema.defaults import checksum_id, completed, merged, with_free_id
from ..schema.fields import BadShape
from ..schema.options import new_token
from ..schema.record import Record
from ..store.protocol import Writer
from ..store.query import Select, Table, Value
from ..values import now
from . import cascade, questions
from .collection_put import drop, errors_of, put
from .view_save import readable_views, resave, with_fields

BAD_FORMAT = "Failed to load the submitted data due to invalid formatting."
NOT_CREATED = "Failed to create collection."
NOT_UPDATED = "Failed to update collection."
NOT_DELETED = "Failed to delete collection"
NOT_TRUNCATED = "Failed to truncate collection (most likely due to required cascade delete record references)."
BATCH = 500


def creation(catalogs: Catalogs, blank: Collection, payload: Mapping[str, Any]) -> Callable[[Writer], Collection]:
    """Stores a new collection: a blank one with the JSON object laid over. BadRequest."""
    draft = laid_over(blank, payload)

    def work(writer: Writer) -> Collection:
        catalog = catalogs.load(writer)
        new = with_fields(writer, catalog, fresh(catalog, draft))
        _refuse(errors_of(writer, catalog, new, None), NOT_CREATED)
        put(writer, new, None)
        resave(writer, catalogs, new.id)
        return new

    return work


def update(catalogs: Catalogs, name_or_id: str, payload: Mapping[str, Any]) -> Callable[[Writer], Collection]:
    """Changes a collection by a JSON object. NotFound, BadRequest."""

    def work(writer: Writer) -> Collection:
        catalog = catalogs.load(writer)
        old = found(catalog, name_or_id)
        draft = laid_over(old, payload)
        if draft.id != old.id:
            raise NotFound
        new = with_fields(writer, catalog, changed(draft, old))
        _refuse(errors_of(writer, catalog, new, old), NOT_UPDATED)
        put(writer, new, old)
        resave(writer, catalogs, new.id)
        return new

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
        views = [view for view in readable_views(writer, catalog) if view.id != old.id]
        drop(writer, catalog, old)
        if readable_views(writer, catalog) != views:
            raise BadRequest(NOT_DELETED)

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
    kind = draft.type or "base"
    new = completed(replace(draft, id=draft.id or checksum_id(kind, draft.name), type=kind, created=moment, updated=moment))
    by_default = new.id in (checksum_id(one, new.name) for one in (new.type, "base"))
    return with_free_id(new, lambda some: some in catalog.by_id) if by_default else new


def changed(draft: Collection, old: Collection) -> Collection:
    """A stored collection after a change; another condition for signing in ends all sign-ins made under the former one."""
    new = completed(replace(draft, type=draft.type or "base", updated=now(), fields=old.fields if draft.is_view else draft.fields))
    if new.auth is None or old.auth is None or (new.auth.auth_rule or "") == (old.auth.auth_rule or ""):
        return new
    return replace(new, auth=replace(new.auth, auth_token=new_token(new.auth.auth_token.duration)))


def _refuse(errors: Mapping[str, Any], failure: str) -> None:
    if errors:
        raise BadRequest(failure, errors)

"""Views follow what they show: the fields their SELECT gives them, anew when a collection changes."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import Any

from ..errors import Invalid, plain_errors
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection
from ..schema.views import view_fields
from ..store.protocol import BadQuestion, Reader, TooSlow, Writer
from ..values import json_text, now
from .collection_put import errors_of, put, table_exists

log = logging.getLogger("pbtornado.records")


def with_fields(reader: Reader, catalog: Catalog, collection: Collection) -> Collection:
    """A view with the fields of its SELECT, none where that is no good; any other collection as it is."""
    if not collection.is_view:
        return collection
    try:
        return replace(collection, fields=view_fields(reader, catalog, collection.view_query))
    except BadQuestion:
        return replace(collection, fields=())


def readable_views(reader: Reader, catalog: Catalog) -> list[Collection]:
    """The views that can be read: what they show is there."""
    return [view for view in catalog.all if view.is_view and table_exists(reader, view.name)]


def resave(writer: Writer, catalogs: Catalogs, changed: str) -> None:
    """Stores each view whose fields are no longer those of its SELECT, but not the collection `changed` (an id).

    A view that cannot be stored stays as it is, and the log says why: its query is for a superuser to mend.
    """
    for known in catalogs.load(writer).all:
        if known.is_view and known.id != changed:
            try:
                writer.savepoint(partial(_renew, writer, catalogs, known.id))
            except Invalid as error:
                log.warning("view %s may need another query: %s", known.name, json_text(plain_errors(error.errors)))
            except (BadQuestion, TooSlow) as error:
                log.warning("view %s may need another query: %s", known.name, error)


def _renew(writer: Writer, catalogs: Catalogs, view_id: str) -> None:
    catalog = catalogs.load(writer)
    old = catalog.by_id[view_id]
    new = replace(old, fields=view_fields(writer, catalog, old.view_query), updated=now())
    if _described(new) == _described(old):
        return
    if errors := errors_of(writer, catalog, new, old):
        raise Invalid(errors)
    put(writer, new, old)
    resave(writer, catalogs, new.id)


def _described(view: Collection) -> list[dict[str, Any]]:
    """Its fields without their ids, which are new each time."""
    return [{**field.to_json(), "id": ""} for field in view.fields]

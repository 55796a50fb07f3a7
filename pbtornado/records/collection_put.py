"""The steps of storing and dropping a collection within a write: checked, its table kept in step, the change logged."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from ..errors import FieldError, Invalid
from ..rules.rule import RuleError, check
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.indexes import parse_index
from ..schema.record import Record
from ..schema.settings import rename_limits
from ..schema.validate import Validation
from ..schema.views import ViewRefused, tried
from ..store.protocol import BadQuestion, IndexRefused, Reader, TooSlow, Writer
from ..store.query import Column, Compare, Select, Table, Value
from . import companions, questions, save

LOG_NAME = "_collections"
"""How the change log names the collection of collections."""


def errors_of(reader: Reader, catalog: Catalog, new: Collection, old: Collection | None) -> dict[str, Any]:
    """What is wrong with a collection, by JSON key."""

    def problem(collection: Collection, rule: str) -> str | None:
        try:
            check(catalog, collection, rule)  # by its own name, new or old, it is found all the same
        except RuleError as error:
            return str(error)
        return None

    trial, known = partial(_view_problem, reader, catalog, new.view_query), partial(table_exists, reader)
    return Validation(new, old, catalog, problem, trial, known).errors()


def _view_problem(reader: Reader, catalog: Catalog, query: str) -> str | None:
    try:
        tried(reader, catalog, query)
    except (ViewRefused, BadQuestion) as error:
        return str(error)
    except TooSlow:
        return "it takes too long to answer"
    return None


def put(writer: Writer, new: Collection, old: Collection | None) -> Collection:
    """Stores the collection, makes or alters its table, logs the change. Invalid for an index, BadQuestion."""
    if old is None:
        writer.insert("_collections", new.to_row())
    else:
        writer.update("_collections", old.id, new.to_row())
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
        refused = {str(position): _index_error(new.indexes[position], reason) for position, reason in error.reasons.items()}
        raise Invalid({"indexes": refused}) from error


def _index_error(statement: str, reason: str) -> FieldError:
    index = parse_index(statement)
    message = f"Failed to create index {index.name} - {reason}" if index.valid else "Invalid CREATE INDEX expression."
    return FieldError("validation_invalid_index_expression", message)


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
        reader.rows(Select((Value(1),), Table(name), limit=Value(0)), {})
    except BadQuestion:
        return False
    return True

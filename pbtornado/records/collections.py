"""The verbs of collections: list, view, create, update, delete; tables are kept in step with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ..errors import BadRequest, FieldError, NotFound
from ..rules.request import RequestInfo
from ..rules.rule import Part, RuleError, ask, check
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import COLUMNS, Collection
from ..schema.defaults import checksum_id, completed, merged, new_collection, with_free_id
from ..schema.fields import AutodateField, BadShape, BoolField, TextField
from ..schema.options import new_token
from ..schema.validate import Validation
from ..store.protocol import BadQuestion, IndexRefused, Origin, Reader, Store, Writer
from ..store.query import Column, Order, Select, Table, Value
from ..values import now, random_text

T = TypeVar("T")
PROGRAM = Origin()
"""Writes nobody asked for."""
LOG_NAME = "_collections"
"""How the change log names the collection of collections."""
LISTED = Collection(
    id=LOG_NAME,
    name=LOG_NAME,
    fields=(
        TextField(id="id", name="id", primary_key=True),
        AutodateField(id="created", name="created"),
        AutodateField(id="updated", name="updated"),
        TextField(id="name", name="name"),
        BoolField(id="system", name="system"),
        TextField(id="type", name="type"),
    ),
)
"""What filter and sort of a list of collections may name."""
BAD_FORMAT = "Failed to load the submitted data due to invalid formatting."


class Collections:
    """The door to collections; whoever calls has made sure that a superuser asks."""

    def __init__(self, store: Store, catalogs: Catalogs) -> None:
        self._store = store
        self._catalogs = catalogs

    # ---- reading

    async def list(
        self, *, filter: str = "", sort: str = "", page: int = 1, per_page: int = 30, skip_total: bool = False
    ) -> dict[str, Any]:
        """A page of collections as JSON data. BadRequest when filter or sort cannot be understood."""
        page, per_page = max(page, 1), min(per_page if per_page > 0 else 30, 1000)
        parts = (Part(filter, trusted=True),) if filter else ()
        try:
            question = ask(self._catalogs.current, LISTED, parts, sort=sort, superuser=True)
            columns = tuple(Column("r", name) for name in COLUMNS)
            bound = question.bind(RequestInfo())
        except RuleError as error:
            raise BadRequest from error
        chosen = question.select(columns, limit=Value(per_page), offset=Value((page - 1) * per_page))
        chosen = chosen if chosen.order else replace(chosen, order=(Order(Column("r", "rowid")),))
        counted = question.select((), count=True)

        def answer(reader: Reader) -> tuple[list[Any], int]:
            total = -1 if skip_total else int((reader.one(counted, bound) or (0,))[0])
            return [Collection.from_row(row).to_json() for row in reader.rows(chosen, bound)], total

        items, total = await self._store.read(answer)
        pages = -1 if skip_total else -(-total // per_page)
        return {"items": items, "page": page, "perPage": per_page, "totalItems": total, "totalPages": pages}

    def view(self, name_or_id: str) -> dict[str, Any]:
        """One collection as JSON data. NotFound."""
        return _found(self._catalogs.current, name_or_id).to_json()

    def scaffolds(self) -> dict[str, Any]:
        """A blank collection of each type as JSON data."""
        blank = random_text(10, "abcdefghijklmnopqrstuvwxyz0123456789")
        kinds = ("auth", "base", "view")
        return {kind: {**new_collection(kind, "", collection_id=blank).to_json(), "id": ""} for kind in kinds}

    # ---- writing

    async def create(self, payload: Mapping[str, Any], origin: Origin = PROGRAM) -> dict[str, Any]:
        """Makes a collection and its table; the answer is its JSON data. BadRequest says which keys are wrong."""
        kind, name = payload.get("type"), payload.get("name")
        if not isinstance(kind, str | None) or not isinstance(name, str | None):
            raise BadRequest("Failed to load the collection type data due to invalid formatting.")
        draft = _lay_over(new_collection(kind or "base", name or ""), payload)
        saved = await self._write(lambda writer: self._insert(writer, draft), origin, "Failed to create collection.")
        return saved.to_json()

    async def update(self, name_or_id: str, payload: Mapping[str, Any], origin: Origin = PROGRAM) -> dict[str, Any]:
        """Changes a collection and its table; the answer is its JSON data. NotFound, BadRequest."""

        def work(writer: Writer) -> Collection:
            catalog = self._catalogs.load(writer)
            old = _found(catalog, name_or_id)
            draft = _lay_over(old, payload)
            if draft.id != old.id:
                raise NotFound
            return self._replace(writer, catalog, old, draft)

        return (await self._write(work, origin, "Failed to update collection.")).to_json()

    async def delete(self, name_or_id: str, origin: Origin = PROGRAM) -> None:
        """Drops a collection with its records. NotFound; BadRequest for system collections and ones that others refer to."""
        await self._write(lambda writer: self._drop(writer, name_or_id), origin, "Failed to delete collection")

    async def _write(self, work: Callable[[Writer], T], origin: Origin, failure: str) -> T:
        """Runs work as one long write; what the database refuses is a BadRequest."""
        try:
            return await self._store.write(work, origin, long=True)
        except IndexRefused as error:
            refused = FieldError("validation_invalid_index_expression", f"Failed to create index - {error.reason}")
            raise BadRequest(failure, {"indexes": {str(error.position): refused}}) from error
        except BadQuestion as error:
            raise BadRequest(f"{failure} Raw error: \n{error}") from error

    def _insert(self, writer: Writer, draft: Collection) -> Collection:
        catalog = self._catalogs.load(writer)
        new = replace(completed(replace(draft, type=draft.type or "base")), created=now(), updated=now())
        if new.id == checksum_id(new.type, new.name):
            new = with_free_id(new, lambda some: some in catalog.by_id)
        _refuse(_errors(writer, catalog, new, None), "Failed to create collection.")
        _refuse_view_query(new, None, "Failed to create collection.")
        writer.insert("_collections", new.to_row())
        writer.reshape(None, new.shape())
        writer.append("create", LOG_NAME, new.id, new.image())
        return new

    def _replace(self, writer: Writer, catalog: Catalog, old: Collection, draft: Collection) -> Collection:
        new = _with_fresh_secret(replace(completed(draft), updated=now()), old)
        _refuse(_errors(writer, catalog, new, old), "Failed to update collection.")
        _refuse_view_query(new, old, "Failed to update collection.")
        writer.update("_collections", old.id, new.to_row())
        if not new.is_view:
            writer.reshape(old.shape(), new.shape())
        image, before = new.image(), old.image()
        writer.append("update", LOG_NAME, new.id, image, {key: value for key, value in before.items() if image[key] != value})
        return new

    def _drop(self, writer: Writer, name_or_id: str) -> None:
        catalog = self._catalogs.load(writer)
        old = _found(catalog, name_or_id)
        referring = dict.fromkeys(other.name for other, _ in catalog.referring(old) if other.id != old.id)
        reason = f" probably due to existing reference in {', '.join(referring)}" if referring else ""
        if old.system or referring:
            raise BadRequest(f"Failed to delete collection{reason}")
        writer.delete("_collections", old.id)
        writer.reshape(old.shape(), None)
        _refuse_broken_views(writer, catalog, old)
        writer.append("delete", LOG_NAME, old.id, old.image())


def _found(catalog: Catalog, name_or_id: str) -> Collection:
    collection = catalog.find(name_or_id)
    if collection is None:
        raise NotFound
    return collection


def _lay_over(collection: Collection, payload: Mapping[str, Any]) -> Collection:
    try:
        return merged(collection, payload)
    except BadShape as error:
        raise BadRequest(BAD_FORMAT) from error


def _errors(reader: Reader, catalog: Catalog, new: Collection, old: Collection | None) -> dict[str, Any]:
    beside = catalog.replaced(new)

    def problem(collection: Collection, rule: str) -> str | None:
        try:
            check(beside, collection, rule)
        except RuleError as error:
            return str(error)
        return None

    return Validation(new, old, catalog, problem, lambda name: table_exists(reader, name)).errors()


def table_exists(reader: Reader, name: str) -> bool:
    """The database has a table or view of this name."""
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


def _refuse_view_query(new: Collection, old: Collection | None, failure: str) -> None:
    """A view keeps the query and the name it came with."""
    if new.is_view and (old is None or (new.view_query, new.name) != (old.view_query, old.name)):
        message = "Invalid query - view collections can only be read here, not made or changed."
        raise BadRequest(failure, {"viewQuery": FieldError("validation_invalid_view_query", message)})


def _refuse_broken_views(reader: Reader, catalog: Catalog, gone: Collection) -> None:
    for view in catalog.all:
        if view.is_view and view.id != gone.id:
            try:
                reader.exists(Select((Value(1),), Table(view.name), limit=Value(1)), {})
            except BadQuestion as error:
                raise BadRequest("Failed to delete collection") from error


def _with_fresh_secret(new: Collection, old: Collection) -> Collection:
    """Another condition for signing in ends all sign-ins made under the former one."""
    if new.auth is None or old.auth is None or (new.auth.auth_rule or "") == (old.auth.auth_rule or ""):
        return new
    return replace(new, auth=replace(new.auth, auth_token=new_token(new.auth.auth_token.duration)))

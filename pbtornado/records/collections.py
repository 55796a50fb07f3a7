"""The verbs of collections: list, view, create, update, delete, truncate, import."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ..errors import BadRequest, FieldError, Invalid
from ..rules.request import RequestInfo
from ..rules.rule import Part, RuleError, ask
from ..schema.catalog import Catalogs
from ..schema.collection import COLUMNS, Collection
from ..schema.defaults import new_collection
from ..schema.fields import AutodateField, BoolField, TextField
from ..schema.fields.checks import REQUIRED
from ..schema.views import ViewRefused, tried
from ..store.protocol import BadQuestion, Origin, Reader, Store, Writer
from ..store.query import Column, Order, Value
from ..values import ID_ALPHABET, random_text
from . import collection_import, collection_save
from .collection_put import LOG_NAME
from .collection_save import found

T = TypeVar("T")
MALFORMED_FORM = "An error occurred while loading the submitted data."
INVALID_FORM = "An error occurred while validating the submitted data."
LONGEST_QUERY = 5000
"""Characters of a query that may be tried without storing it."""
PROGRAM = Origin()
"""Writes nobody asked for."""
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
        parts = (Part(filter, trusted=False),) if filter else ()
        try:
            question = ask(self._catalogs.current, LISTED, parts, sort=sort, superuser=True, request="none")
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
        return found(self._catalogs.current, name_or_id).to_json()

    def scaffolds(self) -> dict[str, Any]:
        """A blank collection of each type as JSON data."""
        blank = random_text(10, ID_ALPHABET)
        kinds = ("auth", "base", "view")
        return {kind: {**new_collection(kind, "", collection_id=blank).to_json(), "id": ""} for kind in kinds}

    async def dry_run_view(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """What a view of the SELECT `query` would be: its fields and some of its rows, as JSON data. BadRequest says why it can't be."""
        query = payload.get("query", "")
        query = "" if query is None else query
        if not isinstance(query, str):
            raise BadRequest(MALFORMED_FORM)
        if problem := _length(query) if query else REQUIRED:
            raise BadRequest(INVALID_FORM, {"query": problem})
        try:
            trial = await self._catalogs.read(lambda catalog: lambda reader: tried(reader, catalog, query))
        except (ViewRefused, BadQuestion) as error:
            raise BadRequest(f"Invalid view query. Raw error: \n{error}") from error
        return {"fields": [field.to_json() for field in trial.fields], "sample": [record.export() for record in trial.sample]}

    # ---- writing

    async def create(self, payload: Mapping[str, Any], origin: Origin = PROGRAM) -> dict[str, Any]:
        """Makes a collection and its table; the answer is its JSON data. BadRequest says which keys are wrong."""
        kind, name = payload.get("type"), payload.get("name")
        if not isinstance(kind, str | None) or not isinstance(name, str | None):
            raise BadRequest("Failed to load the collection type data due to invalid formatting.")
        work = collection_save.creation(self._catalogs, new_collection(kind or "base", name or ""), payload)
        return (await self._write(work, origin, "Failed to create collection.")).to_json()

    async def update(self, name_or_id: str, payload: Mapping[str, Any], origin: Origin = PROGRAM) -> dict[str, Any]:
        """Changes a collection and its table; the answer is its JSON data. NotFound, BadRequest."""
        work = collection_save.update(self._catalogs, name_or_id, payload)
        return (await self._write(work, origin, "Failed to update collection.")).to_json()

    async def delete(self, name_or_id: str, origin: Origin = PROGRAM) -> None:
        """Drops a collection with its records. NotFound; BadRequest for system collections and ones that others refer to."""
        await self._write(collection_save.deletion(self._catalogs, name_or_id), origin, "Failed to delete collection")

    async def truncate(self, name_or_id: str, origin: Origin = PROGRAM) -> None:
        """Deletes all records of a collection, one by one as if asked for each. NotFound; BadRequest where one must stay."""
        await self._write(collection_save.truncation(self._catalogs, name_or_id), origin, "Failed to truncate collection")

    async def import_all(self, payload: Mapping[str, Any], origin: Origin = PROGRAM) -> None:
        """Makes and changes the collections of `{"collections": [...], "deleteMissing": bool}`, all or none. BadRequest."""
        wanted, delete_missing = collection_import.read(payload)
        work = collection_import.importing(self._catalogs, wanted, delete_missing=delete_missing)
        try:
            await self._store.write(work, origin, long=True)
        except Invalid as error:
            raise BadRequest(collection_import.NOT_IMPORTED, error.errors) from error
        except BadQuestion as error:
            raise collection_import.failure(str(error)) from error

    async def _write(self, work: Callable[[Writer], T], origin: Origin, failure: str) -> T:
        """Runs work as one long write; what the database refuses is a BadRequest."""
        try:
            return await self._store.write(work, origin, long=True)
        except Invalid as error:
            raise BadRequest(failure, error.errors) from error
        except BadQuestion as error:
            raise BadRequest(f"{failure} Raw error: \n{error}") from error


def _length(query: str) -> FieldError | None:
    if len(query) <= LONGEST_QUERY:
        return None
    message = f"The length must be no more than {LONGEST_QUERY}."
    return FieldError("validation_length_too_long", message, {"max": LONGEST_QUERY, "min": 0})

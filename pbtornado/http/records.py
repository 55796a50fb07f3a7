"""Records over HTTP: list, view, create, update, delete."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..errors import NotFound
from ..records.access import writable
from ..records.bulk import Meant
from .conditional import expected, tag_of
from .handler import ApiHandler


class _OfCollection(ApiHandler):
    """A request whose first path parameter names a collection."""

    tag: str | None = None

    def compute_etag(self) -> str | None:
        """The tag of the record that is read."""
        return self.tag

    def body_limit(self) -> int:
        """A create or update may carry as much as its collection's fields can hold."""
        if self.request.method not in ("POST", "PATCH"):
            return super().body_limit()
        collection = self.backend.catalogs.current.find(self.path_args[0])
        if collection is None:
            raise NotFound("Missing or invalid collection context.")
        return collection.body_limit

    def payload(self, name: str) -> Mapping[str, Any]:
        """The body's values, and its uploads for the collection's file fields. Raises NotFound, BadRequest for a view."""
        collection = writable(self.backend.catalogs.current, name)
        return self.body().payload({field.name for field in collection.file_fields})

    def answer_record(self, shown: Mapping[str, Any]) -> None:
        """Sends a record with its tag. Tornado answers 304 to a reader who has it already."""
        self.tag = tag_of(shown, self.query("fields"))
        if self.request.method not in ("GET", "HEAD"):
            self.set_header("ETag", self.tag)
        if "Access-Control-Allow-Origin" in self._headers:
            self.set_header("Access-Control-Expose-Headers", "ETag")
        self.answer(shown)


class Records(_OfCollection):
    """/api/collections/{collection}/records"""

    tags = MappingProxyType({"GET": ("list",), "POST": ("create",), "PATCH": ("update",), "DELETE": ("delete",)})

    async def get(self, collection: str) -> None:
        ask, records, info = self.query, self.backend.records, self.info()
        wanted = {"filter": ask("filter"), "sort": ask("sort"), "per_page": ask("perPage"), "skip_total": ask("skipTotal")}
        if "aggregate" in self.queries:
            self.answer(await records.aggregate(collection, info, ask("aggregate"), group=ask("group"), page=ask("page"), **wanted))
        elif "after" in self.queries:
            self.answer(await records.list_after(collection, info, ask("after"), expand=ask("expand"), **wanted))
        else:
            self.answer(await records.list(collection, info, page=ask("page"), expand=ask("expand"), **wanted))

    async def post(self, collection: str) -> None:
        self.answer_record(await self.backend.records.create(collection, self.payload(collection), self.info(), self.query("expand")))

    async def patch(self, collection: str) -> None:
        self.answer(await self.backend.records.update_all(self.meant(collection), self.payload(collection), self.info()))

    async def delete(self, collection: str) -> None:
        self.answer(await self.backend.records.delete_all(self.meant(collection), self.info()))

    def meant(self, collection: str) -> Meant:
        """The records of a bulk request. Without a filter there is no such thing."""
        if "filter" not in self.queries:
            raise NotFound
        return Meant.parse(collection, self.query("filter"), self.query("limit"))


class OneRecord(_OfCollection):
    """/api/collections/{collection}/records/{id}"""

    tags = MappingProxyType({"GET": ("view",), "PATCH": ("update",), "DELETE": ("delete",)})

    async def get(self, collection: str, record: str) -> None:
        self.answer_record(await self.backend.records.view(collection, record, self.info(), self.query("expand")))

    async def patch(self, collection: str, record: str) -> None:
        meant = expected(self.request.headers)
        payload, expand = self.payload(collection), self.query("expand")
        self.answer_record(await self.backend.records.update(collection, record, payload, self.info(), expand, expected=meant))

    async def delete(self, collection: str, record: str) -> None:
        await self.backend.records.delete(collection, record, self.info(), expected=expected(self.request.headers))
        self.answer_nothing()

"""Records over HTTP: list, view, create, update, delete."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from ..errors import NotFound
from ..records.access import writable
from ..records.bulk import Meant
from ..rules.request import Footprint, RequestInfo
from .conditional import expected, tag_of
from .handler import ApiHandler, sends_body
from .kept import KeptAnswers, found_nothing, key_of

Read = Callable[[RequestInfo], Awaitable[dict[str, Any]]]


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
        """Sends a record that was written, with its tag."""
        self.set_header("ETag", tag_of(shown, self.query("fields")))
        self._expose_tag()
        self.answer(shown)

    async def answer_read(self, read: Read, tagged: bool = False) -> None:
        """Sends what is read, as it is kept or as it is read now. With `tagged` it is a record: who has it already is told so (304)."""
        kept: KeptAnswers = self.settings["kept"]
        key = key_of(self.request.method or "", self.request.uri or "", self.actor)
        may = not sends_body(self.request.headers)
        fresh = "no-cache" in self.request.headers.get("Cache-Control", "")
        if may and not fresh and (found := kept.find(key, self.actor)):
            self._send(found.body, found.tag)
            return
        begun, footprint = kept.begin() if may else None, Footprint()
        data = await read(self.info().noting(footprint))
        body, tag = self.encoded(data), tag_of(data, self.query("fields")) if tagged else None
        in_vain = self.query("filter") and not tagged and found_nothing(data)
        if begun and not in_vain:  # who searches in vain is counted each time
            kept.keep(key, self.actor, begun, footprint, body, tag)
        self._send(body, tag)

    def _send(self, body: bytes, tag: str | None) -> None:
        self.tag = tag
        if tag:
            self._expose_tag()
        self.finish(body)

    def _expose_tag(self) -> None:
        if "Access-Control-Allow-Origin" in self._headers:
            self.set_header("Access-Control-Expose-Headers", "ETag")


class Records(_OfCollection):
    """/api/collections/{collection}/records"""

    tags = MappingProxyType({"GET": ("list",), "POST": ("create",), "PATCH": ("update",), "DELETE": ("delete",)})

    async def get(self, collection: str) -> None:
        await self.answer_read(lambda info: self._read(collection, info))

    def _read(self, collection: str, info: RequestInfo) -> Awaitable[dict[str, Any]]:
        ask, records = self.query, self.backend.records
        wanted = {"filter": ask("filter"), "sort": ask("sort"), "per_page": ask("perPage"), "skip_total": ask("skipTotal")}
        if "aggregate" in self.queries:
            return records.aggregate(collection, info, ask("aggregate"), group=ask("group"), page=ask("page"), **wanted)
        if "after" in self.queries:
            return records.list_after(collection, info, ask("after"), expand=ask("expand"), **wanted)
        return records.list(collection, info, page=ask("page"), expand=ask("expand"), **wanted)

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
        view = self.backend.records.view
        await self.answer_read(lambda info: view(collection, record, info, self.query("expand")), tagged=True)

    async def patch(self, collection: str, record: str) -> None:
        meant = expected(self.request.headers)
        payload, expand = self.payload(collection), self.query("expand")
        self.answer_record(await self.backend.records.update(collection, record, payload, self.info(), expand, expected=meant))

    async def delete(self, collection: str, record: str) -> None:
        await self.backend.records.delete(collection, record, self.info(), expected=expected(self.request.headers))
        self.answer_nothing()

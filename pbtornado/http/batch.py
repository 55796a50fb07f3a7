"""Many writes of records in one request: `POST /api/batch`."""

from __future__ import annotations

import asyncio
import re
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from ..errors import ApiError, BadRequest, FieldError, Forbidden
from ..records.steps import Item, Verb
from ..rules.projection import Projection
from ..rules.request import RequestInfo
from ..values import ReceivedFile
from .body import Body
from .conditional import expected_by
from .handler import ApiHandler
from .info import query_values, snake_case

MOST_BYTES = 128 << 20
"""Bytes of a body where the settings say nothing."""
SECONDS = 3.0
"""How long a batch may take where the settings say nothing."""
LONGEST_URL = 2000
STRIDE = 500
"""Requests that are read before others on the loop get their turn."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

UNREADABLE = "Failed to read the submitted batch data."
REQUIRED = FieldError("validation_required", "Cannot be blank.")
NO_METHOD = FieldError("validation_in_invalid", "Must be a valid value.")

_TARGET = re.compile(r"/api/collections/([^/?]+)/records(?:/([^/?]+))?(?:\?(.*))?", re.DOTALL)
_BROKEN = re.compile(r"[\x00-\x1f\x7f]|%(?![0-9a-fA-F]{2})|\?.*;")
_FILE = re.compile(r"requests(?:\.(\d+)|\[(\d+)\])\.(.+)", re.DOTALL | re.ASCII)
_VERBS: Mapping[tuple[str, bool], Verb] = {
    ("POST", False): "create",
    ("PUT", False): "upsert",
    ("PATCH", True): "update",
    ("DELETE", True): "delete",
}
_NOTHING: Mapping[str, Any] = {}
_KEYS = frozenset({"method", "url", "headers", "body"})


@dataclass(slots=True)
class Asked:
    """One of the requests, as sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    files: Mapping[str, list[ReceivedFile]]

    def errors(self) -> dict[str, FieldError]:
        """What is wrong with it before anybody looks at what it asks for."""
        found: dict[str, FieldError] = {}
        if self.method not in METHODS:
            found["method"] = NO_METHOD if self.method else REQUIRED
        if not self.url or (len(self.url) > LONGEST_URL // 4 and len(self.url.encode("utf-8", "replace")) > LONGEST_URL):
            found["url"] = too_long(LONGEST_URL) if self.url else REQUIRED
        return found

    @property
    def expected(self) -> frozenset[str] | None:
        """The versions that it is meant for."""
        if not self.headers:
            return None
        found = [value for name, value in self.headers.items() if name.lower() == "if-match"]
        return expected_by(found[0]) if found else None


@dataclass(frozen=True, slots=True)
class Target:
    """What a method and a URL ask for; `picked` is what the answer is cut down to, `question` the query as it was sent."""

    verb: Verb
    collection: str
    record_id: str
    path: str
    question: str
    query: Mapping[str, str]
    picked: Projection | None


@lru_cache(maxsize=1000)
def target_of(method: str, url: str) -> Target:
    """Raises BadRequest where that is no write of a record, or its query cannot be read."""
    found = None if _BROKEN.search(url) else _TARGET.fullmatch(url)
    verb = _VERBS.get((method, bool(found[2]))) if found else None
    if found is None or verb is None:
        raise BadRequest
    try:
        query = query_values(found[3] or "")
    except ValueError:
        raise BadRequest from None
    fields = query.get("fields")
    picked = Projection.parse(fields) if fields else None
    return Target(verb, found[1], found[2] or "", unquote(url.partition("?")[0]), found[3] or "", MappingProxyType(query), picked)


class Headers(ChainMap[str, str]):
    """Header values over others."""

    def __init__(self, own: Mapping[str, str], others: Mapping[str, str]) -> None:
        super().__init__(own, others)  # type: ignore[arg-type]  # nobody writes into them

    def under(self, own: Mapping[str, str]) -> Headers:
        """These with others laid over them, the type of the content apart."""
        return Headers({**own, **self.maps[0]}, self.maps[1])


class Batch(ApiHandler):
    """/api/batch"""

    limited: bool
    headers: Headers
    infos: dict[tuple[object, ...], RequestInfo]

    def body_limit(self) -> int:
        """As the settings say; nobody may ask where batches are switched off."""
        settings = self.backend.settings.current["batch"]
        if not settings["enabled"] or settings["maxRequests"] <= 0:
            raise Forbidden("Batch requests are not allowed.")
        return int(settings["maxBodySize"]) if settings["maxBodySize"] > 0 else MOST_BYTES

    async def post(self) -> None:
        settings = self.backend.settings.current["batch"]
        asked = requests_of(self.body(UNREADABLE))
        refuse_malformed(asked, settings["maxRequests"])
        self.limited = self.backend.settings.current["rateLimits"]["enabled"]
        self.headers = Headers({"content_type": "multipart/form-data"}, self.info().headers)
        self.infos = {}
        items = await self.items(asked)
        seconds = float(settings["timeout"]) if settings["timeout"] > 0 else SECONDS
        made = await self.backend.records.batch(items, self.info(), seconds)
        self.answer([answer_of(one, shown) for one, shown in zip(asked, made, strict=True)])

    async def items(self, asked: list[Asked]) -> list[Item]:
        """The writes, up to the first that is refused beyond doubt."""
        items: list[Item] = []
        for one in asked:
            items.append(self.item(one))
            if items[-1].refusal:
                break
            if len(items) % STRIDE == 0:
                await asyncio.sleep(0)
        return items

    def item(self, asked: Asked) -> Item:
        """The write that one of the requests asks for; what is no write, or asks for what cannot be, is refused at its turn."""
        try:
            return self.write_of(asked)
        except ApiError as error:
            return Item("create", "", "", {}, self.info(), refusal=error)

    def write_of(self, asked: Asked) -> Item:
        """The write that one of the requests asks for. Raises ApiError."""
        target = target_of(asked.method, asked.url)
        if self.limited:
            tag = "create" if target.verb == "upsert" else target.verb
            self.refuse_too_many(asked.method, target.path, (tag,), target.collection)
        payload = self.payload(target.collection, asked) if target.verb != "delete" else _NOTHING
        info, expand = self.info_of(asked, target), target.query.get("expand", "")
        return Item(target.verb, target.collection, target.record_id, payload, info, expand, expected=asked.expected)

    def info_of(self, asked: Asked, target: Target) -> RequestInfo:
        """The request as rules see it: the same one, without a body, for all that differ in no more than record and payload."""
        if asked.files or target.verb == "delete":
            return self.inner(asked, target, asked.body)
        kind = (asked.method, target.question, *asked.headers.items())
        info = self.infos.get(kind)
        if info is None:
            info = self.infos[kind] = self.inner(asked, target, _NOTHING)
        return info

    def inner(self, asked: Asked, target: Target, body: Mapping[str, Any]) -> RequestInfo:
        """The outer request's headers under its own, and the outer one's actor."""
        whole = self.info()
        own = {snake_case(name): value for name, value in asked.headers.items() if name.lower() != "authorization"}
        headers = self.headers.under(own) if own else self.headers
        return RequestInfo(self.actor, "batch", asked.method, target.query, headers, body, whole.request_id, whole.ip)

    def payload(self, name: str, asked: Asked) -> Mapping[str, Any]:
        """The values, and the uploads for file fields; an upload takes the place of a value of the same key."""
        if not asked.files:
            return asked.body
        collection = self.backend.catalogs.current.find(name)
        kept = {key: value for key, value in asked.body.items() if key not in asked.files}
        return Body(kept, asked.files).payload({field.name for field in collection.file_fields} if collection else ())


def requests_of(body: Body) -> list[Asked]:
    """The requests of a body, with the files that belong to each. Raises BadRequest where they are no requests."""
    requests = _member(body.fields, "requests")
    if requests is None:
        return []
    if not isinstance(requests, list):
        raise BadRequest(UNREADABLE)
    asked = [_asked(one) for one in requests]
    for key, uploads in body.files.items():
        match = _FILE.fullmatch(key)
        position = int(match[1] or match[2]) if match else len(asked)
        if match and position < len(asked):
            asked[position].files = {**asked[position].files, match[3]: [*asked[position].files.get(match[3], ()), *uploads]}
    return asked


def _asked(data: Any) -> Asked:
    if not isinstance(data, dict):
        raise BadRequest(UNREADABLE)
    if not data.keys() <= _KEYS:
        data = {name: _member(data, name) for name in _KEYS}
    method, url, headers, body = data.get("method") or "", data.get("url") or "", data.get("headers") or _NOTHING, data.get("body")
    if not isinstance(method, str) or not isinstance(url, str) or not _are_texts(headers) or not (body is None or isinstance(body, dict)):
        raise BadRequest(UNREADABLE)
    return Asked(method, url, headers, body or _NOTHING, _NOTHING)


def _are_texts(headers: Any) -> bool:
    return headers is _NOTHING or (isinstance(headers, dict) and all(isinstance(value, str) for value in headers.values()))


def _member(data: Mapping[str, Any], name: str) -> Any:
    """What stands under a name, in whatever case its letters are written."""
    return data[name] if name in data else next((value for key, value in data.items() if key.lower() == name), None)


def refuse_malformed(asked: list[Asked], most: int) -> None:
    """Raises BadRequest where there are none or too many requests, or one is none."""
    if not asked or len(asked) > most:
        raise BadRequest("Invalid batch request data.", {"requests": too_long(most) if asked else REQUIRED})
    errors = {str(position): found for position, one in enumerate(asked) if (found := one.errors())}
    if errors:
        raise BadRequest("Invalid batch request data.", {"requests": errors})


def too_long(most: int) -> FieldError:
    """More than so many."""
    return FieldError("validation_length_too_long", f"The length must be no more than {most}.", {"max": most, "min": 0})


def answer_of(asked: Asked, shown: Any) -> dict[str, Any]:
    """The answer to one of the requests."""
    if shown is None:
        return {"body": None, "status": 204}
    picked = target_of(asked.method, asked.url).picked
    return {"body": picked.apply(shown) if picked else shown, "status": 200}

"""The document as a whole, made once for each state of the collections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from ... import __version__
from ...schema.catalog import Catalog
from ...schema.collection import Collection
from ...values import json_bytes
from . import changes, others
from .accounts import AccountPaths
from .pieces import Json, Operation
from .records import RecordPaths

Served = Callable[[str, str], bool]
"""Does the server have this path, and take this method there?"""
ABOUT = (
    "Made from the collections as they are. This document is for superusers: it names every collection and every field,"
    " also those that clients do not get to see. Superusers may do everything, whatever a rule says."
)
SECURITY: Json = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of an auth record or superuser. One that is no good makes the caller a guest.",
    }
}


@lru_cache(maxsize=4)
def document(catalog: Catalog, title: str, batch: bool, served: Served) -> bytes:
    """The document as JSON. It is made anew when the catalog is another one."""
    return json_bytes(made(catalog, title, batch=batch, served=served))


def made(catalog: Catalog, title: str, *, batch: bool, served: Served) -> Json:
    """The document as data. Only what is served is part of it."""
    collections = sorted(catalog.all, key=lambda collection: (collection.system, collection.name.lower()))
    parts: list[RecordPaths | AccountPaths] = [RecordPaths(catalog, collection) for collection in collections]
    parts += [AccountPaths(collection) for collection in collections if collection.is_auth]
    schemas = dict(others.schemas())
    for part in parts:
        schemas |= part.schemas()
    operations = [one for one in _operations(parts, batch) if served(one.path, one.method)]
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": __version__, "description": ABOUT},
        "tags": [*map(_tag, collections), *({"name": name} for name in others.TAGS)],
        "paths": _paths(operations),
        "components": {"schemas": schemas, "parameters": others.parameters(), "securitySchemes": SECURITY},
    }


def _operations(parts: Iterable[RecordPaths | AccountPaths], batch: bool) -> Iterator[Operation]:
    for part in parts:
        yield from part.operations()
    yield from others.operations(batch=batch)
    yield from changes.operations()


def _tag(collection: Collection) -> Json:
    kind = {"auth": "Accounts", "view": "A view"}.get(collection.type, "Records")
    return {"name": collection.name, "description": f"{kind} of the collection `{collection.name}`."}


def _paths(operations: Iterable[Operation]) -> Json:
    paths: dict[str, Json] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = operation.to_json()
    return paths

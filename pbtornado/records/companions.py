"""Records about auth records (linked providers, MFA sessions, codes, known origins): they name theirs in two plain texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..errors import FieldError, Invalid
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.record import Record
from ..schema.validate_auth import PROVIDERS
from ..store.protocol import Reader, Writer
from ..store.query import And, Column, Compare, Param, Select, Table
from ..values import new_id
from . import questions, save
from .draft import blank
from .remembered import remembered

EXTERNAL_AUTHS, MFAS, OTPS, AUTH_ORIGINS = "_externalAuths", "_mfas", "_otps", "_authOrigins"
NAMES = (AUTH_ORIGINS, EXTERNAL_AUTHS, MFAS, OTPS)

REQUIRED = FieldError("validation_required", "Cannot be blank.")
NO_COLLECTION = FieldError("validation_invalid_collection_id", "Missing or invalid collection.")
NO_AUTH_COLLECTION = FieldError("validation_invalid_collection_type", "Invalid collection type - must be auth.")
NO_PROVIDER = FieldError("validation_in_invalid", "Must be a valid value.")
NO_RECORD = FieldError("validation_invalid_record", "Missing or invalid record.")


def errors(reader: Reader, catalog: Catalog, collection: Collection, values: Mapping[str, Any]) -> dict[str, FieldError]:
    """What is wrong with the auth record that a companion says it belongs to, and with the provider it names."""
    name, key = values["collectionRef"], values["recordRef"]
    owner = next((other for other in catalog.all if other.id == name), None)
    if not name or owner is None or not owner.is_auth:
        return {"collectionRef": REQUIRED if not name else NO_AUTH_COLLECTION if owner else NO_COLLECTION}
    if not key or not reader.exists(questions.exists_by_id(owner), {questions.RECORD_ID: key}):
        return {"recordRef": NO_RECORD if key else REQUIRED}
    unknown = collection.name == EXTERNAL_AUTHS and values["provider"] not in PROVIDERS
    return {"provider": NO_PROVIDER} if unknown else {}


def of(reader: Reader, catalog: Catalog, record: Record, names: Iterable[str] = NAMES) -> Iterator[Record]:
    """The companions of an auth record in the collections of these names."""
    for name in names:
        collection = catalog.find(name)
        if collection is not None:
            params = {"owner_collection": record.collection.id, "owner": record.id}
            for row in reader.rows(_owned(collection), params):
                yield Record.from_row(collection, row)


def make(writer: Writer, catalog: Catalog, name: str, record: Record, values: Mapping[str, Any]) -> Record:
    """Stores a new companion of an auth record in the collection of this name. Raises Invalid where the record is gone."""
    collection = catalog.find(name)
    assert collection is not None, "every data directory has it"
    refers = {"id": new_id(), "collectionRef": record.collection.id, "recordRef": record.id}
    made = {**blank(collection), **refers, **values}
    if wrong := errors(writer, catalog, collection, made):
        raise Invalid(wrong)
    return save.insert(writer, collection, made)


@remembered
def _owned(collection: Collection) -> Select:
    mine = And(
        (
            Compare("=", Column("r", "collectionRef"), Param("owner_collection")),
            Compare("=", Column("r", "recordRef"), Param("owner")),
        )
    )
    return Select(questions.columns_of(collection), Table(collection.name), where=mine)

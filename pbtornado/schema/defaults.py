"""What a collection has without being told: its id, its own fields and indexes; and how JSON is laid over one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from zlib import crc32

from .collection import RULES, Collection, field_list, place_field
from .fields import BadShape, BoolField, EmailField, Field, PasswordField, TextField
from .fields.text import LOWERCASE_ID
from .indexes import parse_index, unique_index
from .options import AuthOptions, MappedFields


def new_collection(kind: str, name: str, *, collection_id: str = "") -> Collection:
    """A collection of this type with the fields and options it starts with; an unknown type is taken for base."""
    kind = kind if kind in ("auth", "view") else "base"
    auth = AuthOptions.new() if kind == "auth" else None
    return completed(Collection(id=collection_id or checksum_id(kind, name), name=name, type=kind, auth=auth))


def checksum_id(kind: str, name: str) -> str:
    """The id of a collection that was given none."""
    return f"pbc_{crc32((kind + name).encode())}"


def with_free_id(collection: Collection, taken: Callable[[str], bool]) -> Collection:
    """The new collection under the first of its default ids that is free; its indexes are named accordingly."""
    base = checksum_id(collection.type, collection.name)
    free = base if not taken(base) else next(f"{base}{n}" for n in range(2, 1000) if not taken(f"{base}{n}"))
    if free == collection.id:
        return collection
    indexes = tuple(_renamed_index(index, collection.id, free) for index in collection.indexes)
    return replace(collection, id=free, indexes=indexes)


def _renamed_index(statement: str, old: str, new: str) -> str:
    index = parse_index(statement)
    return replace(index, name=index.name.replace(old, new)).text() if index.valid and old in index.name else statement


# ---- JSON laid over a collection


def merged(collection: Collection, data: Mapping[str, Any]) -> Collection:
    """The collection with what the JSON object says; what it leaves out stays. BadShape for wrong JSON types."""
    changes: dict[str, Any] = {key: _scalar(key, data[key], kind) for key, kind in _SCALARS.items() if data.get(key) is not None}
    changes |= {attribute: _rule(key, data[key]) for attribute, key in RULES.items() if key in data}
    if data.get("fields") is not None:
        changes["fields"] = field_list(data["fields"])
    if "indexes" in data:
        changes["indexes"] = _statements(data["indexes"])
    return replace(collection, **changes, **_options(changes.get("type", collection.type), collection, data))


def _options(kind: str, collection: Collection, data: Mapping[str, Any]) -> dict[str, Any]:
    """What only collections of that type have; of any other it must have the right JSON types all the same."""
    auth = (collection.auth or AuthOptions(auth_rule=None)).merged(data)
    query = collection.view_query if data.get("viewQuery") is None else _scalar("viewQuery", data["viewQuery"], str)
    return {"auth": auth if kind == "auth" else None, **({"view_query": query} if kind == "view" else {})}


_SCALARS = {"id": str, "name": str, "type": str, "system": bool}


def _scalar(key: str, value: Any, kind: type) -> Any:
    if isinstance(value, kind):
        return value
    raise BadShape(f"{key} has a value of the wrong type")


def _rule(key: str, value: Any) -> str | None:
    return None if value is None else str(_scalar(key, value, str))


def _statements(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise BadShape("indexes must be a list of texts")


# ---- what every collection of a type has


def completed(collection: Collection) -> Collection:
    """The collection with the fields and indexes its type demands, and indexes that name its table."""
    fields: list[Field] = []
    for field in collection.fields:
        place_field(fields, field)
    if collection.type in ("base", "auth"):
        _complete_key(fields)
    if collection.is_auth:
        for required in _AUTH_FIELDS:
            _complete_field(fields, required)
    done = replace(collection, fields=tuple(fields))
    indexes = done.indexes + (_missing_indexes(done) if done.is_auth else ())
    return replace(done, auth=_settled(done), indexes=tuple(_of_table(index, done.name) for index in indexes))


_KEY = TextField(
    name="id",
    system=True,
    required=True,
    primary_key=True,
    min=15,
    max=15,
    pattern=LOWERCASE_ID,
    autogenerate_pattern="[a-z0-9]{15}",
)
_AUTH_FIELDS: tuple[Field, ...] = (
    PasswordField(name="password", system=True, hidden=True, required=True, min=8),
    TextField(name="tokenKey", system=True, hidden=True, required=True, min=30, max=60, autogenerate_pattern="[a-zA-Z0-9]{50}"),
    EmailField(name="email", system=True, required=True, nulls=frozenset({"exceptDomains", "onlyDomains"})),
    BoolField(name="emailVisibility", system=True),
    BoolField(name="verified", system=True),
)
_FORCED: Mapping[str, Mapping[str, Any]] = {
    "password": {"system": True, "hidden": True, "required": True},
    "tokenKey": {"system": True, "hidden": True, "required": True},
    "email": {"system": True, "hidden": False},
    "emailVisibility": {"system": True},
    "verified": {"system": True},
}


def _complete_key(fields: list[Field]) -> None:
    for position, field in enumerate(fields):
        if field.name == "id" and isinstance(field, TextField):
            pattern = field.pattern or LOWERCASE_ID
            fields[position] = replace(field, system=True, required=True, primary_key=True, hidden=False, pattern=pattern)
            return
    rest, fields[:] = list(fields), []
    for field in (_KEY, *rest):
        place_field(fields, field)


def _complete_field(fields: list[Field], required: Field) -> None:
    for position, field in enumerate(fields):
        if field.name == required.name and type(field) is type(required):
            fields[position] = replace(field, **_FORCED[field.name])
            return
    place_field(fields, required)


def _missing_indexes(collection: Collection) -> tuple[str, ...]:
    made = {"tokenKey": "", "email": " WHERE `email` != ''"}
    return tuple(
        f"CREATE UNIQUE INDEX `{_index_name(collection, name)}` ON `{collection.name}` (`{name}`){where}"
        for name, where in made.items()
        if unique_index(collection.indexes, name) is None
    )


def _index_name(collection: Collection, field: str) -> str:
    return f"idx_{field}_{collection.id or collection.name}"[:64]


def _of_table(statement: str, table: str) -> str:
    index = parse_index(statement)
    return statement if index.table == table or not index.valid else replace(index, table=table).text()


def _settled(collection: Collection) -> AuthOptions | None:
    """Superusers sign in as they must; accounts of providers fill in no field that is not there."""
    auth = collection.auth
    if auth is None:
        return None
    if collection.name == "_superusers":
        return _for_superusers(auth)
    known = {key: name if name in collection.by_name else "" for key, name in _mapping(auth.oauth2.mapped_fields).items()}
    return replace(auth, oauth2=replace(auth.oauth2, mapped_fields=MappedFields(**known)))


def _for_superusers(auth: AuthOptions) -> AuthOptions:
    """A password always, no providers, and a code by mail only beside another way."""
    mfa = replace(auth.mfa, enabled=auth.mfa.enabled or auth.otp.enabled)
    oauth2 = replace(auth.oauth2, enabled=False, providers=())
    return replace(auth, password_auth=replace(auth.password_auth, enabled=True), oauth2=oauth2, mfa=mfa)


def _mapping(mapped: MappedFields) -> dict[str, str]:
    return {"id": mapped.id, "name": mapped.name, "username": mapped.username, "avatar_url": mapped.avatar_url}

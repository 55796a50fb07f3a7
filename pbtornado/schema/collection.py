"""A collection as data: its fields, rules, indexes and options, from and to the row and the JSON PocketBase uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from ..store.protocol import ColumnShape, TableShape
from ..store.query import Bindable
from ..values import json_text, parse_json
from .fields import BadShape, Field, FileField, RelationField, default_id, field_from_json
from .indexes import Index, parse_index, unique_index
from .options import AuthOptions
from .plan import RecordPlan, make_plan

CollectionType = Literal["base", "auth", "view"]
RULES = {
    "list_rule": "listRule",
    "view_rule": "viewRule",
    "create_rule": "createRule",
    "update_rule": "updateRule",
    "delete_rule": "deleteRule",
}
"""The five rules: attribute and JSON key."""
COLUMNS = ("id", "system", "type", "name", "fields", "indexes", *RULES.values(), "options", "created", "updated")
"""The columns of the table `_collections`."""
BODY_LIMIT = 32 << 20
"""Bytes a request body may have where no field asks for more."""


@dataclass(frozen=True, eq=False)
class Collection:
    """A collection. Immutable, compared by identity; what is looked up often is computed once."""

    id: str = ""
    name: str = ""
    type: str = "base"
    system: bool = False
    fields: tuple[Field, ...] = ()
    indexes: tuple[str, ...] = ()
    list_rule: str | None = None
    view_rule: str | None = None
    create_rule: str | None = None
    update_rule: str | None = None
    delete_rule: str | None = None
    created: str = ""
    updated: str = ""
    auth: AuthOptions | None = None
    view_query: str = ""

    # ---- lookups

    @property
    def is_auth(self) -> bool:
        """Its records can sign in."""
        return self.type == "auth"

    @property
    def is_view(self) -> bool:
        """It shows what a SELECT gives."""
        return self.type == "view"

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Fields by name."""
        return {field.name: field for field in self.fields}

    @cached_property
    def by_id(self) -> Mapping[str, Field]:
        """Fields by id."""
        return {field.id: field for field in self.fields}

    def field(self, name: str) -> Field | None:
        """The field of this exact name."""
        return self.by_name.get(name)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Column names in the order rows are read in."""
        return tuple(field.name for field in self.fields)

    @cached_property
    def file_fields(self) -> tuple[FileField, ...]:
        """Its fields of type file."""
        return tuple(field for field in self.fields if isinstance(field, FileField))

    @cached_property
    def relation_fields(self) -> tuple[RelationField, ...]:
        """Its fields of type relation."""
        return tuple(field for field in self.fields if isinstance(field, RelationField))

    @cached_property
    def secret_names(self) -> frozenset[str]:
        """Columns that never leave the store: passwords, and `tokenKey` of auth collections."""
        token_key = {"tokenKey"} if self.is_auth else set()
        return frozenset(token_key.union(field.name for field in self.fields if field.type == "password"))

    @cached_property
    def plan(self) -> RecordPlan:
        """How its records are read, stored and shown."""
        return make_plan(self.fields, self.id, self.name, auth=self.is_auth, view=self.is_view)

    @cached_property
    def body_limit(self) -> int:
        """Bytes a request body for one of its records may have."""
        return BODY_LIMIT + sum(field.body_limit for field in self.fields)

    def unique_columns(self) -> tuple[tuple[str, ...], ...]:
        """Columns of each unique index, single and composite."""
        parsed = map(parse_index, self.indexes)
        return tuple(tuple(column.name for column in index.columns) for index in parsed if index.unique)

    def unique_index(self, name: str) -> Index | None:
        """The unique index of this column alone; its `columns[0].collate` may be `nocase`."""
        return unique_index(self.indexes, name)

    # ---- the table

    def shape(self) -> TableShape:
        """Its table or view as the store makes it; columns in alphabetical order, as PocketBase creates them."""
        if self.is_view:
            return TableShape(self.name, view=self.view_query)
        columns = sorted((ColumnShape(field.id, field.name, field.kind) for field in self.fields), key=lambda column: column.name)
        statements = tuple(replace(parse_index(index), table=self.name).text() for index in self.indexes)
        return TableShape(self.name, tuple(columns), statements)

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Collection:
        """The collection of a row of `_collections`, values in the order of COLUMNS. BadShape when it is damaged."""
        data = dict(zip(COLUMNS, row, strict=True))
        options = parse_json(data["options"] or "{}")
        return cls(
            id=data["id"],
            name=data["name"],
            type=data["type"],
            system=bool(data["system"]),
            fields=field_list(parse_json(data["fields"] or "[]")),
            indexes=tuple(parse_json(data["indexes"] or "[]")),
            **{attribute: data[rule] for attribute, rule in RULES.items()},
            created=data["created"],
            updated=data["updated"],
            auth=AuthOptions().merged({"authRule": None, **options}) if data["type"] == "auth" else None,
            view_query=str(options.get("viewQuery", "")) if data["type"] == "view" else "",
        )

    def to_row(self) -> dict[str, Bindable]:
        """The row of `_collections`, secrets included."""
        return {
            "id": self.id,
            "system": int(self.system),
            "type": self.type,
            "name": self.name,
            "fields": json_text([field.to_json() for field in self.fields]),
            "indexes": json_text(list(self.indexes)),
            **self.rules(),
            "options": json_text(self._options(secrets=True)),
            "created": self.created,
            "updated": self.updated,
        }

    def image(self) -> dict[str, Bindable]:
        """The row without secrets, as the change log keeps it."""
        return {**self.to_row(), "options": json_text(self._options(secrets=False))}

    # ---- JSON

    def rules(self) -> dict[str, str | None]:
        """The five rules by JSON key."""
        return {rule: getattr(self, attribute) for attribute, rule in RULES.items()}

    def to_json(self) -> dict[str, Any]:
        """PocketBase's answer: its keys in its order, options at the top level, no secrets."""
        return {
            "id": self.id,
            **self.rules(),
            "name": self.name,
            "type": self.type,
            "fields": [field.to_json() for field in self.fields],
            "indexes": list(self.indexes),
            "created": self.created,
            "updated": self.updated,
            "system": self.system,
            **self._options(secrets=False),
        }

    def _options(self, *, secrets: bool) -> dict[str, Any]:
        if self.auth is not None:
            return self.auth.to_json(secrets=secrets)
        return {"viewQuery": self.view_query} if self.is_view else {}


def field_list(data: Any) -> tuple[Field, ...]:
    """Fields of a JSON list. One that repeats an id replaces the earlier; one without id takes that of its name or a default.

    Raises BadShape.
    """
    if not isinstance(data, list):
        raise BadShape("fields must be a list")
    fields: list[Field] = []
    for item in data:
        place_field(fields, field_from_json(item))
    return tuple(fields)


def place_field(fields: list[Field], field: Field) -> None:
    """Adds a field, or puts it in the place of the one it repeats."""
    same = [index for index, other in enumerate(fields) if _repeats(field, other)]
    if not same:
        ids = [other.id for other in fields]
        fields.append(field if field.id else replace(field, id=default_id(field.type, field.name, ids)))
    else:
        fields[same[0]] = field if field.id else replace(field, id=fields[same[0]].id)


def _repeats(field: Field, other: Field) -> bool:
    return field.id == other.id if field.id else bool(field.name) and field.name == other.name

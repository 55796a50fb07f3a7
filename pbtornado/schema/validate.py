"""Whether a collection may be stored: PocketBase's checks of a collection, with its codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import FieldError
from .catalog import Catalog
from .collection import RULES, Collection
from .fields import Field, Surroundings, checks
from .fields.checks import gather
from .indexes import Index, parse_index
from .validate_auth import auth_errors

LONGEST_REASON = 500
"""Characters of a database's reason that an answer repeats."""
_ID = re.compile(r"\w+", re.ASCII)


@dataclass(frozen=True)
class Validation:
    """One check of a collection. `old` is the stored one, None for a new one.

    `rule_problem` says what is wrong with a rule's text (None: nothing), `view_problem` what with a view's
    query, `table_exists` whether the database has a table of that name.
    """

    new: Collection
    old: Collection | None
    catalog: Catalog
    rule_problem: Callable[[Collection, str], str | None]
    view_problem: Callable[[], str | None]
    table_exists: Callable[[str], bool]

    def errors(self) -> dict[str, Any]:
        """All that is wrong, by JSON key; empty when the collection may be stored."""
        new = self.new
        base = gather(
            id=self._id(),
            system=self._system_flag(),
            type=checks.required(new.type) or checks.one_of(new.type, ("base", "auth", "view")) or self._type_change(),
            name=self._name(),
            fields=self._fields(),
            indexes=self._indexes(),
            **{key: self._rule(attribute, key) for attribute, key in RULES.items()},
        )
        return checks.joined(base, self._options())

    # ---- id, type, name

    def _id(self) -> FieldError | None:
        if self.old is not None:
            return checks.required(self.new.id) or checks.equal(self.new.id, self.old.id)
        form = checks.required(self.new.id) or checks.length(self.new.id, 1, 100) or checks.matches(self.new.id, _ID)
        if form or self.new.id not in self.catalog.by_id:
            return form
        return FieldError("validation_invalid_or_existing_id", "The model id is invalid or already exists.")

    def _system_flag(self) -> FieldError | None:
        if self.old is None or self.new.system == self.old.system:
            return None
        return FieldError("validation_collection_system_flag_change", "System collection state cannot be changed.")

    def _type_change(self) -> FieldError | None:
        if self.old is None or self.new.type == self.old.type:
            return None
        return FieldError("validation_collection_type_change", "Collection type cannot be changed.")

    def _name(self) -> FieldError | None:
        name = self.new.name
        form = checks.required(name) or checks.length(name, 1, 255) or checks.no_via(name) or checks.matches(name, checks.NAME)
        return form or self._system_name() or self._unique_name()

    def _system_name(self) -> FieldError | None:
        if self.old is None or not self.old.system or self.old.name == self.new.name:
            return None
        return FieldError("validation_collection_system_name_change", "System collection name cannot be changed.")

    def _unique_name(self) -> FieldError | None:
        name = self.new.name
        same = [one for one in self.catalog.all if one.name.lower() == name.lower()]
        if any(self.old is None or one.id != self.old.id for one in same):
            return FieldError("validation_collection_name_exists", "Collection name must be unique (case insensitive).")
        if name in self.catalog.by_id:
            return FieldError("validation_collection_name_id_duplicate", "The name must not match an existing collection id.")
        if not same and self.table_exists(name):
            message = "The name shouldn't match with an existing internal table."
            return FieldError("validation_collection_name_invalid", message)
        return None

    # ---- rules and options

    def _rule(self, attribute: str, key: str) -> FieldError | None:
        rule = getattr(self.new, attribute)
        if self.new.is_view and key in ("createRule", "updateRule", "deleteRule") and rule is not None:
            return FieldError("validation_nil", "must be blank")
        return self.check_rule(rule) or self.system_rule(rule, getattr(self.old, attribute) if self.old else None)

    def check_rule(self, rule: str | None) -> FieldError | None:
        """A rule that can be understood."""
        problem = self.rule_problem(self.new, rule) if rule else None
        return FieldError("validation_invalid_rule", f"Invalid rule. Raw error: {problem}") if problem else None

    def system_rule(self, rule: str | None, old: str | None) -> FieldError | None:
        """A rule of a system collection that stays as it is."""
        if self.old is None or not self.old.system or rule == old:
            return None
        return FieldError("validation_collection_system_rule_change", "System collection API rule cannot be changed.")

    def _options(self) -> dict[str, Any]:
        if self.new.is_view:
            return gather(viewQuery=checks.required(self.new.view_query) or self._view_query())
        return auth_errors(self.new, self.old, self) if self.new.auth is not None else {}

    def _view_query(self) -> FieldError | None:
        problem = self.view_problem()
        return FieldError("validation_invalid_view_query", f"Invalid query - {problem[:LONGEST_REASON]}") if problem else None

    # ---- fields

    def _fields(self) -> Any:
        steps: list[Callable[[], Any]] = [self._duplicates, self._required_fields]
        if not self.new.is_view:
            steps += [self._system_fields, self._field_types]
        if self.new.is_auth:
            steps.append(self._reserved_names)
        return next(filter(None, (step() for step in [*steps, self._field_options])), None)

    def _duplicates(self) -> dict[str, Any] | None:
        ids: set[str] = set()
        names: set[str] = set()
        for position, field in enumerate(self.new.fields):
            if field.id in ids:
                message = f'Duplicated or invalid field id "{field.id}"'
                return {str(position): {"id": FieldError("validation_duplicated_field_id", message)}}
            if field.name.lower() in names:
                message = f"Duplicated or invalid field name {field.name}"
                error = FieldError("validation_duplicated_field_name", message, {"fieldName": field.name})
                return {str(position): {"name": error}}
            ids.add(field.id)
            names.add(field.name.lower())
        return None

    def _required_fields(self) -> Any:
        if not self.new.fields:
            return checks.REQUIRED
        key = self.new.field("id")
        if key is None or key.kind != "id":
            return FieldError("validation_missing_primary_key", 'Missing or invalid "id" PK field.')
        return next(filter(None, map(self._required_field, _AUTH_FIELDS)), None) if self.new.is_auth else None

    def _required_field(self, name: str) -> Any:
        kind, hidden = _AUTH_FIELDS[name]
        field = self.new.field(name)
        if field is None or field.type != kind:
            return FieldError(f"validation_missing_{name}_field", f'System "{name}" field is required.')
        if hidden and not (field.system and field.hidden):
            return {name: FieldError("validation_must_be_system_and_hidden", 'The field must be marked as "System" and "Hidden".')}
        return None if field.system else {name: FieldError("validation_must_be_system", 'The field must be marked as "System".')}

    def _system_fields(self) -> FieldError | None:
        fixed = [field for field in self.old.fields if field.system] if self.old else []
        if all(field.id in self.new.by_id and self.new.by_id[field.id].name == field.name for field in fixed):
            return None
        return FieldError("validation_system_field_change", "System fields cannot be deleted or renamed.")

    def _field_types(self) -> dict[str, FieldError]:
        error = FieldError("validation_field_type_change", "Field type cannot be changed.")
        return {str(position): error for position, field in enumerate(self.new.fields) if self._has_other_type(field)}

    def _has_other_type(self, field: Field) -> bool:
        old = self.old.by_id.get(field.id) if self.old else None
        return old is not None and old.type != field.type

    def _reserved_names(self) -> dict[str, Any]:
        error = FieldError("validation_reserved_field_name", "The field name is reserved and cannot be used.")
        reserved = ("passwordConfirm", "oldPassword")
        return {str(position): {"name": error} for position, field in enumerate(self.new.fields) if field.name in reserved}

    def _field_options(self) -> dict[str, Any]:
        around = Surroundings(self.new, self.old, self.catalog.find)
        found = {str(position): field.check_options(around) for position, field in enumerate(self.new.fields)}
        return {position: errors for position, errors in found.items() if errors}

    # ---- indexes

    def _indexes(self) -> Any:
        if self.new.is_view and self.new.indexes:
            return FieldError("validation_indexes_not_supported", "View collections don't support indexes.")
        return self._each_index() or self._kept_unique() or self._required_unique()

    def _each_index(self) -> dict[str, FieldError] | None:
        names: set[str] = set()
        definitions: set[str] = set()
        for position, statement in enumerate(self.new.indexes):
            index = replace(parse_index(statement), table="validator")
            error = self._check_index(index, names, definitions)
            if error:
                return {str(position): error}
            names.add(index.name.lower())
            definitions.add(_definition(index))
        return None

    def _check_index(self, index: Index, names: set[str], definitions: set[str]) -> FieldError | None:
        if not index.valid:
            return FieldError("validation_invalid_index_expression", "Invalid CREATE INDEX expression.")
        if index.name.lower() in names:
            return FieldError("validation_duplicated_index_name", "The index name already exists.")
        if used := self._index_owner(index.name):
            message = f"The index name is already used in {used} collection."
            return FieldError("validation_existing_index_name", message, {"usedTableName": used})
        if _definition(index) in definitions:
            return FieldError("validation_duplicated_index_definition", "The index definition already exists.")
        return None

    def _index_owner(self, name: str) -> str | None:
        """The collection of another name that has an index of this name."""
        own = {self.new.name.lower(), self.old.name.lower() if self.old else ""}
        for other in self.catalog.all:
            if other.name.lower() not in own and any(parse_index(index).name.lower() == name.lower() for index in other.indexes):
                return other.name
        return None

    def _kept_unique(self) -> FieldError | None:
        """Unique indexes of system fields stay; order, collation and condition do not matter."""
        if self.old is None:
            return None
        system = {field.name.lower(): field.name for field in self.old.fields if field.system}
        present = {_constraint(parse_index(index)) for index in self.new.indexes}
        for index in filter(lambda one: one.unique, map(parse_index, self.old.indexes)):
            names = [system[column.name.lower()] for column in index.columns if column.name.lower() in system]
            if names and _constraint(index) not in present:
                message = f"Unique index definition on system fields ({names[0]}) is invalid or missing."
                return FieldError("validation_invalid_unique_system_field_index", message, {"fieldName": names[0]})
        return None

    def _required_unique(self) -> FieldError | None:
        for name in ("tokenKey", "email") if self.new.is_auth else ():
            if self.new.unique_index(name) is None:
                message = f'Missing required unique index for field "{name}".'
                return FieldError("validation_missing_required_unique_index", message, {"fieldName": name})
        return None


_AUTH_FIELDS: Mapping[str, tuple[str, bool]] = {
    "password": ("password", True),
    "tokenKey": ("text", True),
    "email": ("email", False),
    "emailVisibility": ("bool", False),
    "verified": ("bool", False),
}


def _definition(index: Index) -> str:
    return replace(index, schema="", name="validator").text()


def _constraint(index: Index) -> tuple[bool, bool, tuple[str, ...]]:
    return index.unique, index.optional, tuple(column.name for column in index.columns)

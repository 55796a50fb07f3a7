"""The records of a collection: their schemas, and what can be asked about them."""

from __future__ import annotations

from collections.abc import Iterator

from ...schema.catalog import Catalog
from ...schema.collection import Collection
from ...schema.fields import AutodateField, Field, TextField
from .pieces import ANYBODY, EXPAND, FIELDS, FORM, ID, JSON, SIGNED_IN, TEXT, WHOLE, Json, Operation, Security, array, obj, ref
from .values import example_modifiers, shown, written

LISTED = ("page", "perPage", "after", "sort", "filter", "expand", "fields", "skipTotal", "minSeq")
LIST_PARAMETERS = [ref(name, "parameters") for name in LISTED]
AGGREGATES = "With `aggregate` and `group` in the query it answers counts, sums and the like instead of records."
ETAG: Json = {"ETag": {"description": "Names the version of the record that was read or written.", "schema": TEXT}}


class RecordPaths:
    """What the document says of one collection's records."""

    def __init__(self, catalog: Catalog, collection: Collection) -> None:
        self._catalog, self._collection = catalog, collection
        self.name = collection.name
        self._path = f"/api/collections/{self.name}/records"

    # ---- schemas

    def schemas(self) -> dict[str, Json]:
        """By name of component."""
        found = {f"{self.name}_record": self._record(), f"{self.name}_list": self._list()}
        if not self._collection.is_view:
            found |= {f"{self.name}_create": self._create(), f"{self.name}_update": self._update()}
        if self._forms:
            found |= {f"{self.name}_create_form": self._create(upload=True), f"{self.name}_update_form": self._update(upload=True)}
        return found

    @property
    def _forms(self) -> bool:
        return bool(self._collection.file_fields) and not self._collection.is_view

    def _record(self) -> Json:
        fields = [field for field in self._collection.fields if field.name not in self._collection.secret_names]
        properties = {field.name: shown(field, self._catalog) for field in fields}
        private = {"email"} if self._collection.is_auth else set()
        always = [field.name for field in fields if not field.hidden and field.name not in private]
        own: dict[str, Json] = {
            "collectionId": {"type": "string"},
            "collectionName": {"type": "string"},
            "expand": obj({}, description="Related records by name, where `expand` asked for them.", additionalProperties=True),
        }
        return obj({**properties, **own}, [*always, "collectionId", "collectionName"], f"A record of `{self.name}`.")

    def _list(self) -> Json:
        properties = {
            "page": WHOLE,
            "perPage": WHOLE,
            "totalItems": {**WHOLE, "description": "-1 where the totals were skipped."},
            "totalPages": WHOLE,
            "next": {"type": ["string", "null"], "description": "With `after`: the cursor to go on with, null at the end."},
            "items": array(ref(f"{self.name}_record")),
        }
        return obj(properties, ["items"], f"A page of records of `{self.name}`.")

    def _writable(self) -> list[Field]:
        return [field for field in self._collection.fields if not isinstance(field, AutodateField) and field.name != "tokenKey"]

    def _create(self, *, upload: bool = False) -> Json:
        fields = self._writable()
        properties = {field.name: written(field, self._catalog, upload=upload) for field in fields}
        required = [field.name for field in fields if self._must_come(field)]
        return obj({**properties, **self._confirmation()}, required, f"A new record of `{self.name}`.")

    def _must_come(self, field: Field) -> bool:
        made = isinstance(field, TextField) and bool(field.autogenerate_pattern)
        return field.required and not made and field.name != "id"

    def _update(self, *, upload: bool = False) -> Json:
        fields = [field for field in self._writable() if field.name != "id"]
        properties = {field.name: written(field, self._catalog, upload=upload) for field in fields}
        keys = [f"`{key}`" for field in fields for key in example_modifiers(field)]
        modifiers = f"Keys that change a value as it is at that moment: {', '.join(keys)}." if keys else ""
        old = {"oldPassword": {**TEXT, "format": "password", "writeOnly": True}} if self._collection.is_auth else {}
        description = f"Changes to a record of `{self.name}`; what is left out stays. {modifiers}".strip()
        return obj({**properties, **self._confirmation(), **old}, (), description, additionalProperties=True)

    def _confirmation(self) -> dict[str, Json]:
        same = {**TEXT, "format": "password", "writeOnly": True, "description": "The password once more."}
        return {"passwordConfirm": same} if self._collection.is_auth else {}

    # ---- operations

    def operations(self) -> Iterator[Operation]:
        """Each thing that can be asked."""
        yield self._operation("get", "list", "List records", self._collection.list_rule, LIST_PARAMETERS, f"{self.name}_list")
        yield self._one(
            "get", "view", "View a record", self._collection.view_rule, [ref(name, "parameters") for name in ("ifNoneMatch", "minSeq")], 304
        )
        if self._collection.is_view:
            return
        yield self._operation("post", "create", "Create a record", self._collection.create_rule, [EXPAND, FIELDS], f"{self.name}_record")
        yield self._one("patch", "update", "Update a record", self._collection.update_rule, [ref("ifMatch", "parameters")], 412)
        yield self._delete()
        yield self._many("patch", "updateMany", "Update all records that a filter finds", self._collection.update_rule)
        yield self._many("delete", "deleteMany", "Delete all records that a filter finds", self._collection.delete_rule)

    def _operation(self, method: str, verb: str, summary: str, rule: str | None, parameters: list[Json], answer: str) -> Operation:
        return Operation(
            method,
            self._path,
            f"{verb}_{self.name}",
            summary,
            self.name,
            security(rule),
            f"{who(rule, verb)} {AGGREGATES}" if verb == "list" else who(rule, verb),
            parameters,
            self._bodies(verb),
            ref(answer),
            failures=(400, 403, 404),
        )

    def _one(self, method: str, verb: str, summary: str, rule: str | None, conditions: list[Json], unmet: int) -> Operation:
        return Operation(
            method,
            f"{self._path}/{{id}}",
            f"{verb}_{self.name}",
            summary,
            self.name,
            security(rule),
            who(rule, verb),
            [ID, EXPAND, FIELDS, *conditions],
            self._bodies(verb),
            ref(f"{self.name}_record"),
            answer_headers=ETAG,
            failures=(400, 403, 404, unmet),
        )

    def _delete(self) -> Operation:
        rule = self._collection.delete_rule
        path, tag = f"{self._path}/{{id}}", self.name
        parameters = [ID, ref("ifMatch", "parameters")]
        return Operation(
            "delete",
            path,
            f"delete_{tag}",
            "Delete a record",
            tag,
            security(rule),
            who(rule, "delete"),
            parameters,
            failures=(400, 403, 404, 412),
        )

    def _many(self, method: str, verb: str, summary: str, rule: str | None) -> Operation:
        bodies = {JSON: ref(f"{self.name}_update")} if method == "patch" else {}
        return Operation(
            method,
            self._path,
            f"{verb}_{self.name}",
            summary,
            self.name,
            security(rule),
            f"All of them or none. {who(rule, verb)}",
            [ref("filterOfMany", "parameters"), ref("limit", "parameters")],
            bodies,
            ref("Many"),
            failures=(400, 403, 404),
        )

    def _bodies(self, verb: str) -> dict[str, Json]:
        if verb not in ("create", "update"):
            return {}
        name = f"{self.name}_{verb}"
        return {JSON: ref(name), **({FORM: ref(f"{name}_form")} if self._forms else {})}


def security(rule: str | None) -> Security:
    """Whose token is needed: that of a superuser where there is no rule, else anybody's or nobody's."""
    return SIGNED_IN if rule is None else ANYBODY


def who(rule: str | None, verb: str) -> str:
    """Whom the rule lets in."""
    if rule is None:
        return "For superusers only."
    if not rule:
        return "For everybody."
    return (
        "Shows those records that the collection's rule shows the caller."
        if verb == "list"
        else "For whom the collection's rule allows it."
    )

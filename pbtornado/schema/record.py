"""A record: a collection and one value per field; how it is stored, logged and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..store.query import Bindable
from .collection import Collection


@dataclass(slots=True)
class Record:
    """`values` by field name, in the forms of `schema.fields`; `expand` holds exported records by relation."""

    collection: Collection
    values: dict[str, Any]
    expand: dict[str, Any] | None = field(default=None)

    @property
    def id(self) -> str:
        """Its key."""
        return str(self.values.get("id") or "")

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a field, `default` where the record has none."""
        return self.values.get(name, default)

    @classmethod
    def new(cls, collection: Collection) -> Record:
        """A record of zero values."""
        return cls(collection, {one.name: one.zero() for one in collection.fields})

    @classmethod
    def from_row(cls, collection: Collection, row: Sequence[Any]) -> Record:
        """The record of a row whose columns are `collection.names`, in that order."""
        values = dict(zip(collection.names, row, strict=False))
        for name, decode in collection.plan.decoders:
            values[name] = decode(values[name])
        return cls(collection, values)

    @classmethod
    def from_image(cls, collection: Collection, image: Mapping[str, Any]) -> Record:
        """The record of an image; what the image lacks is zero."""
        known = {one.name: one.from_store(image[one.name]) if one.name in image else one.zero() for one in collection.fields}
        return cls(collection, known)

    def to_row(self) -> dict[str, Bindable]:
        """Stored values by column, for the fields the record has values of."""
        values = self.values
        return {name: encode(values[name]) if encode else values[name] for name, encode in self.collection.plan.encoders if name in values}

    def image(self) -> dict[str, Bindable]:
        """Stored values by column, without secrets."""
        row = self.to_row()
        for name in self.collection.secret_names:
            row.pop(name, None)
        return row

    def export(self, *, hidden: bool = False, email: bool = False) -> dict[str, Any]:
        """The record as clients see it, keys in alphabetical order; `hidden` fields and a private `email` on demand.

        Passwords and token keys are never part of it.
        """
        values, template = self.values, self.collection.plan.templates[hidden]
        data = template.keys.copy()
        try:
            for name in template.own:
                data[name] = values[name]
        except KeyError:
            return Record(self.collection, {**Record.new(self.collection).values, **values}, self.expand).export(hidden=hidden, email=email)
        for one in template.files:
            data[one.name] = one.export(data[one.name])
        if self.expand is None:
            del data["expand"]
        else:
            data["expand"] = self.expand
        if self.collection.is_auth and not email and not values.get("emailVisibility"):
            data.pop("email", None)
        return data

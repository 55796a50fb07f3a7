"""Fields whose values an answer would tell by its shape: places in a list, least and greatest values, groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import BadRequest
from ..rules.request import Actor
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.fields import Field, RelationField


def refuse_telling(catalog: Catalog, collection: Collection, names: Iterable[str], actor: Actor) -> None:
    """Raises BadRequest for paths that end at a secret, or at an email that the actor may not see of everybody.

    `names` are paths as in a sort, without their direction. Of a path through relations only its last name is looked at.
    """
    for name in names:
        *path, last = name.partition(":")[0].split(".")
        places = catalog.all if path else (collection,)
        secret = any(last in place.secret_names for place in places)
        email = last == "email" and not actor.superuser and any(place.is_auth for place in places)
        if secret or email:
            raise BadRequest(f'Values of the field "{last}" are not told')


@dataclass(frozen=True, slots=True)
class End:
    """Where a path leads to: the field of its last name, None inside of JSON or where the name has a modifier, and whether to one value."""

    field: Field | None
    inside: bool
    one: bool


def end_of(catalog: Catalog, collection: Collection, name: str) -> End:
    """The end of a path that a question has resolved."""
    *path, last = name.split(".")
    place, one = collection, True
    for step in path:
        field = place.field(step)
        if field is not None and not isinstance(field, RelationField):
            return End(None, True, one)
        one = one and field is not None and not field.multiple
        found = catalog.find(field.collection_id if field else step.partition("_via_")[0])
        if found is None:
            return End(None, False, False)
        place = found
    return End(place.field(last), False, one and not last.endswith(":each"))

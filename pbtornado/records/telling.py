"""Fields whose values an answer would tell by its shape: places in a list, least and greatest values, groups."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import BadRequest
from ..rules.request import Actor
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.fields import RelationField


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


def has_one_value(catalog: Catalog, collection: Collection, name: str) -> bool:
    """Does the path lead from a record to one value, and not to those of several records or items?"""
    *path, last = name.split(".")
    place: Collection | None = collection
    for step in path:
        field = place.field(step) if place else None
        if field is None or field.multiple:
            return False
        if not isinstance(field, RelationField):
            return True
        place = catalog.find(field.collection_id)
    return not last.endswith(":each")

"""The collections a new data directory has, as PocketBase makes them."""

from __future__ import annotations

from dataclasses import replace

from .collection import Collection
from .defaults import completed, new_collection
from .fields import AutodateField, Field, FileField, PasswordField, TextField
from .options import AuthOptions, MappedFields

OWNER_OF_REFERENCE = "@request.auth.id != '' && recordRef = @request.auth.id && collectionRef = @request.auth.collectionId"
OWNER = "id = @request.auth.id"
SUPERUSERS = "_superusers"


def first_collections() -> tuple[Collection, ...]:
    """System collections and `users`, in the order PocketBase makes them; secrets are fresh at each call."""
    return (
        _references("_mfas", _texts("method"), indexes=(_index("_mfas", "mfas_collectionRef_recordRef", "collectionRef,recordRef"),)),
        _references("_otps", _OTP_FIELDS, indexes=(_index("_otps", "otps_collectionRef_recordRef", "collectionRef, recordRef"),)),
        _references("_externalAuths", _texts("provider", "providerId"), deletable=True, indexes=_EXTERNAL_AUTHS_INDEXES),
        _references("_authOrigins", _texts("fingerprint"), deletable=True, indexes=_AUTH_ORIGINS_INDEXES),
        _superusers(),
        _users(),
    )


def _texts(*names: str) -> tuple[Field, ...]:
    return tuple(TextField(name=name, system=True, required=True) for name in names)


def _dates(*, system: bool) -> tuple[Field, ...]:
    created = AutodateField(name="created", system=system, on_create=True)
    return created, AutodateField(name="updated", system=system, on_create=True, on_update=True)


def _index(table: str, name: str, columns: str, *, unique: bool = False) -> str:
    return f"CREATE {'UNIQUE ' if unique else ''}INDEX `idx_{name}` ON `{table}` ({columns})"


_OTP_FIELDS: tuple[Field, ...] = (
    PasswordField(name="password", system=True, hidden=True, required=True, cost=8),
    TextField(name="sentTo", system=True, hidden=True),
)
_EXTERNAL_AUTHS_INDEXES = (
    _index("_externalAuths", "externalAuths_record_provider", "collectionRef, recordRef, provider", unique=True),
    _index("_externalAuths", "externalAuths_collection_provider", "collectionRef, provider, providerId", unique=True),
)
_AUTH_ORIGINS_INDEXES = (_index("_authOrigins", "authOrigins_unique_pairs", "collectionRef, recordRef, fingerprint", unique=True),)


def _references(name: str, fields: tuple[Field, ...], *, indexes: tuple[str, ...], deletable: bool = False) -> Collection:
    """A collection of what belongs to one auth record; its owner may read it."""
    made = new_collection("base", name)
    return completed(
        replace(
            made,
            system=True,
            fields=(*made.fields, *_texts("collectionRef", "recordRef"), *fields, *_dates(system=True)),
            indexes=indexes,
            list_rule=OWNER_OF_REFERENCE,
            view_rule=OWNER_OF_REFERENCE,
            delete_rule=OWNER_OF_REFERENCE if deletable else None,
        )
    )


def _superusers() -> Collection:
    made = new_collection("auth", SUPERUSERS)
    auth = made.auth or AuthOptions.new()
    auth = replace(auth, auth_token=replace(auth.auth_token, duration=86400))
    return completed(replace(made, system=True, auth=auth, fields=(*made.fields, *_dates(system=True))))


def _users() -> Collection:
    made = new_collection("auth", "users", collection_id="_pb_users_auth_")
    auth = made.auth or AuthOptions.new()
    auth = replace(auth, oauth2=replace(auth.oauth2, mapped_fields=MappedFields(name="name", avatar_url="avatar")))
    images = ("image/jpeg", "image/png", "image/svg+xml", "image/gif", "image/webp")
    own = (TextField(name="name", max=255), FileField(name="avatar", max_select=1, mime_types=images, nulls=frozenset({"thumbs"})))
    fields = (*made.fields, *own, *_dates(system=False))
    return completed(
        replace(made, auth=auth, fields=fields, list_rule=OWNER, view_rule=OWNER, create_rule="", update_rule=OWNER, delete_rule=OWNER)
    )

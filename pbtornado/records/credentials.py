"""What guards an auth record's own fields: passwords and their confirmation, email, verified, token key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import FieldError
from ..schema.collection import Collection
from ..schema.fields import PasswordField, TextField
from ..schema.record import Record
from ..values import text_of
from .remembered import remembered

REQUIRED = FieldError("validation_required", "Cannot be blank.")
MISMATCH = FieldError("validation_values_mismatch", "Values don't match.")
WRONG_OLD_PASSWORD = FieldError("validation_invalid_old_password", "Missing or invalid old password.")


@remembered
def password_fields(collection: Collection) -> tuple[PasswordField, ...]:
    """The fields whose stored values are hashes."""
    return tuple(field for field in collection.fields if isinstance(field, PasswordField))


class Credentials:
    """The three texts a client sends about a password."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.password = text_of(body.get("password"))
        self.confirm = text_of(body.get("passwordConfirm"))
        self.old = text_of(body.get("oldPassword"))

    def proof_needed(self, old: Record | None, manager: bool) -> bool:
        """Must the old password be shown? Whoever changes his own must."""
        return old is not None and not manager and bool(self.password or self.confirm)

    def errors(self, values: Mapping[str, Any], old: Record | None, manager: bool) -> dict[str, FieldError]:
        """What is wrong with them, and with the guarded fields of `values`; `old` is None for a new record."""
        found = {
            "email": None if manager or old is None or values["email"] == old.get("email") else MISMATCH,
            "verified": None if manager or values["verified"] == bool(old and old.get("verified")) else MISMATCH,
            "password": REQUIRED if not self.password and (old is None or self.confirm or self.old) else None,
            "passwordConfirm": self._confirm_error(old is None),
            "oldPassword": REQUIRED if self.proof_needed(old, manager) and not self.old else None,
        }
        return {name: error for name, error in found.items() if error}

    def _confirm_error(self, new: bool) -> FieldError | None:
        if not self.confirm and (new or self.password or self.old):
            return REQUIRED
        return MISMATCH if self.confirm != self.password else None


NONE_GIVEN = Credentials({})


def fresh_token_key(collection: Collection) -> str:
    """A new token key: every token issued before is void."""
    field = collection.field("tokenKey")
    assert isinstance(field, TextField)
    return field.autogenerate()


def token_key_due(old: Record, values: Mapping[str, Any]) -> bool:
    """Did password or email change while the token key stayed?"""
    if values["tokenKey"] != old.get("tokenKey"):
        return False
    return bool(values["password"] != old.get("password") or values["email"] != old.get("email"))

"""Trying out a letter: whether mail goes out, and how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import BadRequest, FieldError
from ..mail.message import Message, NotSent
from ..records.credentials import fresh_token_key
from ..schema.catalog import Catalog
from ..schema.collection import Collection
from ..schema.fields import checks
from ..schema.record import Record
from ..schema.settings import Tree
from ..schema.system import SUPERUSERS
from ..system.trials import filled
from ..system.validate import bytes_within
from ..values import now
from .forms import email_error, refuse
from .letters import Letters

EMAIL_TRIAL: Tree = {"email": "", "template": "", "collection": ""}
"""Which letter is sent, to whom, as if to an account of which auth collection (none is `_superusers`)."""
TEMPLATES = ("verification", "password-reset", "email-change", "otp", "login-alert")
FAILED = "Failed to send the test email."
NO_COLLECTION = FieldError("validation_invalid_auth_collection", "Must be a valid auth collection id or name.")


async def try_email(letters: Letters, catalog: Catalog, given: Mapping[str, Any]) -> None:
    """Sends a letter to an account that does not exist. BadRequest says what is wrong with the body, or why it did not go out."""
    trial = filled(EMAIL_TRIAL, given)
    email, template, collection = trial["email"], trial["template"], catalog.find(trial["collection"] or SUPERUSERS)
    there = collection is not None and collection.is_auth
    refuse(
        FAILED,
        collection=bytes_within(trial["collection"], 1, 255) or (None if there else NO_COLLECTION),
        email=email_error(email),
        template=checks.required(template) or checks.one_of(template, TEMPLATES),
    )
    assert collection is not None
    try:
        await letters.mailer.send(specimen(letters, template, nobody(collection, email)))
    except NotSent as error:
        raise BadRequest(f"{FAILED} Raw error: \n{error}") from error


def specimen(letters: Letters, template: str, record: Record) -> Message:
    """The letter of a template to this account."""
    match template:
        case "verification":
            return letters.verification(record)
        case "password-reset":
            return letters.password_reset(record)
        case "email-change":
            return letters.email_change(record, record.values["email"])
        case "otp":
            return letters.otp(record, "_PB_TEST_OTP_ID_", "123456")
        case _:
            return letters.alert(record, f"{now()} - TEST_IP TEST_USER_AGENT")


def nobody(collection: Collection, email: str) -> Record:
    """An account that is not stored; its values tell their fields' names."""
    shown = {field.name: field.coerce(f"__pb_test_{field.name}__") for field in collection.fields if not field.hidden}
    values = {**Record.new(collection).values, **shown, "tokenKey": fresh_token_key(collection), "email": email}
    return Record(collection, values)

"""Trying out what the settings say about mail and storage, before anything depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from ..errors import BadRequest, FieldError
from ..schema.catalog import Catalog
from ..schema.fields import checks
from ..schema.fields.base import BadShape
from ..schema.fields.checks import gather
from ..schema.settings import Tree, laid_over
from .settings import UNREADABLE
from .validate import bytes_within

S3_TRIAL: Tree = {"filesystem": ""}
"""Which storage is tried."""
EMAIL_TRIAL: Tree = {"email": "", "template": "", "collection": ""}
"""Which letter is sent, to whom, as if to an account of which auth collection."""
FILESYSTEMS = ("storage", "backups")
TEMPLATES = ("verification", "password-reset", "email-change", "otp", "login-alert")
S3_FAILED = "Failed to test the S3 filesystem."
EMAIL_FAILED = "Failed to send the test email."


def try_s3(given: Mapping[str, Any], settings: Tree) -> NoReturn:
    """Tries the S3 storage for `filesystem`. BadRequest says what is wrong with the body, or why the trial failed."""
    chosen = filled(S3_TRIAL, given)["filesystem"]
    _refuse(gather(filesystem=checks.required(chosen) or checks.one_of(chosen, FILESYSTEMS)), S3_FAILED)
    s3 = settings["s3"] if chosen == "storage" else settings["backups"]["s3"]
    reason = "this server keeps files in its own directory only" if s3["enabled"] else "S3 storage filesystem is not enabled"
    raise BadRequest(f"{S3_FAILED} Raw error: \n{reason}")


def try_email(given: Mapping[str, Any], catalog: Catalog) -> NoReturn:
    """Sends a letter to `email`. BadRequest says what is wrong with the body, or why it was not sent."""
    trial = filled(EMAIL_TRIAL, given)
    errors = gather(
        collection=bytes_within(trial["collection"], 1, 255) or _auth_collection(trial["collection"], catalog),
        email=checks.required(trial["email"]) or bytes_within(trial["email"], 1, 255) or checks.email(trial["email"]),
        template=checks.required(trial["template"]) or checks.one_of(trial["template"], TEMPLATES),
    )
    _refuse(errors, EMAIL_FAILED)
    raise BadRequest(f"{EMAIL_FAILED} Raw error: \nthis server sends no mail")


def filled(form: Tree, given: Mapping[str, Any]) -> dict[str, Any]:
    """The form with what the JSON object gives for its keys. BadRequest where a type is wrong."""
    try:
        return laid_over(form, given)
    except BadShape as error:
        raise BadRequest(UNREADABLE) from error


def _refuse(errors: Mapping[str, Any], failure: str) -> None:
    if errors:
        raise BadRequest(failure, errors)


def _auth_collection(name: str, catalog: Catalog) -> FieldError | None:
    collection = catalog.find(name)
    if not name or (collection and collection.is_auth):
        return None
    return FieldError("validation_invalid_auth_collection", "Must be a valid auth collection id or name.")

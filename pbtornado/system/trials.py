"""Trying out what the settings say about storage, before anything depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from ..errors import BadRequest
from ..schema.fields import checks
from ..schema.fields.base import BadShape
from ..schema.fields.checks import gather
from ..schema.settings import Tree, laid_over
from .settings import UNREADABLE

S3_TRIAL: Tree = {"filesystem": ""}
"""Which storage is tried."""
FILESYSTEMS = ("storage", "backups")
S3_FAILED = "Failed to test the S3 filesystem."


def try_s3(given: Mapping[str, Any], settings: Tree) -> NoReturn:
    """Tries the S3 storage for `filesystem`. BadRequest says what is wrong with the body, or why the trial failed."""
    chosen = filled(S3_TRIAL, given)["filesystem"]
    _refuse(gather(filesystem=checks.required(chosen) or checks.one_of(chosen, FILESYSTEMS)), S3_FAILED)
    s3 = settings["s3"] if chosen == "storage" else settings["backups"]["s3"]
    reason = "this server keeps files in its own directory only" if s3["enabled"] else "S3 storage filesystem is not enabled"
    raise BadRequest(f"{S3_FAILED} Raw error: \n{reason}")


def filled(form: Tree, given: Mapping[str, Any]) -> dict[str, Any]:
    """The form with what the JSON object gives for its keys. BadRequest where a type is wrong."""
    try:
        return laid_over(form, given)
    except BadShape as error:
        raise BadRequest(UNREADABLE) from error


def _refuse(errors: Mapping[str, Any], failure: str) -> None:
    if errors:
        raise BadRequest(failure, errors)

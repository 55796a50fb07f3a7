"""What is wrong with the texts of a form."""

from __future__ import annotations

from ..errors import BadRequest, FieldError
from ..schema.fields import checks
from ..system.validate import bytes_within

INVALID = "An error occurred while validating the submitted data."


def refuse(message: str = INVALID, **errors: FieldError | None) -> None:
    """Raises BadRequest where something is wrong; errors by the name of their value."""
    if found := checks.gather(**errors):
        raise BadRequest(message, found)


def email_error(text: str) -> FieldError | None:
    """A text that must be an email address."""
    return text_error(text, 1, 255) or checks.email(text)


def text_error(text: str, least: int, most: int) -> FieldError | None:
    """A text that must be there, with so many bytes."""
    return checks.required(text) or bytes_within(text, least, most)

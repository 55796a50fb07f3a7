"""Trying out letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pbtornado.auth.trial import TEMPLATES, try_email
from pbtornado.errors import BadRequest
from tests.auth.conftest import text_of

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.auth.conftest import People
    from tests.post import PostOffice

SUBJECTS = {
    "verification": "Verify your Acme email",
    "password-reset": "Reset your Acme password",
    "email-change": "Confirm your Acme new email address",
    "otp": "OTP for Acme",
    "login-alert": "Login from a new location",
}


@pytest.mark.parametrize("template", TEMPLATES)
async def test_every_letter(backend: Backend, post: PostOffice, template: str) -> None:
    """Each kind of letter goes out, as if to an account of `_superusers`."""
    await try_email(backend.auth.letters, backend.catalogs.current, {"email": "ann@example.com", "template": template})
    assert (post.letters[0]["To"], post.letters[0]["Subject"]) == ("ann@example.com", SUBJECTS[template])


async def test_letter_of_a_collection(backend: Backend, people: People, post: PostOffice) -> None:
    """The template is the collection's; the account's values tell their names."""
    await people.change("users", otp={"emailTemplate": {"subject": "s", "body": "{RECORD:name} {RECORD:tokenKey} {OTP_ID} {OTP}"}})
    trial = {"email": "ann@example.com", "template": "otp", "collection": "users"}
    await try_email(backend.auth.letters, backend.catalogs.current, trial)
    assert "__pb_test_name__ {RECORD:tokenKey} _PB_TEST_OTP_ID_ 123456" in text_of(post.letters[0])


async def test_letter_that_does_not_go_out(backend: Backend, post: PostOffice) -> None:
    """The reason is told."""
    post.refuses = "554 no thanks"
    with pytest.raises(BadRequest, match=r"Failed to send the test email\. Raw error: \n554 no thanks"):
        await try_email(backend.auth.letters, backend.catalogs.current, {"email": "ann@example.com", "template": "otp"})

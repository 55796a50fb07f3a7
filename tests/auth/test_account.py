"""What an account's owner confirms with a token from a letter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from pbtornado.auth.identity import sign
from pbtornado.auth.password import Attempt
from pbtornado.errors import BadRequest, Busy
from pbtornado.rules.request import RequestInfo
from pbtornado.schema.collection import Collection
from tests.auth.conftest import PASSWORD, link_token

if TYPE_CHECKING:
    from pbtornado.auth.account import Account
    from pbtornado.backend import Backend
    from tests.auth.conftest import People
    from tests.conftest import ExpectLog
    from tests.post import PostOffice

GUEST = RequestInfo()
ANN = "ann@example.com"
NEW = "new-password"
Request = Callable[["Account", Collection, str], Awaitable[None]]


def users(backend: Backend) -> Collection:
    """The collection `users` as it is now."""
    return backend.auth.collection("users")


def codes(refused: pytest.ExceptionInfo[BadRequest]) -> dict[str, str]:
    """What was wrong with which value."""
    return {name: error.code for name, error in refused.value.errors.items()}


# ---- requests


@pytest.fixture(params=["verification", "password reset"])
def request_letter(request: pytest.FixtureRequest) -> Request:
    """Both ways to ask for a letter without being signed in."""
    if request.param == "verification":
        return lambda account, collection, email: account.request_verification(collection, email)
    return lambda account, collection, email: account.request_password_reset(collection, email)


async def test_letter(backend: Backend, people: People, post: PostOffice, request_letter: Request) -> None:
    """The letter goes to the account's address and holds a token."""
    await people.add(ANN)
    await request_letter(backend.auth.account, users(backend), ANN)
    letter = await post.next()
    assert letter["To"] == ANN
    assert link_token(letter)


async def test_no_letter_to_strangers(backend: Backend, post: PostOffice, request_letter: Request) -> None:
    """An address that belongs to nobody looks like any other, but gets nothing."""
    await request_letter(backend.auth.account, users(backend), "nobody@example.com")
    await backend.mailer.stop()
    assert not post.letters


async def test_one_letter_at_a_time(backend: Backend, people: People, post: PostOffice, request_letter: Request) -> None:
    """Whoever asks again and again gets one letter."""
    await people.add(ANN)
    await asyncio.gather(*(request_letter(backend.auth.account, users(backend), ANN) for _ in range(5)))
    await backend.mailer.stop()
    assert len(post.letters) == 1


async def test_letter_that_failed(
    backend: Backend, people: People, post: PostOffice, request_letter: Request, expect_log: ExpectLog
) -> None:
    """One that did not go out may be asked for again at once."""
    await people.add(ANN)
    post.refuses = "554 no"
    with expect_log("a letter did not go out"):
        await request_letter(backend.auth.account, users(backend), ANN)
        await backend.mailer.stop()
    post.refuses = ""
    await request_letter(backend.auth.account, users(backend), ANN)
    await post.next()


async def test_too_many_letters(backend: Backend, people: People, request_letter: Request) -> None:
    """Where too many letters wait everybody is sent away, known or not."""
    await people.add(ANN)
    backend.mailer.waiting = 0
    for email in (ANN, "nobody@example.com"):
        with pytest.raises(Busy):
            await request_letter(backend.auth.account, users(backend), email)


async def test_letter_to_a_verified_address(backend: Backend, people: People, post: PostOffice) -> None:
    """There is nothing to confirm."""
    await people.add(ANN, verified=True)
    await backend.auth.account.request_verification(users(backend), ANN)
    await backend.mailer.stop()
    assert not post.letters


# ---- verification


async def test_verification(backend: Backend, people: People, post: PostOffice) -> None:
    """The token of the letter verifies, and ends no session."""
    ann, account = await people.add(ANN), backend.auth.account
    session = sign(ann, "auth")
    await account.request_verification(users(backend), ANN)
    await account.confirm_verification(users(backend), link_token(await post.next()), GUEST)
    assert (await people.stored("users", ann.id)).get("verified") is True
    assert (await backend.auth.identify(session)).record


async def test_verification_without_passwords(backend: Backend, people: People) -> None:
    """Where nobody signs in by password, one that is set ends with the proof that the address is somebody's."""
    ann = await people.add(ANN)
    token = sign(ann, "verification", email=ANN)
    await people.change("users", passwordAuth={"enabled": False}, otp={"enabled": True})
    await backend.auth.account.confirm_verification(users(backend), token, GUEST)
    assert (await people.stored("users", ann.id)).get("password") != ann.get("password")


async def test_verification_of_a_former_address(backend: Backend, people: People) -> None:
    """A token for another address than the account's confirms nothing."""
    ann = await people.add(ANN)
    with pytest.raises(BadRequest) as refused:
        await backend.auth.account.confirm_verification(users(backend), sign(ann, "verification", email="old@example.com"), GUEST)
    assert codes(refused) == {"token": "validation_token_email_mismatch"}


async def test_token_of_another_collection(backend: Backend, people: People) -> None:
    """A token is for the collection of its account."""
    su = await people.add("su@example.com", "_superusers")
    with pytest.raises(BadRequest) as refused:
        await backend.auth.account.confirm_verification(users(backend), sign(su, "verification", email="su@example.com"), GUEST)
    assert codes(refused) == {"token": "validation_token_collection_mismatch"}


# ---- a new password


async def test_password_reset(backend: Backend, people: People, post: PostOffice) -> None:
    """The token of the letter sets a new password, verifies the address, and ends sessions."""
    ann, account = await people.add(ANN), backend.auth.account
    session = sign(ann, "auth")
    await account.request_password_reset(users(backend), ANN)
    await account.confirm_password_reset(users(backend), link_token(await post.next()), NEW, NEW, GUEST)
    assert (await backend.auth.with_password("users", Attempt(ANN, NEW), GUEST))["record"]["verified"] is True
    assert (await backend.auth.identify(session)).record is None


async def test_reset_is_good_once(backend: Backend, people: People) -> None:
    """Of several who use a token at the same time one is faster."""
    ann = await people.add(ANN)
    token = sign(ann, "passwordReset", email=ANN)
    tried = [backend.auth.account.confirm_password_reset(users(backend), token, NEW + str(n), NEW + str(n), GUEST) for n in range(3)]
    results = await asyncio.gather(*tried, return_exceptions=True)
    assert [type(result) for result in results].count(type(None)) == 1
    assert sum(isinstance(result, BadRequest) for result in results) == 2


async def test_reset_again_at_once(backend: Backend, people: People, post: PostOffice) -> None:
    """Who has used the letter may ask for another one."""
    await people.add(ANN)
    account = backend.auth.account
    for count in (1, 2):
        await account.request_password_reset(users(backend), ANN)
        await account.confirm_password_reset(users(backend), link_token(await post.next(count)), NEW, NEW, GUEST)


async def test_reset_after_the_address_changed(backend: Backend, people: People) -> None:
    """A token that went to a former address sets the password but proves nothing about the new address."""
    ann = await people.add(ANN)
    token = sign(ann, "passwordReset", email="old@example.com")
    await backend.auth.account.confirm_password_reset(users(backend), token, NEW, NEW, GUEST)
    assert (await people.stored("users", ann.id)).get("verified") is False


async def test_passwords_of_the_field(backend: Backend, people: People) -> None:
    """A new password is what the collection's field wants."""
    ann = await people.add(ANN)
    with pytest.raises(BadRequest, match="Failed to set new password") as refused:
        await backend.auth.account.confirm_password_reset(users(backend), sign(ann, "passwordReset"), "x" * 72, "x" * 72, GUEST)
    assert codes(refused) == {"password": "validation_max_text_constraint"}


# ---- a new address


async def test_email_change(backend: Backend, people: People, post: PostOffice) -> None:
    """The token of the letter to the new address changes the address and verifies it; sessions end."""
    ann, account = await people.add(ANN), backend.auth.account
    session = sign(ann, "auth")
    await account.request_email_change(ann, "new@example.com")
    assert post.letters[0]["To"] == "new@example.com"
    await account.confirm_email_change(users(backend), link_token(post.letters[0]), PASSWORD, GUEST)
    changed = await people.stored("users", ann.id)
    assert (changed.get("email"), changed.get("verified")) == ("new@example.com", True)
    assert (await backend.auth.identify(session)).record is None


async def test_change_to_a_domain_that_is_refused(backend: Backend, people: People) -> None:
    """A new address is what the collection's field wants."""
    ann = await people.add(ANN)
    fields = [
        {**field, "onlyDomains": ["example.com"]} if field["name"] == "email" else field for field in users(backend).to_json()["fields"]
    ]
    await people.change("users", fields=fields)
    token = sign(await people.stored("users", ann.id), "emailChange", email=ANN, newEmail="ann@other.com")
    with pytest.raises(BadRequest, match="Failed to confirm email change") as refused:
        await backend.auth.account.confirm_email_change(users(backend), token, PASSWORD, GUEST)
    assert list(codes(refused)) == ["email"]


async def test_address_taken_meanwhile(backend: Backend, people: People) -> None:
    """Of two who confirm the same address at the same time one gets it."""
    pair = [await people.add(email) for email in (ANN, "bob@example.com")]
    tried = [
        backend.auth.account.confirm_email_change(
            users(backend), sign(one, "emailChange", email=one.values["email"], newEmail="new@example.com"), PASSWORD, GUEST
        )
        for one in pair
    ]
    results = await asyncio.gather(*tried, return_exceptions=True)
    assert [type(result) for result in results].count(type(None)) == 1


async def test_change_letter_that_fails(backend: Backend, people: People, post: PostOffice) -> None:
    """Whoever is signed in is told that the letter did not go out."""
    post.refuses = "554 no"
    with pytest.raises(BadRequest, match="Failed to request email change"):
        await backend.auth.account.request_email_change(await people.add(ANN), "new@example.com")


async def test_the_log_names_the_owner(backend: Backend, people: People) -> None:
    """The change is logged as the owner's."""
    ann = await people.add(ANN)
    await backend.auth.account.confirm_verification(users(backend), sign(ann, "verification", email=ANN), RequestInfo(request_id="r1"))
    changes = await backend.store.read(lambda reader: backend.store.changes.read_after(reader, 0, 100))
    assert (changes[-1].actor, changes[-1].request) == (f"{ann.collection.id}/{ann.id}", "r1")

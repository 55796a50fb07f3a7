"""The places an account signs in from."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pbtornado.auth.origins import KEPT, fingerprint
from pbtornado.auth.superusers import PROGRAM
from pbtornado.records import companions
from pbtornado.rules.request import RequestInfo
from pbtornado.schema.record import Record
from tests.auth.conftest import text_of

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.auth.conftest import People
    from tests.conftest import ExpectLog
    from tests.post import PostOffice

HOME = RequestInfo(ip="10.0.0.1", headers={"user_agent": "Browser"})


def at(number: int) -> RequestInfo:
    """A request from another place."""
    return replace(HOME, ip=f"10.0.1.{number}")


async def signs_in(backend: Backend, record: Record, *places: RequestInfo) -> None:
    """Signs the account in from these places, one after the other."""
    for place in places:
        await backend.auth.finish(record, "token", place, "", "password")
    await backend.mailer.stop()


async def known(backend: Backend, record: Record) -> list[Any]:
    """The places that are known, as they are stored."""
    catalog = backend.catalogs.current
    found = await backend.store.read(lambda reader: list(companions.of(reader, catalog, record, ("_authOrigins",))))
    return sorted((place.get("fingerprint") for place in found), key=str)


@pytest.mark.parametrize(
    ("agent", "written"), [("Browser", b"Browser"), ("", b""), ("x" * 201, b"x" * 200 + b"..."), ("x" * 200, b"x" * 200), ("\xe4", b"\xe4")]
)
def test_fingerprint(agent: str, written: bytes) -> None:
    """A place is the MD5 of address and program, of which the first 200 signs count, as with PocketBase."""
    info = replace(HOME, headers={"user_agent": agent})
    assert fingerprint(info) == hashlib.md5(b"10.0.0.1" + written, usedforsecurity=False).hexdigest()


async def test_first_place(backend: Backend, people: People, post: PostOffice) -> None:
    """The first sign-in of all is remembered, and no reason for a letter."""
    ann = await people.add("ann@example.com")
    await signs_in(backend, ann, HOME)
    assert (await known(backend, ann), post.letters) == ([fingerprint(HOME)], [])


async def test_new_place(backend: Backend, people: People, post: PostOffice) -> None:
    """A sign-in from another place is told by mail: when, from which address, with what."""
    ann = await people.add("ann@example.com")
    await signs_in(backend, ann, HOME, replace(HOME, headers={"user_agent": "<Robot>"}))
    (letter,) = post.letters
    assert (letter["To"], letter["Subject"]) == ("ann@example.com", "Login from a new location")
    assert "Z - 10.0.0.1 &lt;Robot&gt;" in text_of(letter)


async def test_same_place_again(backend: Backend, people: People, post: PostOffice) -> None:
    """A place that is known is no reason for a letter; that it was seen again is stored."""
    ann = await people.add("ann@example.com")
    await signs_in(backend, ann, HOME, at(1), HOME, at(1))
    assert len(post.letters) == 1
    assert len(await known(backend, ann)) == 2


async def test_a_few_places(backend: Backend, people: People, post: PostOffice) -> None:
    """Only the last few places are known."""
    ann = await people.add("ann@example.com")
    places = [at(number) for number in range(KEPT + 2)]
    await signs_in(backend, ann, *places)
    assert len(post.letters) == KEPT + 1
    assert len(await known(backend, ann)) == KEPT


async def test_switched_off(backend: Backend, people: People, post: PostOffice) -> None:
    """Where a collection wants no alerts, places are not remembered."""
    await people.change("users", authAlert={"enabled": False})
    ann = await people.add("ann@example.com")
    await signs_in(backend, ann, HOME, at(1))
    assert (await known(backend, ann), post.letters) == ([], [])


async def test_no_address(backend: Backend, people: People, post: PostOffice) -> None:
    """An account without an address gets no letter."""
    ann = await people.add("ann@example.com")
    await backend.store.write(lambda writer: writer.update("users", ann.id, {"email": ""}))
    ann = await people.stored("users", ann.id)
    await signs_in(backend, ann, HOME, at(1))
    assert (len(await known(backend, ann)), post.letters) == (2, [])


async def test_letter_that_does_not_go_out(backend: Backend, people: People, post: PostOffice, expect_log: ExpectLog) -> None:
    """The sign-in is good all the same; the place stays unknown, so that the next one from there is told."""
    ann = await people.add("ann@example.com")
    post.refuses = "554 no"
    with expect_log("a letter did not go out"):
        await signs_in(backend, ann, HOME, at(1))
    assert await known(backend, ann) == [fingerprint(HOME)]
    post.refuses = ""
    await signs_in(backend, ann, at(1))
    assert (len(await known(backend, ann)), len(post.letters)) == (2, 1)


async def test_account_that_goes(backend: Backend, people: People, expect_log: ExpectLog) -> None:
    """Nothing is remembered of an account that is deleted meanwhile."""
    ann = await people.add("ann@example.com")
    await backend.records.delete("users", ann.id, PROGRAM)
    with expect_log("is not remembered"):
        await backend.auth.origins.note(ann, HOME)
    assert not await known(backend, ann)


async def test_refresh_is_no_sign_in(backend: Backend, people: People) -> None:
    """A token that is renewed tells of no place."""
    ann = await people.add("ann@example.com")
    await backend.auth.finish(ann, "token", HOME, "")
    assert not await known(backend, ann)

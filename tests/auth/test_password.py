"""Signing in with a password: what is asked, who is found, and what cannot be told from outside."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from pbtornado.auth.password import Attempt, stranger
from pbtornado.errors import BadRequest, Forbidden
from pbtornado.passwords import hash_password
from pbtornado.rules.request import RequestInfo
from pbtornado.store.protocol import Origin
from tests.auth.conftest import PASSWORD

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.auth.conftest import People

GUEST = RequestInfo()
NAMED = {
    "passwordAuth": {"enabled": True, "identityFields": ["name", "email"]},
    "indexes": [
        "CREATE UNIQUE INDEX `idx_tokenKey__pb_users_auth_` ON `users` (`tokenKey`)",
        "CREATE UNIQUE INDEX `idx_email__pb_users_auth_` ON `users` (`email`) WHERE `email` != ''",
        "CREATE UNIQUE INDEX `idx_name` ON `users` (`name` COLLATE NOCASE)",
    ],
}


async def signed_in(backend: Backend, identity: str, password: str = PASSWORD, field: str = "", collection: str = "users") -> str:
    """The id of whoever signed in."""
    answer = await backend.auth.with_password(collection, Attempt(identity, password, field), GUEST)
    return str(answer["record"]["id"])


async def refused(backend: Backend, identity: str, password: str = PASSWORD, field: str = "") -> Any:
    """The answer to somebody who may not sign in."""
    with pytest.raises(BadRequest) as error:
        await signed_in(backend, identity, password, field)
    return error.value.body()


async def test_right_password(backend: Backend, people: People) -> None:
    """Email and password let one in."""
    ann = await people.add("ann@example.com")
    assert await signed_in(backend, "ann@example.com") == ann.id


@pytest.mark.parametrize(
    ("identity", "password"), [("ann@example.com", "wrong"), ("bob@example.com", PASSWORD), ("Ann@example.com", PASSWORD)]
)
async def test_wrong_account_or_password(backend: Backend, people: People, identity: str, password: str) -> None:
    """A wrong password and an unknown account get the same answer."""
    await people.add("ann@example.com")
    assert await refused(backend, identity, password) == {"data": {}, "message": "Failed to authenticate.", "status": 400}


async def test_empty_collection(backend: Backend) -> None:
    """Where nobody has an account, nobody is let in."""
    assert (await refused(backend, "ann@example.com"))["message"] == "Failed to authenticate."


async def test_missing_values(backend: Backend) -> None:
    """Identity and password are needed."""
    blank = {"code": "validation_required", "message": "Cannot be blank."}
    answer = await refused(backend, "", "")
    assert answer["message"] == "An error occurred while validating the submitted data."
    assert answer["data"] == {"identity": blank, "password": blank}


async def test_long_values(backend: Backend) -> None:
    """No value is longer than 255 bytes."""
    data = (await refused(backend, "ä" * 128, "p" * 256, "f" * 256))["data"]
    assert {name: error["code"] for name, error in data.items()} == dict.fromkeys(
        ("identity", "password", "identityField"), "validation_length_out_of_range"
    )
    assert data["identity"]["params"] == {"max": 255, "min": 1}


async def test_foreign_identity_field(backend: Backend) -> None:
    """The identity field is one of the collection's."""
    assert (await refused(backend, "x", "y", "id"))["data"] == {
        "identityField": {"code": "validation_in_invalid", "message": "Must be a valid value."}
    }


async def test_email_comes_first(backend: Backend, people: People) -> None:
    """Whoever calls himself by another's email address does not get in the way of its owner."""
    await people.change("users", **NAMED)
    ann = await people.add("ann@example.com", name="ann")
    bob = await people.add("bob@example.com", name="ann@example.com")
    assert await signed_in(backend, "ann@example.com") == ann.id
    assert await signed_in(backend, "ann@example.com", field="name") == bob.id


async def test_index_says_how_to_compare(backend: Backend, people: People) -> None:
    """A NOCASE index finds the identity in any case, a plain one only as it is written."""
    await people.change("users", **NAMED)
    ann = await people.add("ann@example.com", name="Ann")
    assert await signed_in(backend, "aNN") == ann.id
    await refused(backend, "ANN@example.com")


async def test_field_without_unique_index(backend: Backend, people: People) -> None:
    """A field whose values are not unique names nobody."""
    await people.change("users", **NAMED)
    await people.add("ann@example.com", name="ann")
    users = backend.catalogs.current.find("users")
    assert users is not None
    object.__setattr__(users, "indexes", users.indexes[:2])
    await refused(backend, "ann")


async def test_password_auth_switched_off(backend: Backend, people: People) -> None:
    """Where password sign-in is switched off, the right password does not help."""
    await people.add("ann@example.com")
    await people.change("users", passwordAuth={"enabled": False})
    with pytest.raises(Forbidden, match="not configured to allow password"):
        await signed_in(backend, "ann@example.com")


async def test_bcrypt_is_upgraded(backend: Backend, people: People) -> None:
    """A bcrypt hash is good for one sign-in and is argon2id afterwards; nothing else changes, and the log keeps no hash."""
    ann = await people.add("ann@example.com")
    ann = await with_hash(backend, ann, hash_password(PASSWORD, 4))
    await signed_in(backend, "ann@example.com")
    now = await people.stored("users", ann.id)
    assert now.get("password").startswith("$argon2id$")
    assert {**now.values, "password": ""} == {**ann.values, "password": ""}
    assert await signed_in(backend, "ann@example.com") == ann.id


async def test_bcrypt_is_kept(backend: Backend, people: People) -> None:
    """Where bcrypt is kept, an argon2id hash becomes one that PocketBase can check."""
    ann = await people.add("ann@example.com")
    backend.passwords.keep_bcrypt = True
    await signed_in(backend, "ann@example.com")
    assert (await people.stored("users", ann.id)).get("password").startswith("$2a$10$")
    assert await signed_in(backend, "ann@example.com") == ann.id


async def test_changed_meanwhile(backend: Backend, people: People) -> None:
    """An upgrade never brings back a password that was changed while it was made."""
    old = await people.add("ann@example.com")
    old = await with_hash(backend, old, hash_password(PASSWORD, 4))
    new = await with_hash(backend, old, hash_password("another one", 4))
    await backend.auth.password.renew(old, PASSWORD, Origin())
    assert (await people.stored("users", old.id)).get("password") == new.get("password")


@pytest.mark.parametrize("cost", [None, 9])
async def test_unknown_accounts_take_as_long(backend: Backend, people: People, cost: int | None) -> None:
    """How much work, and so time, an answer takes does not tell whether there is such an account, whatever its hash."""
    ann = await people.add("ann@example.com")
    await with_hash(backend, ann, hash_password(PASSWORD, cost))
    known = min([await seconds(backend, "ann@example.com") for _ in range(5)])
    unknown = min([await seconds(backend, f"nobody{n}@example.com") for n in range(5)])
    assert 0.6 < unknown / known < 1.7


async def test_stranger_is_always_the_same(backend: Backend, people: People) -> None:
    """An unknown identity is checked against the same account each time, and not all against one."""
    for n in range(8):
        await people.add(f"p{n}@example.com")
    users = backend.catalogs.current.find("users")
    assert users is not None

    async def drawn(identity: str) -> str:
        found = await backend.store.read(lambda reader: stranger(reader, users, identity))
        return found.id if found else ""

    first = [await drawn(f"x{n}@example.com") for n in range(30)]
    assert first == [await drawn(f"x{n}@example.com") for n in range(30)]
    assert len(set(first)) > 3


async def seconds(backend: Backend, identity: str) -> float:
    """How much processor time it takes to be refused: what others do on the machine does not count."""
    begin = time.process_time()
    await refused(backend, identity, "wrong password")
    return time.process_time() - begin


async def with_hash(backend: Backend, record: Any, stored: str) -> Any:
    """The record with this hash in its table, as another program might have left it."""
    changed = await backend.records.amend(record, {"password": stored}, touch=False)
    assert changed is not None
    return changed

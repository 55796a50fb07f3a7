"""What guards passwords, emails, `verified` and token keys of auth records."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.rules.request import RequestInfo
from tests.records.world import GUEST, PASSWORD, SUPERUSER, World, codes, refused

NEW_PASSWORD = {"password": "abcdefghij", "passwordConfirm": "abcdefghij"}


async def people(world: World, **options: Any) -> None:
    """An auth collection open to everyone."""
    await world.make("people", type="auth", **options)


async def change(world: World, info: RequestInfo, whom: RequestInfo, **values: Any) -> dict[str, Any]:
    """Somebody changes an auth record."""
    assert whom.actor.record
    return await world.records.update("people", whom.actor.record.id, values, info)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({}, {"password": "validation_required", "passwordConfirm": "validation_required"}),
        ({"password": "1234567890"}, {"passwordConfirm": "validation_required"}),
        ({"password": "1234567890", "passwordConfirm": "other"}, {"passwordConfirm": "validation_values_mismatch"}),
        ({**PASSWORD, "verified": True}, {"verified": "validation_values_mismatch"}),
        ({**PASSWORD, "email": "no"}, {"email": "validation_is_email"}),
        ({"password": "1", "passwordConfirm": "1", "email": "a@b.co"}, {"password": "validation_min_text_constraint"}),
    ],
)
async def test_new_accounts(world: World, payload: dict[str, Any], expected: dict[str, str]) -> None:
    """A new account needs a password said twice, and cannot call itself verified."""
    await people(world)
    assert codes(await refused(world.records.create("people", payload, GUEST))) == expected


async def test_superusers_verify(world: World) -> None:
    """A superuser makes verified accounts."""
    await people(world)
    assert (await world.add("people", email="a@b.co", verified=True, **PASSWORD))["verified"] is True


async def test_passwords_are_stored_as_hashes(world: World) -> None:
    """The stored password is a hash that the password passes."""
    await people(world)
    ann = await world.user("ann", "people")
    assert ann.actor.record
    stored = ann.actor.record.get("password")
    assert stored.startswith("$argon2id$")
    assert await world.passwords.check("1234567890", stored)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (NEW_PASSWORD, {"oldPassword": "validation_required"}),
        ({**NEW_PASSWORD, "oldPassword": "wrong"}, {"oldPassword": "validation_invalid_old_password"}),
        ({"password": "abcdefghij", "oldPassword": "1234567890"}, {"passwordConfirm": "validation_required"}),
        (
            {"passwordConfirm": "abcdefghij", "oldPassword": "1234567890"},
            {"password": "validation_required", "passwordConfirm": "validation_values_mismatch"},
        ),
        ({"email": "other@example.com"}, {"email": "validation_values_mismatch"}),
        ({"verified": True}, {"verified": "validation_values_mismatch"}),
    ],
)
async def test_own_changes(world: World, payload: dict[str, Any], expected: dict[str, str]) -> None:
    """Who changes his own password shows the old one; email and `verified` he cannot change."""
    await people(world)
    ann = await world.user("ann", "people")
    assert codes(await refused(change(world, ann, ann, **payload))) == expected


async def test_the_old_password_opens(world: World) -> None:
    """With the old password shown, the new one is taken, and tokens made before are void."""
    await people(world)
    ann = await world.user("ann", "people")
    await change(world, ann, ann, **NEW_PASSWORD, oldPassword="1234567890")
    assert ann.actor.record
    after = await world.stored("people", ann.actor.record.id)
    assert await world.passwords.check("abcdefghij", after.get("password"))
    assert after.get("tokenKey") != ann.actor.record.get("tokenKey")


async def test_other_changes_keep_tokens(world: World) -> None:
    """A change that is neither of password nor of email leaves the token key."""
    await people(world)
    ann = await world.user("ann", "people")
    await change(world, ann, ann, emailVisibility=True)
    assert ann.actor.record
    assert (await world.stored("people", ann.actor.record.id)).get("tokenKey") == ann.actor.record.get("tokenKey")


async def test_managers(world: World) -> None:
    """Whom the manage rule allows needs no old password and changes email and `verified`; the new email voids tokens."""
    await people(world, manageRule="@request.auth.email ~ 'boss'")
    ann, boss = await world.user("ann", "people"), await world.user("boss", "people")
    assert set(codes(await refused(change(world, ann, ann, email="new@example.com")))) == {"email"}
    changed = await change(world, boss, ann, email="new@example.com", verified=True, **NEW_PASSWORD)
    assert (changed["email"], changed["verified"]) == ("new@example.com", True)
    assert ann.actor.record
    assert (await world.stored("people", ann.actor.record.id)).get("tokenKey") != ann.actor.record.get("tokenKey")


async def test_ids_are_unique_among_all_who_sign_in(world: World) -> None:
    """An id taken in one auth collection is refused in another."""
    await people(world)
    ann = await world.user("ann")
    assert ann.actor.record
    taken = world.add("people", id=ann.actor.record.id, email="b@b.co", **PASSWORD)
    assert codes(await refused(taken)) == {"id": "validation_invalid_auth_id"}


async def test_superusers_are_verified_and_replace_the_installer(world: World) -> None:
    """The first real superuser sends the installer's away."""
    await world.add("_superusers", email="__pbinstaller@example.com", **PASSWORD)
    real = await world.add("_superusers", email="a@b.co", **PASSWORD)
    assert real["verified"] is True
    assert await world.ids("_superusers") == [real["id"]]


async def test_what_was_made_with_old_credentials_goes(world: World) -> None:
    """A new password ends MFA sessions, known origins and one-time codes of the account; other accounts keep theirs."""
    await people(world)
    ann, bob = await world.user("ann", "people"), await world.user("bob", "people")
    for info in (ann, bob):
        assert info.actor.record
        owner = {"collectionRef": world.collection("people").id, "recordRef": info.actor.record.id}
        await world.add("_mfas", **owner, method="password")
        await world.add("_authOrigins", **owner, fingerprint="f")
        await world.add("_otps", **owner, password="12345678")
    await change(world, SUPERUSER, ann, **NEW_PASSWORD)
    assert [len(await world.ids(name)) for name in ("_mfas", "_authOrigins", "_otps")] == [1, 1, 1]


async def test_companions_belong_to_somebody(world: World) -> None:
    """What is recorded about an account must name one that exists."""
    await people(world)
    owner = world.collection("people").id
    for reference, expected in (
        ({}, {"collectionRef": "validation_required", "recordRef": "validation_required"}),
        ({"collectionRef": "no", "recordRef": "x"}, {"collectionRef": "validation_invalid_collection_id"}),
        ({"collectionRef": owner, "recordRef": "x"}, {"recordRef": "validation_invalid_record"}),
    ):
        assert codes(await refused(world.add("_mfas", method="password", **reference))) == expected


async def test_accounts_without_a_password_have_none_to_show(world: World) -> None:
    """Where no hash is stored, no old password is the right one."""
    await people(world)
    ann = await world.user("ann", "people")
    assert ann.actor.record
    await world.records.amend(ann.actor.record, {"password": ""})
    error = await refused(change(world, ann, ann, **NEW_PASSWORD, oldPassword="anything"))
    assert codes(error) == {"oldPassword": "validation_invalid_old_password"}

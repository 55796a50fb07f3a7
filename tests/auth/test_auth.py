"""What whoever signs in is given, and who is turned away after all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pbtornado import tokens
from pbtornado.auth.identity import sign
from pbtornado.auth.password import Attempt
from pbtornado.errors import Forbidden, NotFound, Unauthorized
from pbtornado.rules.request import RequestInfo
from tests.auth.conftest import PASSWORD, asked_by

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from tests.auth.conftest import People

GUEST = RequestInfo()
ANN = Attempt("ann@example.com", PASSWORD)


def test_methods_of_users(backend: Backend) -> None:
    """A new directory's users sign in with email and password; keys stand in PocketBase's order."""
    methods = backend.auth.methods("users")
    assert methods == {
        "password": {"identityFields": ["email"], "enabled": True},
        "oauth2": {"providers": [], "enabled": False},
        "mfa": {"enabled": False, "duration": 0},
        "otp": {"enabled": False, "duration": 0},
        "authProviders": None,
        "usernamePassword": False,
        "emailPassword": True,
    }
    assert list(methods) == ["password", "oauth2", "mfa", "otp", "authProviders", "usernamePassword", "emailPassword"]


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere", "Missing or invalid collection"), ("_mfas", "Missing or invalid auth collection")]
)
def test_methods_of_no_auth_collection(backend: Backend, name: str, message: str) -> None:
    """Only auth collections have ways to sign in."""
    with pytest.raises(NotFound, match=message):
        backend.auth.methods(name)


async def test_methods_that_are_on(backend: Backend, people: People) -> None:
    """What is switched on is told with how long it is good."""
    await people.change("users", otp={"enabled": True, "duration": 200}, mfa={"enabled": True})
    methods = backend.auth.methods("users")
    assert (methods["otp"], methods["mfa"]) == ({"enabled": True, "duration": 200}, {"enabled": True, "duration": 600})


async def test_switched_off_password_has_no_fields(backend: Backend, people: People) -> None:
    """Where password sign-in is switched off, no identity fields are told."""
    await people.change("users", passwordAuth={"enabled": False})
    assert backend.auth.methods("users")["password"] == {"identityFields": [], "enabled": False}


async def test_answer(backend: Backend, people: People) -> None:
    """The answer holds the record with its private email, without secrets, and a token that names it."""
    ann = await people.add("ann@example.com", emailVisibility=False)
    answer = await backend.auth.with_password("users", ANN, GUEST)
    assert list(answer) == ["record", "token"]
    assert answer["record"]["email"] == "ann@example.com"
    assert not {"password", "tokenKey"} & set(answer["record"])
    assert (await backend.identify(answer["token"])).record == ann


async def test_collection_by_id(backend: Backend, people: People) -> None:
    """A collection is found by its id as well."""
    await people.add("ann@example.com")
    assert (await backend.auth.with_password("_pb_users_auth_", ANN, GUEST))["token"]


async def test_superuser_sees_his_hidden_fields(backend: Backend, people: People) -> None:
    """A superuser's own record is shown whole but for its secrets."""
    await people.add("su@example.com", "_superusers")
    record = (await backend.auth.with_password("_superusers", Attempt("su@example.com", PASSWORD), GUEST))["record"]
    assert (record["verified"], record["collectionName"]) == (True, "_superusers")
    assert "tokenKey" not in record


@pytest.mark.parametrize("rule", ["verified = true", None, "broken ~~ rule", "@request.body.identity = 'somebody else'"])
async def test_auth_rule_turns_away(backend: Backend, people: People, rule: str | None) -> None:
    """Whom the collection's `authRule` does not hold for gets no token, the right password notwithstanding."""
    ann = await people.add("ann@example.com")
    users = backend.catalogs.current.find("users")
    assert users is not None
    assert users.auth is not None
    object.__setattr__(users.auth, "auth_rule", rule)
    with pytest.raises(Forbidden, match="requirements to authenticate"):
        await backend.auth.with_password("users", ANN, GUEST)
    with pytest.raises(Forbidden, match="requirements to authenticate"):
        await backend.auth.refresh("users", sign(ann, "auth", refreshable=True), asked_by(ann))


async def test_auth_rule_lets_in(backend: Backend, people: People) -> None:
    """Whom the `authRule` holds for gets in; it reads the record and the request, in the context `password`."""
    await people.change("users", authRule="verified = true && @request.context = 'password' && @request.query.door = 'front'")
    await people.add("ann@example.com", verified=True)
    assert await backend.auth.with_password("users", ANN, RequestInfo(query={"door": "front"}))


async def test_null_rule_and_a_superuser(backend: Backend, people: People) -> None:
    """A superuser who asks may sign in others where nobody else may."""
    await people.change("users", authRule=None)
    await people.add("ann@example.com")
    asked = asked_by(await people.add("su@example.com", "_superusers"))
    assert await backend.auth.with_password("users", ANN, asked)


# ---- impersonate


async def test_impersonate(backend: Backend, people: People) -> None:
    """A superuser gets a token of somebody else that lives as long as he says and cannot be refreshed."""
    ann = await people.add("ann@example.com")
    su = asked_by(await people.add("su@example.com", "_superusers"))
    answer = await backend.auth.impersonate(ann, 100, su)
    claims = tokens.peek(answer["token"])
    assert claims is not None
    assert (answer["record"]["email"], claims["refreshable"]) == ("ann@example.com", False)
    assert 95 < claims["exp"] - time.time() <= 100
    assert (await backend.auth.identify(answer["token"])).record == ann


async def test_impersonate_for_the_usual_time(backend: Backend, people: People) -> None:
    """Without a time it is as long as for everybody."""
    su = asked_by(await people.add("su@example.com", "_superusers"))
    claims = tokens.peek((await backend.auth.impersonate(await people.add("ann@example.com"), 0, su))["token"])
    assert claims is not None
    assert claims["exp"] > time.time() + 400_000


# ---- refresh


async def test_refresh(backend: Backend, people: People) -> None:
    """A token is exchanged for one that lives its whole time again."""
    ann = await people.add("ann@example.com")
    token = sign(ann, "auth", 60, refreshable=True)
    answer = await backend.auth.refresh("users", token, asked_by(ann))
    assert answer["record"]["email"] == "ann@example.com"
    old, new = tokens.peek(token), tokens.peek(answer["token"])
    assert old is not None
    assert new is not None
    assert new["exp"] > old["exp"] + 400_000


async def test_refresh_of_a_static_token(backend: Backend, people: People) -> None:
    """A token that may not be refreshed comes back as it was."""
    ann = await people.add("ann@example.com")
    token = sign(ann, "auth", 60, refreshable=False)
    assert (await backend.auth.refresh("users", token, asked_by(ann)))["token"] == token


async def test_refresh_needs_a_record_of_the_collection(backend: Backend, people: People) -> None:
    """Guests and records of other collections have nothing to refresh here."""
    su = await people.add("su@example.com", "_superusers")
    with pytest.raises(Unauthorized, match="valid record authorization token"):
        await backend.auth.refresh("users", "", GUEST)
    with pytest.raises(Forbidden, match="auth record from _superusers collection"):
        await backend.auth.refresh("users", "", asked_by(su))
    with pytest.raises(NotFound, match="Missing or invalid collection"):
        await backend.auth.refresh("nowhere", "", asked_by(su))


async def test_file_token(backend: Backend, people: People) -> None:
    """Whoever is signed in gets a token for protected files, a guest none."""
    ann = await people.add("ann@example.com")
    token = backend.auth.file_token(asked_by(ann))["token"]
    assert (await backend.auth.identify(token, "file")).record == ann
    with pytest.raises(Unauthorized):
        backend.auth.file_token(GUEST)

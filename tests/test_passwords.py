"""Password hashes of both kinds, and the pool they are made on."""

from __future__ import annotations

import asyncio
import time

import pytest

from pbtornado.errors import Busy
from pbtornado.passwords import Passwords, check_password, hash_password, outdated, spend_time

# Made by Go's bcrypt for "1234567890", as PocketBase stores it.
BCRYPT = "$2a$10$C1D.yS5DThLOB7cuCvGbE.QB.Uz2tWEWVuqcDhVF6TdP5vPQAiRZK"
# Made by argon2's reference implementation for "secret", with other parameters of OWASP's list.
ARGON2 = "$argon2id$v=19$m=19456,t=2,p=1$MtAqrKz+AwPVy9FX2AK7tQ$g2v5U7dlo5g8Gyy2Tuq/epcIvIb0Ge5U47trLM9Zpw0"


def test_argon2id_with_owasp_parameters() -> None:
    """A new hash is argon2id with 7 MiB, five passes and one lane."""
    assert hash_password("secret").startswith("$argon2id$v=19$m=7168,t=5,p=1$")


def test_own_password_passes() -> None:
    """The password that was hashed passes, another one does not."""
    stored = hash_password("pässwörd 🔑")
    assert check_password("pässwörd 🔑", stored)
    assert not check_password("password", stored)


def test_bcrypt_is_checked() -> None:
    """bcrypt hashes are made with the prefix Go writes, and checked."""
    stored = hash_password("1234567890", bcrypt_cost=4)
    assert stored.startswith("$2a$04$")
    assert check_password("1234567890", stored)
    assert not check_password("123456789", stored)


def test_bcrypt_reads_72_bytes() -> None:
    """As with PocketBase, what goes over 72 bytes does not count for a bcrypt hash."""
    assert check_password("a" * 80, hash_password("a" * 72, bcrypt_cost=4))


def test_long_password_is_never_cut() -> None:
    """A password bcrypt cannot hold gets argon2id, even where bcrypt is asked for."""
    assert hash_password("a" * 73, bcrypt_cost=4).startswith("$argon2id$")


@pytest.mark.parametrize(
    "stored",
    ["", "secret", "$2a$10$short", "$2a$99$" + "a" * 53, "$argon2id$v=19$m=1", "$argon2i$v=19$m=8,t=1,p=1$YWFhYWFhYWE$YWFhYWFhYWE"],
)
def test_unknown_hash_passes_nothing(stored: str) -> None:
    """What is no hash of a known kind passes no password, itself neither."""
    assert not check_password("", stored)
    assert not check_password(stored, stored)


def test_half_a_surrogate_pair() -> None:
    """Text that is not Unicode, as JSON can carry it, is hashed like any other."""
    assert check_password("\ud800", hash_password("\ud800"))


def test_outdated() -> None:
    """A hash of the other kind is outdated, one of the wanted kind is not."""
    argon2, bcrypt = hash_password("x"), hash_password("x", bcrypt_cost=4)
    assert (outdated(argon2), outdated(bcrypt)) == (False, True)
    assert (outdated(argon2, 10), outdated(bcrypt, 10)) == (True, False)


def test_equally_strong_argon2_stays() -> None:
    """An argon2id hash with 19 MiB and two passes is checked as it is, and is not replaced."""
    assert check_password("secret", ARGON2)
    assert not check_password("Secret", ARGON2)
    assert not outdated(ARGON2)


@pytest.mark.parametrize("parameters", ["m=8,t=1", "m=19456,t=1", "m=7167,t=9"])
def test_weak_argon2_is_outdated(parameters: str) -> None:
    """An argon2id hash that is weaker than any of OWASP's list is replaced."""
    assert outdated(f"$argon2id$v=19${parameters},p=1$YWFhYWFhYWE$YWFhYWFhYWFhYWFhYWFhYQ")


def test_spending_takes_as_long_as_checking() -> None:
    """Spending time on nobody takes as long as a check, for either kind of hash."""
    for stored in ("", hash_password("x"), hash_password("x", bcrypt_cost=9)):
        real = stored or hash_password("x")
        assert 0.5 < quickest(lambda real=real: check_password("y", real)) / quickest(lambda stored=stored: spend_time(stored)) < 2


def quickest(work: object, times: int = 5) -> float:
    """The shortest of a few runs, in seconds."""

    def once() -> float:
        begin = time.process_time()
        work()  # type: ignore[operator]
        return time.process_time() - begin

    return min(once() for _ in range(times))


async def test_pool_hashes_and_checks() -> None:
    """The pool makes and checks hashes; an empty hash passes nothing."""
    passwords = Passwords()
    stored = await passwords.hash("secret")
    assert await passwords.check("secret", stored)
    assert not await passwords.check("", "")
    assert not passwords.outdated("secret", stored)
    passwords.stop()


async def test_pool_keeps_bcrypt() -> None:
    """Where bcrypt is kept, hashes are bcrypt of the field's cost, and an argon2id hash is outdated."""
    passwords = Passwords(keep_bcrypt=True)
    assert (await passwords.hash("secret", 4)).startswith("$2a$04$")
    assert (await passwords.hash("secret")).startswith("$2a$10$")
    assert passwords.outdated("secret", hash_password("secret"))
    passwords.stop()


async def test_no_upgrade_of_a_cut_password() -> None:
    """A hash that saw only 72 bytes stays: its replacement would demand more than it did."""
    passwords = Passwords()
    assert not passwords.outdated("a" * 80, hash_password("a" * 72, bcrypt_cost=4))
    assert passwords.outdated("a" * 72, hash_password("a" * 72, bcrypt_cost=4))
    passwords.stop()


async def test_pool_is_bounded() -> None:
    """More callers than may wait are sent away, and room comes back."""
    passwords = Passwords(threads=1, waiting=2)
    first = [asyncio.ensure_future(passwords.spend()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Busy) as refused:
        await passwords.spend()
    assert refused.value.headers == {"Retry-After": "1"}
    await asyncio.gather(*first)
    await passwords.spend()
    passwords.stop()


async def test_loop_goes_on() -> None:
    """While passwords are hashed, the event loop answers others."""
    passwords = Passwords(threads=1)
    work = asyncio.gather(*(passwords.spend() for _ in range(3)))
    turns = 0
    while not work.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 10
    passwords.stop()

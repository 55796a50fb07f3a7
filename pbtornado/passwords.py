"""Password hashes: argon2id made, argon2id and bcrypt checked, all off the event loop.

PocketBase knows bcrypt alone. Its hashes are checked as they are and replaced at the next sign-in;
who wants PocketBase to be able to sign in again keeps bcrypt (`keep_bcrypt`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from .errors import Busy

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_BCRYPT_COST = 10
BCRYPT_BYTES = 72
"""bcrypt reads no further than this into a password."""

OWASP = ((47104, 1), (19456, 2), (12288, 3), (9216, 4), (7168, 5))
"""KiB and passes of argon2id that OWASP holds to be equally strong, with one lane."""
MEMORY, PASSES = OWASP[-1]
"""What new hashes are made with: the one of these that takes least time."""
ARGON2 = PasswordHasher(memory_cost=MEMORY, time_cost=PASSES, parallelism=1)
ARGON2_DUMMY = f"$argon2id$v=19$m={MEMORY},t={PASSES},p=1$Ji1W7k4pZVvQx0w3K8sXqA$W0rQ2xw3l0f6m0v7x1bq5y8mJwq0aYJ1n3bE5dZr2uE"
ARGON2_FORM = re.compile(r"\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=\d{1,9}\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")
BCRYPT_FORM = re.compile(r"\$2[abxy]?\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")


def hash_password(text: str, bcrypt_cost: int | None = None) -> str:
    """A hash to store: argon2id, or bcrypt where a cost (4 to 31) is given and the password fits into it. Blocks, 15 or 60 ms."""
    if bcrypt_cost is None or len(encoded(text)) > BCRYPT_BYTES:
        return ARGON2.hash(encoded(text))
    return bcrypt.hashpw(encoded(text), bcrypt.gensalt(bcrypt_cost, b"2a")).decode()


def check_password(text: str, stored: str) -> bool:
    """Does the password belong to this hash? False for a hash of no known kind. Blocks."""
    if is_bcrypt(stored):
        return check_bcrypt(text, stored)
    try:
        return is_argon2(stored) and ARGON2.verify(stored, encoded(text))
    except (Argon2Error, InvalidHashError):
        return False


def check_bcrypt(text: str, stored: str) -> bool:
    """As PocketBase checks: what goes over bcrypt's 72 bytes does not count."""
    try:
        return bcrypt.checkpw(encoded(text)[:BCRYPT_BYTES], stored.encode())
    except ValueError:
        return False


def encoded(text: str) -> bytes:
    """The bytes that are hashed; half a surrogate pair, which JSON can carry, is no reason to fail."""
    return text.encode(errors="surrogatepass")


def is_bcrypt(stored: str) -> bool:
    """Has it the form of a bcrypt hash?"""
    return BCRYPT_FORM.fullmatch(stored) is not None


def is_argon2(stored: str) -> bool:
    """Has it the form of an argon2id hash?"""
    return ARGON2_FORM.fullmatch(stored) is not None


def outdated(stored: str, bcrypt_cost: int | None = None) -> bool:
    """Would `hash_password` with this cost make another kind of hash, or a stronger one?"""
    if is_bcrypt(stored):
        return bcrypt_cost is None
    return bcrypt_cost is not None or not is_strong(stored)


def is_strong(stored: str) -> bool:
    """Is it an argon2id hash that OWASP would be content with?"""
    found = ARGON2_FORM.fullmatch(stored)
    return found is not None and any(int(found[1]) >= memory and int(found[2]) >= passes for memory, passes in OWASP)


def spend_time(stored: str = "") -> None:
    """Takes as long as checking a password against `stored`, or against a fresh argon2id hash where it is none. Blocks."""
    check_password("", stored if is_bcrypt(stored) or is_argon2(stored) else ARGON2_DUMMY)


class Passwords:
    """Hashes and checks on its own few threads; more than `waiting` callers at once are sent away (Busy)."""

    def __init__(self, threads: int = 2, waiting: int = 256, keep_bcrypt: bool = False) -> None:
        self.keep_bcrypt = keep_bcrypt
        self.waiting = waiting
        self.inside = 0
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords")

    async def hash(self, text: str, cost: int = 0) -> str:
        """A hash to store. `cost` is a password field's bcrypt cost (0 is the default one); it counts where bcrypt is kept."""
        return await self.run(hash_password, text, self.bcrypt_cost(cost))

    async def check(self, text: str, stored: str) -> bool:
        """Does the password belong to the hash? A missing or unknown hash takes its time too."""
        if is_bcrypt(stored) or is_argon2(stored):
            return await self.run(check_password, text, stored)
        await self.spend(stored)
        return False

    async def spend(self, stored: str = "") -> None:
        """Takes as long as a check against `stored`."""
        await self.run(spend_time, stored)

    def outdated(self, text: str, stored: str) -> bool:
        """Should the hash this password has just passed be replaced?

        Never where bcrypt saw only the start of the password: the new hash would demand what the old one did not.
        """
        if len(encoded(text)) > BCRYPT_BYTES and (is_bcrypt(stored) or self.keep_bcrypt):
            return False
        return outdated(stored, self.bcrypt_cost(0))

    def bcrypt_cost(self, cost: int) -> int | None:
        """The cost to hash with, None for argon2id."""
        return (cost or DEFAULT_BCRYPT_COST) if self.keep_bcrypt else None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs blocking work on the pool. Raises Busy when it is full."""
        if self.inside >= self.waiting:
            raise Busy(headers={"Retry-After": "1"})
        self.inside += 1
        future = asyncio.get_running_loop().run_in_executor(self.pool, lambda: work(*args, **kwargs))
        future.add_done_callback(self.leave)
        return await future

    def leave(self, _future: object) -> None:
        self.inside -= 1

    def stop(self) -> None:
        """Ends the threads; what has not begun is dropped."""
        self.pool.shutdown(wait=False, cancel_futures=True)

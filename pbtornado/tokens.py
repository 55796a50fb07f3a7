"""Signed tokens (JWT, HS256): made, read, checked.

A key is an auth record's `tokenKey` followed by its collection's secret for the token's type, so a
new token key ends every token of the record and a new secret every one of the collection.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

from .values import json_bytes

if TYPE_CHECKING:
    from jwt import PyJWS

TokenType = Literal["auth", "file", "verification", "passwordReset", "emailChange"]

LONGEST = 4096
"""Characters; what is longer is no token of ours."""

USUAL = 512
"""Characters of the tokens we make, rarely more; longer ones, which anybody can send, are not remembered unchecked."""

REMEMBERED = 8192
"""Tokens whose signature was found good are remembered up to this number."""

ALGORITHM = "HS256"
# Times are checked at each use, by `timely`: what is remembered is only what can never change.
UNTIMED = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False, "verify_sub": False, "verify_jti": False}


@lru_cache(1)
def signer() -> PyJWS:
    """What signs. PyJWT, which loads all of `cryptography` where that is installed, is imported when the first token is made or read."""
    from jwt import PyJWS
    from jwt.algorithms import HMACAlgorithm

    class OwnKeys(HMACAlgorithm):
        """Keys are texts we made: PyJWT's looks whether they are certificates of somebody take longer than to sign."""

        def prepare_key(self, key: str | bytes) -> bytes:
            return key.encode() if isinstance(key, str) else key

    made = PyJWS(algorithms=[])
    made.register_algorithm(ALGORITHM, OwnKeys(OwnKeys.SHA256))
    return made


def sign(claims: Mapping[str, Any], key: str, seconds: int) -> str:
    """A token that carries the claims and is good for so many seconds."""
    payload = {"exp": int(time.time()) + seconds, **claims}
    return signer().encode(json_bytes(dict(sorted(payload.items()))), key, algorithm=ALGORITHM)


def peek(token: str) -> Mapping[str, Any] | None:
    """The claims of a token that is not over, whoever signed it; None where it is none. Says whose key to check with."""
    claims = read(token)
    return claims if claims and timely(claims) else None


def claims(token: str, key: str) -> Mapping[str, Any] | None:
    """The claims of a token signed with this key and not over; None otherwise."""
    from jwt import PyJWTError

    try:
        found = verified(token, key) if len(token) <= LONGEST and key else None
    except (PyJWTError, ValueError, RecursionError):
        return None
    return found if found and timely(found) else None


def timely(claims: Mapping[str, Any]) -> bool:
    """Is now within the token's times (`exp`, `nbf`, `iat`: seconds since 1970)?"""
    now, expires = time.time(), claims.get("exp")
    if not is_number(expires) or now >= expires:
        return False
    return all(is_number(claims[name]) and claims[name] <= now for name in ("nbf", "iat") if name in claims)


def is_number(value: object) -> TypeGuard[int | float]:
    """Is it a number, which a truth value is not?"""
    return isinstance(value, int | float) and not isinstance(value, bool)


@lru_cache(REMEMBERED)
def verified(token: str, key: str) -> Mapping[str, Any]:
    """The claims of a token with a good signature, whatever its times. Raises what PyJWT raises."""
    from jwt import decode

    return MappingProxyType(decode(token, key, algorithms=[ALGORITHM], options=UNTIMED))  # type: ignore[arg-type]


def read(token: str) -> Mapping[str, Any] | None:
    """The claims as they stand in a token, unchecked."""
    if len(token) <= USUAL:
        return _read_once(token)
    return _read(token) if len(token) <= LONGEST else None


def _read(token: str) -> Mapping[str, Any] | None:
    from jwt import PyJWTError, decode

    try:
        return MappingProxyType(decode(token, options={**UNTIMED, "verify_signature": False}))  # type: ignore[arg-type]
    except (PyJWTError, ValueError, RecursionError):
        return None


_read_once = lru_cache(REMEMBERED)(_read)

"""Client secrets for Apple."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from pbtornado.auth.apple import AUDIENCE, client_secret
from pbtornado.errors import BadRequest

ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec", reason="the extra `apple` is not installed")


def pem(key: Any) -> str:
    """A private key as text."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text.decode()


def form(key: Any, **more: Any) -> dict[str, Any]:
    """A form nothing is wrong with."""
    return {"clientId": "app", "teamId": "TEAM567890", "keyId": "KEY4567890", "privateKey": pem(key), "duration": 60, **more}


def test_a_secret() -> None:
    """It is signed with the key, says whose it is and for how long it is good."""
    key = ec.generate_private_key(ec.SECP256R1())
    secret = client_secret(form(key))
    claims = jwt.decode(secret, key.public_key(), algorithms=["ES256"], audience=AUDIENCE)
    assert jwt.get_unverified_header(secret) == {"alg": "ES256", "kid": "KEY4567890", "typ": "JWT"}
    assert (claims["iss"], claims["sub"], claims["exp"] - claims["iat"]) == ("TEAM567890", "app", 60)


@pytest.mark.parametrize("key", ["-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----", "junk"])
def test_bad_keys(key: str) -> None:
    """A key that is none is refused, and not repeated."""
    good = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(BadRequest) as refused:
        client_secret(form(good, privateKey=key))
    assert "MIGH" not in str(refused.value.body())


def test_keys_of_another_kind() -> None:
    """Apple's keys lie on one curve."""
    with pytest.raises(BadRequest, match="Failed to generate client secret"):
        client_secret(form(ec.generate_private_key(ec.SECP384R1())))

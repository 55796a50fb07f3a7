"""Tokens: what passes, what does not, and that nothing is remembered longer than it is true."""

from __future__ import annotations

import base64
import json
import time

import jwt
import pytest

from pbtornado import tokens

KEY = "k" * 60
CLAIMS = {"id": "abc", "type": "auth", "collectionId": "xyz", "refreshable": True}


def unsigned(header: object, payload: object) -> str:
    """A token of these two parts with a signature that is none."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, payload)]
    return ".".join([*parts, "c2ln"])


def test_claims_come_back() -> None:
    """A token carries its claims and an end."""
    token = tokens.sign(CLAIMS, KEY, 60)
    found = tokens.claims(token, KEY)
    assert found is not None
    assert {**CLAIMS, "exp": found["exp"]} == found
    assert 55 < found["exp"] - time.time() <= 60


def test_header_and_key_order_are_pocketbases() -> None:
    """The header is alg and typ, the claims are in alphabetical order."""
    header, payload, _ = tokens.sign(CLAIMS, KEY, 60).split(".")
    assert json.loads(base64.b64decode(header + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert list(json.loads(base64.b64decode(payload + "=="))) == ["collectionId", "exp", "id", "refreshable", "type"]


def test_foreign_key_does_not_pass() -> None:
    """A token passes with its own key only, and not with an empty one."""
    token = tokens.sign(CLAIMS, KEY, 60)
    assert tokens.claims(token, KEY) is not None
    assert tokens.claims(token, "j" * 60) is None
    assert tokens.claims(token, "") is None


def test_peek_reads_whoever_signed() -> None:
    """Peeking says whose key to check with, before anything is checked."""
    found = tokens.peek(tokens.sign(CLAIMS, "j" * 60, 60))
    assert found is not None
    assert found["id"] == "abc"


def test_remembered_token_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that has passed before is refused the moment it is over."""
    token = tokens.sign(CLAIMS, KEY, 60)
    assert tokens.claims(token, KEY)
    end = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: end)
    assert tokens.claims(token, KEY) is None
    assert tokens.peek(token) is None


@pytest.mark.parametrize("times", [{"exp": 1}, {"exp": "soon"}, {"exp": True}, {"exp": None}, {"nbf": 4e9}, {"iat": 4e9}, {"iat": "x"}])
def test_times_are_checked(times: dict[str, object]) -> None:
    """Over, not yet begun, or with a time that is no number: refused."""
    token = jwt.encode({"exp": 4e9, **CLAIMS, **times}, KEY, algorithm="HS256")
    assert tokens.claims(token, KEY) is None
    assert tokens.peek(token) is None


def test_token_without_end_does_not_pass() -> None:
    """A token that never ends is not accepted."""
    assert tokens.claims(jwt.encode(CLAIMS, KEY, algorithm="HS256"), KEY) is None


@pytest.mark.parametrize("algorithm", ["none", "HS512", "RS256", 7])
def test_other_algorithms_do_not_pass(algorithm: object) -> None:
    """The token does not choose how it is checked."""
    assert tokens.claims(unsigned({"alg": algorithm, "typ": "JWT"}, {"exp": 4e9, **CLAIMS}), KEY) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "[" * 4000,
        "x" * 100_000,
        "\x00",
        "é.é.é",
        unsigned([], {}),
        unsigned({"alg": "HS256"}, [1]),
        unsigned({"alg": "HS256"}, "x"),
    ],
)
def test_garbage_is_no_token(text: str) -> None:
    """What is no token is read as none, without a complaint."""
    assert tokens.peek(text) is None
    assert tokens.claims(text, KEY) is None


def test_deep_json_is_no_token() -> None:
    """Claims nested beyond reason do not upset the reader."""
    deep = base64.urlsafe_b64encode(b"[" * 2800).rstrip(b"=").decode()
    assert tokens.peek(f"eyJhbGciOiJIUzI1NiJ9.{deep}.c2ln") is None


def test_long_tokens_are_not_remembered() -> None:
    """Anybody can send them, one unlike the other: they are read and forgotten."""
    long = tokens.sign({"id": "a" * tokens.USUAL}, "k" * 32, 60)
    assert tokens.read(long) is not tokens.read(long)
    assert (tokens.read(long) or {})["id"] == "a" * tokens.USUAL
    usual = tokens.sign({"id": "a"}, "k" * 32, 60)
    assert tokens.read(usual) is tokens.read(usual)

"""Which sites may read answers."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders

from pbtornado.http.headers import Origins, cross_origin, preflight

PAGE = HTTPHeaders({"Origin": "https://app.example.com", "Access-Control-Request-Headers": "content-type"})


@pytest.mark.parametrize(
    ("allowed", "answer"),
    [
        (("*",), "*"),
        (("https://app.example.com",), "https://app.example.com"),
        (("https://*.example.com",), "https://app.example.com"),
        (("https://example.com",), ""),
        (("http://app.example.com",), ""),
    ],
)
def test_allowed_origins(allowed: tuple[str, ...], answer: str) -> None:
    """An origin is allowed by itself, by a pattern, or by the star."""
    assert Origins(allowed).answer("https://app.example.com") == answer


def test_no_origin_no_permission() -> None:
    """Who is no browser gets no permission, but caches are told that it depends."""
    assert cross_origin(HTTPHeaders(), Origins()) == [("Vary", "Origin")]


def test_preflight_allows_what_was_asked_for() -> None:
    """A preflight answer names the methods and repeats the headers that were asked for."""
    answer = dict(preflight(PAGE, Origins()))
    assert answer["Access-Control-Allow-Methods"] == "GET,HEAD,PUT,PATCH,POST,DELETE"
    assert answer["Access-Control-Allow-Headers"] == "content-type"


def test_preflight_of_a_stranger() -> None:
    """A site that is not allowed learns nothing."""
    assert preflight(PAGE, Origins(("https://other.example.com",))) == [("Vary", "Origin")]

"""What rules may read of a request."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders

from pbtornado.http.info import MOST_QUERY_KEYS, HeaderValues, query_values, snake_case


@pytest.mark.parametrize(
    ("name", "spelled"),
    [("X-Token", "x_token"), ("Content-Type", "content_type"), ("X-APIKey", "x_apikey"), ("X-MyHeader", "x_my_header"), ("Dnt", "dnt")],
)
def test_header_names_become_snake_case(name: str, spelled: str) -> None:
    """`@request.headers` spells names as PocketBase does."""
    assert snake_case(name) == spelled


def test_headers_without_host_and_first_value_only() -> None:
    """The host is no header to rules; a repeated header shows its first value."""
    headers = HTTPHeaders({"Host": "example.com"})
    headers.add("X-Token", "one")
    headers.add("X-Token", "two")
    assert dict(HeaderValues(headers)) == {"x_token": "one"}


def test_first_value_of_each_query_key() -> None:
    """A repeated key shows its first value, an empty one is kept."""
    assert query_values("a=1&a=2&b=&%C3%BC=%20") == {"a": "1", "b": "", "ü": " "}


def test_too_many_query_keys() -> None:
    """A query of more keys than anyone needs is refused before it is read."""
    with pytest.raises(ValueError, match="fields"):
        query_values("&".join(f"k{n}=1" for n in range(MOST_QUERY_KEYS + 1)))

"""What the text of a topic means."""

from __future__ import annotations

import pytest

from pbtornado.realtime.topics import parse_topic, parse_topics, snake_case


@pytest.mark.parametrize(
    ("text", "collection", "record"),
    [
        ("posts", "posts", "*"),
        ("posts/*", "posts", "*"),
        ("posts/abc", "posts", "abc"),
        ("posts/abc?options=x", "posts", "abc"),
        ("posts?options=x", "posts", "*"),
        ("@oauth2", "@oauth2", "*"),
        ("posts/a/b", "posts", "a/b"),
    ],
)
def test_what_it_speaks_of(text: str, collection: str, record: str) -> None:
    """A collection, and one of its records or all."""
    topic = parse_topic(text)
    assert (topic.collection, topic.record, topic.text) == (collection, record, text)


def test_options() -> None:
    """Options are the query, as texts, and the headers, under their names in rules."""
    text = 'a/*?options={"query":{"n":1,"b":true,"x":null,"l":[1],"s":"t"},"headers":{"X-Token":"k"}}'
    topic = parse_topic(text)
    assert topic.query == {"n": "1", "b": "true", "x": "", "l": "", "s": "t"}
    assert topic.headers == {"x_token": "k"}


@pytest.mark.parametrize("options", ["{", "[]", '"x"', "null", '{"query":[1],"headers":3}', "%ff", ""])
def test_unreadable_options(options: str) -> None:
    """Options that cannot be read count as none."""
    assert parse_topic(f"a/*?options={options}").query == {}


def test_each_once() -> None:
    """Empty topics, repeated ones and those with line ends are left out."""
    assert [topic.text for topic in parse_topics(["a", "", "b", "a", "c\nid:1", "d\r"])] == ["a", "b"]


@pytest.mark.parametrize(("name", "spelled"), [("X-Token", "x_token"), ("xToken", "x_token"), ("X--TOKEN", "x_token"), ("a", "a")])
def test_snake_case(name: str, spelled: str) -> None:
    """Names of headers as rules spell them."""
    assert snake_case(name) == spelled

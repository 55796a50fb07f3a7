"""What a client subscribes to: the text of a topic and what it means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qs

from ..values import json_text, parse_json, text_of

MOST_TOPICS = 1000
LONGEST_TOPIC = 2500
_TRUE = frozenset(("1", "t", "true"))
_WORDS = re.compile(r"[\W_]+")
_HUMPS = re.compile(r"(?<=[^A-Z])(?=[A-Z])")


@dataclass(frozen=True, eq=False)
class Topic:
    """A topic: `text` as it was subscribed (it is the event's name), its collection (name or id) and record (id or `*`).

    `query` and `headers` are what `?options=` says the request was; rules read them as
    `@request.query` and `@request.headers`. Texts that name no record are topics of nobody's changes.
    """

    text: str
    collection: str
    record: str = "*"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def option(self, name: str) -> str:
        """A value of the options' query, "" where there is none."""
        return self.query.get(name, "")

    @cached_property
    def expand(self) -> str:
        """Relations to show with the record."""
        return self.option("expand")

    @cached_property
    def fields(self) -> str:
        """What of the record to show."""
        return self.option("fields")

    @cached_property
    def leave(self) -> bool:
        """Whether to tell of records that leave sight."""
        return self.option("leave").lower() in _TRUE

    @cached_property
    def position(self) -> bool:
        """Whether to repeat an event's position in its data."""
        return self.option("position").lower() in _TRUE

    @cached_property
    def request(self) -> str:
        """The JSON that rules read `@request.*` from."""
        plain = {"query": dict(self.query), "headers": dict(self.headers), "method": "GET", "context": "realtime"}
        return json_text(plain)


def parse_topics(texts: Iterable[str]) -> list[Topic]:
    """Each topic once; empty ones are left out, and those with line ends, which no event could be named after."""
    return [parse_topic(text) for text in dict.fromkeys(texts) if text and "\n" not in text and "\r" not in text]


@lru_cache(maxsize=4096)
def parse_topic(text: str) -> Topic:
    """A topic from its text, one object for all who subscribe to it; options that cannot be read count as none."""
    collection, slash, record = text.partition("?")[0].partition("/")
    options = read_options(text)
    headers = {snake_case(name): value for name, value in texts_in(options.get("headers")).items()}
    return Topic(text, collection, record if slash else "*", texts_in(options.get("query")), headers)


def read_options(text: str) -> Mapping[str, Any]:
    """The object that stands in the topic's `?options=`."""
    queries = text.partition("#")[0].partition("?")[2]
    raw = parse_qs(queries, errors="replace").get("options", [""])[0]
    try:
        options = parse_json(raw) if raw else {}
    except ValueError:
        return {}
    return options if isinstance(options, dict) else {}


def texts_in(values: Any) -> dict[str, str]:
    """The scalars of an object as texts."""
    return {name: text_of(value) for name, value in values.items()} if isinstance(values, dict) else {}


def snake_case(name: str) -> str:
    """`X-Token` as `x_token`."""
    return "_".join(_HUMPS.sub("_", word) for word in _WORDS.split(name) if word).lower()

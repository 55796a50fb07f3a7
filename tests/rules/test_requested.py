"""What `@request.*` means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pbtornado.rules.request import RequestInfo
from pbtornado.values import json_text
from tests.rules.world import World

BODY = {"title": "New", "n": "7", "tags": ["a", "b"], "author": "ann", "readers": ["ann", "bob"], "data": {"a": [1]}, "extra": None}


@pytest.fixture
def info(ann: RequestInfo) -> RequestInfo:
    """A request by Ann with a query, headers and a body."""
    return replace(ann, method="POST", query={"q": "one", "n": "2"}, headers={"x_token": "T"}, body=BODY)


@pytest.mark.parametrize(
    "rule",
    [
        *(
            "@request.auth.id = 'ann'",
            "@request.auth.email = 'ann@example.com'",
            "@request.auth.verified = false",
            "@request.auth.team.title = 'Red'",
        ),
        "@request.auth.collectionName = 'people'",
        "@request.auth.posts_via_author.title = 'One'",
        "@request.auth.nope = null",
        "@request.auth.nick:lower = 'ann'",
        "@request.context = 'default'",
        "@request.method = 'POST'",
        "@request.query.q = 'one'",
        *(
            "@request.query.none = ''",
            "@request.query.q:isset = true",
            "@request.query.none:isset = false",
            "@request.headers.x_token:lower = 't'",
        ),
        "@request.query.n > 1",
        "@request.body.n = 7",
        "@request.body.title:isset = true",
        "@request.body.extra:isset = true",
        *(
            "@request.body.nope:isset = false",
            "@request.body.extra = null",
            "@request.body.title:lower = 'new'",
            "@request.body.tags:length = 2",
        ),
        *(
            "@request.body.tags:each != 'c'",
            "@request.body.tags:each ?= 'b'",
            "@request.body.data.a.0 = 1",
            "@request.body.data.a.5 = null",
        ),
        "@request.body.author.nick = 'ann'",
        "@request.body.readers.nick ?= 'bob'",
        "@request.body.readers.nick != 'eve'",
        "@request.body.author.posts_via_author.n = 1",
        "@request.body.parent.title = ''",
        "@request.body.title:changed = true",
        "@request.body.day:changed = false",
        "'a one' ~ @request.query.q",
        '@request.body.tags = \'["a","b"]\'',
    ],
)
def test_a_request_can_be_asked_for_its_parts(world: World, info: RequestInfo, rule: str) -> None:
    """The actor and its relations, the query, headers, method, context, and the body with its modifiers."""
    assert world.ids("posts", rule, info) == ["p1", "p2", "p3"]


@pytest.mark.parametrize(
    "rule",
    [
        "@request.auth.id != ''",
        "@request.auth.team.title = 'Red'",
        "@request.auth.verified = false",
        "@request.query.q = 'one'",
        *(
            "@request.body.title:isset = true",
            "@request.body.tags:each = 'a'",
            "@request.body.tags:each = ''",
            "@request.body.author:each = null",
            "@request.body.author.nick = 'ann'",
            "@request.headers.x_token > ''",
        ),
    ],
)
def test_what_a_request_lacks_is_null(world: World, rule: str) -> None:
    """A guest, no query, no body."""
    assert world.ids("posts", rule) == []


def test_changed_compares_with_the_record(world: World) -> None:
    """What is sent as it was is not changed."""
    info = RequestInfo(body={"title": "One"})
    assert world.ids("posts", "@request.body.title:changed = true", info) == ["p2", "p3"]
    assert world.ids("posts", "@request.body.title:changed = false", info) == ["p1"]


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (5, "@request.body.data = '5' && @request.body.data != 5"),
        ("a", """@request.body.data = '"a"' && @request.body.data:lower ~ '"a"'"""),
        (None, "@request.body.data = 'null' && @request.body.data != null && @request.body.data:changed = true"),
        ({"data": 5}, """@request.body.data.data = 5 && @request.body.data:lower = '{"data":5}'"""),
    ],
)
def test_json_in_a_body_is_its_text(world: World, data: object, rule: str) -> None:
    """Of a JSON field as a whole; what stands inside of it is data."""
    assert world.ids("posts", rule, RequestInfo(body={"data": data})) == ["p1", "p2", "p3"]


def test_numbers_of_a_body_are_doubles_when_lowered(world: World) -> None:
    """Where no field of that name says what they are."""
    assert world.ids("posts", "@request.body.extra:lower = '5.0'", RequestInfo(body={"extra": 5})) == ["p1", "p2", "p3"]


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("@request.auth.id = @request.body.author.posts_via_author.tags:length", True),
        ("@request.body.author.posts_via_author.tags:length = 0", False),
        ("@request.body.readers.posts_via_author.data.k ?= ''", True),
        ("@request.body.author:each != @request.auth.id", True),
        ("@request.body.author:each != ''", True),
        ("@request.body.tags:each != @request.auth.id", False),
        ("@request.body.tags:each != ''", False),
    ],
)
def test_records_and_items_a_body_does_not_name(world: World, rule: str, holds: bool) -> None:
    """What leads into records is nothing at all, as long as it names none; an item of a list differs from '' all the same."""
    assert world.ids("posts", rule, RequestInfo()) == (["p1", "p2", "p3"] if holds else [])


def test_nothing_of_a_request_becomes_part_of_the_statement(world: World, info: RequestInfo) -> None:
    """The same question serves every request."""
    hostile = replace(info, query={"q": "x' OR 1=1 --"}, headers={"x_token": '"); DROP TABLE posts'})
    assert world.ids("posts", "title = @request.query.q || title ~ @request.headers.x_token", hostile) == []
    assert len(world.ids("posts", "n >= 0")) == 3


def test_subscribers_answer_for_themselves(world: World, ann: RequestInfo, bob: RequestInfo) -> None:
    """One question over all of them, each with the request it came with."""
    image = world.row("posts", "p2")
    asking = [replace(one, query={"q": q}, context="realtime") for one in (ann, bob) for q in ("two", "x")]
    assert world.hear("posts", "author = @request.auth.id", image, asking) == [False, False, True, True]
    assert world.hear("posts", "title = @request.query.q && @request.auth.team.rank > 1", image, asking) == [False, False, True, False]
    assert world.hear("posts", "title ~ @request.query.q", image, asking) == [True, False, True, False]
    assert world.hear("posts", "@request.context = 'realtime' && @request.body.title:isset = false", image, asking) == [True] * 4


def test_guests_are_subscribers_too(world: World) -> None:
    """Nothing is known of them."""
    asking = [RequestInfo(query={"q": "two"}), RequestInfo()]
    assert world.hear("posts", "@request.auth.id = '' && title = @request.query.q", world.row("posts", "p2"), asking) == [True, False]


def test_ghosts_are_joined_as_if_they_were_stored(world: World, ann: RequestInfo) -> None:
    """Rows that the same request deleted still count for its deletes."""
    image, gone = world.row("posts", "p1"), world.row("people", "ann")
    world.connection.execute("DELETE FROM people WHERE id = 'ann'")
    assert world.hear("posts", "author.nick = 'ann'", image, [ann]) == [False]
    assert world.hear("posts", "author.nick = 'ann'", image, [ann], ghosts_people=json_text([gone])) == [True]

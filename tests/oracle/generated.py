"""Seeded random rows and rules over four collections that have every kind of field and relation."""

from __future__ import annotations

import random
from typing import Any

TEXTS = ["", "", "a", "A", "b", "ab", "a%b", "a_b", "a\\b", "5", "5.0", "null", "x'y", 'x"y', "2024-01-02 10:00:00.000Z"]
NUMBERS = [0, 0, 1, 5, -2.5, 100, 3.25]
DAYS = ["", "2024-01-02 10:00:00.000Z", "2024-12-31 23:59:59.999Z", "2030-06-15 00:00:00.000Z"]
DATA = [
    None,
    "",
    "a",
    "5",
    5,
    True,
    [],
    [1, "a"],
    {"k": "a"},
    {"k": {"0": "b", "l": [1, {"m": "a"}]}},
    [{"k": "a"}, "b"],
    {"k": None},
    {"k": 5.5},
]
KINDS = ["a", "b", "5"]
PLACES = [{"lon": 0, "lat": 0}, {"lon": 23.3, "lat": 42.7}, {"lon": -70, "lat": -10.5}]


def fields(users: str) -> list[dict[str, Any]]:
    """The collections in the order they must be made; a `collectionId` that is a name stands for that collection's id."""
    text = {"type": "text"}
    one = {"type": "relation", "maxSelect": 1}
    many = {"type": "relation", "maxSelect": 9}
    return [
        {
            "name": "teams",
            "listRule": "rank > 1",
            "fields": [{"name": "title", **text}, {"name": "rank", "type": "number"}, {"name": "owner", **one, "collectionId": users}],
        },
        {
            "name": "posts",
            "listRule": "",
            "fields": [
                *({"name": "title", **text}, {"name": "secret", **text, "hidden": True}, {"name": "n", "type": "number"}),
                *({"name": "done", "type": "bool"}, {"name": "day", "type": "date"}, {"name": "data", "type": "json"}),
                {"name": "kind", "type": "select", "values": KINDS, "maxSelect": 1},
                {"name": "tags", "type": "select", "values": KINDS, "maxSelect": 3},
                *({"name": "author", **one, "collectionId": users}, {"name": "readers", **many, "collectionId": users}),
                *({"name": "team", **one, "collectionId": "teams"}, {"name": "teams", **many, "collectionId": "teams"}),
                {"name": "place", "type": "geoPoint"},
            ],
        },
        {
            "name": "comments",
            "listRule": "text != 'b'",
            "fields": [
                *(
                    {"name": "text", **text},
                    {"name": "post", **one, "collectionId": "posts"},
                    {"name": "also", **many, "collectionId": "posts"},
                ),
                *(
                    {"name": "by", **one, "collectionId": users},
                    {"name": "cover", **one, "collectionId": "posts"},
                    {"name": "n", "type": "number"},
                ),
            ],
            "indexes": ["CREATE UNIQUE INDEX one_cover ON comments (cover) WHERE cover != ''"],
        },
        {"name": "locked", "listRule": None, "fields": [{"name": "text", **text}, {"name": "post", **one, "collectionId": "posts"}]},
    ]


USER_FIELDS = [{"name": "score", "type": "number"}, {"name": "nick", "type": "text"}]


class Rows:
    """Random values of records; ids known so far are what relations name."""

    def __init__(self, seed: int | str) -> None:
        self.random = random.Random(seed)
        self.ids: dict[str, list[str]] = {"users": [], "teams": [], "posts": [], "comments": [], "locked": []}

    def _one(self, name: str) -> str:
        return self.random.choice(["", *self.ids[name]])

    def _many(self, name: str) -> list[str]:
        known = self.ids[name]
        return self.random.sample(known, self.random.choice([0, 1, 1, 2, min(3, len(known))]))

    def of(self, name: str, number: int, covered: set[str]) -> dict[str, Any]:
        """A record of a collection; `covered` are the posts that have a cover already."""
        if name == "users":
            return self.user(number)
        return self.comment(covered) if name == "comments" else self.team() if name == "teams" else self.post()

    def user(self, number: int) -> dict[str, Any]:
        pick = self.random.choice
        shown = pick([True, False])
        return {
            "email": f"user{number}@example.com",
            "emailVisibility": shown,
            "nick": pick(TEXTS),
            "score": pick(NUMBERS),
            "name": pick(TEXTS),
        }

    def team(self) -> dict[str, Any]:
        return {"title": self.random.choice(TEXTS), "rank": self.random.choice(NUMBERS), "owner": self._one("users")}

    def post(self) -> dict[str, Any]:
        pick = self.random.choice
        return {
            "title": pick(TEXTS),
            "secret": pick(TEXTS),
            "n": pick(NUMBERS),
            "done": pick([True, False]),
            "day": pick(DAYS),
            "data": pick(DATA),
            "kind": pick(["", *KINDS]),
            "tags": self.random.sample(KINDS, pick([0, 1, 2, 3])),
            "author": self._one("users"),
            "readers": self._many("users"),
            "team": self._one("teams"),
            "teams": self._many("teams"),
            "place": pick(PLACES),
        }

    def comment(self, covered: set[str]) -> dict[str, Any]:
        pick = self.random.choice
        cover = pick(["", *(set(self.ids["posts"]) - covered)] if self.ids["posts"] else [""])
        covered.add(cover)
        return {
            "text": pick(TEXTS),
            "post": self._one("posts"),
            "also": self._many("posts"),
            "by": self._one("users"),
            "cover": cover,
            "n": pick(NUMBERS),
        }


OWN = [
    "title",
    "secret",
    "n",
    "done",
    "day",
    "kind",
    "tags",
    "author",
    "readers",
    "data",
    "place",
    "id",
    "title:lower",
    "tags:length",
    "tags:each",
    "kind:each",
]
JSON = ["data.k", "data.k.0", "data.k.l.1.m", "data.0", "data.0.k", "data.1", "place.lon", "place.lat"]
ONE = [
    "author.nick",
    "author.score",
    "author.id",
    "team.title",
    "team.owner.nick",
    "team.owner.score",
    "comments_via_cover.text",
    "comments_via_cover.n",
]
MANY = [
    *("readers.nick", "readers.id", "readers.score", "readers:length", "readers:each", "teams.title", "teams.rank", "teams.owner.nick"),
    *(
        "comments_via_post.text",
        "comments_via_post.n",
        "comments_via_also.text",
        "comments_via_post.by.nick",
        "comments_via_post.also:each",
    ),
    *(
        "comments_via_post.also:length",
        "author.posts_via_author.title",
        "teams.owner.posts_via_readers.tags:each",
        "teams.posts_via_team.data.k",
    ),
    *("readers.posts_via_author.data", "readers.teams_via_owner.title", "comments_via_post.id", "teams.title:lower"),
]
OTHER = [
    "@collection.teams.title",
    "@collection.teams.rank",
    "@collection.comments:x.text",
    "@collection.comments:y.post",
    "@collection.users.nick",
]
FUNCTIONS = [
    *("strftime('%Y', day)", "strftime('%Y-%m', '2024-01-02')", "strftime('%Y', teams.title)", "strftime('%Y', day, '+1 year')"),
    *("geoDistance(place.lon, place.lat, 23.32, 42.69)", "geoDistance(n, author.score, 1, 2)"),
]
CONSTANTS = [
    "''",
    "'a'",
    "'A'",
    '"b"',
    "'5'",
    "5",
    "0",
    "1",
    "-2.5",
    "null",
    "true",
    "false",
    "'%a'",
    "'a%b'",
    "'_'",
    "'2024'",
    "@todayStart",
    "'a\\\\b'",
    "3.25",
    "NULL",
    "100",
]
REQUEST = [
    *(
        "@request.auth.id",
        "@request.auth.nick",
        "@request.auth.score",
        "@request.auth.email",
        "@request.auth.verified",
        "@request.auth.collectionName",
    ),
    *(
        "@request.auth.posts_via_author.title",
        "@request.auth.posts_via_readers.tags:each",
        "@request.auth.missing",
        "@request.auth.nick:lower",
    ),
    *("@request.query.q", "@request.query.q:isset", "@request.query.none", "@request.query.none:isset", "@request.query.q:lower"),
    *("@request.headers.x_token", "@request.headers.none:isset", "@request.method", "@request.context", "@request.query.n"),
]
SIGNS = ["=", "!=", ">", ">=", "<", "<=", "~", "!~"]


class Rules:
    """Random rules of the collection `posts`."""

    def __init__(self, seed: int | str, *pools: list[str]) -> None:
        self.random = random.Random(seed)
        self._pools = pools

    def comparison(self) -> str:
        pick = self.random.choice
        sign = pick(["", "", "?"]) + pick(SIGNS[:2] if self.random.random() < 0.5 else SIGNS)
        left, right = self._side(), pick(CONSTANTS) if self.random.random() < 0.55 else self._side()
        # PocketBase spells `:isset` as TRUE, which SQLite reads as an operator behind IS, and puts
        # wildcards into the arguments of a function that is looked for.
        if ":isset" in left + right or ("~" in sign and "(" in left + right):
            right = pick(["true", "false", "1", "0"])
            sign = pick(["=", "?="]) if "~" in sign or ":isset" in left else sign
        return f"{left} {sign} {right}"

    def _side(self) -> str:
        return self.random.choice(self.random.choice(self._pools))

    def rule(self) -> str:
        size = self.random.choice([1, 1, 1, 2, 3])
        text = self.comparison()
        for _ in range(size - 1):
            other = self.comparison() if self.random.random() < 0.7 else f"({self.comparison()} || {self.comparison()})"
            text = f"{text} {self.random.choice(['&&', '||'])} {other}"
        return text

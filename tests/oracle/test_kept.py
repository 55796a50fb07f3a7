"""Random reads over random writes: what either worker answers, whether it kept it or not, is what it would answer anew.

`ORACLE_SEED` says which writes and reads (1), `KEPT_READS` how many reads (1,500).
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from tests.oracle.questions import Known, Questions
from tests.oracle.schemas import AUTH, NAMES, SEEN, VIEW, Schemas, Shape
from tests.oracle.sides import GUEST, ROOT, STRANGER, Question
from tests.process import Answer, Server

SEED = os.environ.get("ORACLE_SEED", "1")
READS = int(os.environ.get("KEPT_READS", "1500"))
POOL = 6
"""Reads that are asked again and again; now and then one makes room for another."""
WRITES = 0.05
"""The odds that a write comes between two reads."""
FOREIGN = 0.01
"""The odds that another program writes."""
ROWS = 5
CONNECTIONS = 6
"""Kept open, so that either worker has some of them."""
TELLING = {"notes": "id > @request.auth.id", "marks": "@request.headers.x_token = 'a'"}
"""Rules that let each see something else."""
SETTINGS = {"batch": {"enabled": True}, "trustedProxy": {"headers": ["X-Forwarded-For"]}}


class World:
    """Random collections in one server, and who asks it on which connections."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        self.server, self.chance = server, chance
        self.connections = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=30) for _ in range(CONNECTIONS)]
        self.tokens = {GUEST: "", STRANGER: "nonsense", ROOT: server.sign_in()}
        self.asked = 0
        self._make()

    def ask(self, question: Question, *, fresh: bool = False, header: str = "a") -> Answer:
        """On any of the connections; every question comes from an address of its own, for searches in vain slow down."""
        self.asked += 1
        headers = {
            "Authorization": self.tokens[question.actor],
            "X-Token": header,
            "X-Forwarded-For": f"10.{self.asked >> 16}.{self.asked >> 8 & 255}.{self.asked & 255}",
        }
        headers |= {"Content-Type": question.kind} if question.payload is not None else {}
        headers |= {"Cache-Control": "no-cache"} if fresh else {}
        connection = self.chance.choice(self.connections)
        connection.request(question.method, question.target, question.payload, headers)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def write(self, questions: Questions, question: Question) -> None:
        """Writes, and takes in what there is afterwards."""
        answer = self.ask(question)
        if answer.status not in (200, 204):
            return
        if question.target.endswith("auth-with-password"):
            self._signed_in(questions, answer)
        else:
            self.learn()

    def learn(self) -> None:
        """All collections and records."""
        for name in self.known.shapes:
            self.known.shapes[name] = self._shape(name)
            listed = self.ask(Question("GET", f"/api/collections/{name}/records?perPage=1000", ROOT), fresh=True)
            self.known.learn(name, listed.json()["items"])

    def write_past_the_log(self) -> None:
        """As another program does."""
        columns = [(name, field["name"]) for name in NAMES for field in self.known.shapes[name].of_type("text") if not field["system"]]
        name, column = self.chance.choice(columns or [("people", "emailVisibility")])
        value = f"past {self.chance.random()}" if columns else self.chance.randrange(2)
        with closing(sqlite3.connect(self.server.directory / "data.db", timeout=10)) as connection, connection:
            connection.execute(f"UPDATE OR IGNORE `{name}` SET `{column}` = ? WHERE rowid % 2 = ?", (value, self.chance.randrange(2)))

    def _signed_in(self, questions: Questions, answer: Answer) -> None:
        record = answer.json()["record"]
        actor = f"{record['collectionName']}/{record['id']}"
        self.tokens[actor] = answer.json()["token"]
        if actor not in questions.actors:
            questions.actors.append(actor)

    def _shape(self, name: str) -> Shape:
        return Shape(self.ask(Question("GET", f"/api/collections/{name}", ROOT)).json())

    def _made(self, method: str, target: str, body: object) -> None:
        answer = self.ask(Question(method, target, ROOT, json.dumps(body).encode()))
        assert answer.status == 200, answer.body

    def _make(self) -> None:
        schemas = Schemas(self.chance)
        self._made("PATCH", "/api/settings", SETTINGS)
        for body in schemas.collections():
            self._made("POST", "/api/collections", body)
        for name, body in schemas.additions({name: self._shape(name) for name in NAMES}):
            self._made("PATCH", f"/api/collections/{name}", body)
        self._made("POST", "/api/collections", schemas.view(self._shape(SEEN)))
        self.known = Known({name: self._shape(name) for name in (*NAMES, VIEW)})
        self.questions = Questions(self.chance, self.known)
        for number in range(3 * ROWS * len(NAMES)):
            self.ask(self.questions.creation(NAMES[number % len(NAMES)], ROOT))
        for name in self.known.shapes:
            self.ask(self.questions.rule_change(name))
        for name, rule in TELLING.items():
            self._made("PATCH", f"/api/collections/{name}", {"listRule": rule, "viewRule": rule})
        self.learn()
        for name in AUTH:
            for id in self.known.of(name)[:2]:
                found = self.ask(Question("POST", f"/api/collections/{name}/impersonate/{id}", ROOT, b"{}"))
                self._signed_in(self.questions, found)

    def next(self, *, writes: bool) -> Question:
        """A random write, or a random read of records."""
        while True:
            question = self.questions.next()
            if question.writes == writes and (writes or "/records" in question.target) and question.actor in self.tokens:
                return question


@contextmanager
def running(directory: Path, seed: str) -> Iterator[World]:
    """A world on a new server of two workers."""
    with Server(directory / "pb_data", "--workers", "2") as server:
        world = World(server, random.Random(seed))
        try:
            yield world
        finally:
            for connection in world.connections:
                connection.close()


def hits(server: Server) -> int:
    """How often the workers have answered as before."""
    found = re.findall(r"^pbtornado_cache_hits_total\S* (\d+)", server.ask("GET", "/api/metrics").body.decode(), re.MULTILINE)
    return sum(map(int, found))


def test_a_kept_answer_is_what_a_fresh_one_would_be(tmp_path: Path, told: Callable[[str], None]) -> None:
    """Same status, same tag, same bytes, on whichever connection."""
    with running(tmp_path, f"kept {SEED}") as world:
        chance, pool = world.chance, [world.next(writes=False) for _ in range(POOL)]
        for _ in range(READS):
            if chance.random() < WRITES:
                world.write(world.questions, world.next(writes=True))
                pool[chance.randrange(POOL)] = world.next(writes=False)
            if chance.random() < FOREIGN:
                world.write_past_the_log()
            question, header = replace(chance.choice(pool), actor=chance.choice(list(world.tokens))), chance.choice("aaab")
            answer, fresh = world.ask(question, header=header), world.ask(question, fresh=True, header=header)
            assert (answer.status, answer.headers.get("etag"), answer.body) == (fresh.status, fresh.headers.get("etag"), fresh.body), (
                question
            )
        spared = hits(world.server)
    told(f"ORACLE_SEED={SEED}: {READS} reads, {spared} of them answered as before")
    assert spared > READS // 30

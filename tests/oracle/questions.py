"""Random questions about a world of collections, from what PocketBase is known to hold."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any
from urllib.parse import quote, urlencode

from tests.compat.conftest import multipart
from tests.oracle.of_collections import OfCollections
from tests.oracle.schemas import NAMES, RULES, SEEN, Schemas, Shape, multiple
from tests.oracle.sides import GUEST, ROOT, STRANGER, Question
from tests.oracle.texts import Texts
from tests.oracle.values import PASSWORD, UPLOADS, Values

WRITES = {"create": 14, "update": 16, "delete": 4, "batch": 4, "rules": 4, "schema": 2, "truncate": 1, "import": 1}
WEIGHTS = {"list": 40, "view": 11, **WRITES, "sign_in": 2, "refresh": 1, "file": 3, "token": 1, "collections": 3, "bad": 4}
"""How often each kind of question is asked."""
BODIES = ["json"] * 7 + ["multipart"] * 3 + ["urlencoded"]
PAGES = ["", "1", "2", "3", "0", "-1", "abc", "1.5", "99999999999", "+2", "1_0"]
MALFORMED = [b"", b"{", b"[]", b"null", b'"a"', b"5", b'{"id": }', b"\xff\xfe", b'{"data":"\\u0000"}', b"a=b"]
KINDS_OF_BODY = ["application/json", "application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", ""]
SIZES = ["", "3", "5", "500", "1", "0", "-1", "1001", "x"]


class Known:
    """What PocketBase holds: collections by name, ids of records by collection id, names of stored files by record."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self.shapes = dict(shapes)
        """By name."""
        self.ids: dict[str, list[str]] = {shape.data["id"]: [] for shape in shapes.values()}
        self.records: dict[str, dict[str, Any]] = {}
        """By id."""
        self.files: dict[tuple[str, str, str], list[str]] = {}
        """(collection, record, field) -> names"""

    def of(self, name: str) -> list[str]:
        """The ids of a collection's records."""
        return self.ids[self.shapes[name].data["id"]]

    def learn(self, name: str, records: list[dict[str, Any]]) -> None:
        """Takes in all records of a collection."""
        if not self.shapes[name].is_view:
            for id in self.of(name):
                self.records.pop(id, None)
            self.records |= {record["id"]: record for record in records}
        self.of(name)[:] = [record["id"] for record in records]
        self.files = {key: names for key, names in self.files.items() if key[0] != name}
        for record in records:
            for field in self.shapes[name].of_type("file"):
                value = record.get(field["name"])
                self.files[name, record["id"], field["name"]] = value if isinstance(value, list) else [value] if value else []

    def entangled(self, id: str) -> bool:
        """Would the delete of this record reach another one on several ways?

        PocketBase then saves what it read before the first of them, and leaves ids of records that are gone.
        """
        gone, reached = [id], {id}
        for one in gone:
            for other, field, value in self._naming(one):
                if other in reached:
                    return True
                reached.add(other)
                gone += [other] if field["cascadeDelete"] and not {*value} - {*gone} else []
        return False

    def truncatable(self, name: str) -> bool:
        """May all records of a collection be deleted, one after the other, without such a delete among them?"""
        return not any(map(self.entangled, self.of(name)))

    def _naming(self, id: str) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
        """Every record that names this one, with the relation and its ids."""
        for shape in [self.shapes[name] for name in NAMES]:
            for record, field in product(self.of(shape.name), shape.of_type("relation")):
                value = self.records[record].get(field["name"]) or []
                ids = value if isinstance(value, list) else [value]
                if id in ids:
                    yield record, field, ids


class Questions:
    """Makes one random question after the other; `actors` are those who are signed in."""

    def __init__(self, chance: random.Random, known: Known) -> None:
        self.chance, self.known = chance, known
        self.values, self.schemas = Values(chance, known.ids), Schemas(chance)
        self.texts = Texts(chance, known.shapes, known.ids)
        self.of_collections = OfCollections(chance, known.shapes, self.schemas, self.texts)
        self.actors: list[str] = []
        self.tokens: list[str] = []
        """For files, as PocketBase gave them."""
        self._accounts = 0

    def next(self) -> Question:
        """A question of a random kind."""
        (kind,) = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
        question: Question = getattr(self, f"_{kind}")()
        return question

    def _odds(self, odds: float) -> bool:
        return self.chance.random() < odds

    def _actor(self) -> str:
        return self.chance.choice([GUEST, ROOT, ROOT, *self.actors, *self.actors]) if self._odds(0.97) else STRANGER

    def _name(self) -> str:
        return self.chance.choice(list(self.known.shapes))

    def _table(self) -> str:
        """A collection whose records can be written, mostly."""
        return self.chance.choice(NAMES) if self._odds(0.98) else self._name()

    def _id(self, name: str) -> str:
        """A record, seldom one that isn't there."""
        known = self.known.of(name)
        return self.chance.choice(known) if known and self._odds(0.95) else self.chance.choice(["missing", self.values.new_id(), "a b"])

    def _records(self, name: str, id: str = "") -> str:
        """The path of a collection's records, by name or by id."""
        called = name if self._odds(0.8) else self.known.shapes[name].data["id"]
        return f"/api/collections/{called}/records" + (f"/{quote(id)}" if id else "")

    # ---- reading

    def _list(self) -> Question:
        name, actor = self._name(), self._actor()
        self.texts.forget()
        query = self._query(name, {"filter": 0.75, "sort": 0.8, "expand": 0.3, "fields": 0.15})
        if "filter" in query or actor != ROOT:  # unsorted lists are in the order of SQLite's plan, which conditions change
            query["sort"] = ",".join(filter(None, [query.get("sort", ""), "id"]))
        query |= {key: self.chance.choice(pool) for key, pool in (("page", PAGES), ("perPage", SIZES)) if self._odds(0.15)}
        query |= {"skipTotal": self.chance.choice(["1", "true", "0", "x"])} if self._odds(0.1) else {}
        path = self._records(name)
        unordered = self.texts.many_valued(self.known.shapes[name], query.get("sort", ""))
        if unordered:
            query = {key: value for key, value in query.items() if key not in ("page", "fields")} | {"perPage": "1000"}
        return Question("GET", f"{path}?{urlencode(query)}", actor, unordered=unordered)

    def _view(self) -> Question:
        name = self._name()
        query = self._query(name, {"expand": 0.6, "fields": 0.3})
        return Question("GET", f"{self._records(name, self._id(name))}?{urlencode(query)}", self._actor())

    def _query(self, name: str, odds: Mapping[str, float]) -> dict[str, str]:
        """Query parameters, each with its odds."""
        wanted = {key: getattr(self.texts, key)(name) for key, chance in odds.items() if self._odds(chance)}
        return wanted | ({"q": self.chance.choice(["a", "", "A"]), "number": "5"} if self._odds(0.2) else {})

    def _file(self) -> Question:
        found = [(*key[:2], name) for key, names in self.known.files.items() for name in names]
        if not found or self._odds(0.1):
            return Question("GET", f"/api/files/{self._name()}/{quote(self._id(self._name()))}/nope_1234567890.txt", self._actor())
        collection, record, name = self.chance.choice(found)
        query = self.chance.choice(["", "", "?download=1", "?download=0", "?thumb=99x99", "?token=nonsense"])
        if self.tokens and self._odds(0.5):
            query = f"?token={self.chance.choice(self.tokens)}"
        return Question("GET", f"/api/files/{collection}/{record}/{name}{query}", self._actor())

    # ---- writing

    def _create(self) -> Question:
        name = self._table()
        return self.creation(name, self._actor(), anonymous=self._odds(0.05))

    def creation(self, name: str, actor: str, *, anonymous: bool = False, kinds: Sequence[str] = BODIES) -> Question:
        """The making of a record, by the id it is to have unless `anonymous`."""
        shape = self.known.shapes[name]
        body = {**self.values.record(shape, 0.85), **self.values.extra()}
        if shape.is_auth:
            self._accounts += 1
            body |= self.values.account(self._accounts)
            body |= self.values.credentials() if self._odds(0.1) else {}
        if anonymous:
            body |= self.chance.choice([{}, {"id": ""}])
        else:
            body["id"] = self._new_id(name)
        return self._write("POST", self._records(name), shape, body, actor, kinds, anonymous=anonymous)

    def _new_id(self, name: str) -> str:
        if self._odds(0.05):
            return self.chance.choice([*self.known.of(name), "x", "A" * 15, "a b", "a/b", "CON", "ÄÖ", "abc_def"])
        return self.values.new_id() if name != "marks" or self._odds(0.5) else self.values.new_id()[: self.chance.choice([2, 5, 9])]

    def _update(self) -> Question:
        name = self._table()
        shape, id = self.known.shapes[name], self._id(name)
        body = self._with_files(name, id, self.values.changes(shape))
        if shape.is_auth and self._odds(0.25):
            body |= self.values.credentials()
        actor = f"{name}/{id}" if f"{name}/{id}" in self.actors and self._odds(0.5) else self._actor()
        return self._write("PATCH", self._records(name, id), shape, body, actor, BODIES)

    def _with_files(self, name: str, id: str, body: dict[str, Any]) -> dict[str, Any]:
        """The body, with names of stored files kept or taken away."""
        for (collection, record, field), names in self.known.files.items():
            if (collection, record) == (name, id) and names and self._odds(0.3):
                kept = self.chance.sample(names, self.chance.randint(0, len(names)))
                body[self.chance.choice([f"{field}-", field, field])] = self.chance.choice([kept, names[:1], names[0], [*names, "new.txt"]])
        return body

    def _write(
        self, method: str, path: str, shape: Shape, body: dict[str, Any], actor: str, kinds: Sequence[str], *, anonymous: bool = False
    ) -> Question:
        """A write as JSON or as a form, with uploads where there is a field for them."""
        query = urlencode(self._query(shape.name, {"expand": 0.1, "fields": 0.05}))
        target = f"{path}?{query}" if query else path
        kind = self.chance.choice(kinds)
        if kind == "json":
            return Question(method, target, actor, json.dumps(body).encode(), anonymous=anonymous)
        if kind == "urlencoded":
            payload = urlencode(as_texts(body), doseq=True).encode()
            return Question(method, target, actor, payload, "application/x-www-form-urlencoded", anonymous)
        payload, content_type = self._multipart(shape, body)
        return Question(method, target, actor, payload, content_type, anonymous)

    def _multipart(self, shape: Shape, body: dict[str, Any]) -> tuple[bytes, str]:
        uploads = [(key, *self.chance.choice(UPLOADS)) for field in shape.of_type("file") for key in self._upload_keys(field)]
        texts = {"@jsonPayload": json.dumps(body)} if self._odds(0.4) else {key: value[0] for key, value in as_texts(body).items() if value}
        payload, headers = multipart(texts, uploads)
        return payload, headers["Content-Type"]

    def _upload_keys(self, field: Mapping[str, Any]) -> list[str]:
        name = field["name"]
        key = name if self._odds(0.7) else self.chance.choice([f"{name}+", f"+{name}"])
        return [key] * self.chance.choice([0, 1, 1, 2, 3] if multiple(field) else [0, 1, 1, 2])

    def _delete(self) -> Question:
        name = self._table()
        id = self._id(name)
        return Question("DELETE", self._records(name, "missing" if self.known.entangled(id) else id), self._actor())

    def _batch(self) -> Question:
        """Several writes in one, which may contradict each other."""
        actor = self._actor()
        steps = [self._step(actor) for _ in range(self.chance.choice([1, 2, 2, 3, 5]))]
        if self._odds(0.75):
            return Question("POST", "/api/batch", actor, json.dumps({"requests": steps}).encode())
        uploads = [upload for place, step in enumerate(steps) for upload in self._batch_uploads(place, step)]
        payload, headers = multipart({"@jsonPayload": json.dumps({"requests": steps})}, uploads)
        return Question("POST", "/api/batch", actor, payload, headers["Content-Type"])

    def _batch_uploads(self, place: int, step: Mapping[str, Any]) -> list[tuple[str, str, bytes]]:
        """Files for one step of a batch."""
        called = step["url"].split("/")[3]
        shape = next(shape for shape in self.known.shapes.values() if called in (shape.name, shape.data["id"]))
        keys = [key for field in shape.of_type("file") for key in self._upload_keys(field)] if step["method"] != "DELETE" else []
        front = self.chance.choice([f"requests.{place}.", f"requests[{place}]."])
        uploads = [self.chance.choice(UPLOADS) for _ in keys]
        # None that is too large: PocketBase has lost the name that the refusal says.
        return [(f"{front}{key}", *(upload if len(upload[1]) <= 60 else UPLOADS[0])) for key, upload in zip(keys, uploads, strict=True)]

    def _step(self, actor: str) -> dict[str, Any]:
        name = self._table()
        draw, id = self.chance.random(), self._id(name)
        if draw < 0.5:
            made = self.creation(name, actor, kinds=["json"])
            return self._in_batch(self.chance.choice(["POST", "POST", "PUT"]), made.target, made.payload)
        if draw < 0.55 and not self.known.entangled(id):
            return self._in_batch("DELETE", self._records(name, id), None)
        body = self.values.changes(self.known.shapes[name])
        if self._odds(0.2):
            return self._in_batch("PUT", self._records(name), json.dumps({**body, "id": id}).encode())
        return self._in_batch("PATCH", self._records(name, id), json.dumps(body).encode())

    def _in_batch(self, method: str, url: str, payload: bytes | None) -> dict[str, Any]:
        step: dict[str, Any] = {"method": method, "url": url, **({"headers": {"X-Token": "b"}} if self._odds(0.2) else {})}
        # PocketBase's answer to a batch shows the passwords of collections that are no accounts.
        body = {key: value for key, value in json.loads(payload or b"{}").items() if "secret" not in key}
        return {**step, "body": body} if payload else step

    def _rules(self) -> Question:
        name = self._name()
        return self.rule_change(name, self.chance.sample(RULES, self.chance.choice([1, 2])))

    def _schema(self) -> Question:
        """Other fields for a collection."""
        name = self.chance.choice([name for name in NAMES if name != SEEN])
        fields = self.schemas.changed(self.known.shapes[name])
        return Question("PATCH", f"/api/collections/{name}", ROOT, json.dumps({"fields": fields}).encode())

    def _truncate(self) -> Question:
        """Everything of a collection, where PocketBase leaves nothing behind."""
        name, actor = self.chance.choice(NAMES), self._actor()
        return self.of_collections.truncation(name, actor if self.known.truncatable(name) else GUEST)

    def _import(self) -> Question:
        return self.of_collections.importing()

    def _collections(self) -> Question:
        return self.of_collections.reading(self._actor())

    def rule_change(self, name: str, which: Sequence[str] = RULES) -> Question:
        """New rules for a collection."""
        rules = {rule: self.texts.rule(name) for rule in which if not self.known.shapes[name].is_view or rule in RULES[:2]}
        if self.known.shapes[name].is_auth and self._odds(0.5):
            rules["manageRule"] = self.chance.choice([None, self.texts.some_rule(name), "@request.auth.id != ''"])
        return Question("PATCH", f"/api/collections/{name}", ROOT, json.dumps(rules).encode())

    # ---- accounts

    def _sign_in(self) -> Question:
        name = self.chance.choice(["people", "staff"])
        number = self.chance.randint(1, max(self._accounts, 1))
        body = {"identity": f"user{number}@example.com", "password": PASSWORD if self._odds(0.9) else "wrong-password"}
        return Question("POST", f"/api/collections/{name}/auth-with-password", GUEST, json.dumps(body).encode())

    def _refresh(self) -> Question:
        return Question("POST", f"/api/collections/{self.chance.choice(['people', 'staff'])}/auth-refresh", self._actor(), b"{}")

    def _token(self) -> Question:
        return Question("POST", "/api/files/token", self._actor(), b"{}")

    # ---- bad requests

    def _bad(self) -> Question:
        """Something a client should not send."""
        name, actor = self._name(), self._actor()
        path, id = self._records(name), self._id(name)
        raw, kind = self.chance.choice(MALFORMED), self.chance.choice(KINDS_OF_BODY)
        return self.chance.choice(
            [
                Question(self.chance.choice(["POST", "PUT"]), path, actor, raw, kind, anonymous=True),
                Question("PATCH", f"{path}/{quote(id)}", actor, raw, kind),
                Question("PUT", f"{path}/{quote(id)}", actor, b"{}"),
                Question("POST", f"{path}/{quote(id)}", actor, b"{}"),
                Question("DELETE", path, actor),
                Question("GET", f"/api/collections/{self.chance.choice(['nope', 'a%20b', 'people_'])}/records", actor),
                Question("GET", f"{path}/{quote(id)}/more", actor),
                Question("HEAD", path, actor),
                Question("GET", f"{path}?filter=id!=''&filter=id=''&sort=%2Bid&page=", actor),
                Question("GET", f"/api/collections/{name}/auth-methods", actor),
                Question("GET", f"/api/collections/{name}", actor),
            ]
        )


def as_texts(body: Mapping[str, Any]) -> dict[str, list[str]]:
    """A body as a form has it: each value as texts."""
    return {key: [_text(item) for item in value] if isinstance(value, list) else [_text(value)] for key, value in body.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

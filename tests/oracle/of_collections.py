"""Random questions about collections as a whole: lists of them, imports, truncation."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from tests.oracle.schemas import BASE, NAMES, RULES, SEEN, Schemas, Shape
from tests.oracle.sides import GUEST, ROOT, Question
from tests.oracle.texts import Texts

FILTERS = [
    *("name = 'posts'", "name ~ 'S'", "type = 'auth' || type = 'view'", "system = false", "system = true && name !~ 'oauth'", "id != ''"),
    *(
        "created > '2020-01-01'",
        "updated <= @now",
        "name ?= 'staff'",
        "name:lower = 'posts'",
        "type != null",
        "(name > 'm')",
        "name < 'marks'",
    ),
    *(
        "nope = 1",
        "listRule = ''",
        "fields ~ 'a'",
        "@request.auth.id != ''",
        "options != ''",
        "name = ",
        "indexes ~ 'x'",
        "viewRule = null",
    ),
]
SORTS = [
    "name",
    "-name",
    "type,name",
    "-system,-id",
    "created,id",
    "@random,nope",
    "nope",
    "",
    "-@rowid",
    "@rowid",
    "fields",
    "+type,+name",
]
FIELDS = [
    "name",
    "id,name,type",
    "fields.name",
    "*",
    "indexes,system",
    "fields.id,name:excerpt(2)",
    "nope",
    "listRule,viewQuery",
    "items.name",
]
EXTRA = "extra"
"""A collection that comes with some imports and goes with others."""


class OfCollections:
    """Makes questions about the collections of `shapes`."""

    def __init__(self, chance: random.Random, shapes: Mapping[str, Shape], schemas: Schemas, texts: Texts) -> None:
        self.chance, self.shapes, self.schemas, self.texts = chance, shapes, schemas, texts

    def _odds(self, odds: float) -> bool:
        return self.chance.random() < odds

    def reading(self, actor: str) -> Question:
        """Lists of collections, one of them, what new ones start with."""
        pick = self.chance.choice
        query = {key: pick(pool) for key, pool in (("filter", FILTERS), ("sort", SORTS)) if self._odds(0.6)}
        query |= {"fields": pick(FIELDS)} if self._odds(0.3) else {}
        query |= {"perPage": pick(["2", "500", "x"]), "page": pick(["1", "2"])} if self._odds(0.3) else {}
        query = {**query, "sort": query.get("sort") or "name"}
        shape = self.shapes[pick(list(self.shapes))]
        one = pick([shape.name, shape.data["id"], shape.name.upper(), "nope", "_superusers", "_mfas", "a b"])
        path = pick(["", "", "", f"/{quote(one)}", "/meta/scaffolds"])
        return Question("GET", f"/api/collections{path}?{urlencode(query)}", actor if self._odds(0.2) else ROOT)

    def importing(self) -> Question:
        """Some of the collections, changed; where what is missing goes, all of them."""
        whole = self._odds(0.4)
        names = list(self.shapes) if whole else self.chance.sample(list(self.shapes), self.chance.choice([1, 2, 3]))
        sent = [self._sent(name) for name in names]
        if self._odds(0.5):
            sent.append(self._extra())
        self.chance.shuffle(sent)
        body = {"collections": sent, **({"deleteMissing": True} if whole else self.chance.choice([{}, {"deleteMissing": False}]))}
        return Question("PUT", "/api/collections/import", self.chance.choice([ROOT] * 9 + [GUEST]), json.dumps(body).encode())

    def _sent(self, name: str) -> dict[str, Any]:
        shape = self.shapes[name]
        body = dict(shape.data)
        if name in NAMES and name != SEEN and self._odds(0.4):
            body["fields"] = self.schemas.changed(shape)
        if self._odds(0.3):
            body |= {rule: self.texts.rule(name) for rule in RULES[:2]}
        dropped = self.chance.choice([(), (), ("id",), ("created", "updated"), ("listRule",), ("indexes",) if name in BASE else ()])
        return {key: value for key, value in body.items() if key not in dropped}

    def _extra(self) -> dict[str, Any]:
        target = self.shapes["people"].data["id"]  # always: PocketBase lets an import point a relation elsewhere
        fields: list[dict[str, Any]] = [{"name": "text", "type": "text"}, {"name": "one", "type": "relation", "collectionId": target}]
        odd: list[dict[str, Any]] = [
            {},
            {},
            {},
            {"type": "auth"},
            {"fields": []},
            {"listRule": "nope = 1"},
            {"name": ""},
        ]
        return {"name": EXTRA, "type": "base", "listRule": "", "fields": fields[: self.chance.choice([1, 2])], **self.chance.choice(odd)}

    def truncation(self, name: str, actor: str) -> Question:
        """All records of a collection."""
        called = self.chance.choice([name, name, self.shapes[name].data["id"]])
        return Question("DELETE", f"/api/collections/{called}/truncate", actor)

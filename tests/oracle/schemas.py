"""Seeded random collections: fields of every type with random options, relations in all directions, two kinds of accounts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.oracle.generated import KINDS

AUTH = ("people", "staff")
BASE = ("posts", "notes", "marks")
NAMES = (*AUTH, *BASE)
VIEW = "seen"
SEEN = "posts"
"""What the view looks at. Its fields stay as they are."""
TEXT_NAMES = ("text1", "order", "Title", "group_", "from")
"""Names of text fields, some of them words of SQL."""
RULES = ("listRule", "viewRule", "createRule", "updateRule", "deleteRule")
LISTS = ("select", "file", "relation")
VOLATILE = ("password", "autodate")
"""Types whose values are each server's own."""


@dataclass(frozen=True)
class Shape:
    """A collection as PocketBase answers it, for those who write texts and values for it."""

    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.data["name"])

    @property
    def is_auth(self) -> bool:
        """Are its records accounts?"""
        return bool(self.data["type"] == "auth")

    @property
    def is_view(self) -> bool:
        """Are its records read only?"""
        return bool(self.data["type"] == "view")

    @property
    def fields(self) -> list[dict[str, Any]]:
        """Every field, as JSON."""
        return list(self.data["fields"])

    def of_type(self, *types: str) -> list[dict[str, Any]]:
        """The fields of these types."""
        return [field for field in self.fields if field["type"] in types]


def multiple(field: Mapping[str, Any]) -> bool:
    """Is the field's value a list?"""
    return field["type"] in LISTS and field.get("maxSelect", 0) > 1


class Schemas:
    """Random descriptions of collections. Relations, indexes and rules come after all collections are made."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def collections(self) -> Iterator[dict[str, Any]]:
        """What is posted to make each collection, relations left out."""
        for name in AUTH:
            fields = [*self._fields(0.5), self._autodate("created"), self._autodate("updated")]
            yield {"name": name, "type": "auth", "fields": fields, "authRule": self.chance.choice(["", "", "verified = true || id != ''"])}
        for name in BASE:
            fields = [*self._fields(0.85), *([self._autodate("created"), self._autodate("updated")] if self._odds(0.6) else [])]
            yield {"name": name, "type": "base", "fields": [*([self._own_key()] if name == "marks" else []), *fields]}

    def _odds(self, odds: float) -> bool:
        return self.chance.random() < odds

    def _own_key(self) -> dict[str, Any]:
        """Ids of any length, of letters in both cases."""
        key = {"name": "id", "type": "text", "system": True, "primaryKey": True, "required": True, "autogeneratePattern": "[a-z0-9]{15}"}
        return {**key, "min": 2, "max": 20, "pattern": self.chance.choice(["^[a-z0-9]+$", "^[a-zA-Z0-9_]+$"])}

    def _autodate(self, name: str) -> dict[str, Any]:
        return {"name": name, "type": "autodate", "onCreate": True, "onUpdate": name == "updated"}

    # ---- fields

    def _fields(self, odds: float) -> Iterator[dict[str, Any]]:
        """Each kind of field with these odds, in random order."""
        made = [field for make in self._kinds() if self._odds(odds) for field in make]
        self.chance.shuffle(made)
        for field in made:
            yield {"hidden": self._odds(0.1), "required": self._odds(0.04), "presentable": self._odds(0.2), **field}

    def _kinds(self) -> list[list[dict[str, Any]]]:
        pick = self.chance.choice
        texts = [self._text(name) for name in self.chance.sample(TEXT_NAMES, 2)]
        return [
            texts,
            [self._text("text2"), {"name": "flag", "type": "bool", "required": False}],
            [self._number("n"), self._number("n2")],
            [{"name": "mail", "type": "email", **pick([{}, {}, {"onlyDomains": ["example.com"]}, {"exceptDomains": ["example.com"]}])}],
            [{"name": "link", "type": "url", **pick([{}, {}, {"exceptDomains": ["example.com"]}])}],
            [{"name": "html", "type": "editor", "maxSize": pick([0, 0, 40])}],
            [{"name": "day", "type": "date", **pick([{}, {}, {"min": "2024-01-03 00:00:00.000Z"}, {"max": "2029-01-01 00:00:00Z"}])}],
            [{"name": "kind", "type": "select", "values": KINDS, "maxSelect": 1}],
            [{"name": "kinds", "type": "select", "values": KINDS, "maxSelect": pick([2, 3])}],
            [self._file("file", 1)],
            [self._file("files", pick([2, 4]))],
            [{"name": "data", "type": "json", "maxSize": pick([0, 0, 0, 60])}],
            [{"name": "place", "type": "geoPoint"}],
            [{"name": "secret", "type": "password", "min": pick([0, 3]), "cost": 4}],
        ]

    def _text(self, name: str) -> dict[str, Any]:
        options: list[dict[str, Any]] = [{}, {}, {}, {"min": 2}, {"max": 3}, {"pattern": "^[a-zA-Z5'. ]*$"}]
        return {"name": name, "type": "text", **self.chance.choice(options)}

    def _number(self, name: str) -> dict[str, Any]:
        options: list[dict[str, Any]] = [{}, {}, {}, {"min": -3}, {"max": 50}, {"onlyInt": True}, {"min": 1, "max": 7.5}]
        return {"name": name, "type": "number", **self.chance.choice(options)}

    def _file(self, name: str, most: int) -> dict[str, Any]:
        pick = self.chance.choice
        types, largest = pick([[], [], ["text/plain", "image/png"], ["image/png"]]), pick([0, 0, 60])
        return {"name": name, "type": "file", "maxSelect": most, "maxSize": largest, "mimeTypes": types, "protected": pick([False, True])}

    # ---- what needs all collections

    def additions(self, shapes: Mapping[str, Shape]) -> Iterator[tuple[str, dict[str, Any]]]:
        """For each collection, what it is patched with: its fields and some relations, and indexes."""
        ids = {name: shape.data["id"] for name, shape in shapes.items()}
        for name, shape in shapes.items():
            relations = [self._relation(f"{kind}{number}", ids, kind) for number, kind in self._relation_kinds()]
            indexes = [*shape.data["indexes"], *self._indexes(name, [*shape.fields, *relations])]
            yield name, {"fields": [*shape.fields, *relations], "indexes": indexes}

    def _relation_kinds(self) -> list[tuple[int, str]]:
        ones, manys = self.chance.choice([1, 2, 2, 3]), self.chance.choice([1, 1, 2])
        return [(number, "one") for number in range(ones)] + [(number, "many") for number in range(manys)]

    def _relation(self, name: str, ids: Mapping[str, str], kind: str) -> dict[str, Any]:
        pick = self.chance.choice
        most = 1 if kind == "one" else pick([2, 9, 999])
        flags = {"cascadeDelete": self._odds(0.3), "required": self._odds(0.06), "hidden": self._odds(0.06)}
        least = {"minSelect": 2} if most > 1 and self._odds(0.1) else {}
        return {"name": name, "type": "relation", "collectionId": ids[pick(NAMES)], "maxSelect": most, **flags, **least}

    def _indexes(self, name: str, fields: list[dict[str, Any]]) -> Iterator[str]:
        """A unique text, a unique relation (whose other end sees one record), and one that is not unique."""
        texts = [field["name"] for field in fields if field["name"] in (*TEXT_NAMES, "text2")]
        ones = [field["name"] for field in fields if field["name"].startswith("one")]
        if texts and self._odds(0.4):
            column, collation = self.chance.choice(texts), self.chance.choice(["", " COLLATE NOCASE"])
            yield f"CREATE UNIQUE INDEX `unique_{name}` ON `{name}` (`{column}`{collation}) WHERE `{column}` != ''"
        if ones and self._odds(0.5):
            column = self.chance.choice(ones)
            yield f"CREATE UNIQUE INDEX `single_{name}` ON `{name}` (`{column}`) WHERE `{column}` != ''"
        if texts and self._odds(0.4):
            yield f"CREATE INDEX `plain_{name}` ON `{name}` (`{texts[0]}`, `id`)"

    def view(self, shape: Shape) -> dict[str, Any]:
        """A view of a collection: some of its fields, and some that are made of them."""
        plain = [field["name"] for field in shape.fields if not field["system"] and field["name"] not in (*TEXT_NAMES, "secret")]
        columns = [f"{SEEN}.{name}" for name in self.chance.sample(plain, self.chance.randint(1, len(plain)))]
        made = [f"COUNT({SEEN}.id) AS amount", f"CAST({SEEN}.id AS TEXT) AS words", "(1 + 1) AS two", f"{SEEN}.id AS other"]
        columns += [one for one in made if self._odds(0.3)]
        where = self.chance.choice(["", f" WHERE {SEEN}.id != ''"])
        return {"name": VIEW, "type": "view", "viewQuery": f"SELECT {SEEN}.id, {', '.join(columns)} FROM {SEEN}{where} GROUP BY {SEEN}.id"}

    # ---- changes of what is there

    def changed(self, shape: Shape) -> list[dict[str, Any]]:
        """The fields of a collection after a change: one more or one less, renamed, of one value or of many, of other options."""
        fields = [dict(field) for field in shape.fields]
        own = [field for field in fields if not field["system"]]
        how, field = self.chance.random(), self.chance.choice(own)
        if how < 0.15:
            fields.remove(field)
        elif how < 0.3:
            fields.append({**self.chance.choice(self.chance.choice(self._kinds())), "name": f"more{self.chance.randint(1, 5)}"})
        elif how < 0.5:
            field["name"] = field["name"].removesuffix("_r") if field["name"].endswith("_r") else f"{field['name']}_r"
        elif how < 0.8 and (lists := [one for one in own if one["type"] in LISTS]):
            field = self.chance.choice(lists)
            field["maxSelect"] = self.chance.choice([0, 1, 3]) if field["type"] != "select" else self.chance.choice([1, 3])
        else:
            option = self.chance.choice(["hidden", "presentable", "required"])
            field[option] = not field.get(option, False)
        return fields

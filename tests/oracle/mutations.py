"""Random descriptions of collections, valid ones and such as are wrong somewhere."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

NAMES = ("alpha", "beta", "gamma")
KINDS: list[Any] = ["base", "base", "base", "auth", "view"]
BAD_KINDS: list[Any] = ["", "nope", None, 5]
BAD_NAMES = ["", "a b", "x" * 256, "_superusers", "Alpha", "a_via_b", "ä", 5, None, "_changes2", "null", "users", "1x", "_x"]
RULES = ["", None, "id != ''", "nope = 1", "id =", "@request.auth.id != ''", "text1 = 'a'", "@collection.alpha.id = id", 5, "   "]
TYPES = (
    "text",
    "number",
    "bool",
    "email",
    "url",
    "editor",
    "date",
    "autodate",
    "select",
    "file",
    "relation",
    "json",
    "geoPoint",
    "password",
)
FIELD_NAMES = ["text1", "text2", "num", "flag", "x1", "x2", "x3", "Title"]
BAD_FIELD_NAMES = [
    "",
    "id",
    "ID",
    "collectionId",
    "expand",
    "null",
    "a b",
    "a_via_b",
    "x" * 101,
    "TEXT1",
    "passwordConfirm",
    "email",
    "_rowid_",
    5,
]
NUMBERS = [0, 1, 2, 5, 15, 100, -1, -5, 2.5, 2**53, 1e30, None, "3", "a", True]
MOMENTS = ["", "2024-01-02 10:00:00.000Z", "2030-01-01 00:00:00.000Z", "nonsense", None, 5, "2024-01-02"]
DOMAINS = [[], ["example.com"], ["a b"], ["example.com", "example.com"], None, "example.com", [""], ["https://x.org"], [5]]
WORDS = [[], ["a"], ["a", "b"], ["a", "a"], [""], None, "a", [5], ["x" * 300]]
OPTIONS: dict[str, dict[str, Sequence[Any]]] = {
    "text": {
        **dict.fromkeys(("min", "max"), NUMBERS),
        "pattern": ["", "^[a-z]+$", "(", "[", "a{2,1}", 5, "^.+$"],
        "autogeneratePattern": ["", "[a-z]{5}", "(", "[a-z]{500}", "abc", "\\d{4}", None, "[A-Z]{3}"],
        "primaryKey": [True, False],
    },
    "number": {"min": NUMBERS, "max": NUMBERS, "onlyInt": [True, False, "x"]},
    "bool": {},
    "email": {"exceptDomains": DOMAINS, "onlyDomains": DOMAINS},
    "url": {"exceptDomains": DOMAINS, "onlyDomains": DOMAINS},
    "editor": {"maxSize": NUMBERS, "convertURLs": [True, False]},
    "date": {"min": MOMENTS, "max": MOMENTS},
    "autodate": {"onCreate": [True, False], "onUpdate": [True, False]},
    "select": {"values": WORDS, "maxSelect": NUMBERS},
    "file": {
        **dict.fromkeys(("maxSize", "maxSelect"), NUMBERS),
        "mimeTypes": [[], ["image/png"], ["nope"], None, [""], "image/png"],
        "thumbs": [[], ["10x10"], ["0x0"], ["10x10f", "10x10f"], ["axb"], ["5x"], [""], None],
        "protected": [True, False],
    },
    "relation": {
        **dict.fromkeys(("minSelect", "maxSelect"), NUMBERS),
        "cascadeDelete": [True, False],
        "collectionId": ["", "nope", "_pb_users_auth_", "ALPHA", "_superusers", 5, None],
    },
    "json": {"maxSize": NUMBERS},
    "geoPoint": {},
    "password": {**dict.fromkeys(("min", "max", "cost"), NUMBERS), "pattern": ["", "^[a-z]+$", "("]},
}
COMMON: dict[str, Sequence[Any]] = {
    **{name: [True, False] for name in ("hidden", "presentable", "required", "system")},
    "help": ["", "words", "x" * 301, 5],
    "id": ["", "fieldA", "fieldB", "a b", "x" * 101, 5],
}
AUTH: dict[str, Sequence[Any]] = {
    "authRule": RULES,
    "manageRule": RULES,
    "passwordAuth": [
        *({"enabled": False}, {"enabled": True, "identityFields": []}, {"enabled": True, "identityFields": ["nope"]}),
        *({"enabled": True, "identityFields": ["email", "text1"]}, {"identityFields": ["email"]}, {"enabled": "x"}, None),
    ],
    "otp": [{"enabled": True}, {"enabled": True, "length": 2}, {"enabled": True, "duration": 5}, {"length": 8, "duration": 1}],
    "mfa": [{"enabled": True}, {"enabled": True, "duration": 5}, {"rule": "nope = 1"}, {"enabled": True, "rule": "verified = true"}],
    "authToken": [{"duration": 5}, {"duration": 100}, {"secret": "short"}, {"secret": "x" * 40}, {"duration": 1e12}, {"duration": "a"}],
    "fileToken": [{"duration": 5}, {"duration": 100}],
    "authAlert": [{"enabled": False}, {"emailTemplate": {"subject": "", "body": ""}}, {"emailTemplate": {"subject": "a", "body": "b"}}],
    "verificationTemplate": [{"subject": "", "body": ""}, {"subject": "a", "body": "{TOKEN}"}, {"subject": "a", "body": "b"}, {}],
    "oauth2": [
        *({"enabled": True}, {"enabled": True, "providers": []}, {"mappedFields": {"name": "nope"}}, {"mappedFields": {"name": "text1"}}),
        {"enabled": True, "providers": [{"name": "nope"}]},
        {"enabled": True, "providers": [{"name": "google", "clientId": "", "clientSecret": ""}]},
        {"enabled": True, "providers": [{"name": "google", "clientId": "a", "clientSecret": "b"}]},
        {"enabled": True, "providers": [{"name": "google", "clientId": "a", "clientSecret": "b"}] * 2},
        {"enabled": True, "providers": [{"name": "oidc", "clientId": "a", "clientSecret": "b", "authURL": "x"}]},
    ],
}
QUERIES = [
    *(
        "SELECT id FROM alpha",
        "SELECT id, text1 FROM beta",
        "SELECT alpha.id, COUNT(*) AS n FROM alpha GROUP BY alpha.id",
        "SELECT 1 AS id",
    ),
    *(
        "",
        "SELECT nope FROM alpha",
        "SELECT * FROM alpha",
        "DELETE FROM alpha",
        "SELECT text1 FROM alpha",
        "SELECT id FROM nope",
        "SELECT",
        5,
    ),
    *(
        "SELECT (ROW_NUMBER() OVER()) AS id, text1 AS t FROM alpha",
        "SELECT id, id AS ID FROM alpha",
        "SELECT id AS id, 1 + 1 AS two FROM beta;",
    ),
]


class Mutations:
    """Writes bodies for the making and changing of collections."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def _odds(self, odds: float) -> bool:
        return self.chance.random() < odds

    def collection(self, ids: Sequence[str]) -> dict[str, Any]:
        """A new one; `ids` are those of collections there are."""
        pick = self.chance.choice
        name, kind = pick(NAMES) if self._odds(0.85) else pick(BAD_NAMES), pick(KINDS if self._odds(0.97) else BAD_KINDS)
        body: dict[str, Any] = {"name": name, "type": kind, **self.rules(0.3)}
        if kind == "view":
            body["viewQuery"] = pick(QUERIES)
        if kind != "view" or self._odds(0.1):
            body["fields"] = self.fields(ids)
            body |= {"indexes": self.indexes(name, body["fields"])} if self._odds(0.3) else {}
        if kind == "auth" or self._odds(0.03):
            body |= self.auth()
        return body | self.odd()

    def rules(self, odds: float) -> dict[str, Any]:
        """Some of the rules."""
        names = ("listRule", "viewRule", "createRule", "updateRule", "deleteRule")
        return {name: self.chance.choice(RULES if self._odds(0.5) else RULES[:3]) for name in names if self._odds(odds)}

    def odd(self) -> dict[str, Any]:
        """What one does not send, seldom."""
        strange: list[dict[str, Any]] = [
            *(
                {"id": "pbc_given"},
                {"id": "a b"},
                {"id": ""},
                {"system": True},
                {"nope": 1},
                {"fields": {}},
            ),
            *(
                {"indexes": None},
                {"indexes": [""]},
                {"indexes": "x"},
                {"id": 5},
                {"fields": [5]},
                {"fields": [{}]},
                {"viewQuery": "SELECT 1"},
            ),
        ]
        return self.chance.choice(strange) if self._odds(0.08) else {}

    def auth(self) -> dict[str, Any]:
        """Options of accounts."""
        return {name: self.chance.choice(AUTH[name]) for name in AUTH if self._odds(0.15)}

    def fields(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """A few fields."""
        return [self.field(ids) for _ in range(self.chance.choice([0, 1, 1, 2, 3]))]

    def field(self, ids: Sequence[str]) -> dict[str, Any]:
        """One field, whose options are mostly as they may be."""
        pick = self.chance.choice
        kind = pick(TYPES)
        name = pick(FIELD_NAMES) if self._odds(0.9) else pick(BAD_FIELD_NAMES)
        field: dict[str, Any] = {"name": name, "type": kind if self._odds(0.98) else pick(["nope", "", None, 5])}
        if kind == "select" and self._odds(0.8):
            field["values"] = ["a", "b", "c"]
        if kind == "relation" and self._odds(0.8) and ids:
            field["collectionId"] = pick(ids)
        if kind == "autodate" and self._odds(0.8):
            field["onCreate"] = True
        field |= {name: pick(pool) for name, pool in OPTIONS[kind].items() if self._odds(0.2) and name not in field}
        return field | {name: pick(pool) for name, pool in COMMON.items() if self._odds(0.06)}

    def indexes(self, name: Any, fields: Sequence[Any]) -> list[Any]:
        """Indexes on fields there are, or not."""
        pick = self.chance.choice
        names = [field.get("name", "") for field in fields if isinstance(field, dict)] or ["nope"]
        column, table = pick(names), pick([name, name, name, "alpha", "nope"])
        forms = [
            *(f"CREATE INDEX `i_{table}_{column}` ON `{table}` (`{column}`)", f"CREATE UNIQUE INDEX u_{name} ON {table} ({column}, id)"),
            *(
                f"create unique index if not exists one_{name} on {table} (`{column}` COLLATE NOCASE) where `{column}` != ''",
                "nonsense",
                "",
                5,
            ),
            *(
                f"CREATE INDEX same ON {table} ({column})",
                f"CREATE INDEX same ON {table} (id)",
                f"CREATE INDEX `f_{name}` ON `{table}` (lower({column}))",
            ),
            *(f"CREATE INDEX i2 ON {table} (nope)", f"CREATE INDEX i3 ON {table} ()", f"CREATE INDEX main.i4 ON {table} ({column} DESC)"),
        ]
        return [pick(forms[:3] if self._odds(0.6) else forms) for _ in range(pick([1, 1, 2]))]

    # ---- changes of one there is

    def change(self, data: dict[str, Any], ids: Sequence[str]) -> dict[str, Any]:
        """What a collection is patched with."""
        pick = self.chance.choice
        changes = [
            self._changed_fields(data, ids),
            self.rules(0.4),
            {"name": pick([*NAMES, "renamed"]) if self._odds(0.7) else pick(BAD_NAMES)},
            self.odd(),
        ]
        changes += [self.auth()] if data["type"] == "auth" or self._odds(0.05) else []
        changes += [{"viewQuery": pick(QUERIES)}] if data["type"] == "view" else []
        changes.append({"indexes": [*(data["indexes"] if self._odds(0.7) else []), *self.indexes(data["name"], data["fields"])]})
        changes += [{"type": pick(["base", "auth", "view", ""])}] if self._odds(0.1) else []
        return {key: value for one in self.chance.sample(changes, pick([1, 1, 2])) for key, value in one.items()}

    def _changed_fields(self, data: dict[str, Any], ids: Sequence[str]) -> dict[str, Any]:
        fields = [dict(field) for field in data["fields"]]
        how = self.chance.random()
        field = self.chance.choice(fields)
        if how < 0.2:
            fields.remove(field)
        elif how < 0.45:
            fields.append(self.field(ids))
        elif how < 0.6:
            field["name"] = self.chance.choice(FIELD_NAMES if self._odds(0.8) else BAD_FIELD_NAMES)
        elif how < 0.7:
            self.chance.shuffle(fields)
        elif how < 0.75:
            field["type"] = self.chance.choice(TYPES)
        elif how < 0.8:
            field.pop("id")
        else:
            pool = {**OPTIONS.get(field["type"], {}), **COMMON}
            for name in self.chance.sample(sorted(pool), min(len(pool), 2)):
                field[name] = self.chance.choice(pool[name])
        return {"fields": fields}

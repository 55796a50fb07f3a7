"""Random texts of the language for any collections: filters, rules, sorts, expands, projections."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.generated import CONSTANTS, DAYS, KINDS, SIGNS
from tests.oracle.schemas import VOLATILE, Shape, multiple

JSON_PATHS = ["", "", ".k", ".k.0", ".k.l.1.m", ".0", ".0.k", ".1", ".k.l", ".nope"]
JSON_TEXTS = ["null", "5", "true", "a", "[]", "{}", "5.5", "1"]
REQUEST = [
    *("@request.auth.id", "@request.auth.id", "@request.auth.email", "@request.auth.verified", "@request.auth.collectionName"),
    *("@request.auth.missing", "@request.query.q", "@request.query.q:isset", "@request.query.none", "@request.query.q:lower"),
    *("@request.headers.x_token", "@request.headers.none:isset", "@request.method", "@request.context", "@request.query.number"),
]
BROKEN = [
    *("", " ", "id", "id =", "= 1", "id = 'a", "(id = 'a'", "id = 'a')", "id == 'a'", "id = 'a' && ", "nope = 1"),
    *("id.x = 1", "1", "id ? = 1", "id = 1 AND id = 2", "id = 'a'; id = 'b'", "strftime() = 1", "nope(1) = 2", "id:nope = 1", "@now"),
    *(
        "()",
        "id='" + "x" * 3500 + "'",
        "@request.auth.id = ''",
        "@collection.people.id = id",
        "id = '@request.x'",
        "tokenKey = ''",
        "password = ''",
    ),
    *("// id = 1", "id = id // x"),
]
MACROS = [
    "@now",
    "@yesterday",
    "@tomorrow",
    "@day",
    "@month",
    "@weekday",
    "@year",
    "@todayEnd",
    "@monthStart",
    "@monthEnd",
    "@yearStart",
    "@yearEnd",
]
FIELDS = ["*", "id", "collectionName", "expand", "expand.*", "nope", "items.id", "page", "", " id "]


class Texts:
    """Writes about collections by name; `ids` are the known records by collection id."""

    def __init__(self, chance: random.Random, shapes: Mapping[str, Shape], ids: Mapping[str, Sequence[str]]) -> None:
        self.chance, self.shapes, self.ids = chance, shapes, ids
        self._said: list[tuple[str, str]] = []
        """Paths of the last filter, for a sort to speak of the same joined rows."""

    def _target(self, field: Mapping[str, Any]) -> Shape:
        """The collection a relation leads to."""
        return next(shape for shape in self.shapes.values() if shape.data["id"] == field["collectionId"])

    def _odds(self, odds: float) -> bool:
        return self.chance.random() < odds

    def forget(self) -> None:
        """The next sort has no filter beside it until one is made."""
        self._said = []

    # ---- filters and rules

    def filter(self, name: str) -> str:
        """A client's filter; now and then one that is none."""
        if self._odds(0.05):
            return self.chance.choice(BROKEN)
        return self._expression(self.shapes[name], rule=False)

    def rule(self, name: str) -> str | None:
        """A rule that lets everybody, nobody, or some."""
        draw = self.chance.random()
        if draw < 0.35:
            return ""
        return None if draw < 0.42 else self._expression(self.shapes[name], rule=True)

    def some_rule(self, name: str) -> str:
        """A rule that says something."""
        return self._expression(self.shapes[name], rule=True)

    def _expression(self, shape: Shape, *, rule: bool) -> str:
        text = self._comparison(shape, rule)
        for _ in range(self.chance.choice([0, 0, 1, 1, 2, 3])):
            other = self._comparison(shape, rule)
            if self._odds(0.3):
                other = f"({other} {self.chance.choice(['&&', '||'])} {self._comparison(shape, rule)})"
            text = f"{text} {self.chance.choice(['&&', '||'])} {other}"
        return text

    def _comparison(self, shape: Shape, rule: bool) -> str:
        """`left sign right`; what is each server's own is only asked whether it is there."""
        left, kind = self._operand(shape, rule)
        if kind == "own":
            return f"{left} {self.chance.choice(['=', '!=', '?=', '?!='])} ''"
        if kind == "isset":
            return f"{left} {self.chance.choice(['=', '?='])} {self.chance.choice(['true', 'false', '1', '0'])}"
        sign = self.chance.choice(["", "", "", "?"]) + self.chance.choice(SIGNS[:2] if self._odds(0.5) else SIGNS)
        right, other = (self._constant(kind), "") if self._odds(0.7) else self._operand(shape, rule)
        if other in ("own", "isset") or ("~" in sign and "call" in (kind, other)):
            # PocketBase puts wildcards into the arguments of a function or the list of a body that is looked for.
            right, sign = self._constant(kind), self.chance.choice(["=", "!=", ">"])
        return f"{left} {sign} {right}" if self._odds(0.93) else f"{right} {sign} {left}"

    def _constant(self, kind: str) -> str:
        """A constant that may well be equal to a value of that kind."""
        if kind.startswith("id:") and self._odds(0.75):
            return self._quoted(self.chance.choice([*self.ids.get(kind[3:], []), ""]))
        if kind == "date" and self._odds(0.6):
            return self._quoted(self.chance.choice([*DAYS, "2024", "2024-12-31 23:59:59.999Z"]))
        if kind == "select" and self._odds(0.6):
            return self._quoted(self.chance.choice(KINDS))
        if kind == "json" and self._odds(0.3):
            return self._quoted(self.chance.choice(JSON_TEXTS))
        return self.chance.choice(MACROS if self._odds(0.05) else CONSTANTS)

    def _quoted(self, text: str) -> str:
        return f"'{text}'" if self._odds(0.7) else f'"{text}"'

    # ---- operands

    def _operand(self, shape: Shape, rule: bool) -> tuple[str, str]:
        """An operand and what kind of value it has: "own" for those that differ from server to server."""
        draw = self.chance.random()
        if draw < 0.05:
            return self._call(shape), "call"
        if rule and draw < 0.4:
            return self._requested(shape)
        if (rule and draw < 0.47) or draw > 0.995:
            other = self.shapes[self.chance.choice(list(self.shapes))]
            path, kind = self._path(other, 1)
            alias = self.chance.choice(["", "", f":{other.name}1", f":{other.name}2"])  # one for two collections confuses PocketBase
            return f"@collection.{other.name}{alias}.{path}", kind
        said = self._path(shape, 3)
        self._said.append(said)
        return said

    def _call(self, shape: Shape) -> str:
        pick = self.chance.choice
        dates = [field["name"] for field in shape.of_type("date")] or ["'2024-01-02 10:00:00Z'"]
        numbers = [field["name"] for field in shape.of_type("number")] or ["12.5"]
        places = [f"{field['name']}.lon, {field['name']}.lat" for field in shape.of_type("geoPoint")] or ["1, 2"]
        forms = [f"strftime('%Y', {pick(dates)})", f"strftime('%Y-%m', {pick(dates)}, '+1 month')", "strftime('%d', '2024-01-02')"]
        return pick([*forms, f"geoDistance({pick(places)}, 23.32, 42.69)", f"geoDistance({pick(numbers)}, 1, 2, {pick(numbers)})"])

    def _requested(self, shape: Shape) -> tuple[str, str]:
        """Of the request: who asks, what the body says, or something else."""
        draw = self.chance.random()
        if draw < 0.4:
            item = self.chance.choice(REQUEST)
            return item, "isset" if ":isset" in item else f"id:{shape.data['id']}" if item.endswith("auth.id") else ""
        if draw < 0.65:
            path, kind = self._path(self.shapes[self.chance.choice(["people", "staff"])], 2)
            return f"@request.auth.{path}", kind
        return self._body(shape)

    def _body(self, shape: Shape) -> tuple[str, str]:
        field = self.chance.choice(shape.fields)
        name, draw = field["name"], self.chance.random()
        if draw < 0.2:
            return f"@request.body.{name}{self.chance.choice([':isset', ':changed'])}", "isset"
        if field["type"] in (*VOLATILE, "file") or name == "tokenKey":
            return f"@request.body.{name}:isset", "isset"
        path, kind = self._last(field) if draw < 0.7 or field["type"] == "relation" else (name, field["type"])
        if field["type"] == "relation" and draw > 0.6:
            inner, kind = self._path(self._target(field), 1)
            path = f"{name}.{inner}"
        return f"@request.body.{path}", "call" if path.endswith(":each") else kind

    def _path(self, shape: Shape, depth: int) -> tuple[str, str]:
        """A field, or a way along relations in both directions to one."""
        if depth and self._odds(0.45) and (steps := self._steps(shape)):
            step, target = self.chance.choice(steps)
            path, kind = self._path(target, depth - 1)
            return f"{step}.{path}", kind
        return self._last(self.chance.choice(shape.fields), shape)

    def _steps(self, shape: Shape) -> list[tuple[str, Shape]]:
        forth = [(field["name"], self._target(field)) for field in shape.of_type("relation")]
        back = [
            (f"{other.name}_via_{field['name']}", other)
            for other in self.shapes.values()
            for field in other.of_type("relation")
            if field["collectionId"] == shape.data["id"]
        ]
        return forth + (back if self._odds(0.5) else [])

    def _last(self, field: Mapping[str, Any], shape: Shape | None = None) -> tuple[str, str]:
        name, type = field["name"], field["type"]
        if name == "tokenKey" or type in VOLATILE:
            return name, "own"
        if type == "file":
            return (f"{name}:length", "number") if self._odds(0.4) else (name, "own")
        if type == "relation":
            return f"{name}{self._list_modifier(field)}", f"id:{field['collectionId']}"
        if type == "select":
            return f"{name}{self._list_modifier(field)}", "select"
        if type == "json":
            return f"{name}{self.chance.choice(JSON_PATHS)}", "json"
        if type == "geoPoint":
            return f"{name}{self.chance.choice(['.lon', '.lat', ''])}", "number"
        if name == "id" and shape:
            return name, f"id:{shape.data['id']}"
        return f"{name}{':lower' if type == 'text' and self._odds(0.15) else ''}", type

    def _list_modifier(self, field: Mapping[str, Any]) -> str:
        return str(self.chance.choice(["", "", ":length", ":each"] if multiple(field) else ["", "", "", ":each", ":length"]))

    # ---- the other parameters

    def sort(self, name: str) -> str:
        """Keys of a sort, mostly with one as the last that leaves no ties; some are paths of the filter made just before."""
        keys = [self._key(self.shapes[name]) for _ in range(self.chance.choice([0, 1, 1, 2, 3]))]
        last = self.chance.choice(["id", "-id", "+id", "@rowid", "-@rowid", "id"])
        return ",".join([*keys, last] if self._odds(0.9) else keys)

    def _key(self, shape: Shape) -> str:
        path, kind = self.chance.choice(self._said) if self._said and self._odds(0.4) else self._path(shape, 2)
        if self._odds(0.04):
            path = self.chance.choice(["nope", "id.x", "", " ", "@request.auth.id", "@now"])
        sign = self.chance.choice(["", "-", "+", ""])
        # Ours sorts private emails as if they were empty.
        return f"{sign}{path}" if kind != "own" and path.split(".")[-1] != "email" else "id"

    def many_valued(self, shape: Shape, sort: str) -> bool:
        """Has a record several values for one of these keys?"""
        return any(self._leads_to_many(shape, key.strip().lstrip("+-").split(".")) for key in sort.split(","))

    def _leads_to_many(self, shape: Shape, path: Sequence[str]) -> bool:
        name, _, modifier = path[0].partition(":")
        field = next((field for field in shape.fields if field["name"] == name), None)
        if field is None:
            return "_via_" in name
        if multiple(field) and (modifier == "each" or path[1:]):
            return True
        return field["type"] == "relation" and len(path) > 1 and self._leads_to_many(self._target(field), path[1:])

    def expand(self, name: str) -> str:
        """Paths of relations, not all of which exist."""
        return ",".join(self._branch(self.shapes[name]) for _ in range(self.chance.choice([1, 1, 2, 3])))

    def _branch(self, shape: Shape) -> str:
        steps = self._steps(shape)
        if not steps or self._odds(0.05):
            return self.chance.choice(["nope", "", " ", "id", "nope.x", "people_via_nope", "."])
        step, target = self.chance.choice(steps)
        if "_via_" in step and self._odds(0.05):
            return "{}({})".format(*step.split("_via_"))  # as it was written once
        return f"{step}.{self._branch(target)}" if self._odds(0.4) else step

    def fields(self, name: str) -> str:
        """A projection."""
        return ",".join(self._picked(self.shapes[name]) for _ in range(self.chance.choice([1, 2, 3])))

    def _picked(self, shape: Shape) -> str:
        field = self.chance.choice(shape.fields)
        draw = self.chance.random()
        if draw < 0.25:
            return self.chance.choice(FIELDS)
        if draw < 0.45 and (steps := self._steps(shape)):
            step, target = self.chance.choice(steps)
            return f"expand.{step}.{self._picked(target)}"
        if draw < 0.6 and field["type"] != "file":
            return f"{field['name']}:excerpt({self.chance.choice(['3', '8,true', '200', '5, false'])})"
        deeper = self.chance.choice(["", "", "", ".k", ".lon"])
        # PocketBase breaks off on the way into a list of objects and others.
        return f"{field['name']}{deeper if field['type'] != 'json' else ''}"

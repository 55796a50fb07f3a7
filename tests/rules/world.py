"""Collections with rows in a database of their own, and every way to put a question to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pbtornado.rules.constants import Constants
from pbtornado.rules.request import Actor, RequestInfo
from pbtornado.rules.rule import Part, ask
from pbtornado.schema.catalog import STORED_COLLECTIONS, Catalog
from pbtornado.schema.collection import Collection
from pbtornado.schema.fields import field_from_json
from pbtornado.schema.record import Record
from pbtornado.store.query import Bindable, Column, Compare, Join, Order, Param, Select, Table, Value
from pbtornado.store.sqlite.connection import Budget, connect
from pbtornado.store.sqlite.ddl import created
from pbtornado.store.sqlite.reader import SqliteReader, Statements
from pbtornado.values import json_text

ID = {"name": "id", "type": "text", "system": True, "required": True, "primaryKey": True}
AUTH = (
    {"name": "password", "type": "password", "hidden": True},
    {"name": "tokenKey", "type": "text", "hidden": True},
    {"name": "email", "type": "email"},
    {"name": "emailVisibility", "type": "bool"},
    {"name": "verified", "type": "bool"},
)


def collection(name: str, *fields: Mapping[str, Any], type: str = "base", **options: Any) -> Collection:
    """A collection whose id is its name, with the fields every one has."""
    described = (ID, *(AUTH if type == "auth" else ()), *fields)
    return Collection(name, name, type, fields=tuple(field_from_json({"id": one["name"], **one}) for one in described), **options)


class World:
    """A catalog and a connection; questions are asked of stored rows, of images, and over subscribers."""

    def __init__(self, path: Path, catalog: Catalog | None = None) -> None:
        self.connection = connect(path, write=True, synchronous="OFF")
        self.reader = SqliteReader(self.connection, Budget(), Statements())
        if catalog is None:
            catalog = Catalog(tuple(Collection.from_row(row) for row in self.reader.rows(STORED_COLLECTIONS)), 1)
        self.catalog = catalog

    @classmethod
    def make(cls, path: Path, *collections: Collection) -> World:
        """A new database with the tables of these collections."""
        world = cls(path, Catalog(collections, 1))
        for one in collections:
            for statement in (*created(one.shape()), *one.indexes):
                world.connection.execute(statement)
        return world

    def close(self) -> None:
        """Closes the database."""
        self.connection.close()

    # ---- rows

    def find(self, name: str) -> Collection:
        """A collection that exists."""
        found = self.catalog.find(name)
        assert found is not None, name
        return found

    def add(self, name: str, values: Mapping[str, Any]) -> Record:
        """A stored record; what is not given is zero."""
        target = self.find(name)
        record = Record.new(target)
        for field in target.fields:
            if field.name in values:
                record.values[field.name] = field.coerce(values[field.name])
        row = record.to_row()
        columns = ", ".join(f'"{column}"' for column in row)
        self.connection.execute(f'INSERT INTO "{name}" ({columns}) VALUES ({", ".join("?" * len(row))})', list(row.values()))
        return record

    def row(self, name: str, id: str) -> dict[str, Any]:
        """The stored values of a record by column, as an image of it has them."""
        target = self.find(name)
        select = Select(
            tuple(Column("r", column) for column in target.names), Table(name), where=Compare("=", Column("r", "id"), Value(id))
        )
        found = self.reader.one(select)
        assert found is not None, id
        return dict(zip(target.names, found, strict=True))

    def actor(self, name: str, id: str) -> Actor:
        """The actor that is this record."""
        target = self.find(name)
        row = self.row(name, id)
        return Actor(Record.from_row(target, tuple(row[column] for column in target.names)), superuser=name == "_superusers")

    # ---- questions

    def ids(self, name: str, rule: str, info: RequestInfo | None = None, *, filter: str = "", sort: str = "", **options: Any) -> list[str]:
        """The records for which a rule and a client's filter hold, by id where no sort is given."""
        info = info or RequestInfo()
        asked = parts(rule, filter)
        rows = self._ids(name, asked, info, sort=sort, **options)
        apart = (*asked[:-1], *[replace(part, constants=Constants.of(part.text)) for part in asked[-1:]])
        assert sorted(rows) == sorted(self._ids(name, apart, info, sort=sort, **options)), "the same with the constants put aside"
        return rows

    def _ids(self, name: str, asked: tuple[Part, ...], info: RequestInfo, *, sort: str, **options: Any) -> list[str]:
        question = ask(self.catalog, self.find(name), asked, sort=sort, **self._asker(info), **options)
        select = question.select((Column("r", "id"),))
        params = {**question.bind(info), **(asked[-1].constants.params if asked else {})}
        rows = [row[0] for row in self.reader.rows(select, params)]
        assert self.reader.one(question.select((), count=True), params) == (len(rows),)
        return rows if sort else sorted(rows)

    def holds(self, name: str, rule: str, image: Mapping[str, Any], info: RequestInfo | None = None) -> bool:
        """Whether a rule holds for an image."""
        info = info or RequestInfo()
        question = ask(self.catalog, self.find(name), parts(rule), record="image", **self._asker(info))
        return self.reader.exists(question.select((Value(1),), limit=Value(1)), question.bind(info, image))

    def hear(self, name: str, rule: str, image: Mapping[str, Any], infos: Sequence[RequestInfo], **params: Bindable) -> list[bool]:
        """Who of the subscribers of these requests (all of one collection or guests) hears of an image."""
        self._subscribe(infos)
        ghosts = frozenset(name.removeprefix("ghosts_") for name in params)
        asker = self._asker(infos[0])
        question = ask(self.catalog, self.find(name), parts(rule), record="image", request="subscribers", ghosts=ghosts, **asker)
        joins = (Join(Table("subscriber"), "s", Compare("=", Column("s", "topic"), Param("topic")), left=False), *question.joins)
        select = Select((Column("s", "id"),), question.root, "r", joins, question.where, (Order(Column("s", "id")),), question.distinct)
        heard = {row[0] for row in self.reader.rows(select, {**question.bind(RequestInfo(), image), "topic": 1, **params})}
        return [number in heard for number, _ in enumerate(infos)]

    def _subscribe(self, infos: Sequence[RequestInfo]) -> None:
        columns = "id INTEGER PRIMARY KEY, topic INTEGER, auth_collection TEXT, auth_id TEXT, superuser INTEGER, request TEXT"
        self.connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS subscriber ({columns})")
        self.connection.execute("DELETE FROM subscriber")
        for number, info in enumerate(infos):
            record = info.actor.record
            request = json_text({"query": info.query, "headers": info.headers, "method": info.method, "context": info.context})
            row = (number, 1, record.collection.id if record else "", record.id if record else "", int(info.actor.superuser), request)
            self.connection.execute("INSERT INTO subscriber VALUES (?, ?, ?, ?, ?, ?)", row)

    def _asker(self, info: RequestInfo) -> dict[str, Any]:
        return {"actor": info.actor.record.collection if info.actor.record else None, "superuser": info.actor.superuser}


def parts(rule: str, filter: str = "") -> tuple[Part, ...]:
    """A rule and a client's filter, where they say anything."""
    return tuple(Part(text, trusted) for text, trusted in ((rule, True), (filter, False)) if text)

"""Superusers as the program itself makes and changes them: the first one, and those of the command line."""

from __future__ import annotations

from collections.abc import Callable

from ..records import questions
from ..records.create import INSTALLER_EMAIL
from ..records.records import Records
from ..rules.request import Actor, RequestInfo
from ..schema.catalog import Catalog, Catalogs
from ..schema.collection import Collection
from ..schema.record import Record
from ..schema.system import SUPERUSERS
from ..store.protocol import Reader
from ..store.query import Column, Compare, Select, Table, Value
from ..values import random_text
from .identity import sign

INSTALLER_SECONDS = 30 * 60
PROGRAM = RequestInfo(actor=Actor(superuser=True))
"""The program itself, asking."""


class Missing(Exception):
    """There is no superuser of that email; the message is a sentence."""


class Superusers:
    """The records of `_superusers`. Passwords are checked as for anybody: BadRequest says what is wrong with one."""

    def __init__(self, catalogs: Catalogs, records: Records) -> None:
        self.catalogs, self.records = catalogs, records

    async def create(self, email: str, password: str) -> None:
        """Makes a superuser. Raises BadRequest."""
        await self.records.create(SUPERUSERS, {"email": email, **_twice(password)}, PROGRAM)

    async def update(self, email: str, password: str) -> None:
        """Gives a superuser another password. Raises Missing, BadRequest."""
        record = await self.find(email)
        if record is None:
            raise Missing(f"There is no superuser {email}.")
        await self.records.update(SUPERUSERS, record.id, _twice(password), PROGRAM)

    async def upsert(self, email: str, password: str) -> bool:
        """Makes a superuser or gives him another password; was he made? Raises BadRequest."""
        if await self.find(email):
            await self.update(email, password)
            return False
        await self.create(email, password)
        return True

    async def delete(self, email: str) -> bool:
        """Removes a superuser, if there is one of that email. Raises BadRequest for the only one."""
        record = await self.find(email)
        if record is not None:
            await self.records.delete(SUPERUSERS, record.id, PROGRAM)
        return record is not None

    async def installer_token(self) -> str:
        """A token good for half an hour with which the first superuser can be made; "" where there is one.

        It belongs to a superuser that stands in until then, as with PocketBase, and that nobody knows the password of.
        """
        if await self.catalogs.read(lambda catalog: lambda reader: _settled(reader, superusers(catalog))):
            return ""
        record = await self.find(INSTALLER_EMAIL)
        if record is None:
            await self.create(INSTALLER_EMAIL, random_text(30))
            record = await self.find(INSTALLER_EMAIL)
        return sign(record, "auth", INSTALLER_SECONDS, refreshable=False) if record else ""

    async def find(self, email: str) -> Record | None:
        """The superuser of that email."""

        def question(catalog: Catalog) -> Callable[[Reader], Record | None]:
            collection = superusers(catalog)
            return lambda reader: _by_email(reader, collection, email)

        return await self.catalogs.read(question)


def superusers(catalog: Catalog) -> Collection:
    """The collection `_superusers`."""
    found = catalog.find(SUPERUSERS)
    assert found is not None, "every data directory has it"
    return found


def _by_email(reader: Reader, collection: Collection, email: str) -> Record | None:
    row = reader.one(questions.row_by_email(collection), {questions.EMAIL: email})
    return Record.from_row(collection, row) if row else None


def _twice(password: str) -> dict[str, str]:
    return {"password": password, "passwordConfirm": password}


def _settled(reader: Reader, collection: Collection) -> bool:
    """Is there a superuser beside the one that stands in?"""
    where = Compare("<>", Column("r", "email"), Value(INSTALLER_EMAIL))
    return reader.exists(Select((Value(1),), Table(collection.name), where=where, limit=Value(1)))

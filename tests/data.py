"""What tests put into a directory: accounts, collections, records."""

from __future__ import annotations

from typing import Any

from pbtornado.auth.identity import sign
from pbtornado.backend import Backend
from pbtornado.records import questions
from pbtornado.rules.request import Actor, RequestInfo
from pbtornado.schema.record import Record
from pbtornado.schema.settings import load_settings
from pbtornado.store.protocol import Origin, Writer
from pbtornado.values import json_text
from tests.client import SUPERUSER

PASSWORD = "1234567890"
EVERYBODY = {"listRule": "", "viewRule": "", "createRule": "", "updateRule": "", "deleteRule": ""}
ROOT = RequestInfo(actor=Actor(superuser=True))
"""The program itself, as who may do everything."""


async def superuser(backend: Backend) -> str:
    """A token of a superuser, who is made where there is none."""
    superusers = backend.auth.superusers
    record = await superusers.find(SUPERUSER[0])
    if record is None:
        await superusers.create(*SUPERUSER)
        record = await superusers.find(SUPERUSER[0])
    assert record is not None
    return sign(record, "auth", refreshable=True)


async def account(backend: Backend, email: str, collection: str = "users", **values: Any) -> tuple[str, str]:
    """A new auth record with the password `PASSWORD`: its id and a token."""
    payload = {"email": email, "password": PASSWORD, "passwordConfirm": PASSWORD, **values}
    made = await backend.records.create(collection, payload, ROOT)
    return made["id"], await token_of(backend, collection, made["id"])


async def token_of(backend: Backend, collection: str, id: str) -> str:
    """A new auth token of a stored record."""
    target = backend.catalogs.current.find(collection)
    assert target is not None
    question = questions.row_by_id(target)
    row = await backend.store.read(lambda reader: reader.one(question, {questions.RECORD_ID: id}))
    assert row is not None
    return sign(Record.from_row(target, row), "auth", refreshable=True)


async def collection(backend: Backend, name: str, *fields: dict[str, Any], **options: Any) -> None:
    """A new base collection everybody may do everything with, unless `options` says otherwise; fields default to text."""
    described = [{"type": "text", **field} for field in fields]
    await backend.collections.create({"name": name, "type": "base", "fields": described, **EVERYBODY, **options}, Origin())


async def records(backend: Backend, name: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """New records, made by the program itself, as they were answered."""
    return [await backend.records.create(name, row, ROOT) for row in rows]


async def change_settings(backend: Backend, **settings: Any) -> None:
    """Writes settings into the directory as the program itself would, the others staying as they are."""

    def work(writer: Writer) -> None:
        value = json_text({**load_settings(writer), **settings})
        writer.update("_params", "settings", {"value": value})
        writer.append("update", "_params", "settings", {})

    await backend.store.write(work)

"""People and collections for the tests of signing in."""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pbtornado.auth.superusers import PROGRAM
from pbtornado.backend import Backend
from pbtornado.records import questions
from pbtornado.rules.request import Actor, RequestInfo
from pbtornado.schema.record import Record
from tests.data import change_settings

if TYPE_CHECKING:
    from tornado.ioloop import IOLoop

    from tests.post import PostOffice

PASSWORD = "1234567890"


class People:
    """Makes auth records and looks at them as they are stored."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    async def add(self, email: str, collection: str = "users", **values: Any) -> Record:
        """A new auth record with the password of all tests."""
        payload = {"email": email, "password": PASSWORD, "passwordConfirm": PASSWORD, **values}
        made = await self.backend.records.create(collection, payload, PROGRAM)
        return await self.stored(collection, made["id"])

    async def stored(self, collection: str, record_id: str) -> Record:
        """The record as it stands in its table, secrets and all."""
        found = self.backend.catalogs.current.find(collection)
        assert found is not None
        row = await self.backend.store.read(lambda reader: reader.one(questions.row_by_id(found), {questions.RECORD_ID: record_id}))
        assert row is not None
        return Record.from_row(found, row)

    async def change(self, collection: str, **options: Any) -> None:
        """Changes a collection as a superuser would."""
        await self.backend.collections.update(collection, options)


@pytest.fixture
def post(io_loop: IOLoop, backend: Backend, post_office: PostOffice) -> PostOffice:
    """The mail server that the backend sends to."""
    io_loop.run_sync(partial(change_settings, backend, smtp=post_office.settings))
    return post_office


def link_token(letter: EmailMessage) -> str:
    """The token in the link of a letter."""
    found = re.search(r"/_/#/auth/[a-z-]+/([\w.-]+)", text_of(letter))
    assert found
    return found[1]


def text_of(letter: EmailMessage) -> str:
    """The HTML of a letter."""
    body = letter.get_body(("html",))
    assert body
    content = body.get_content()
    assert isinstance(content, str)
    return content


@pytest.fixture
def people(backend: Backend) -> People:
    """Whoever the test wants to have an account."""
    return People(backend)


def asked_by(record: Record | None = None, **parts: Any) -> RequestInfo:
    """A request of this record's, or of a guest."""
    superuser = record is not None and record.collection.name == "_superusers"
    return replace(RequestInfo(actor=Actor(record, superuser)), **parts)

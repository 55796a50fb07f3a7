"""How old records about sign-ins may become."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pbtornado.auth import expiry
from pbtornado.auth.expiry import drop_over
from pbtornado.records import companions
from pbtornado.schema.record import Record
from pbtornado.values import now

if TYPE_CHECKING:
    from pbtornado.backend import Backend
    from pbtornado.schema.catalog import Catalog
    from pbtornado.store.protocol import Writer
    from tests.auth.conftest import People

LONG_AGO = "2020-01-01 00:00:00.000Z"


async def add(backend: Backend, owner: Record, *dates: str) -> None:
    """A session and a one-time password made at each of these dates; "" is now."""

    def make(writer: Writer, catalog: Catalog) -> None:
        for date in dates:
            for name, values in (("_mfas", {"method": "otp"}), ("_otps", {"password": "hash"})):
                made = companions.make(writer, catalog, name, owner, values)
                writer.update(name, made.id, {"created": date or now()})

    await backend.records.write(make)


async def left(backend: Backend, owner: Record) -> int:
    """How many there are."""
    catalog = backend.catalogs.current
    return len(await backend.store.read(lambda reader: list(companions.of(reader, catalog, owner))))


async def test_only_what_is_over(backend: Backend, people: People) -> None:
    """What is good no longer goes, of every collection; the rest stays."""
    ann, su = await people.add("ann@example.com"), await people.add("su@example.com", "_superusers")
    await add(backend, ann, LONG_AGO, "", LONG_AGO)
    await add(backend, su, LONG_AGO)
    await drop_over(backend.records)
    assert [await left(backend, owner) for owner in (ann, su)] == [2, 0]


async def test_batch_by_batch(backend: Backend, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, they all go."""
    monkeypatch.setattr(expiry, "BATCH", 2)
    ann = await people.add("ann@example.com")
    await add(backend, ann, *[LONG_AGO] * 3)
    await drop_over(backend.records)
    assert await left(backend, ann) == 0

"""Files to import, and what comes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pbtornado.errors import plain_errors
from pbtornado.records.transfer.formats import Format
from pbtornado.records.transfer.outcome import Outcome, Wanted
from tests.records.world import SUPERUSER, World


async def take_in(world: World, name: str, content: str | bytes, format: Format = "csv", **wanted: Any) -> Outcome:
    """The outcome of importing a file of this content."""
    path = world.path / f"given.{format}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return await world.records.importing(name, Wanted(format, **wanted), SUPERUSER).run(path, silent)


async def silent(outcome: Outcome) -> None:
    """Nobody listens."""


async def taken_out(world: World, name: str, format: Format = "csv", filter: str = "") -> str:
    """The file of an export."""
    export = world.records.exporting(name, format, SUPERUSER, filter)
    return b"".join([chunk.data async for chunk in export.chunks()]).decode()


async def listed(world: World, name: str, *fields: str) -> list[tuple[Any, ...]]:
    """Values of all records, in the order they were added."""
    items = (await world.records.list(name, SUPERUSER, sort="@rowid", per_page="1000"))["items"]
    return [tuple(item[field] for field in fields) for item in items]


def wrong(outcome: Outcome) -> dict[int, dict[str, str]]:
    """Codes of the errors by row and field."""
    return {one.row: {name: error["code"] for name, error in plain_errors(one.errors).items()} for one in outcome.errors}


def written(path: Path) -> list[str]:
    """The lines of a file."""
    return path.read_text().splitlines()

"""`pbtornado records`: records out to files and in from files, beside a running server or without one."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from .refusal import Refusal

if TYPE_CHECKING:
    from ..backend import Backend
    from ..records.transfer.exporting import Export
    from ..records.transfer.formats import Format
    from ..records.transfer.outcome import Outcome
    from ..rules.request import RequestInfo

T = TypeVar("T")

EXPORT_EXAMPLES = """\
examples:
  pbtornado records export posts --output posts.csv
  pbtornado records export posts --filter 'created > "2024-01-01"' --format ndjson | gzip > posts.ndjson.gz

Files of records are exported by name. Passwords and token keys stay where they are.
"""
IMPORT_EXAMPLES = """\
examples:
  pbtornado records import posts posts.csv --dry-run        says what is wrong, stores nothing
  pbtornado records import posts posts.csv --map 'Full name=name' --map remark=
  pbtornado records import posts posts.ndjson --upsert      rows whose id exists change that record
  gunzip -c posts.ndjson.gz | pbtornado records import posts - --format ndjson

Rows are stored in batches of 500, each of them whole or not at all; the first wrong row ends the import.
It may be run while a server runs on the same directory: subscribers hear of every record.
"""
MOST_TOLD = 20
"""Wrong rows that are printed."""


def add_records(command: ArgumentParser, parents: list[ArgumentParser]) -> None:
    """The verbs of `records` and their arguments."""
    verbs = command.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=type(command))
    out = verbs.add_parser(
        "export", help="write records to a file", description="Writes records to a file.", epilog=EXPORT_EXAMPLES, parents=parents
    )
    out.add_argument("collection", metavar="COLLECTION")
    add_format(out, "by the file's ending; else ndjson")
    out.add_argument("--filter", metavar="FILTER", default="", help="only records for which it holds, as in a list")
    out.add_argument("--output", metavar="FILE", type=Path, help="where to (default: print)")
    into = verbs.add_parser(
        "import", help="read records from a file", description="Reads records from a file.", epilog=IMPORT_EXAMPLES, parents=parents
    )
    into.add_argument("collection", metavar="COLLECTION")
    into.add_argument("file", metavar="FILE", type=Path, help="- reads standard input")
    add_format(into, "by the file's ending")
    into.add_argument(
        "--map", metavar="COLUMN=FIELD", type=pair, action="append", default=[], help="rename a column; COLUMN= leaves it out"
    )
    into.add_argument("--dry-run", action="store_true", help="check everything, store nothing")
    into.add_argument("--upsert", action="store_true", help="change records whose id exists")


def add_format(command: ArgumentParser, default: str) -> None:
    """The option `--format`."""
    command.add_argument("--format", choices=("csv", "json", "ndjson"), help=f"(default {default})")


def pair(text: str) -> tuple[str, str]:
    """`column=field`."""
    column, sign, target = text.partition("=")
    if not column or not sign:
        raise ArgumentTypeError(f"{text!r} is not COLUMN=FIELD")
    return column, target


def records(asked: Namespace) -> int:
    """Carries out a verb; the exit code: 0 done, 1 where rows were wrong. Raises Refusal."""
    import asyncio

    from ..errors import ApiError
    from ..store.protocol import StoreBusy, UnusableDirectory

    verb = export if asked.verb == "export" else take_in
    try:
        return asyncio.run(in_directory(asked, verb))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read on has seen enough
        return 0
    except (UnusableDirectory, StoreBusy, OSError) as refusal:
        raise Refusal(str(refusal)) from None
    except ApiError as error:
        raise Refusal(" ".join(_reasons(error.body()["data"])) or error.message) from None


async def in_directory(asked: Namespace, verb: Callable[[Namespace, Backend], Awaitable[T]]) -> T:
    """Runs a verb on the data directory. Raises Refusal where there is none."""
    directory = Path(getattr(asked, "dir", "pb_data"))
    if not (directory / "data.db").is_file():
        raise Refusal(f"There is no data directory at {directory}.")
    async with opened(directory) as backend:
        if backend.catalogs.current.find(asked.collection) is None:
            raise Refusal(f"There is no collection {asked.collection!r}.")
        return await verb(asked, backend)


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[Backend]:
    """A backend whose store is open, and nothing else of it."""
    from ..backend import Backend
    from ..config import Options
    from ..schema.bootstrap import prepare

    backend = Backend(Options(data_dir=directory, readers=1))
    await backend.store.open()
    try:
        await prepare(backend.store)
        yield backend
    finally:
        backend.passwords.stop()
        await backend.store.close()


def superuser() -> RequestInfo:
    """Who runs a command may do everything."""
    from ..rules.request import Actor, RequestInfo

    return RequestInfo(Actor(superuser=True), request_id="command")


def format_for(asked: Namespace, path: Path | None, default: Format | None = None) -> Format:
    """The format that was asked for or that the file's ending says. Raises Refusal."""
    from ..records.transfer.formats import format_named, format_of_file

    found = format_named(asked.format or "") or (format_of_file(path.name) if path else None) or default
    if found is None:
        raise Refusal(f"The name {str(path)!r} does not say what format it has; say --format csv, json or ndjson.")
    return found


# ---- export


async def export(asked: Namespace, backend: Backend) -> int:
    """`records export`."""
    target: Path | None = asked.output
    exporting = backend.records.exporting(asked.collection, format_for(asked, target, "ndjson"), superuser(), asked.filter)
    with progress(total=await exporting.count(), unit="records") as bar, written(target) as file:
        count = await _copy(exporting, file, bar)
    if target:
        print(f"{count} records of {asked.collection} are in {target}.")
    return 0


async def _copy(exporting: Export, file: BinaryIO, bar: Any) -> int:
    count = 0
    async for chunk in exporting.chunks():
        file.write(chunk.data)
        bar.update(chunk.records - count)
        count = chunk.records
    return count


@contextmanager
def written(target: Path | None) -> Iterator[BinaryIO]:
    """The file to write to, which has its name only when it is whole; the standard output where there is none."""
    if target is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


# ---- import


async def take_in(asked: Namespace, backend: Backend) -> int:
    """`records import`."""
    from ..records.transfer.outcome import Wanted

    piped = str(asked.file) == "-"
    path = Path("/dev/stdin") if piped else asked.file
    format = format_for(asked, None if piped else path, None)
    importing = backend.records.importing(asked.collection, Wanted(format, dict(asked.map), asked.upsert, asked.dry_run), superuser())
    with progress(total=None if piped else path.stat().st_size, unit="B", unit_scale=True) as bar:

        async def told(outcome: Outcome) -> None:
            bar.update(outcome.read_bytes - bar.n)
            bar.set_postfix_str(f"{outcome.rows} rows")

        outcome = await importing.run(path, told)
    tell(asked, outcome)
    return 0 if outcome.complete else 1


def tell(asked: Namespace, outcome: Outcome) -> None:
    """Prints what came of an import: what is wrong to the standard error, the sum to the standard output."""
    for wrong in outcome.errors[:MOST_TOLD]:
        line = f" (line {wrong.line})" if wrong.line else ""
        print(f"row {wrong.row}{line}: {' '.join(_reasons(wrong.to_json()['errors'])) or wrong.message}", file=sys.stderr)
    if len(outcome.errors) > MOST_TOLD:
        print(f"and {len(outcome.errors) - MOST_TOLD} more wrong rows.", file=sys.stderr)
    if outcome.problem:
        print(outcome.problem, file=sys.stderr)
    if outcome.left_out:
        print(f"Left out, as they cannot be imported: {', '.join(sorted(outcome.left_out))}.", file=sys.stderr)
    verb = "would be stored" if asked.dry_run else "stored"
    stored = outcome.created + outcome.updated
    print(f"{stored} of {outcome.rows} rows {verb} in {asked.collection}: {outcome.created} new, {outcome.updated} changed.")
    if not outcome.complete and not asked.dry_run:
        print(f"Nothing is stored from row {stored + 1} on.")


@contextmanager
def progress(**options: Any) -> Iterator[Any]:
    """A bar on the standard error, where that is a terminal."""
    from tqdm import tqdm

    with tqdm(disable=None, file=sys.stderr, leave=False, **options) as bar:
        yield bar


def _reasons(errors: Mapping[str, Any]) -> list[str]:
    return [f"{name}: {error['message']}" if name else error["message"] for name, error in errors.items()]

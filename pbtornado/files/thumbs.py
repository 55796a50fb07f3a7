"""Thumbs of stored images: made once, right after the commit or when somebody asks for one, all sizes of an image together."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO

from ..schema.catalog import Catalogs
from ..store.protocol import Change, Position
from .drawing import Turns, Undrawable, draw, own_turns, parse_size, result_type
from .named import named_files, with_files
from .storage import Blob, Storage, blob_key, thumb_key

log = logging.getLogger("pbtornado.files")

TYPES = ("image/png", "image/jpg", "image/jpeg", "image/gif", "image/webp")
"""Content types of which thumbs are made."""
ALWAYS = "100x100"
"""The size every file field allows."""
SOURCE_BYTES = 128 << 20
MOST_WAITING = 512
MOST_REFUSED = 4096

Asked = dict[str, asyncio.Future[Blob | None]]
"""Who waits for which size."""
Made = Blob | Undrawable | None
"""What becomes of a thumb; None where its original has gone."""
Tell = Callable[[str, Made], None]
"""Is told of each thumb by its size, as soon as it is there; on any thread."""


class Thumbs:
    """Gives thumbs, and makes those that are missing, each once however many ask for it."""

    def __init__(self, storage: Storage, *, workers: int | None = None, wait: float | None = None, turns: Path | None = None) -> None:
        """`workers`: of how many images they are made at a time; `wait`: seconds somebody waits for one before he gets the original;
        `turns`: a lock file by which the processes that have it work on heavy images one at a time.

        Not given, they are `PB_THUMBS_MAX_WORKERS` and `PB_THUMBS_MAX_WAIT` of the environment, else 2 and 60.
        """
        self._storage, self._turns = storage, Turns(turns)
        self.workers = workers or _setting("PB_THUMBS_MAX_WORKERS", min(2, os.cpu_count() or 1))
        self._wait = wait or _setting("PB_THUMBS_MAX_WAIT", 60)
        self._pool: ThreadPoolExecutor | None = None
        self._making: dict[str, asyncio.Future[Blob | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._refused: OrderedDict[str, None] = OrderedDict()

    async def get(self, key: str, size: str, beside: Sequence[str] = ()) -> Blob | None:
        """The thumb of a blob; the blob itself where it can have none, or none in time; None where there is no blob.

        Sizes `beside` it are made along with it: once the image is decoded they cost little.
        """
        wanted = thumb_key(key, size)
        if wanted not in self._making:
            self._begin(key, (size, *beside))
        return await asyncio.shield(self._making[wanted])

    def _begin(self, key: str, sizes: Sequence[str]) -> None:
        loop, asked = asyncio.get_running_loop(), Asked()
        for wanted, size in {thumb_key(key, size): size for size in sizes}.items():
            if wanted not in self._making:
                asked[size] = self._making[wanted] = loop.create_future()
                asked[size].add_done_callback(lambda _, wanted=wanted: self._making.pop(wanted))  # type: ignore[misc]
        task = loop.create_task(self._answer(key, asked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, key: str, asked: Asked) -> None:
        """Settles all that is asked; what nothing better can be had of is answered with the original."""
        original: Blob | None = None
        try:
            original, found = await asyncio.get_running_loop().run_in_executor(None, _find, self._storage, key, tuple(asked))
            if original:
                for size, blob in found.items():
                    settle(asked[size], blob)
                if original.content_type in TYPES and len(self._making) <= MOST_WAITING:
                    await self._make(original, asked)
        except OSError:
            log.warning("%s cannot be read", key, exc_info=True)
        finally:
            for future in asked.values():
                settle(future, original)

    async def _make(self, original: Blob, asked: Asked) -> None:
        """Settles what can be made, each as soon as it is."""
        loop = asyncio.get_running_loop()

        def told(size: str, made: Made) -> None:
            if isinstance(made, Undrawable):
                self._refuse(thumb_key(original.key, size), made)
            else:
                settle(asked[size], made)

        def tell(size: str, made: Made) -> None:
            loop.call_soon_threadsafe(told, size, made)

        sizes = [size for size in asked if not asked[size].done() and thumb_key(original.key, size) not in self._refused]
        if not sizes:
            return
        making = loop.run_in_executor(self._threads(), make_thumbs, self._storage, original, sizes, tell, self._turns)
        try:
            await asyncio.wait_for(making, self._wait)
        except TimeoutError:
            log.warning("no thumbs of %s in time", original.key)
        except OSError:
            log.warning("thumbs of %s could not be stored", original.key, exc_info=True)

    def _refuse(self, wanted: str, why: Undrawable) -> None:
        log.info("no thumb %s: %s", wanted, why)
        self._refused[wanted] = None
        while len(self._refused) > MOST_REFUSED:
            self._refused.popitem(last=False)

    def _threads(self) -> ThreadPoolExecutor:
        """Threads, once somebody needs them; decoding and resizing release the interpreter lock."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="thumbs")
        return self._pool

    def stop(self) -> None:
        """Lets go of what waits; what is being made is finished."""
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def settle(future: asyncio.Future[Blob | None], blob: Blob | None) -> None:
    """Gives those who wait for a future what they are to have, if they have not got it yet."""
    if not future.done():
        future.set_result(blob)


def _find(storage: Storage, key: str, sizes: Sequence[str]) -> tuple[Blob | None, dict[str, Blob]]:
    """A blob and those of its thumbs that are there, by size."""
    found = {size: storage.stat(thumb_key(key, size)) for size in sizes}
    return storage.stat(key), {size: blob for size, blob in found.items() if blob}


# ---- making


def make_thumbs(storage: Storage, original: Blob, sizes: Sequence[str], tell: Tell, turns: Turns = own_turns) -> None:
    """Makes those of the thumbs that are missing, and tells of all. Raises OSError."""
    left = list(sizes)
    try:
        with closing(_made(storage, original, sizes, turns)) as made:
            for size, thumb in made:
                left.remove(size)
                tell(size, thumb)
    except Undrawable as error:
        for size in left:
            tell(size, error)


def _made(storage: Storage, original: Blob, sizes: Sequence[str], turns: Turns) -> Generator[tuple[str, Made]]:
    """The thumbs, one after the other. Raises Undrawable where there can be none."""
    if original.size > SOURCE_BYTES:
        raise Undrawable(f"{original.size} bytes are too many")
    try:
        source = storage.open(original.key)
    except FileNotFoundError:
        yield from ((size, None) for size in sizes)
        return
    with source:
        _lock(source)
        found = _find(storage, original.key, sizes)[1]
        yield from found.items()
        missing = {size: parse_size(size) for size in sizes if size not in found}
        yield from ((size, Undrawable(f"{size} is no size")) for size, parsed in missing.items() if not parsed)
        wanted = {size: parsed for size, parsed in missing.items() if parsed}
        with closing(draw(source, original.content_type, wanted, turns)) as drawn:
            for size, thumb in drawn:
                yield size, thumb if isinstance(thumb, Undrawable) else _store(storage, original, size, thumb)


def _lock(source: BinaryIO) -> None:
    """Waits until no other process makes thumbs of the file: what it has made is found then."""
    with suppress(OSError):  # not every stream is a file that can be locked
        fcntl.flock(source, fcntl.LOCK_EX)


def _store(storage: Storage, original: Blob, size: str, content: bytes) -> Blob | None:
    """Stores a thumb; None where the original has gone meanwhile."""
    wanted = thumb_key(original.key, size)
    storage.put(wanted, content, result_type(original.content_type), lasting=False)
    if storage.stat(original.key) is None:
        storage.drop(wanted)
        return None
    return storage.stat(wanted)


# ---- after a commit


class ThumbsConsumer:
    """Reader of the log that makes the thumbs which file fields declare, as soon as there are files."""

    name = "thumbs"
    durable = True

    def __init__(self, catalogs: Catalogs, thumbs: Thumbs) -> None:
        self._catalogs, self._thumbs = catalogs, thumbs

    def wanted(self) -> frozenset[str]:
        """Those that have files."""
        return with_files(self._catalogs.current)

    async def consume(self, changes: Sequence[Change], head: Position) -> None:
        """Makes what these changes call for; what cannot be made now is made when somebody asks for it."""
        wanted = list({key: sizes for change in changes for key, sizes in self._wanted(change) if sizes}.items())
        for start in range(0, len(wanted), self._thumbs.workers):
            few = wanted[start : start + self._thumbs.workers]
            await asyncio.gather(*(self._thumbs.get(key, sizes[0], sizes) for key, sizes in few))

    def _wanted(self, change: Change) -> Iterator[tuple[str, Sequence[str]]]:
        """Keys of new files with the sizes that their field declares."""
        collection = self._catalogs.current.by_id.get(change.collection)
        if collection is None or not collection.file_fields or change.action == "delete":
            return
        before = {name for _, name in named_files(collection, change.old)}
        changed = [field.name for field in collection.file_fields if change.action == "create" or field.name in change.old]
        for field, name in named_files(collection, change.image):
            if field.name in changed and name not in before:
                yield blob_key(collection.id, change.record, name), field.thumbs


def _setting(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdecimal() and int(text) > 0 else default

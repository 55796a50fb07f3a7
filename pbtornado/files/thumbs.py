"""Thumbs: smaller images of stored images, made once, at a bounded price whatever the image."""

from __future__ import annotations

import asyncio
import fcntl
import io
import logging
import os
import re
import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..schema.catalog import Catalogs
from ..store.protocol import Change, Position
from .named import named_files, with_files
from .storage import Blob, Storage, blob_key, thumb_key

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger("pbtornado.files")

TYPES = ("image/png", "image/jpg", "image/jpeg", "image/gif", "image/webp")
"""Content types of which thumbs are made."""
ALWAYS = "100x100"
"""The size every file field allows."""

PIXELS = 36_000_000
"""Pixels an image may have; decoded and half transformed they are some ten bytes each."""
JPEG_PIXELS = 100_000_000
"""Pixels a JPEG may have that can be decoded at a reduced size."""
HEAVY_PIXELS = 16_000_000
"""Of images with more pixels only one is worked on at a time."""
RESULT_PIXELS = 16_000_000
SOURCE_BYTES = 128 << 20
LARGEST_PROFILE = 64 << 10
MOST_WAITING = 512
MOST_REFUSED = 4096


# ---- sizes

_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})([tbf])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Size:
    """What a thumb shall measure; 0 leaves a side to the image's proportions. `how`: "" centre, t top, b bottom, f fit inside."""

    width: int
    height: int
    how: str = ""

    def measure(self, width: int, height: int) -> tuple[int, int]:
        """The thumb's width and height for an image of these."""
        if not self.height:
            return self.width, max(1, round(height * self.width / width))
        if not self.width:
            return max(1, round(width * self.height / height)), self.height
        return self._fitted(width, height) if self.how == "f" else (self.width, self.height)

    def _fitted(self, width: int, height: int) -> tuple[int, int]:
        scale = min(1.0, self.width / width, self.height / height)
        return max(1, int(width * scale + 1e-9)), max(1, int(height * scale + 1e-9))

    def crop(self, width: int, height: int) -> tuple[float, float, float, float]:
        """The part of an image that the thumb shows: left, top, right, bottom."""
        if not self.width or not self.height or self.how == "f":
            return 0, 0, width, height
        shown_width = min(width, height * self.width / self.height)
        shown_height = min(height, width * self.height / self.width)
        left = (width - shown_width) / 2
        top = (height - shown_height) * {"t": 0, "b": 1}.get(self.how, 0.5)
        return left, top, min(left + shown_width, width), min(top + shown_height, height)


def parse_size(text: str) -> Size | None:
    """`300x200t` as a Size, None where it is none."""
    found = _SIZE.fullmatch(text)
    size = Size(int(found[1]), int(found[2]), found[3] or "") if found else None
    return size if size and (size.width or size.height) else None


# ---- drawing


class Undrawable(Exception):
    """Of these bytes there will never be such a thumb: broken, too large, or no image."""


_TURNS = ("", "FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90")
"""What to do with an image of each EXIF orientation to set it upright."""

_WEBP = re.compile(rb"RIFF....WEBPVP8(?:(X)....(?:....)(......)|(L)..../(....)|( )....(?:...)\x9d\x01\x2a(....))", re.DOTALL)
_WEBP_HEAD = 32
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_RESULTS = {"image/jpeg": ("JPEG", {"quality": 88}), "image/gif": ("GIF", {})}


class Turns:
    """Lets heavy images be worked on one at a time: by the threads of this process, and with a lock file by all that have it."""

    def __init__(self, path: Path | None = None) -> None:
        self._path, self._lock = path, threading.Lock()
        self._file = -1

    def __enter__(self) -> None:
        self._lock.acquire()
        with suppress(OSError):  # without the file it is this process's own turn
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) if self._path else -1
            if self._file >= 0:
                fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
        self._lock.release()


_own_turns = Turns()


def draw(source: BinaryIO, content_type: str, size: Size, turns: Turns = _own_turns) -> tuple[bytes, str]:
    """The thumb's bytes and content type: JPEG of a JPEG, GIF of a GIF, else PNG. Raises Undrawable."""
    try:
        webp = webp_pixels(source.read(_WEBP_HEAD))
        source.seek(0)
        if webp > PIXELS:
            raise Undrawable(f"{webp} pixels are too many")
        with _turn(webp, turns), _opened(source) as image, _turn(0 if webp else image.width * image.height, turns):
            small = _resized(image, size)
            return _encoded(small, content_type, image.info.get("icc_profile"), image.mode)
    except Undrawable:
        raise
    except Exception as error:  # decoders raise whatever a broken file makes them stumble over
        raise Undrawable(str(error) or type(error).__name__) from error


def _opened(source: BinaryIO) -> Image:
    """The image with only its header read, found to be affordable."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = JPEG_PIXELS
    warnings.filterwarnings("ignore", module="PIL")  # what is odd about a client's file is no concern of our log
    image = Image.open(source, formats=_FORMATS)
    reducible = image.format in ("JPEG", "MPO") and not image.info.get("progressive")
    if image.width * image.height > (JPEG_PIXELS if reducible else PIXELS):
        raise Undrawable(f"{image.width}x{image.height} pixels are too many")
    return image


def _turn(pixels: int, turns: Turns) -> AbstractContextManager[Any]:
    return turns if pixels > HEAVY_PIXELS else nullcontext()


def webp_pixels(head: bytes) -> int:
    """How many pixels a WebP image has, whose decoder makes room for them all as soon as it is opened; 0 for other images."""
    found = _WEBP.match(head)
    if not found:
        return 0
    if found[1]:
        return (int.from_bytes(found[2][:3], "little") + 1) * (int.from_bytes(found[2][3:], "little") + 1)
    bits = int.from_bytes(found[4] or found[6], "little")
    if found[3]:
        return ((bits & 0x3FFF) + 1) * ((bits >> 14 & 0x3FFF) + 1)
    return (bits & 0x3FFF) * (bits >> 16 & 0x3FFF)


def _resized(image: Image, size: Size) -> Image:
    from PIL.Image import Resampling

    turned = _orientation(image)
    width, height = image.size if turned < 5 else (image.height, image.width)
    target = size.measure(width, height)
    if target[0] * target[1] > RESULT_PIXELS:
        raise Undrawable(f"a thumb of {target[0]}x{target[1]} pixels is too large")
    _reduce(image, size.crop(width, height), target)
    upright = _upright(_plain(image), turned)
    return upright.resize(target, Resampling.BILINEAR, box=size.crop(*upright.size), reducing_gap=2.0)


def _reduce(image: Image, shown: tuple[float, float, float, float], target: tuple[int, int]) -> None:
    """Has a JPEG decoded at a fraction of its size, where that leaves twice the pixels that are needed."""
    scale = min((shown[2] - shown[0]) / target[0], (shown[3] - shown[1]) / target[1]) / 2
    if scale > 1:
        image.draft(None, (int(image.width / scale), int(image.height / scale)))
    if image.width * image.height > PIXELS:
        raise Undrawable(f"{image.width}x{image.height} pixels are too many")
    image.load()


def _orientation(image: Image) -> int:
    """How the camera was held, 1 to 8 as EXIF counts; 1 is upright."""
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # broken EXIF is no reason to have no thumb
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(image: Image, orientation: int) -> Image:
    from PIL.Image import Transpose

    turn = _TURNS[orientation - 1]
    return image.transpose(Transpose[turn]) if turn else image


def _plain(image: Image) -> Image:
    """The image in a mode that can be resized: grey or colours, with transparency where it has some."""
    if image.mode in ("L", "LA", "RGB", "RGBA"):
        return image.convert("RGBA") if image.mode in ("L", "RGB") and "transparency" in image.info else image
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode in ("1", "F"):
        return image.convert("L")
    return image.convert("RGBA" if image.mode in ("PA", "La", "RGBa") or "transparency" in image.info else "RGB")


def _encoded(image: Image, content_type: str, profile: Any, mode: str) -> tuple[bytes, str]:
    form, options = _RESULTS.get(content_type, ("PNG", {}))
    if form == "JPEG" and image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    # colours mean nothing without their profile, which is of use only to those it was made for
    kept = profile if image.mode == mode and profile and len(profile) <= LARGEST_PROFILE else None
    target = io.BytesIO()
    image.info = {}
    image.save(target, form, icc_profile=kept, **options)
    return target.getvalue(), f"image/{form.lower()}"


# ---- making


class Thumbs:
    """Gives thumbs, and makes those that are missing, each once however many ask for it."""

    def __init__(self, storage: Storage, *, workers: int | None = None, wait: float | None = None, turns: Path | None = None) -> None:
        """`workers`: how many are made at a time; `wait`: seconds somebody waits for one before he gets the original;
        `turns`: a lock file by which the processes that have it work on heavy images one at a time.

        Not given, they are `PB_THUMBS_MAX_WORKERS` and `PB_THUMBS_MAX_WAIT` of the environment, else 2 and 60.
        """
        self._storage, self._turns = storage, Turns(turns)
        self.workers = workers or _setting("PB_THUMBS_MAX_WORKERS", min(2, os.cpu_count() or 1))
        self._wait = wait or _setting("PB_THUMBS_MAX_WAIT", 60)
        self._pool: ThreadPoolExecutor | None = None
        self._making: dict[str, asyncio.Future[Blob | None]] = {}
        self._refused: OrderedDict[str, None] = OrderedDict()

    async def get(self, key: str, size: str) -> Blob | None:
        """The thumb of a blob; the blob itself where it can have none, or none in time; None where there is no blob."""
        wanted = thumb_key(key, size)
        making = self._making.get(wanted)
        if making is None:
            making = asyncio.ensure_future(self._get(key, wanted, size))
            self._making[wanted] = making
            making.add_done_callback(lambda _: self._making.pop(wanted, None))
        return await asyncio.shield(making)

    async def _get(self, key: str, wanted: str, size: str) -> Blob | None:
        loop = asyncio.get_running_loop()
        thumb, original = await loop.run_in_executor(None, lambda: (self._storage.stat(wanted), self._storage.stat(key)))
        if thumb or original is None:
            return thumb and original and thumb
        if original.content_type not in TYPES or wanted in self._refused or len(self._making) > MOST_WAITING:
            return original
        return await self._made(original, wanted, size)

    async def _made(self, original: Blob, wanted: str, size: str) -> Blob:
        making = asyncio.get_running_loop().run_in_executor(self._threads(), make_thumb, self._storage, original, wanted, size, self._turns)
        try:
            return await asyncio.wait_for(making, self._wait) or original
        except Undrawable as error:
            self._refuse(wanted)
            log.info("no thumb %s: %s", wanted, error)
        except TimeoutError:
            log.warning("no thumb %s in time", wanted)
        except OSError:
            log.warning("thumb %s could not be stored", wanted, exc_info=True)
        return original

    def _refuse(self, wanted: str) -> None:
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


def make_thumb(storage: Storage, original: Blob, wanted: str, size: str, turns: Turns = _own_turns) -> Blob | None:
    """Draws and stores a thumb; None where the original has gone meanwhile. Raises Undrawable, OSError."""
    measure = parse_size(size)
    if measure is None or original.size > SOURCE_BYTES:
        raise Undrawable(f"{size} of {original.size} bytes")
    try:
        with storage.open(original.key) as source:
            content, content_type = draw(source, original.content_type, measure, turns)
    except FileNotFoundError:
        return None
    storage.put(wanted, content, content_type)
    if storage.stat(original.key) is None:
        storage.drop(wanted)
        return None
    return storage.stat(wanted)


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
        wanted = list(dict.fromkeys(pair for change in changes for pair in self._wanted(change)))
        for start in range(0, len(wanted), self._thumbs.workers):
            few = wanted[start : start + self._thumbs.workers]
            await asyncio.gather(*(self._thumbs.get(key, size) for key, size in few))

    def _wanted(self, change: Change) -> Iterator[tuple[str, str]]:
        """Keys of new files with the sizes that their field declares."""
        collection = self._catalogs.current.by_id.get(change.collection)
        if collection is None or not collection.file_fields or change.action == "delete":
            return
        before = {name for _, name in named_files(collection, change.old)}
        changed = [field.name for field in collection.file_fields if change.action == "create" or field.name in change.old]
        for field, name in named_files(collection, change.image):
            if field.name in changed and name not in before:
                yield from ((blob_key(collection.id, change.record, name), size) for size in field.thumbs)


def _setting(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdecimal() and int(text) > 0 else default

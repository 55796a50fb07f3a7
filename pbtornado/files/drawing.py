"""How thumbs are drawn: smaller images of an image, at a bounded price whatever it is."""

from __future__ import annotations

import fcntl
import io
import os
import re
import threading
import warnings
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from PIL.Image import Image

PIXELS = 36_000_000
"""Pixels an image may have; decoded and half transformed they are some ten bytes each."""
JPEG_PIXELS = 100_000_000
"""Pixels a JPEG may have that can be decoded at a reduced size."""
HEAVY_PIXELS = 16_000_000
"""Of images with more pixels only one is worked on at a time."""
RESULT_PIXELS = 16_000_000
LARGEST_PROFILE = 64 << 10
SPARE = 1.25
"""An image is brought to this many times a thumb's width and height in the cheapest way, and to the rest of it with care."""


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
_RESULTS: dict[str, tuple[str, dict[str, Any]]] = {"image/jpeg": ("JPEG", {"quality": 88}), "image/gif": ("GIF", {})}
_PNG: tuple[str, dict[str, Any]] = ("PNG", {})


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


own_turns = Turns()
"""Those of this process alone."""


def draw(
    source: BinaryIO, content_type: str, sizes: Mapping[str, Size], turns: Turns = own_turns
) -> Generator[tuple[str, bytes | Undrawable]]:
    """Thumbs of an image that is decoded once, with the names of their sizes; of a size it cannot have, why.

    Raises Undrawable where it can have none.
    """
    try:
        webp = webp_pixels(source.read(_WEBP_HEAD))
        source.seek(0)
        if webp > PIXELS:
            raise Undrawable(f"{webp} pixels are too many")
        with _turn(webp, turns), _opened(source) as image, _turn(0 if webp else image.width * image.height, turns):
            yield from _drawn(image, content_type, sizes)
    except Undrawable:
        raise
    except Exception as error:  # decoders raise whatever a broken file makes them stumble over
        raise Undrawable(str(error) or type(error).__name__) from error


def result_type(content_type: str) -> str:
    """The content type of an image's thumbs: JPEG of a JPEG, GIF of a GIF, else PNG."""
    return f"image/{_RESULTS.get(content_type, _PNG)[0].lower()}"


def _opened(source: BinaryIO) -> Image:
    """The image with only its header read, found to be affordable."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = JPEG_PIXELS
    warnings.filterwarnings("ignore", module="PIL")  # what is odd about a client's file is no concern of our log
    image = Image.open(source, formats=_FORMATS)
    if image.width * image.height > (JPEG_PIXELS if _reducible(image) and not image.info.get("progressive") else PIXELS):
        raise Undrawable(f"{image.width}x{image.height} pixels are too many")
    return image


def _reducible(image: Image) -> bool:
    """Can it be decoded at a fraction of its size?"""
    return image.format in ("JPEG", "MPO")


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


def _drawn(image: Image, content_type: str, sizes: Mapping[str, Size]) -> Generator[tuple[str, bytes | Undrawable]]:
    turned, profile = _orientation(image), image.info.get("icc_profile")
    width, height = image.size if turned < 5 else (image.height, image.width)
    fractions: dict[str, int] = {}
    for name, size in sizes.items():
        try:
            fractions[name] = _fraction(image, size, width, height)
        except Undrawable as error:
            yield name, error
    if not fractions:
        return
    upright = _decoded(image, min(fractions.values()), turned)
    for name in fractions:
        small = _resized(upright, sizes[name], sizes[name].measure(width, height))
        yield name, _encoded(small, content_type, profile, image.mode)


def _fraction(image: Image, size: Size, width: int, height: int) -> int:
    """Which fraction of a JPEG is enough for a thumb: 1, a half (2), a quarter (4), an eighth (8). Raises Undrawable."""
    target, shown = size.measure(width, height), size.crop(width, height)
    if target[0] * target[1] > RESULT_PIXELS:
        raise Undrawable(f"a thumb of {target[0]}x{target[1]} pixels is too large")
    scale = min((shown[2] - shown[0]) / target[0], (shown[3] - shown[1]) / target[1]) / SPARE
    fraction = max(number for number in (1, 2, 4, 8) if number == 1 or (_reducible(image) and number <= scale))
    if image.width * image.height > PIXELS * fraction**2:
        raise Undrawable(f"{image.width}x{image.height} pixels are too many for a thumb of {target[0]}x{target[1]}")
    return fraction


def _decoded(image: Image, fraction: int, turned: int) -> Image:
    """The pixels of the fraction of an image, upright."""
    if fraction > 1:
        image.draft(None, (image.width // fraction, image.height // fraction))
    image.load()
    return _upright(_plain(image), turned)


def _resized(upright: Image, size: Size, target: tuple[int, int]) -> Image:
    from PIL.Image import Resampling

    return upright.resize(target, Resampling.BILINEAR, box=size.crop(*upright.size), reducing_gap=SPARE)


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


def _encoded(image: Image, content_type: str, profile: Any, mode: str) -> bytes:
    form, options = _RESULTS.get(content_type, _PNG)
    if form == "JPEG" and image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    # colours mean nothing without their profile, which is of use only to those it was made for
    kept = profile if image.mode == mode and profile and len(profile) <= LARGEST_PROFILE else None
    target = io.BytesIO()
    image.info = {}
    image.save(target, form, icc_profile=kept, **options)
    return target.getvalue()

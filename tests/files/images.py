"""Small images for tests."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

QUARTERS = ("red", "green", "blue", "white")
"""Colours of the quarters of `quarters`: top left, top right, bottom left, bottom right."""


def quarters(width: int, height: int, form: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    """An image of four colours."""
    image = Image.new("RGB", (width, height))
    for number, colour in enumerate(QUARTERS):
        left, top = number % 2 * (width // 2), number // 2 * (height // 2)
        image.paste(colour, (left, top, left + width // 2, top + height // 2))
    return saved(image.convert(mode), form, **options)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    """An image as a file."""
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def opened(content: bytes) -> Image.Image:
    """A file as an image, decoded."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def colours(content: bytes) -> tuple[str, ...]:
    """The nearest of `QUARTERS` in the middle of each quarter of an image, in their order."""
    image = opened(content).convert("RGB")
    width, height = image.size
    return tuple(_nearest(image.getpixel((x * width // 4, y * height // 4))) for y in (1, 3) for x in (1, 3))


def _nearest(pixel: Any) -> str:
    known = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}
    return min(known, key=lambda name: sum((a - b) ** 2 for a, b in zip(known[name], pixel, strict=True)))


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header says it is this large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(*part) for part in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

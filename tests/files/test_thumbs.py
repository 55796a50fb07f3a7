"""Thumbs: what they measure and show, that each is made once, and that no image costs more than it may."""

from __future__ import annotations

import asyncio
import fcntl
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pbtornado.files import drawing as module
from pbtornado.files.drawing import Size, Turns, Undrawable, draw, parse_size, result_type, webp_pixels
from pbtornado.files.local import LocalStorage
from pbtornado.files.storage import thumb_key
from pbtornado.files.thumbs import Thumbs
from tests.conftest import ExpectLog
from tests.files.images import QUARTERS, colours, opened, png_claiming, quarters, saved

KEY = "coll/rec/a.png"


def drawn(content: bytes, *sizes: str, content_type: str = "image/png", turns: Turns | None = None) -> dict[str, bytes | Undrawable]:
    """The thumbs of an image."""
    parsed = {size: found for size in sizes if (found := parse_size(size))}
    return dict(draw(io.BytesIO(content), content_type, parsed, turns or Turns()))


def thumb(content: bytes, size: str, content_type: str = "image/png") -> bytes:
    """The thumb of an image. Raises Undrawable."""
    made = drawn(content, size, content_type=content_type)[size]
    if isinstance(made, Undrawable):
        raise made
    return made


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("100x200", Size(100, 200)),
        ("100x200t", Size(100, 200, "t")),
        ("0x50", Size(0, 50)),
        ("50x0f", Size(50, 0, "f")),
        ("0x0", None),
        ("100", None),
        ("100x200x", None),
        ("-1x5", None),
        ("999999x5", None),
        ("5x5\n", None),
        ("", None),
    ],
)
def test_sizes(text: str, size: Size | None) -> None:
    """Sizes are written WxH with a letter for how; 0 leaves a side open, but not both."""
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("size", "measures"),
    [
        ("40x20", (40, 20)),
        ("40x20t", (40, 20)),
        ("400x300b", (400, 300)),
        ("0x50", (100, 50)),
        ("50x0", (50, 25)),
        ("50x50f", (50, 25)),
        ("300x300f", (200, 100)),
        ("0x300", (600, 300)),
        ("1x0", (1, 1)),
    ],
)
def test_measures(size: str, measures: tuple[int, int]) -> None:
    """Crops have the size asked for, fits stay inside and never grow, an open side keeps the proportions."""
    assert opened(thumb(quarters(200, 100), size)).size == measures


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ("100x100t", ("red", "green", "red", "green")),
        ("100x100b", ("blue", "white", "blue", "white")),
        ("100x100", QUARTERS),
        ("100x100f", QUARTERS),
        ("0x100", QUARTERS),
    ],
)
def test_crops_show_top_bottom_or_centre(size: str, shown: tuple[str, ...]) -> None:
    """A crop keeps the part its letter names; the others keep all."""
    assert colours(thumb(quarters(100, 200), size)) == shown


@pytest.mark.parametrize(
    ("form", "content_type", "result"),
    [
        ("JPEG", "image/jpeg", "JPEG"),
        ("PNG", "image/png", "PNG"),
        ("GIF", "image/gif", "GIF"),
        ("WEBP", "image/webp", "PNG"),
    ],
)
def test_formats(form: str, content_type: str, result: str) -> None:
    """JPEG and GIF stay what they are, all others become PNG, and the type says so."""
    content = thumb(quarters(200, 100, form), "40x20", content_type)
    assert (opened(content).format, result_type(content_type)) == (result, f"image/{result.lower()}")
    assert colours(content) == QUARTERS


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_modes_of_png(mode: str) -> None:
    """Whatever a PNG's pixels are made of, it has a thumb."""
    image = Image.new("RGB", (60, 40), "white").convert("L" if mode.startswith("I") else mode)
    image = image.convert("I").point(lambda value: value * 257).convert(mode) if mode.startswith("I") else image
    shown = opened(thumb(saved(image, "PNG"), "20x20")).convert("RGB")
    assert shown.getpixel((10, 10)) == (255, 255, 255)


def test_transparency_stays() -> None:
    """What could be seen through can be seen through, also in a palette."""
    clear = Image.new("RGBA", (60, 40), (255, 0, 0, 0))
    palette = saved(clear.convert("P"), "PNG", transparency=0)
    for content in (saved(clear, "PNG"), palette):
        assert opened(thumb(content, "20x20")).convert("RGBA").getpixel((10, 10))[3] == 0  # type: ignore[index]


def test_print_colours_become_screen_colours() -> None:
    """A JPEG in CMYK has a thumb in RGB."""
    assert opened(thumb(quarters(80, 80, "JPEG", "CMYK"), "20x20", "image/jpeg")).mode == "RGB"


def test_first_picture_of_an_animation() -> None:
    """Of a moving GIF the first picture is shown, at rest."""
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    content = thumb(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]), "20x20", "image/gif")
    assert colours(content) == ("red",) * 4
    assert getattr(opened(content), "n_frames", 1) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_cameras_held_in_any_way(orientation: int, form: str) -> None:
    """A picture is shown upright however the camera was held, and its thumb says nothing about it any more."""
    upright = opened(quarters(1200, 400))
    turn = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    stored = upright if turn is None else upright.transpose(Image.Transpose(turn))
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = thumb(saved(stored, form, exif=exif), "300x0", f"image/{form.lower()}")
    assert opened(content).size == (300, 100)
    assert colours(content) == QUARTERS
    assert not opened(content).getexif()


@pytest.mark.parametrize("exif", [b"Exif\0\0junk", b"Exif\0\0II*\0\xff\xff\xff\xff"])
def test_broken_exif_is_ignored(exif: bytes) -> None:
    """An image whose EXIF makes no sense has a thumb."""
    assert opened(thumb(quarters(80, 80, "JPEG", exif=exif), "20x20", "image/jpeg")).size == (20, 20)


def test_colour_profile_is_kept() -> None:
    """Without its profile an image would show other colours."""
    profile = b"profile" * 10
    assert opened(thumb(quarters(80, 80, "JPEG", icc_profile=profile), "20x20", "image/jpeg")).info["icc_profile"] == profile


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (b"", "20x20"),
        (b"no image", "20x20"),
        (quarters(200, 200)[:200], "20x20"),
        (quarters(200, 200, "JPEG")[:400], "20x20"),
        (quarters(200, 200, "BMP"), "20x20"),
        (png_claiming(60_000, 60_000), "20x20"),
        (png_claiming(9_000, 9_000), "20x20"),
        (quarters(10, 10), "50000x50000"),
        (quarters(1, 3000), "9000x0"),
    ],
)
def test_what_has_no_thumb(content: bytes, size: str) -> None:
    """Broken files, other formats, bombs, and thumbs too large to make are refused."""
    with pytest.raises(Undrawable):
        thumb(content, size)


def test_large_jpeg_is_decoded_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A JPEG may have more pixels than other images, because it is never decoded at its full size."""
    monkeypatch.setattr(module, "PIXELS", 100_000)
    monkeypatch.setattr(module, "JPEG_PIXELS", 2_000_000)
    monkeypatch.setattr(module, "HEAVY_PIXELS", 100_000)
    assert opened(thumb(quarters(1600, 1200, "JPEG"), "40x30", "image/jpeg")).size == (40, 30)
    for content, size in ((quarters(1600, 1200, "JPEG", progressive=True), "40x30"), (quarters(1600, 1200, "JPEG"), "1000x900")):
        with pytest.raises(Undrawable):
            thumb(content, size, "image/jpeg")


def test_one_decoding_serves_all_sizes() -> None:
    """Sizes drawn together are each what they are alone, however far apart they are."""
    sizes = {"40x30": (40, 30), "700x0": (700, 525), "90x90t": (90, 90), "0x300f": (400, 300)}
    together = drawn(quarters(1600, 1200, "JPEG"), *sizes, content_type="image/jpeg")
    for size, measures in sizes.items():
        content = together[size]
        assert isinstance(content, bytes)
        assert opened(content).size == measures
        assert colours(content)[:2] == QUARTERS[:2]


def test_a_size_too_large_spoils_no_other() -> None:
    """What cannot be drawn is told of that size alone."""
    together = drawn(quarters(10, 10), "50000x50000", "5x5")
    assert isinstance(together["50000x50000"], Undrawable)
    assert isinstance(together["5x5"], bytes)


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"save_all": True, "append_images": [Image.new("RGB", (31, 17), "red")]}])
def test_a_webp_says_its_size_before_it_is_opened(options: dict[str, Any]) -> None:
    """Lossy, lossless or animated; other images say nothing."""
    target = io.BytesIO()
    Image.new("RGB", (31, 17)).save(target, "WEBP", **options)
    assert webp_pixels(target.getvalue()[:32]) == 31 * 17
    assert webp_pixels(quarters(31, 17)[:32]) == 0


async def test_heavy_images_take_turns_with_other_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has the lock file works alone; a light image needs no turn."""
    turns = Turns(tmp_path / "heavy")
    image = quarters(20, 20)
    with (tmp_path / "heavy").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert drawn(image, "5x5", turns=turns)
        monkeypatch.setattr(module, "HEAVY_PIXELS", 100)
        waits = asyncio.ensure_future(asyncio.to_thread(drawn, image, "5x5", turns=turns))
        await asyncio.sleep(0.05)
        assert not waits.done()
    assert await waits


# ---- making


class Counted(LocalStorage):
    """Storage that counts how often a blob was opened."""

    opens = 0

    def open(self, key: str) -> io.BufferedReader:
        """Opens, and counts."""
        self.opens += 1
        file = super().open(key)
        assert isinstance(file, io.BufferedReader)
        return file


@pytest.fixture
def counted(tmp_path: Path) -> Counted:
    """A storage with one image."""
    counted = Counted(tmp_path / "storage")
    counted.put(KEY, quarters(200, 100), "image/png")
    return counted


@pytest.fixture
def thumbs(counted: Counted) -> Iterator[Thumbs]:
    """Thumbs of that storage."""
    made = Thumbs(counted)
    yield made
    made.stop()


async def test_made_once_however_many_ask(thumbs: Thumbs, counted: Counted) -> None:
    """A hundred who ask at the same time wait for one making; later ones find what was made."""
    blobs = await asyncio.gather(*(thumbs.get(KEY, "50x50") for _ in range(100)))
    assert {blob and blob.key for blob in blobs} == {thumb_key(KEY, "50x50")}
    assert await thumbs.get(KEY, "50x50") == blobs[0]
    assert counted.opens == 1


async def test_sizes_are_made_together(thumbs: Thumbs, counted: Counted) -> None:
    """Who asks for one size has the others made along with it, and the image is opened once."""
    await asyncio.gather(thumbs.get(KEY, "50x50", ("20x20", "0x30")), thumbs.get(KEY, "20x20"), thumbs.get(KEY, "0x30"))
    assert {thumb_key(KEY, size) for size in ("50x50", "20x20", "0x30")} < set(counted.keys("coll/"))
    assert counted.opens == 1


async def test_made_by_one_process_alone(thumbs: Thumbs, counted: Counted, tmp_path: Path) -> None:
    """While another process makes thumbs of an image, one waits and finds what it made."""
    with (tmp_path / "storage" / KEY).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waits = asyncio.ensure_future(thumbs.get(KEY, "50x50"))
        await asyncio.sleep(0.05)
        assert not waits.done()
        counted.put(thumb_key(KEY, "50x50"), b"made by another", "image/png")
    made = await waits
    assert made
    assert made.size == len(b"made by another")


async def test_thumb_lies_where_pocketbase_keeps_it(thumbs: Thumbs, tmp_path: Path) -> None:
    """Thumbs are found again by PocketBase, and its own are found here."""
    await thumbs.get(KEY, "50x50")
    assert (tmp_path / "storage/coll/rec/thumbs_a.png/50x50_a.png.attrs").exists()


@pytest.mark.parametrize(
    ("content", "content_type", "size"),
    [(b"text", "text/plain", "50x50"), (b"broken", "image/png", "50x50"), (quarters(9, 9), "image/png", "wide")],
)
async def test_original_where_there_can_be_no_thumb(thumbs: Thumbs, counted: Counted, content: bytes, content_type: str, size: str) -> None:
    """What has no thumb is given as it is, and only the first asking costs something."""
    counted.put("c/r/b", content, content_type)
    for _ in range(3):
        blob = await thumbs.get("c/r/b", size)
        assert blob
        assert blob.key == "c/r/b"
    assert counted.opens <= 1
    assert list(counted.keys("c/")) == ["c/r/b"]


async def test_missing_blob_has_no_thumb(thumbs: Thumbs, counted: Counted) -> None:
    """Where there is no blob there is none, not even an old thumb of it."""
    await thumbs.get(KEY, "50x50")
    counted.drop(KEY)
    assert await thumbs.get(KEY, "50x50") is None


async def test_a_storage_that_fails_is_told_in_the_log(
    thumbs: Thumbs, counted: Counted, expect_log: ExpectLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing can be read there is no blob, and the log says why."""

    def failing(key: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(counted, "stat", failing)
    with expect_log("cannot be read"):
        assert await thumbs.get(KEY, "50x50") is None


async def test_waiting_has_an_end(counted: Counted, expect_log: ExpectLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has waited long enough gets the original."""
    readable = threading.Event()
    monkeypatch.setattr(counted, "open", lambda key: readable.wait(10) and Counted.open(counted, key))
    thumbs = Thumbs(counted, workers=1, wait=0.01)
    with expect_log("in time"):
        blob = await thumbs.get(KEY, "50x50")
    readable.set()
    thumbs.stop()
    assert blob
    assert blob.key == KEY


async def test_one_who_leaves_does_not_end_the_making(thumbs: Thumbs) -> None:
    """A cancelled asking leaves the others their thumb."""
    leaving, staying = asyncio.ensure_future(thumbs.get(KEY, "50x50")), asyncio.ensure_future(thumbs.get(KEY, "50x50"))
    await asyncio.sleep(0)
    leaving.cancel()
    blob = await staying
    assert blob
    assert blob.key == thumb_key(KEY, "50x50")

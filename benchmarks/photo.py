"""A photo in, two thumbs out: from the POST until both have been read."""

from __future__ import annotations

import io
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from PIL import Image

from benchmarks.figures import Figures
from benchmarks.measured import Workload
from benchmarks.servers import cpu_seconds
from benchmarks.world import PHOTOS, THUMBS, World

SIZE = (4000, 3000)
PHOTOS_A_ROUND = 7
BOUNDARY = "photo-photo-photo"


@cache
def picture() -> bytes:
    """A JPEG of 12 megapixels and over 3 MB: soft shapes, with grain as a camera has it."""
    shapes = Image.frombytes("RGB", (80, 60), os.urandom(80 * 60 * 3)).resize(SIZE, Image.Resampling.BICUBIC)
    grain = Image.effect_noise(SIZE, 24).convert("RGB")
    out = io.BytesIO()
    Image.blend(shapes, grain, 0.25).save(out, "JPEG", quality=88)
    return out.getvalue()


def upload() -> bytes:
    """The picture as the body of a form."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return head.encode() + picture() + f"\r\n--{BOUNDARY}--\r\n".encode()


def shown(world: World, body: bytes) -> float:
    """ms from the POST until both thumbs are read, which a page asks for at once."""
    server = world.server
    began = time.monotonic()
    made = server.ask("POST", PHOTOS, body, "", {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
    assert made.status == 200, made.body
    record = made.json()
    paths = [f"/api/files/photos/{record['id']}/{record['photo']}?thumb={size}" for size in THUMBS]
    with ThreadPoolExecutor(len(paths)) as readers:
        thumbs = list(readers.map(lambda path: server.ask("GET", path, token=""), paths))
    took = 1000 * (time.monotonic() - began)
    sizes = [Image.open(io.BytesIO(thumb.body)).size for thumb in thumbs]
    assert sizes == [(100, 100), (800, 600)], sizes
    return took


def photos(world: World, _: float) -> Figures:
    """The median of some photos, one after the other, after one that is not counted."""
    body = upload()
    shown(world, body)
    before = cpu_seconds(world.server)
    took = [shown(world, body) for _ in range(PHOTOS_A_ROUND)]
    used = cpu_seconds(world.server) - before
    return Figures(statistics.median(took), statistics.median(took), max(took), 1000 * used / PHOTOS_A_ROUND)


PHOTO = Workload("photo of 12 megapixels in, two thumbs out", photos, "ms", less=True)

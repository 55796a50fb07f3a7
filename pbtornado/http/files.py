"""Files over HTTP: downloads with their conditions and ranges, thumbs, and the token for protected ones."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, BinaryIO
from urllib.parse import quote

from tornado.gen import with_timeout
from tornado.iostream import StreamClosedError
from tornado.util import TimeoutError as StalledError

from ..errors import NotFound
from ..files.storage import Blob
from ..records.files import OpenBlob
from ..rules.request import GUEST, Actor
from ..values import bool_of
from .handler import ApiHandler
from .ranges import BadRange, Range, http_date, ranges, refused

CHUNK = 256 << 10
STALLED = timedelta(seconds=300)
"""How long a client may take to accept a chunk."""
POLICY = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
CACHE = "max-age=2592000, stale-while-revalidate=86400"

_INLINE = frozenset(
    f"{kind}/{name}"
    for kind, names in {
        "image": "png jpg jpeg gif webp x-icon bmp",
        "video": "webm mp4 3gpp quicktime x-ms-wmv",
        "audio": "basic aiff mpeg midi mp3 wave wav x-wav x-mpeg x-m4a aac",
        "application": "pdf x-pdf",
    }.items()
    for name in names.split()
)
"""Content types that browsers may show; all others are saved."""
_OFFICE = "application/vnd.openxmlformats-officedocument."
_BY_EXTENSION = {
    ".svg": "image/svg+xml",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".xlsx": f"{_OFFICE}spreadsheetml.sheet",
    ".docx": f"{_OFFICE}wordprocessingml.document",
    ".pptx": f"{_OFFICE}presentationml.presentation",
}
"""Types that are told better by the name than by the content."""
_TAME_NAME = re.compile(r"[\w.*+\-=#]+", re.ASCII)


class Token(ApiHandler):
    """POST /api/files/token"""

    only = "auth"

    async def post(self) -> None:
        self.answer(self.backend.auth.file_token(self.info()))


class Download(ApiHandler):
    """GET /api/files/{collection}/{record}/{name}?thumb=&download=&token="""

    tags = MappingProxyType({"GET": ("file",)})

    unsent = 0
    """Bytes written since the client was last waited for."""

    async def get(self, collection: str, record: str, name: str) -> None:
        file = await self.backend.files.find(collection, record, name)
        if file.field.protected and not await self.backend.files.may_see(file, replace(self.info(), actor=await self.bearer())):
            raise NotFound
        opened = await self.backend.files.open(file, self.query("thumb"))
        with opened.stream:
            await self.serve(opened)

    async def bearer(self) -> Actor:
        """Whose token for files the URL carries; a superuser at an address not allowed to be one is a guest."""
        actor = await self.backend.auth.identify(self.query("token"), "file")
        return GUEST if actor.superuser and not self.backend.settings.admits_superuser(self.ip) else actor

    async def serve(self, opened: OpenBlob) -> None:
        """Answers with what the request wants of a blob."""
        blob = opened.blob
        self.describe(blob)
        if status := refused(self.request.headers, blob.modified):
            self.set_status(status)
            await self.finish()
            return
        try:
            pieces = ranges(self.request.headers, blob.size, blob.modified)
        except BadRange as error:
            await self.refuse_range(blob, error)
            return
        self.set_header("Accept-Ranges", "bytes")
        await self.send(opened, pieces)

    def describe(self, blob: Blob) -> None:
        """The headers that every answer about the blob has."""
        name = blob.key.rpartition("/")[2]
        shown = blob.content_type in _INLINE and not bool_of(self.query("download"))
        self.clear_header("X-Frame-Options")
        self.set_header("Content-Disposition", f"{'inline' if shown else 'attachment'}; {_file_name(name)}")
        self.set_header("Content-Type", _BY_EXTENSION.get(os.path.splitext(name)[1], blob.content_type))
        self.set_header("Content-Security-Policy", POLICY)
        self.set_header("Cache-Control", CACHE)
        self.set_header("Last-Modified", http_date(blob.modified))

    async def refuse_range(self, blob: Blob, error: BadRange) -> None:
        """416 in plain text, which nobody is to keep."""
        self.set_status(416)
        self.clear_header("Cache-Control")
        self.clear_header("Last-Modified")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        if error.outside:
            self.set_header("Content-Range", f"bytes */{blob.size}")
        await self.finish(f"{error}\n")

    # ---- the bytes

    async def send(self, opened: OpenBlob, pieces: list[Range]) -> None:
        """The whole blob, one range of it, or several as a multipart body."""
        plan = self.plan(opened.blob, pieces)
        self.set_header("Content-Length", sum(len(part) if isinstance(part, bytes) else part.length for part in plan))
        if self.request.method != "HEAD":
            try:
                for part in plan:
                    await self.send_part(opened, part)
            except StreamClosedError:
                self.hang_up()
        self.finish()

    def plan(self, blob: Blob, pieces: list[Range]) -> list[bytes | Range]:
        """What to send after another; sets the headers that say so."""
        if not pieces:
            return [Range(0, blob.size)]
        self.set_status(206)
        if len(pieces) == 1:
            self.set_header("Content-Range", pieces[0].of(blob.size))
            return [pieces[0]]
        boundary, content_type = secrets.token_hex(30), self._headers["Content-Type"]
        self.set_header("Content-Type", f"multipart/byteranges; boundary={boundary}")
        parts: list[bytes | Range] = []
        for number, piece in enumerate(pieces):
            head = f"--{boundary}\r\nContent-Range: {piece.of(blob.size)}\r\nContent-Type: {content_type}\r\n\r\n"
            parts += [("\r\n" if number else "").encode() + head.encode(), piece]
        return [*parts, f"\r\n--{boundary}--\r\n".encode()]

    async def send_part(self, opened: OpenBlob, part: bytes | Range) -> None:
        """Writes a part chunk by chunk, the next one when the client has taken the last. Raises StreamClosedError."""
        if isinstance(part, bytes):
            self.write(part)
        elif opened.content:
            await self.send_chunk(opened.content[part.start : part.start + part.length])
        else:
            await self.send_range(opened.stream, part.start, part.start + part.length)

    async def send_range(self, file: BinaryIO, at: int, end: int) -> None:
        """Writes the bytes from `at` to `end`, reading them on a thread. Raises StreamClosedError."""
        while at < end:
            chunk = await asyncio.get_running_loop().run_in_executor(None, _read, file, at, min(CHUNK, end - at))
            if not chunk:
                raise StreamClosedError  # shorter than announced: only a broken connection can say so now
            at += len(chunk)
            await self.send_chunk(chunk)

    async def send_chunk(self, chunk: bytes) -> None:
        """Writes bytes; where enough wait to be sent, returns when the client has taken them. Raises StreamClosedError."""
        self.write(chunk)
        self.unsent += len(chunk)
        if self.unsent < CHUNK:
            return
        self.unsent = 0
        try:
            await with_timeout(STALLED, self.flush(), quiet_exceptions=StreamClosedError)
        except StalledError:
            raise StreamClosedError from None

    def hang_up(self) -> None:
        """Breaks the connection."""
        connection: Any = self.request.connection
        connection.close()


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


def _file_name(name: str) -> str:
    """The parameter of Content-Disposition; a name that could be taken for something else is encoded."""
    return f"filename={name}" if _TAME_NAME.fullmatch(name) else f"filename*=UTF-8''{quote(name, safe='')}"


ROUTES = [
    (r"/api/files/token", Token),
    (r"/api/files/([^/]+)/([^/]+)/([^/]+)", Download),
]

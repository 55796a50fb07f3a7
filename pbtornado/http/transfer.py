"""Records out to files and in from files over HTTP, for superusers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from email.message import Message
from pathlib import Path
from typing import Any, BinaryIO

from tornado.gen import with_timeout
from tornado.iostream import StreamClosedError
from tornado.util import TimeoutError as StalledError

from ..errors import ApiError, BadRequest, FieldError
from ..files.temporary import temporary_path
from ..records.transfer.exporting import Chunk, Export
from ..records.transfer.formats import CONTENT_TYPES, Format, format_named, format_of_file
from ..records.transfer.outcome import Outcome, Wanted
from ..rules.request import RequestInfo
from ..values import ReceivedFile, json_bytes
from .body import Body, BodyReader
from .handler import ApiHandler, log

MOST_BYTES = 4 << 30
"""The longest file that may be sent."""
STALLED = timedelta(seconds=60)
"""How long a client may take none of what waits for it."""
LINES = "application/x-ndjson"
FILE = "file"
"""The part of a form that holds the file; any other will do as well."""


class WholeFile:
    """A body that is a file, whatever it says of itself: it goes to disk as it arrives."""

    def __init__(self, temporary: Path) -> None:
        self._path = temporary_path(temporary)
        self._file: BinaryIO | None = None
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """The next bytes. Raises OSError where the disk fails."""
        self._file = self._file or self._path.open("xb")
        self._file.write(chunk)
        self._size += len(chunk)

    def body(self) -> Body:
        """One upload."""
        if self._file:
            self._file.close()
        return Body(files={FILE: [ReceivedFile("", self._path, self._size)]})

    def discard(self) -> None:
        """Removes it; may be called again."""
        if self._file:
            self._file.close()
        self._path.unlink(missing_ok=True)


class _Transfer(ApiHandler):
    only = "superuser"

    def as_asked(self) -> RequestInfo:
        """Who, and in which request."""
        return RequestInfo(self.actor, method=self.request.method or "", request_id=self.request_id, ip=self.ip)

    async def send_piece(self, data: bytes) -> None:
        """Writes bytes and returns when the client has taken them. Raises StreamClosedError."""
        self.write(data)
        try:
            await with_timeout(STALLED, self.flush(), quiet_exceptions=StreamClosedError)
        except StalledError:
            raise StreamClosedError from None

    def hang_up(self) -> None:
        """Breaks the connection: what was sent so far must not be taken for the whole."""
        connection: Any = self.request.connection
        connection.close()
        self.finish()

    def asked_format(self) -> Format | None:
        """The format the query names; BadRequest where it names none that is known."""
        name = self.query("format")
        found = format_named(name)
        if name and found is None:
            raise _refused("format", "The format is one of csv, json, ndjson.")
        return found

    def switch(self, name: str) -> bool:
        """Whether a query key says so; BadRequest for what is neither true nor false."""
        text = self.query(name).lower()
        if text not in ("", "true", "1", "false", "0"):
            raise _refused(name, "This is neither true nor false.")
        return text in ("true", "1")


class RecordsExport(_Transfer):
    """GET /api/collections/{collection}/export"""

    async def get(self, collection: str) -> None:
        export = self.backend.records.exporting(collection, self.asked_format() or "json", self.as_asked(), self.query("filter"))
        chunks = export.chunks()
        # Behind the first records it is too late to refuse.
        first = [await anext(chunks), await anext(chunks)] if self.request.method != "HEAD" else []
        self.set_header("Content-Type", CONTENT_TYPES[export.format])
        self.set_header("Content-Disposition", f"attachment; filename={export.collection.name}.{export.format}")
        if first:
            await self._send(export, first, chunks)
        else:
            self.finish()

    async def _send(self, export: Export, first: list[Chunk], rest: AsyncIterator[Chunk]) -> None:
        try:
            for chunk in first:
                await self.send_piece(chunk.data)
            async for chunk in rest:
                await self.send_piece(chunk.data)
        except StreamClosedError:
            self.hang_up()
        except Exception as error:
            log.warning("request %s: the export of %s broke off: %s", self.request_id, export.collection.name, error)
            self.hang_up()
        else:
            self.finish()


class RecordsImport(_Transfer):
    """POST /api/collections/{collection}/import"""

    def body_limit(self) -> int:
        return MOST_BYTES

    def body_reader(self) -> BodyReader:
        headers, temporary = self.request.headers, self.backend.temporary
        form = headers.get("Content-Type", "").lower().startswith("multipart/form-data")
        return BodyReader(headers, limit=MOST_BYTES, temporary=temporary, form=None if form else WholeFile(temporary))

    async def post(self, collection: str) -> None:
        upload = self._upload()
        wanted = Wanted(self._format(upload), self._mapping(), self.switch("upsert"), self.switch("dryRun"))
        importing = self.backend.records.importing(collection, wanted, self.as_asked())
        if LINES not in self.request.headers.get("Accept", ""):
            self.answer((await importing.run(upload.path, _silent)).to_json())
            return
        self.set_header("Content-Type", LINES)
        try:
            await self._run(importing.run(upload.path, self._told))
        except StreamClosedError:
            self.hang_up()

    async def _run(self, run: Any) -> None:
        """Ends the lines with the outcome; where lines are on their way already, with the failure."""
        try:
            last = (await run).to_json()
        except ApiError as error:
            if not self._headers_written:
                self.set_header("Content-Type", "application/json")
                raise
            last = error.body()
        self.finish(json_bytes(last) + b"\n")

    async def _told(self, outcome: Outcome) -> None:
        if not outcome.done:
            told = {"rows": outcome.rows, "created": outcome.created, "updated": outcome.updated, "readBytes": outcome.read_bytes}
            await self.send_piece(json_bytes(told) + b"\n")

    # ---- what was sent

    def _upload(self) -> ReceivedFile:
        files = [upload for uploads in self.body().files.values() for upload in uploads]
        if not files or not files[0].size:
            raise _refused(FILE, "There is no file.", "validation_required")
        return files[0]

    def _format(self, upload: ReceivedFile) -> Format:
        message = Message()
        message["Content-Type"] = self.request.headers.get("Content-Type", "")
        found = self.asked_format() or format_of_file(upload.name) or format_named(message.get_content_subtype())
        if found is None:
            raise _refused("format", "Say ?format=csv, json or ndjson.", "validation_required")
        return found

    def _mapping(self) -> Mapping[str, str]:
        """`?map={"column": "field"}`."""
        try:
            mapping = json.loads(self.query("map") or "{}")
        except (ValueError, RecursionError):
            mapping = None
        if not isinstance(mapping, dict) or not all(isinstance(target, str) for target in mapping.values()):
            raise _refused("map", 'This is no JSON object such as {"column": "field"}.')
        return mapping


async def _silent(outcome: Outcome) -> None:
    """Nobody listens."""


def _refused(name: str, message: str, code: str = "validation_invalid_value") -> BadRequest:
    return BadRequest("", {name: FieldError(code, message)})


ROUTES = [
    (r"/api/collections/([^/]+)/export", RecordsExport),
    (r"/api/collections/([^/]+)/import", RecordsImport),
]

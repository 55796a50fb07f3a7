"""The dashboard at /_/: its page with a policy of its own for each answer, and its files, compressed when it was built."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from tornado.web import HTTPError, RedirectHandler

from ..config import asset
from .handler import READING, Answers
from .public import INDEX

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
NONCE = "{{nonce}}"
"""Where the page has the nonce of its policy."""
HASHED = "assets/"
"""Where files are that have a hash of their content in their name."""
NOT_BUILT = b"""<!doctype html>
<html lang="en"><title>pbtornado</title>
<p>pbtornado is running. Its dashboard is not built in this checkout: run <code>pip install -e .</code> and start the server again.
</html>
"""
_ENCODINGS = {".br": "br", ".gz": "gzip"}
"""By ending of a file's compressed copy what it is called in HTTP, the shortest first."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the build: its body for every encoding there is of it, "" for none, and a tag for each."""

    content_type: str
    cache_control: str
    bodies: Mapping[str, bytes]
    tags: Mapping[str, str]

    def encoding(self, accepted: str) -> str:
        """The encoding to answer with, "" for none, where an `Accept-Encoding` says so."""
        return next((encoding for encoding in self.bodies if encoding and _accepts(accepted, encoding)), "")


class Dashboard(Answers):
    """The page and what it loads. They are read once, when the first of them is asked for."""

    unlogged = READING

    tag: str | None = None
    """Of the answer; None for the page, whose nonce is never used again."""

    def initialize(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        if self.request.method not in (*READING, "OPTIONS"):
            raise HTTPError(404)
        if self.request.method != "OPTIONS":
            self.count()

    def compute_etag(self) -> str | None:
        return self.tag

    def get(self, path: str) -> None:
        if path in ("", INDEX):
            self.answer_page()
        elif file := files(self.root).get(path):
            self.answer_file(file)
        else:
            raise HTTPError(404)

    head = get

    def answer_page(self) -> None:
        """The page, with a nonce that is good for this answer alone."""
        nonce = secrets.token_urlsafe(16)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", POLICY.format(nonce=nonce))
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-cache")
        self.finish(page(self.root).replace(NONCE.encode(), nonce.encode()))

    def answer_file(self, file: File) -> None:
        """The file, as short as the client can read it, or 304 where it has it."""
        encoding = file.encoding(self.request.headers.get("Accept-Encoding", ""))
        self.tag = file.tags[encoding]
        self.add_header("Vary", "Accept-Encoding")
        self.set_header("Cache-Control", file.cache_control)
        self.set_header("Content-Type", file.content_type)
        if encoding:
            self.set_header("Content-Encoding", encoding)
        self.finish(file.bodies[encoding])


@cache
def page(root: Path) -> bytes:
    """The page as it was built, or one that says how to build it."""
    index = root / INDEX
    return index.read_bytes() if index.is_file() else NOT_BUILT


@cache
def files(root: Path) -> Mapping[str, File]:
    """All files of the build by their paths, but the page and what begins with a dot."""
    paths = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    plain = {name: path for name, path in paths.items() if path.suffix not in _ENCODINGS and name != INDEX and not name.startswith(".")}
    return {name: _file(name, path) for name, path in plain.items()}


def _file(name: str, path: Path) -> File:
    copies = {encoding: path.with_name(path.name + ending) for ending, encoding in _ENCODINGS.items()}
    bodies = {encoding: copy.read_bytes() for encoding, copy in copies.items() if copy.is_file()} | {"": path.read_bytes()}
    version = sha256(bodies[""]).hexdigest()[:16]
    tags = {encoding: f'"{version}-{encoding}"' if encoding else f'"{version}"' for encoding in bodies}
    kept = "public, max-age=31536000, immutable" if name.startswith(HASHED) else "no-cache"
    return File(guess_type(name)[0] or "application/octet-stream", kept, bodies, tags)


def _accepts(header: str, encoding: str) -> bool:
    """Whether an `Accept-Encoding` names the encoding, and not to refuse it."""
    for item in header.lower().split(","):
        name, _, parameter = item.replace(" ", "").partition(";")
        if name == encoding:
            return not parameter.startswith("q=") or parameter.removeprefix("q=").strip("0.") != ""
    return False


def dashboard() -> list[tuple[Any, ...]]:
    """The routes of the dashboard."""
    return [
        (r"/_", RedirectHandler, {"url": "/_/", "permanent": False}),
        (r"/_/(.*)", Dashboard, {"root": asset("admin") / "dist"}),
    ]

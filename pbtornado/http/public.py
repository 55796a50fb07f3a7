"""Static files: the directory a site is served from, and what answers where nothing else does."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from tornado.web import HTTPError, StaticFileHandler

from .handler import READING, Answers

INDEX = "index.html"
_PLAIN_IN_PATHS = "/:@!$&'()*+,;=~"
"""What may stand in a path as it is, beside letters and digits."""


class Unknown(Answers):
    """No such path: 404, or the way to the same path spelled properly."""

    unlogged = READING

    def prepare(self) -> None:
        if self.request.method != "OPTIONS":
            self.count()
        if tidy := tidied(self.request.path):
            query = f"?{self.request.query}" if self.request.query else ""
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.redirect(tidy + query, status=307)
        elif self.request.method != "OPTIONS":
            raise HTTPError(404)


class StaticFiles(Answers, StaticFileHandler):
    """Files of one directory, with ranges and `If-Modified-Since`."""

    unlogged = READING

    def compute_etag(self) -> None:
        """None: the time of the last change tells versions apart without reading the file."""

    def prepare(self) -> None:
        if self.request.method not in ("GET", "HEAD", "OPTIONS") or "\0" in unquote(self.request.path):
            raise HTTPError(404)
        if self.request.method != "OPTIONS":
            self.count()


class PublicFiles(StaticFiles):
    """A site: directories show their `index.html`, and with `fallback` every unknown path shows the site's own."""

    @property
    def fallback(self) -> bool:
        """Does the site's own page stand for every path it does not know?"""
        fallback: bool = self.settings["backend"].options.index_fallback
        return fallback

    def prepare(self) -> None:
        super().prepare()
        if tidy := tidied(self.request.path):
            self.redirect(tidy, status=307)

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        base, path = Path(root).resolve(), Path(os.path.normpath(absolute_path))
        if not path.is_relative_to(base):
            return self._instead(base)
        if path.is_dir():
            return self._directory(base, path)
        if not path.is_file():
            return self._instead(base)
        return self._file(path)

    def _directory(self, base: Path, path: Path) -> str | None:
        asked = self.request.path
        if not asked.endswith("/"):
            self.redirect(asked + "/", permanent=True)
            return None
        return str(path / INDEX) if (path / INDEX).is_file() else self._instead(base)

    def _file(self, path: Path) -> str | None:
        asked = self.request.path
        proper = asked.rstrip("/") if asked.endswith("/") else asked.removesuffix("/" + INDEX) + "/"
        if not asked.endswith(("/", "/" + INDEX)):
            return str(path)
        self.redirect(proper, permanent=True)
        return None

    def _instead(self, base: Path) -> str:
        if not self.fallback or not (base / INDEX).is_file():
            raise HTTPError(404)
        return str(base / INDEX)


def tidied(path: str) -> str:
    """The path without `//`, `.` and `..`, quoted as a URL wants it; "" where it has none of them."""
    plain = unquote(path)
    if not plain.startswith("/"):
        return ""
    clean = "/" + posixpath.normpath(plain).lstrip("/")
    clean += "/" if plain.endswith("/") and clean != "/" else ""
    return quote(clean, _PLAIN_IN_PATHS) if clean != plain and ("//" in plain or "/." in plain) else ""


def public_files(directory: Path | None) -> tuple[Any, ...]:
    """The route that stands last: the site, or 404."""
    if directory is None:
        return (r"/.*", Unknown)
    return (r"/(.*)", PublicFiles, {"path": str(directory.resolve())})

"""Blobs as files of the data directory, laid out as PocketBase lays them out."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from ..values import json_bytes, parse_json
from .storage import OCTETS, Blob, is_key
from .temporary import TEMPORARY, temporary_path

ATTRIBUTES = ".attrs"
"""What the name of the file beside a blob ends with, in which the blob's attributes are kept."""
_ATTEMPTS = 100


class LocalStorage:
    """Storage in a directory, which comes into being with the first blob."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    # ---- writing

    def put(self, key: str, source: Path | bytes, content_type: str, original: str = "", lasting: bool = True) -> None:
        """Stores the bytes with their attributes; both are on disk when this returns, and so are their names if they are to last."""
        target = self._path(key)
        attributes = json_bytes(_attributes(content_type, original, _md5(source))) + b"\n"
        with self._prepared(source) as blob, self._prepared(attributes) as sidecar:
            directories = _move(sidecar, f"{target}{ATTRIBUTES}")
            directories += _move(blob, str(target))
        for directory in dict.fromkeys(directories if lasting else ()):
            with suppress(FileNotFoundError):
                _sync(directory)

    @contextmanager
    def _prepared(self, source: Path | bytes) -> Iterator[Path]:
        """Bytes that are safe on disk under a name of their own, which is gone at the end."""
        path = temporary_path(self._temporary())
        try:
            if isinstance(source, bytes):
                path.write_bytes(source)
            else:
                _link_or_copy(source, path)
            _sync(path)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _temporary(self) -> Path:
        """A directory from which files can be moved into place."""
        self._root.mkdir(parents=True, exist_ok=True)
        beside = self._root.parent.stat().st_dev == self._root.stat().st_dev
        return (self._root.parent if beside else self._root) / TEMPORARY

    # ---- reading

    def stat(self, key: str) -> Blob | None:
        """Size and age from the file, the rest from its attributes."""
        path = self._find(key)
        try:
            found = path and os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not found or not _is_file(found):
            return None
        known = _read_attributes(f"{path}{ATTRIBUTES}")
        return Blob(key, found.st_size, found.st_mtime, _text(known, "user.content_type") or OCTETS, _original(known))

    def open(self, key: str) -> BinaryIO:
        """The file, opened for reading."""
        path = self._find(key)
        if path is None:
            raise FileNotFoundError(key)
        return path.open("rb")

    def keys(self, prefix: str) -> Iterator[str]:
        """Walks the directory the prefix names."""
        for folder, _, names in os.walk(self._folder(prefix)):
            base = Path(folder).relative_to(self._root).as_posix()
            yield from (f"{base}/{name}" for name in names if not name.endswith(ATTRIBUTES))

    # ---- removing

    def drop(self, key: str) -> None:
        """Removes the blob, its attributes, and the directories around it that are empty now."""
        if path := self._find(key):
            with suppress(IsADirectoryError, NotADirectoryError):
                path.unlink(missing_ok=True)
                Path(f"{path}{ATTRIBUTES}").unlink(missing_ok=True)
            self._prune(path.parent)

    def drop_prefix(self, prefix: str) -> None:
        """Removes the directory the prefix names, and those around it that are empty now."""
        folder = self._folder(prefix)
        _remove_tree(folder)
        self._prune(folder.parent)

    def _prune(self, folder: Path) -> None:
        """Removes empty directories from this one upwards."""
        with suppress(OSError):
            while folder != self._root:
                folder.rmdir()
                folder = folder.parent

    # ---- places

    def _path(self, key: str) -> Path:
        path = self._find(key)
        if path is None:
            raise ValueError(f"not a key: {key!r}")
        return path

    def _find(self, key: str) -> Path | None:
        return self._root / key if is_key(key) and not key.endswith(ATTRIBUTES) else None

    def _folder(self, prefix: str) -> Path:
        if not prefix.endswith("/") or not is_key(prefix[:-1]):
            raise ValueError(f"not a prefix: {prefix!r}")
        return self._root / prefix[:-1]


# ---- attributes


def _attributes(content_type: str, original: str, md5: bytes) -> dict[str, Any]:
    return {
        "user.cache_control": "",
        "user.content_disposition": "",
        "user.content_encoding": "",
        "user.content_language": "",
        "user.content_type": content_type,
        "user.metadata": {"original-filename": original.encode()[:255].decode(errors="ignore")} if original else None,
        "md5": base64.b64encode(md5).decode(),
    }


def _read_attributes(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            known = parse_json(file.read())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _text(known: dict[str, Any], name: str) -> str:
    value = known.get(name)
    return value if isinstance(value, str) else ""


def _original(known: dict[str, Any]) -> str:
    metadata = known.get("user.metadata")
    return _text(metadata, "original-filename") if isinstance(metadata, dict) else ""


def _md5(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return hashlib.md5(source, usedforsecurity=False).digest()
    with source.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()


# ---- the file system


def _link_or_copy(source: Path, target: Path) -> None:
    """The source's bytes under a second name: without moving them where the file system can do that."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _move(source: Path, target: str) -> list[Path]:
    """Gives a file its place; the directories whose entries are new. A directory that is swept away as empty meanwhile is made again."""
    for _ in range(_ATTEMPTS):
        directories = _make_directories(Path(target).parent)
        try:
            os.replace(source, target)
        except FileNotFoundError:
            continue
        return directories
    raise FileNotFoundError(target)


def _make_directories(path: Path) -> list[Path]:
    """Makes a directory and those above it; the directories whose entries are then to be synced."""
    if path.is_dir():
        return [path]
    above = _make_directories(path.parent)
    path.mkdir(parents=True, exist_ok=True)
    return [*above, path]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_file(found: os.stat_result) -> bool:
    return (found.st_mode & 0o170000) == 0o100000


def _remove_tree(path: Path) -> None:
    """Removes a directory; what others put into it meanwhile goes too."""
    for left in reversed(range(_ATTEMPTS)):
        try:
            shutil.rmtree(path, onerror=_unless_missing)
            break
        except OSError as error:
            if error.errno != errno.ENOTEMPTY or not left:
                raise


def _unless_missing(function: Any, path: str, error: Any) -> None:
    if not isinstance(error[1], FileNotFoundError | NotADirectoryError):
        raise error[1]

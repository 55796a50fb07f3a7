"""What becomes of a received file before it is stored: its name, and whether its field takes it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from ..errors import FieldError
from ..schema.fields.file import FileField
from ..values import ID_ALPHABET, ReceivedFile, random_text
from .sniff import Sniffed, same_type, sniff

__all__ = ["Sniffed", "check", "sniff", "stored_name"]

_RANDOM = 10
_LONGEST_NAME = 300
_LONGEST_STEM = 100
_SHORTEST_STEM = 3
_LONGEST_EXTENSION = 20
_NOT_IN_EXTENSION = re.compile(r"[^\w.*\-+=#]+", re.ASCII)
_EXTENSION = re.compile(r"(?:\.[^.]*)?\.[^.]*$")
_BETWEEN_WORDS = re.compile(r"[\W_]+", re.ASCII)
_HUMP = re.compile(r"(?<=[^A-Z_])(?=[A-Z])")


def stored_name(client_name: str, sniffed: Sniffed | None = None) -> str:
    """A name for storage that nobody can guess or has: `my_photo_1a2b3c4d5e.png` for `My Photo.png`.

    The extension is the client's (the last two where there are two), else that of the sniffed type.
    """
    name = client_name.encode("utf-8", "replace")[-_LONGEST_NAME:].decode("utf-8", "ignore")
    extension = _extension(name)
    return f"{_stem(name.removesuffix(extension))}_{_random()}{_clean(extension) or (sniffed.extension if sniffed else '')}"


def needs_sniffing(client_name: str) -> bool:
    """Whether the name has no extension of its own, so that `stored_name` needs the sniffed type."""
    return not _clean(_extension(client_name))


def check(field: FileField, kept: Collection[object], uploads: Sequence[ReceivedFile]) -> FieldError | None:
    """Why a field does not take these uploads beside the names it keeps, None where it does. Reads the files; raises OSError."""
    most = max(field.max_select, 1)
    if len(kept) + len(uploads) > most:
        return FieldError("validation_too_many_files", f"The maximum allowed files is {most}", {"maxSelect": most})
    return next(filter(None, (_check_one(field, upload) for upload in uploads)), None)


def _check_one(field: FileField, upload: ReceivedFile) -> FieldError | None:
    if upload.size > field.size_limit:
        name, most = upload.name[:_LONGEST_NAME], field.size_limit
        message = f"Failed to upload {name} - the maximum allowed file size is {most} bytes."
        return FieldError("validation_file_size_limit", message, {"file": name, "maxSize": most})
    if field.mime_types and not _has_type(upload, field.mime_types):
        message = f'"{upload.stored or upload.name}" mime type must be one of: {", ".join(field.mime_types)}.'
        return FieldError("validation_invalid_mime_type", message)
    return None


def _has_type(upload: ReceivedFile, allowed: Sequence[str]) -> bool:
    mime = sniff(upload.path).mime
    return any(same_type(mime, one) for one in allowed)


# ---- names


def _extension(name: str) -> str:
    found = _EXTENSION.search(name)
    return found[0] if found else ""


def _clean(extension: str) -> str:
    """The extension without what is unsafe, of bounded length; "" where nothing is left."""
    clean = _NOT_IN_EXTENSION.sub("", extension).strip(".")
    if len(clean) + 1 > _LONGEST_EXTENSION:
        clean = clean[-_LONGEST_EXTENSION:].strip(".")
    return f".{clean}" if clean else ""


def _stem(text: str) -> str:
    """The words of a text in snake case, with something random where that is short."""
    words = (_HUMP.sub("_", word) for word in _BETWEEN_WORDS.split(text) if word)
    stem = "_".join(words).lower()
    return stem[:_LONGEST_STEM] if len(stem) >= _SHORTEST_STEM else stem + _random()


def _random() -> str:
    return random_text(_RANDOM, ID_ALPHABET)

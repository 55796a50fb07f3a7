"""Of which type bytes are, told from the bytes alone and named as PocketBase names types."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .storage import OCTETS
from .text import text_type

HEAD = 3072
"""How many bytes of a file are looked at."""


class Sniffed(NamedTuple):
    """A content type, with its charset where it is a text, and the extension that goes with it (`.png`, or "")."""

    mime: str
    extension: str


UNKNOWN = Sniffed(OCTETS, "")


def sniff(path: Path) -> Sniffed:
    """The type of a file. Raises OSError."""
    with path.open("rb") as file:
        return sniff_bytes(file.read(HEAD + 1))


def sniff_bytes(data: bytes) -> Sniffed:
    """The type of bytes, of which the beginning is enough."""
    head = data[:HEAD]
    known = _box(head) or _signature(head) or _library(head)
    if known:
        return known
    text = text_type(head, whole=len(data) <= HEAD)
    return Sniffed(*text) if text else UNKNOWN


def same_type(mime: str, allowed: str) -> bool:
    """Whether a sniffed type is the allowed one, under any of its names and whatever its charset."""
    plain, wanted = _plain(mime), _plain(allowed)
    return plain == wanted or wanted in _ALIASES.get(plain, ())


def _plain(mime: str) -> str:
    return mime.partition(";")[0].strip().lower()


# ---- signatures

_MP4 = Sniffed("video/mp4", ".mp4")
_QUICKTIME = Sniffed("video/quicktime", ".mov")
_BRANDS = {
    b"M4A ": Sniffed("audio/x-m4a", ".m4a"),
    b"M4B ": Sniffed("audio/mp4", ".mp4"),
    b"M4P ": Sniffed("audio/mp4", ".mp4"),
    b"F4A ": Sniffed("audio/mp4", ".mp4"),
    b"F4B ": Sniffed("audio/mp4", ".mp4"),
    b"MSNV": Sniffed("audio/mp4", ".mp4"),
    b"NDAS": Sniffed("audio/mp4", ".mp4"),
    b"M4V ": Sniffed("video/x-m4v", ".m4v"),
    b"M4VH": Sniffed("video/x-m4v", ".m4v"),
    b"M4VP": Sniffed("video/x-m4v", ".m4v"),
    b"qt  ": _QUICKTIME,
    b"heic": Sniffed("image/heic", ".heic"),
    b"heix": Sniffed("image/heic", ".heic"),
    b"hevc": Sniffed("image/heic-sequence", ".heic"),
    b"hevx": Sniffed("image/heic-sequence", ".heic"),
    b"mif1": Sniffed("image/heif", ".heif"),
    b"heim": Sniffed("image/heif", ".heif"),
    b"heis": Sniffed("image/heif", ".heif"),
    b"avic": Sniffed("image/heif", ".heif"),
    b"msf1": Sniffed("image/heif-sequence", ".heif"),
    b"hevm": Sniffed("image/heif-sequence", ".heif"),
    b"hevs": Sniffed("image/heif-sequence", ".heif"),
    b"avcs": Sniffed("image/heif-sequence", ".heif"),
    b"avif": Sniffed("image/avif", ".avif"),
    b"avis": Sniffed("image/avif", ".avif"),
}


def _box(head: bytes) -> Sniffed | None:
    """Files made of boxes: the first box says which; an unknown brand is taken for a video."""
    kind = head[4:8]
    if kind == b"ftyp":
        brand = head[8:12]
        if brand[:3] in (b"3gp", b"3g2"):
            return Sniffed("video/3gpp", ".3gp") if brand[:3] == b"3gp" else Sniffed("video/3gpp2", ".3g2")
        return _BRANDS.get(brand, _MP4)
    return _QUICKTIME if kind in (b"moov", b"mdat", b"wide", b"skip", b"pnot") and head[:1] == b"\0" else None


_SIGNATURES = (
    (b"\x0aJXL", 0, Sniffed("image/jxl", ".jxl")),
    (b"\xff\x0a", 0, Sniffed("image/jxl", ".jxl")),
    (b"\0\0\0\x0cJXL \r\n\x87\n", 0, Sniffed("image/jxl", ".jxl")),
    (b"\0\0\0\x0cjP  \r\n\x87\n", 0, Sniffed("image/jp2", ".jp2")),
    (b"icns", 0, Sniffed("image/x-icns", ".icns")),
    (b"gimp xcf", 0, Sniffed("image/x-xcf", ".xcf")),
    (b".snd", 0, Sniffed("audio/basic", ".au")),
    (b"OggS", 0, Sniffed("application/ogg", ".ogg")),
    (b"glTF", 0, Sniffed("model/gltf-binary", ".glb")),
    (b"PAR1", 0, Sniffed("application/vnd.apache.parquet", ".parquet")),
    (b"ttcf", 0, Sniffed("font/collection", ".ttc")),
    (b"%FDF-", 0, Sniffed("application/vnd.fdf", ".fdf")),
    (b"PK\3\4", 0, Sniffed("application/java-archive", ".jar")),
)


def _signature(head: bytes) -> Sniffed | None:
    for magic, at, known in _SIGNATURES:
        if head.startswith(magic, at) and (magic != b"PK\3\4" or b"META-INF/" in head[30:64]):
            return known
    return None


_RENAMED = {
    "image/apng": Sniffed("image/vnd.mozilla.apng", ".png"),
    "image/tiff": Sniffed("image/tiff", ".tiff"),
    "image/x-canon-cr2": Sniffed("image/tiff", ".tiff"),
    "image/vnd.ms-photo": Sniffed("image/jxr", ".jxr"),
    "image/jpx": Sniffed("image/jp2", ".jp2"),
    "audio/x-wav": Sniffed("audio/wav", ".wav"),
    "audio/x-flac": Sniffed("audio/flac", ".flac"),
    "audio/x-aiff": Sniffed("audio/aiff", ".aiff"),
    "audio/midi": Sniffed("audio/midi", ".midi"),
    "video/mpeg": Sniffed("video/mpeg", ".mpeg"),
    "video/x-ms-wmv": Sniffed("video/x-ms-asf", ".asf"),
    "application/rtf": Sniffed("text/rtf", ".rtf"),
    "application/x-sqlite3": Sniffed("application/vnd.sqlite3", ".sqlite"),
    "application/x-msdownload": Sniffed("application/vnd.microsoft.portable-executable", ".exe"),
    "application/x-executable": Sniffed("application/x-executable", ""),
    "application/x-deb": Sniffed("application/vnd.debian.binary-package", ".deb"),
    "application/x-unix-archive": Sniffed("application/x-archive", ".a"),
    "application/x-lzip": Sniffed("application/lzip", ".lz"),
}


def _library(head: bytes) -> Sniffed | None:
    import filetype

    found = filetype.guess(head)
    if found is None:
        return Sniffed("application/x-ole-storage", "") if head.startswith(bytes.fromhex("D0CF11E0A1B11AE1")) else None
    if found.mime.startswith("application/font-"):
        return Sniffed(f"font/{found.extension}", f".{found.extension}")
    return _RENAMED.get(found.mime) or Sniffed(found.mime, f".{found.extension}")


# ---- other names

_ALIASES: dict[str, tuple[str, ...]] = {
    "application/gzip": ("application/x-gzip", "application/x-gunzip", "application/gzipped", "application/x-gzip-compressed"),
    "application/ogg": ("application/x-ogg",),
    "application/pdf": ("application/x-pdf",),
    "application/vnd.microsoft.portable-executable": ("application/x-msdownload", "application/x-dosexec"),
    "application/vnd.sqlite3": ("application/x-sqlite3",),
    "application/x-ole-storage": ("application/x-cfb",),
    "application/x-rar-compressed": ("application/x-rar", "application/vnd.rar"),
    "application/zip": ("application/x-zip", "application/x-zip-compressed"),
    "audio/aiff": ("audio/x-aiff",),
    "audio/amr": ("audio/amr-nb",),
    "audio/flac": ("audio/x-flac",),
    "audio/midi": ("audio/mid", "audio/sp-midi", "audio/x-mid", "audio/x-midi"),
    "audio/mp4": ("audio/x-mp4a",),
    "audio/mpeg": ("audio/x-mpeg", "audio/mp3"),
    "audio/wav": ("audio/x-wav", "audio/vnd.wave", "audio/wave"),
    "image/bmp": ("image/x-bmp", "image/x-ms-bmp"),
    "image/jxr": ("image/vnd.ms-photo",),
    "image/vnd.adobe.photoshop": ("image/x-psd", "application/photoshop"),
    "image/x-icon": ("image/vnd.microsoft.icon",),
    "text/javascript": ("application/javascript", "application/x-javascript"),
    "text/rtf": ("application/rtf",),
    "text/xml": ("application/xml",),
    "video/3gpp": ("video/3gp", "audio/3gpp"),
    "video/3gpp2": ("video/3g2", "audio/3gpp2"),
    "video/quicktime": ("video/x-quicktime",),
    "video/x-ms-asf": ("video/asf", "video/x-ms-wmv"),
    "video/x-msvideo": ("video/avi", "video/msvideo"),
}

"""Uploads: the names they get and the limits of their field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pbtornado.files.sniff import Sniffed
from pbtornado.files.upload import check, needs_sniffing, stored_name
from pbtornado.schema.fields import FileField
from pbtornado.values import ReceivedFile
from tests.files.images import quarters

TEXT = Sniffed("text/plain; charset=utf-8", ".txt")


@pytest.mark.parametrize(
    ("client", "stored"),
    [
        ("test.txt", "test_~.txt"),
        ("My Photo.PNG", "my_photo_~.PNG"),
        ("MyTestDB", "my_test_db_~.txt"),
        ("1A2B.txt", "1_a2_b_~.txt"),
        ("a.b.c.tar.gz", "a_b_c_~.tar.gz"),
        ("x.tar.gz", "x~_~.tar.gz"),
        ("éàü.png", "~_~.png"),
        (".hidden", "~_~.hidden"),
        ("..", "~_~.txt"),
        ("", "~_~.txt"),
        ("a.png.", "a~_~.png"),
        ("v1.2.photo of me.png", "v1_2_~.photoofme.png"),
        ("../../etc/passwd", "~_~.etcpasswd"),
        ("a" * 150 + ".txt", "a" * 100 + "_~.txt"),
        ("abc." + "y" * 40, "abc_~." + "y" * 20),
        ("b" * 400 + ".verylongextensionthatistoolong", "b" * 100 + "_~.tensionthatistoolong"),
        ("abc.t\r\n\x00x;t\"'<>", "abc_~.txt"),
    ],
)
def test_names(client: str, stored: str) -> None:
    """The words in snake case, something random, and a harmless extension: the client's, else that of the content."""
    pattern = "[a-z0-9]{10}".join(map(re.escape, stored.split("~")))
    assert re.fullmatch(pattern, stored_name(client, TEXT))


def test_no_two_names_are_the_same() -> None:
    """A name cannot be guessed from the client's."""
    assert len({stored_name("a.txt") for _ in range(100)}) == 100


@pytest.mark.parametrize(("name", "needs"), [("a.txt", False), ("a", True), ("a.", True), ("a.é", True)])
def test_only_names_without_extension_need_sniffing(name: str, needs: bool) -> None:
    """Where the client's name has a usable extension the content need not be looked at."""
    assert needs_sniffing(name) == needs


def upload(tmp_path: Path, content: bytes, name: str = "My.txt") -> ReceivedFile:
    """A received file that has its stored name."""
    path = tmp_path / name
    path.write_bytes(content)
    return ReceivedFile(name, path, len(content), "my_stored.txt")


def refusal(tmp_path: Path, field: dict[str, Any], *contents: bytes, kept: int = 0) -> dict[str, Any] | None:
    """The body of the error with which a field refuses files."""
    described = FileField(id="f", name="docs", **field)
    error = check(described, ["x"] * kept, [upload(tmp_path, content) for content in contents])
    return error.body() if error else None


def test_files_within_limits(tmp_path: Path) -> None:
    """What is small enough, of an allowed type and not one too many is taken."""
    field = {"max_size": 5, "max_select": 2, "mime_types": ("image/png", "text/plain")}
    assert refusal(tmp_path, field, b"12345", kept=1) is None
    assert refusal(tmp_path, field) is None


def test_too_large(tmp_path: Path) -> None:
    """One byte too many is refused with the limit."""
    assert refusal(tmp_path, {"max_size": 4}, b"12345") == {
        "code": "validation_file_size_limit",
        "message": "Failed to upload My.txt - the maximum allowed file size is 4 bytes.",
        "params": {"file": "My.txt", "maxSize": 4},
    }


def test_five_megabytes_unless_said_otherwise(tmp_path: Path) -> None:
    """A field without a limit has PocketBase's."""
    error = refusal(tmp_path, {}, bytes((5 << 20) + 1))
    assert error
    assert error["params"]["maxSize"] == 5 << 20


def test_too_many(tmp_path: Path) -> None:
    """Kept names count as well as uploads."""
    assert refusal(tmp_path, {"max_select": 2}, b"a", b"b", kept=1) == {
        "code": "validation_too_many_files",
        "message": "The maximum allowed files is 2.",
        "params": {"maxSelect": 2},
    }


def test_type_is_told_from_content(tmp_path: Path) -> None:
    """A name ending in .txt does not make an image a text."""
    assert refusal(tmp_path, {"mime_types": ("text/plain", "text/csv")}, quarters(9, 9)) == {
        "code": "validation_invalid_mime_type",
        "message": '"my_stored.txt" mime type must be one of: text/plain, text/csv.',
    }

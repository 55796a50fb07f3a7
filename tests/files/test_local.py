"""Blobs as files: PocketBase's layout, whole or not at all, and nothing outside the storage."""

import json
from pathlib import Path
from threading import Thread

import pytest

from pbtornado.files.local import LocalStorage
from pbtornado.files.storage import Blob
from pbtornado.files.temporary import TEMPORARY

KEY = "coll/rec/a.txt"


def test_put_blob_is_found(storage: LocalStorage) -> None:
    """What was put is there with its type and the name it came by."""
    storage.put(KEY, b"abc", "text/plain; charset=utf-8", "My A.txt")
    blob = storage.stat(KEY)
    assert blob
    assert blob == Blob(KEY, 3, blob.modified, "text/plain; charset=utf-8", "My A.txt")
    with storage.open(KEY) as file:
        assert file.read() == b"abc"


def test_attributes_are_written_as_pocketbase_writes_them(storage: LocalStorage, tmp_path: Path) -> None:
    """The file beside the blob is byte for byte PocketBase's."""
    storage.put(KEY, b"test", "text/plain; charset=utf-8", "test.txt")
    assert (tmp_path / "storage/coll/rec/a.txt.attrs").read_text() == (
        '{"user.cache_control":"","user.content_disposition":"","user.content_encoding":"","user.content_language":"",'
        '"user.content_type":"text/plain; charset=utf-8","user.metadata":{"original-filename":"test.txt"},'
        '"md5":"CY9rzUYh03PK3k6DJie09g=="}\n'
    )


def test_without_original_name_there_is_no_metadata(storage: LocalStorage, tmp_path: Path) -> None:
    """A blob that came by no name, like a thumb, has null there; a long name is cut at 255 bytes."""
    storage.put("c/r/a", b"", "image/png")
    storage.put("c/r/b", b"", "image/png", "é" * 200)
    known = [json.loads((tmp_path / f"storage/c/r/{name}.attrs").read_text())["user.metadata"] for name in "ab"]
    assert known == [None, {"original-filename": "é" * 127}]


def test_file_as_source_stays(storage: LocalStorage, tmp_path: Path) -> None:
    """A source on disk is stored without being taken away."""
    source = tmp_path / "upload"
    source.write_bytes(b"x" * 5000)
    storage.put(KEY, source, "text/plain")
    assert source.exists()
    source.unlink()
    with storage.open(KEY) as file:
        assert file.read() == b"x" * 5000


def test_blob_without_attributes_is_octets(storage: LocalStorage, tmp_path: Path) -> None:
    """A file somebody laid there by hand is served as bytes of unknown type, also beside broken attributes."""
    storage.put(KEY, b"abc", "text/plain")
    (tmp_path / f"storage/{KEY}.attrs").write_text("{")
    blob = storage.stat(KEY)
    assert blob
    assert blob.content_type == "application/octet-stream"


@pytest.mark.parametrize(
    "key",
    [
        "coll/rec/other",
        "coll/rec",
        "coll/rec/a.txt/b",
        "coll/rec/a.txt.attrs",
        "../secret",
        "c/../../secret",
        "/etc/passwd",
        "c//a",
        "c/./a",
        "a\x00b",
        "c/" + "x" * 300,
        "",
    ],
)
def test_what_is_no_blob_is_not_there(storage: LocalStorage, tmp_path: Path, key: str) -> None:
    """Missing files, directories, attributes and every way out of the storage are simply not there."""
    (tmp_path / "secret").write_text("x")
    storage.put(KEY, b"abc", "text/plain")
    assert storage.stat(key) is None
    with pytest.raises((FileNotFoundError, IsADirectoryError, NotADirectoryError)):
        storage.open(key)
    storage.drop(key)
    assert (tmp_path / "secret").exists()
    assert storage.stat(KEY)


@pytest.mark.parametrize("key", ["../a", "c/../a", "/a", "a/", "c/a.attrs", "c/a\n", "c\\a/.."])
def test_nothing_is_put_outside(storage: LocalStorage, key: str) -> None:
    """A key that names no place in the storage is refused."""
    with pytest.raises(ValueError, match="not a key"):
        storage.put(key, b"", "text/plain")


@pytest.mark.parametrize("prefix", ["", "/", "coll", "../", "coll/../../", "coll//"])
def test_prefix_must_be_a_place_inside(storage: LocalStorage, prefix: str) -> None:
    """Only a directory inside the storage can be dropped or listed."""
    with pytest.raises(ValueError, match="not a prefix"):
        storage.drop_prefix(prefix)
    with pytest.raises(ValueError, match="not a prefix"):
        list(storage.keys(prefix))


def test_drop_removes_blob_attributes_and_empty_directory(storage: LocalStorage, tmp_path: Path) -> None:
    """With its last blob a record's directory goes."""
    storage.put(KEY, b"a", "text/plain")
    storage.put("coll/rec/b", b"b", "text/plain")
    storage.drop(KEY)
    assert sorted(path.name for path in (tmp_path / "storage/coll/rec").iterdir()) == ["b", "b.attrs"]
    storage.drop("coll/rec/b")
    assert not (tmp_path / "storage/coll/rec").exists()


def test_prefix_is_listed_and_dropped_with_thumbs(storage: LocalStorage, tmp_path: Path) -> None:
    """A record's prefix holds its blobs and their thumbs, and no other record's."""
    for key in (KEY, "coll/rec/thumbs_a.txt/1x1_a.txt", "coll/rec2/a.txt"):
        storage.put(key, b"a", "text/plain")
    assert sorted(storage.keys("coll/rec/")) == [KEY, "coll/rec/thumbs_a.txt/1x1_a.txt"]
    storage.drop_prefix("coll/rec/")
    storage.drop_prefix("coll/none/")
    assert list(storage.keys("coll/")) == ["coll/rec2/a.txt"]


def test_failed_put_leaves_nothing(storage: LocalStorage, tmp_path: Path) -> None:
    """Where the blob's place is taken by a directory, neither attributes' temporary file nor the blob's stays."""
    (tmp_path / "storage/coll/rec/a.txt").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        storage.put(KEY, b"a", "text/plain")
    assert not list((tmp_path / TEMPORARY).iterdir())


def test_put_while_the_directory_is_swept_away(storage: LocalStorage) -> None:
    """A blob finds its place although others keep removing the record's directory when it is empty."""

    def sweep() -> None:
        for _ in range(200):
            storage.drop("coll/rec/gone")

    sweeping = Thread(target=sweep)
    sweeping.start()
    for number in range(30):
        storage.put(f"coll/rec/{number}", b"a", "text/plain")
        storage.drop(f"coll/rec/{number}")
    sweeping.join()
    assert list(storage.keys("coll/rec/")) == []

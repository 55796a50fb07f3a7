"""Files of records: names, where they lie, and that none is left when a write is refused."""

from __future__ import annotations

import pytest

from pbtornado.records.uploads import has_uploads, named
from tests.records.world import GUEST, World, codes, file, refused, text

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


async def test_uploads_get_their_names_first(world: World) -> None:
    """Each upload is named once, keeping its extension; payloads without files stay as they are."""
    upload = world.upload("My Photo.png", PNG)
    payload = await named({"photos": ["old.png", upload], "title": "x"})
    old, new = payload["photos"]
    assert old == "old.png"
    assert new.stored.startswith("my_photo_")
    assert new.stored.endswith(".png")
    plain = {"title": "x"}
    assert not has_uploads(plain)
    assert await named(plain) is plain


async def test_a_stored_file(world: World) -> None:
    """The record names the file, and it lies under collection and record."""
    posts = await world.make("posts", file("photo"))
    created = await world.add("posts", photo=world.upload("a b.png", PNG))
    assert created["photo"].startswith("a_b_")
    blob = world.storage.stat(f"{posts.id}/{created['id']}/{created['photo']}")
    assert blob
    assert (blob.size, blob.content_type, blob.original) == (len(PNG), "image/png", "a b.png")


async def test_files_are_added_and_taken_away(world: World) -> None:
    """`field+` adds behind, `+field` before, `field-` takes away by name, the plain name keeps what it lists."""
    await world.make("posts", file("files", maxSelect=9))
    one = await world.add("posts", files=[world.upload("aaa.txt", b"a"), world.upload("bbb.txt", b"b")])
    a, b = one["files"]
    more = {"files+": world.upload("ccc.txt", b"c"), "+files": world.upload("ddd.txt", b"d")}
    first, *kept, last = (await world.records.update("posts", one["id"], more, GUEST))["files"]
    assert (first[:3], kept, last[:3]) == ("ddd", [a, b], "ccc")
    assert (await world.records.update("posts", one["id"], {"files-": [a, first]}, GUEST))["files"] == [b, last]
    assert (await world.records.update("posts", one["id"], {"files": [last]}, GUEST))["files"] == [last]


@pytest.mark.parametrize(
    ("options", "content", "code"),
    [
        ({"maxSize": 3}, b"four", "validation_file_size_limit"),
        ({"mimeTypes": ["image/png"]}, b"text", "validation_invalid_mime_type"),
    ],
)
async def test_refused_files(world: World, options: dict[str, object], content: bytes, code: str) -> None:
    """Too large or of the wrong type is said, and nothing is stored."""
    await world.make("posts", file("photo", **options))
    assert codes(await refused(world.add("posts", photo=world.upload("a.png", content)))) == {"photo": code}
    assert world.blobs() == []


async def test_too_many_files(world: World) -> None:
    """Kept and new files count together."""
    await world.make("posts", file("files", maxSelect=2))
    one = await world.add("posts", files=[world.upload("aaa.txt", b"a"), world.upload("bbb.txt", b"b")])
    more = world.records.update("posts", one["id"], {"files+": world.upload("ccc.txt", b"c")}, GUEST)
    assert codes(await refused(more)) == {"files": "validation_too_many_files"}
    assert len(world.blobs()) == 2


async def test_names_of_files_that_are_not_there(world: World) -> None:
    """A record cannot claim a file by its name."""
    await world.make("posts", file("photo"))
    error = await refused(world.add("posts", photo="stranger.png"))
    assert error.body()["data"]["photo"] == {
        "code": "validation_invalid_file",
        "message": "Invalid new files: [stranger.png].",
        "params": {"invalidFiles": ["stranger.png"]},
    }


async def test_nothing_is_left_of_a_refused_write(world: World) -> None:
    """Blobs that were put before the commit are dropped when it is refused."""
    await world.make("posts", text("slug"), file("photo"), indexes=["CREATE UNIQUE INDEX `once` ON `posts` (`slug`)"])
    await world.add("posts", slug="a")
    assert codes(await refused(world.add("posts", slug="a", photo=world.upload("a.png", PNG)))) == {"slug": "validation_not_unique"}
    assert world.blobs() == []


async def test_strangers_store_nothing(world: World) -> None:
    """Whom the rule turns away has cost no storage."""
    await world.make("posts", file("photo"), createRule="@request.auth.id != ''")
    assert (await refused(world.records.create("posts", {"photo": world.upload("a.png", PNG)}, GUEST))).status == 400
    assert world.blobs() == []


async def test_rules_see_uploads(world: World) -> None:
    """A rule asks how many files come, and what they weigh."""
    await world.make("posts", file("files", maxSelect=9), createRule="@request.body.files:length = 2 && @request.body.files.0.size = 1")
    two = [world.upload("aaa.txt", b"a"), world.upload("bbb.txt", b"bb")]
    assert len((await world.records.create("posts", {"files": two}, GUEST))["files"]) == 2
    assert (await refused(world.records.create("posts", {"files": two[:1]}, GUEST))).status == 400


async def test_uploads_for_other_fields_are_ignored(world: World) -> None:
    """A file sent for a text is no text."""
    await world.make("posts", text("title"))
    assert (await world.add("posts", title=world.upload("a.png", PNG)))["title"] == ""

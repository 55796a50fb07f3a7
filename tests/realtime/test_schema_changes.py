"""Changes that are told after collections have changed."""

from __future__ import annotations

from typing import Any

import pytest

from pbtornado.schema.catalog import Catalogs
from pbtornado.store.protocol import StoreBusy
from tests.realtime.live import Live, topic
from tests.records.world import number, text

TAGS = {"type": "select", "values": ["a", "b", "c"]}


async def change_field(live: Live, name: str, /, **options: Any) -> None:
    """Gives a field of `posts` other options."""
    posts = live.collection("posts")
    fields = [{**field.to_json(), **(options if field.name == name else {})} for field in posts.fields]
    await live.collections.update("posts", {"fields": fields})


async def test_renamed_and_retyped_fields(live: Live) -> None:
    """Whoever resumes after fields were renamed, retyped and added hears values under the names and in the forms of now."""
    await live.make("posts", number("n"), {"name": "tags", "maxSelect": 1, **TAGS})
    start = live.position()
    await live.add("posts", n=7, tags="b")
    await change_field(live, "n", name="count")
    await change_field(live, "tags", maxSelect=3)
    kept = [one.to_json() for one in live.collection("posts").fields]
    await live.collections.update("posts", {"fields": [*kept, {"name": "x", "type": "bool"}]})
    ear = await live.listen("posts/*", since=start)
    record = (await ear.next()).record
    assert (record["count"], record["tags"], record["x"]) == (7, ["b"], False)
    assert "n" not in record


async def test_swapped_names(live: Live) -> None:
    """Values follow their field, not its name, and filters are asked of them so."""
    await live.make("posts", text("a"), text("b"))
    start = live.position()
    await live.add("posts", a="first", b="second")
    posts = live.collection("posts")
    swapped = {"a": "b", "b": "a"}
    fields = [{**field.to_json(), "name": swapped.get(field.name, field.name)} for field in posts.fields]
    await live.collections.update("posts", {"fields": fields})
    ear = await live.listen(topic("posts/*", filter="b = 'first'"), since=start)
    assert (await ear.next()).record["a"] == "second"


async def test_a_field_dropped_and_made_again_is_another(live: Live) -> None:
    """What the dropped field held is not told as the new one's value, although both have one id."""
    await live.make("posts", text("a"))
    start = live.position()
    await live.add("posts", a="old")
    kept = [one.to_json() for one in live.collection("posts").fields if one.name != "a"]
    await live.collections.update("posts", {"fields": kept})
    await live.collections.update("posts", {"fields": [*kept, text("a")]})
    ear = await live.listen("posts/*", since=start)
    assert (await ear.next()).record["a"] == ""


async def test_a_collection_made_again_does_not_tell_of_the_former_one(live: Live) -> None:
    """Collections of one name have one id; records of a dropped one are told to nobody."""
    await live.make("posts", open=False)
    start = live.position()
    await live.add("posts")
    await live.collections.delete("posts")
    await live.make("posts")
    ear = await live.listen("posts/*", since=start)
    assert await live.mark(ear) == [[]]


async def test_what_came_before_a_new_name_is_owed(live: Live) -> None:
    """A connection that is behind hears under the collection's former name what happened while it had it."""
    await live.make("posts")
    ear = await live.listen("posts/*")
    ear.connection.go_back(live.store.head_mark)
    before = await live.add("posts")
    await live.collections.update("posts", {"name": "essays"})
    await live.add("essays")
    (heard,) = await live.mark(ear)
    assert [event.record["id"] for event in heard] == [before["id"]]


async def test_a_topic_that_means_another_collection(live: Live) -> None:
    """Whoever listens is told to read anew, and hears of the collection that has the name now."""
    await live.make("posts")
    ear = await live.listen("posts/*")
    await live.collections.update("posts", {"name": "essays"})
    await live.make("posts", id="another000000")
    await live.add("posts")
    (heard,) = await live.mark(ear)
    assert [event.name for event in heard] == ["PB_RESYNC", "posts/*"]
    assert heard[0].data == {"reason": "renamed", "topics": ["posts/*"]}


async def test_a_busy_database_ends_no_stream(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that cannot be handed the log now asks again."""
    await live.make("posts")
    start = live.position()
    await live.add("posts")
    ear = await live.listen("posts/*", since=start)
    read, busy = Catalogs.read_with, iter([True, True])

    def read_with(self: Catalogs, *asked: Any) -> Any:
        if next(busy, False):
            raise StoreBusy("collections go on changing")
        return read(self, *asked)

    monkeypatch.setattr(Catalogs, "read_with", read_with)
    assert (await ear.next()).action == "create"
    assert next(busy, None) is None

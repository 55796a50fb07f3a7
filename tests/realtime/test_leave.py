"""Records that leave a client's sight, told on request."""

from __future__ import annotations

import pytest

from tests.realtime.live import Live, topic
from tests.records.world import GUEST, SUPERUSER, number, text


@pytest.mark.parametrize("how", ["connection", "topic"])
async def test_leave(live: Live, how: str) -> None:
    """A record that no longer fits is told once, by its id alone."""
    posts = await live.make("posts", text("state"), text("title"), listRule="state = 'open'")
    wanted = topic("posts/*", leave="1") if how == "topic" else "posts/*"
    ear = await live.listen(wanted, leave=how == "connection")
    post = await live.add("posts", state="open", title="a")
    for title in "bc":
        await live.records.update("posts", post["id"], {"state": "closed", "title": title}, SUPERUSER)
    await live.records.delete("posts", post["id"], SUPERUSER)
    (heard,) = await live.mark(ear)
    assert [event.action for event in heard] == ["create", "leave"]
    assert heard[1].record == {"id": post["id"], "collectionId": posts.id, "collectionName": "posts"}


async def test_not_asked_for(live: Live) -> None:
    """Without the option a record leaves in silence."""
    await live.make("posts", text("state"), listRule="state = 'open'")
    ear, other = await live.listen("posts/*"), await live.listen(topic("posts/*", leave="true"))
    post = await live.add("posts", state="open")
    await live.records.update("posts", post["id"], {"state": "closed"}, SUPERUSER)
    assert [[event.action for event in heard] for heard in await live.mark(ear, other)] == [["create"], ["create", "leave"]]


async def test_filter_of_many(live: Live) -> None:
    """Each client's own filter decides what leaves its sight."""
    await live.make("posts", number("n"))
    ears = [await live.listen(topic("posts/*", filter=f"n > {n}", leave="1")) for n in (0, 5)]
    post = await live.add("posts", n=7)
    await live.records.update("posts", post["id"], {"n": 3}, SUPERUSER)
    assert [[event.action for event in heard] for heard in await live.mark(*ears)] == [["create", "update"], ["create", "leave"]]


async def test_actor_in_rule(live: Live) -> None:
    """A record handed from one to another leaves the first and comes to the second."""
    await live.make("posts", text("owner"), listRule="owner = @request.auth.id")
    ann, bob = await live.user("ann"), await live.user("bob")
    assert ann.actor.record
    assert bob.actor.record
    ears = [await live.listen(topic("posts/*", leave="1"), info=info) for info in (ann, bob, GUEST)]
    post = await live.add("posts", owner=ann.actor.record.id)
    await live.records.update("posts", post["id"], {"owner": bob.actor.record.id}, SUPERUSER)
    assert [[event.action for event in heard] for heard in await live.mark(*ears)] == [["create", "leave"], ["update"], []]


async def test_after_a_position(live: Live) -> None:
    """What left while a client was away is told when it comes back."""
    await live.make("posts", text("state"), listRule="state = 'open'")
    post = await live.add("posts", state="open")
    start = live.position()
    await live.records.update("posts", post["id"], {"state": "closed"}, SUPERUSER)
    ear = await live.listen("posts/*", since=start, leave=True)
    assert (await ear.next()).action == "leave"

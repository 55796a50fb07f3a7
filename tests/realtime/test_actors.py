"""Who listens, as the log changes who they are."""

from __future__ import annotations

from pbtornado.auth.identity import actor_of
from pbtornado.rules.request import RequestInfo
from tests.realtime.live import Live
from tests.records.world import PASSWORD, SUPERUSER, relation, text

SIGNED_IN = "@request.auth.id != ''"


def label(info: RequestInfo) -> str:
    """The id of who asks."""
    assert info.actor.record
    return info.actor.record.id


async def test_new_token_key(live: Live) -> None:
    """Who has a new password is a guest on the streams he had open, and may sign in there again."""
    await live.make("posts", listRule=SIGNED_IN)
    ann = await live.user()
    ear = await live.listen("posts/*", info=ann)
    await live.records.update("users", label(ann), PASSWORD, SUPERUSER)
    await live.add("posts")
    assert await live.mark(ear) == [[]]
    again = RequestInfo(actor_of(await live.stored("users", label(ann))))
    await live.realtime.subscribe(ear.id, ["posts/*"], again)
    await live.add("posts")
    assert (await ear.next()).name == "posts/*"


async def test_revoked_meanwhile(live: Live) -> None:
    """Who was identified before his token was revoked, and subscribes after, is a guest."""
    await live.make("posts", listRule=SIGNED_IN)
    ann = await live.user()
    await live.records.update("users", label(ann), PASSWORD, SUPERUSER)
    ear = await live.listen("posts/*", info=ann)
    await live.add("posts")
    assert await live.mark(ear) == [[]]


async def test_signed_in_with_the_new_key(live: Live) -> None:
    """Who subscribes with the new token is no guest when the log tells of it afterwards."""
    await live.make("posts", listRule=SIGNED_IN)
    ann = await live.user()
    await live.tail.stop()
    await live.records.update("users", label(ann), PASSWORD, SUPERUSER)
    ear = await live.listen("posts/*", info=RequestInfo(actor_of(await live.stored("users", label(ann)))))
    changes = await live.changes("users")
    await live.realtime.fanout.consume(changes, live.store.changes.position())
    assert ear.connection.actor.record


async def test_renewed(live: Live) -> None:
    """An actor's record is the newest one, which is what a private email's owner is known by."""
    ann = await live.user()
    ear = await live.listen("users/*", info=SUPERUSER)
    own = await live.listen(f"users/{label(ann)}", info=ann)
    await live.records.update("users", label(ann), {"name": "Ann"}, SUPERUSER)
    await ear.next()
    assert own.connection.actor.record
    assert own.connection.actor.record.get("name") == "Ann"


async def test_deleted(live: Live) -> None:
    """Who is deleted still hears of all that went with him, then is a guest."""
    users = live.collection("users")
    await live.make(
        "posts", relation("author", users, cascadeDelete=True), text("title"), listRule=f"{SIGNED_IN} && author = @request.auth.id"
    )
    ann = await live.user()
    for title in "ab":
        await live.add("posts", author=label(ann), title=title)
    ear = await live.listen("posts/*", f"users/{label(ann)}", info=ann)
    await live.records.delete("users", label(ann), SUPERUSER)
    heard = {(event.name.split("/")[0], event.action) for event in await ear.take(3)}
    assert heard == {("posts", "delete"), ("users", "delete")}
    assert await live.mark(ear) == [[]]
    assert ear.connection.actor.record is None


async def test_new_secret(live: Live) -> None:
    """A collection's new secret makes guests of all its records' streams."""
    await live.make("posts", listRule=SIGNED_IN)
    ear = await live.listen("posts/*", info=await live.user())
    await live.collections.update("users", {"authToken": {"secret": "x" * 50}})
    await live.add("posts")
    assert await live.mark(ear) == [[]]


async def test_deleted_collection(live: Live) -> None:
    """A deleted auth collection leaves guests."""
    await live.make("posts", listRule=SIGNED_IN)
    await live.make("staff", type="auth")
    ear = await live.listen("posts/*", info=await live.user("ann", "staff"))
    await live.collections.delete("staff")
    await live.add("posts")
    assert await live.mark(ear) == [[]]


async def test_renamed_collection(live: Live) -> None:
    """A renamed auth collection's records stay who they are."""
    await live.make("posts", listRule="@request.auth.collectionName = 'crew'")
    await live.make("staff", type="auth")
    ear = await live.listen("posts/*", info=await live.user("ann", "staff"))
    await live.collections.update("staff", {"name": "crew"})
    await live.add("posts")
    assert (await ear.next()).name == "posts/*"

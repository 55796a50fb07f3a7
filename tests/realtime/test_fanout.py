"""Who hears of a change, and in what form."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from pbtornado.realtime import fanout
from pbtornado.realtime.connection import Connection
from pbtornado.realtime.fanout import Fanout
from pbtornado.realtime.match import Match
from pbtornado.store.protocol import Change, Writer
from tests.conftest import ExpectLog
from tests.realtime.live import Live, topic
from tests.records.world import GUEST, SUPERUSER, number, relation, text


async def test_actions_in_order(live: Live) -> None:
    """A client hears create, update and delete of a record in the order they were committed."""
    await live.make("posts", text("title"))
    ear = await live.listen("posts/*")
    post = await live.add("posts", title="a")
    await live.records.update("posts", post["id"], {"title": "b"}, SUPERUSER)
    await live.records.delete("posts", post["id"], SUPERUSER)
    heard = await ear.take(3)
    assert [(one.action, one.record["title"]) for one in heard] == [("create", "a"), ("update", "b"), ("delete", "b")]


async def test_positions(live: Live) -> None:
    """Every event carries the position of its change."""
    await live.make("posts")
    ear = await live.listen("posts/*")
    await live.add("posts")
    assert (await ear.next()).id == live.position()


async def test_payload(live: Live) -> None:
    """The record in an event is what a view answers, the event's name the topic as subscribed."""
    posts = await live.make("posts", text("title"), number("n"), text("secret", hidden=True))
    ear = await live.listen(f"{posts.id}/*")
    post = await live.add("posts", title="a", n=3, secret="s")
    event = await ear.next()
    assert event.name == f"{posts.id}/*"
    assert event.data == {"action": "create", "record": await live.records.view("posts", post["id"], GUEST)}


async def test_hidden_for_superusers(live: Live) -> None:
    """Superusers see hidden fields."""
    await live.make("posts", text("secret", hidden=True))
    ear = await live.listen("posts/*", info=SUPERUSER)
    await live.add("posts", secret="s")
    assert (await ear.next()).record["secret"] == "s"


@pytest.mark.parametrize("text", ["posts", "posts/*", "POSTS/*"])
async def test_names_of_topics(live: Live, text: str) -> None:
    """A collection may be named in any case, and without the star."""
    await live.make("posts")
    ear = await live.listen(text)
    await live.add("posts")
    assert (await ear.next()).name == text


async def test_one_record(live: Live) -> None:
    """A topic of one record asks the view rule and hears of that record alone."""
    await live.make("posts", text("title"), listRule=None)
    one, other = await live.add("posts"), await live.add("posts")
    ear, star = await live.listen(f"posts/{one['id']}"), await live.listen("posts/*")
    for post in (other, one):
        await live.records.update("posts", post["id"], {"title": "x"}, SUPERUSER)
    heard, unheard = await live.mark(ear, star)
    assert [event.record["id"] for event in heard] == [one["id"]]
    assert unheard == []


async def test_rule(live: Live) -> None:
    """A rule with the actor lets each hear his own."""
    users = live.collection("users")
    await live.make("posts", relation("author", users), listRule="author = @request.auth.id")
    ann, bob = await live.user("ann"), await live.user("bob")
    ears = [await live.listen("posts/*", info=info) for info in (ann, bob, GUEST, SUPERUSER)]
    assert ann.actor.record
    post = await live.add("posts", author=ann.actor.record.id)
    assert [[event.record["id"] for event in heard] for heard in await live.mark(*ears)] == [[post["id"]], [], [], [post["id"]]]


async def test_rule_on_actor_fields(live: Live) -> None:
    """A rule reads other fields of the actor as they are now."""
    await live.make("posts", listRule="@request.auth.name = 'Ann'")
    info = await live.user("ann", name="Bob")
    ear = await live.listen("posts/*", info=info)
    assert info.actor.record
    await live.add("posts")
    await live.records.update("users", info.actor.record.id, {"name": "Ann"}, SUPERUSER)
    post = await live.add("posts")
    assert (await ear.next()).record["id"] == post["id"]


async def test_rule_on_what_every_actor_has(live: Live) -> None:
    """Compared as a value of a request, which no column converts."""
    await live.make("posts", text("title"), listRule="title > @request.auth.verified")
    ear = await live.listen("posts/*", info=await live.user("ann"))
    for title in ("", "a"):
        await live.add("posts", title=title)
    [heard] = await live.mark(ear)
    assert [event.record["title"] for event in heard] == ["a"]


@pytest.mark.parametrize("rule", ["secret = ''", "secret != ''", "id != '' || secret != ''"])
async def test_rule_on_secrets(live: Live, rule: str) -> None:
    """The log holds no passwords: nobody hears by a rule that reads them."""
    await live.make("posts", {"name": "secret", "type": "password"}, listRule=rule)
    ear = await live.listen("posts/*")
    await live.add("posts", secret="1234567890")
    assert await live.mark(ear) == [[]]


async def test_filter(live: Live) -> None:
    """A topic's filter narrows what is heard."""
    await live.make("posts", text("title"))
    ear = await live.listen(topic("posts/*", filter="title ~ 'b'"))
    for title in ("a", "abc"):
        await live.add("posts", title=title)
    assert (await ear.next()).record["title"] == "abc"


async def test_request_of_topic(live: Live) -> None:
    """Rules read a topic's options as the request's query and headers, and the context realtime."""
    await live.make("posts", listRule="@request.query.key = 'x' && @request.context = 'realtime' && @request.method = 'GET'")
    with_key, without = await live.listen(topic("posts/*", key="x")), await live.listen("posts/*")
    await live.add("posts")
    assert [len(heard) for heard in await live.mark(with_key, without)] == [1, 0]


async def test_fields(live: Live) -> None:
    """A topic's fields pick from the record."""
    await live.make("posts", text("title"))
    ear = await live.listen(topic("posts/*", fields="title"))
    await live.add("posts", title="a")
    assert (await ear.next()).data == {"action": "create", "record": {"title": "a"}}


async def test_expand(live: Live) -> None:
    """A topic's expand shows related records to whom their view rule allows it."""
    sites = await live.make("sites", text("name"), viewRule="@request.auth.id != ''")
    await live.make("posts", relation("site", sites))
    wanted = topic("posts/*", expand="site")
    ann, guest = await live.listen(wanted, info=await live.user()), await live.listen(wanted)
    site = await live.add("sites", name="bridge")
    await live.add("posts", site=site["id"])
    assert (await ann.next()).record["expand"]["site"]["name"] == "bridge"
    assert not (await guest.next()).record.get("expand")


async def test_emails(live: Live) -> None:
    """A private email is for its owner, those who manage him, and superusers."""
    await live.make("staff", text("role"), type="auth", manageRule="@request.auth.role = 'boss'")
    ann, boss, bob = [await live.user(name, "staff", role=role) for name, role in (("ann", ""), ("boss", "boss"), ("bob", ""))]
    ears = [await live.listen("staff/*", info=info) for info in (ann, boss, bob, GUEST, SUPERUSER)]
    assert ann.actor.record
    await live.records.update("staff", ann.actor.record.id, {"role": "x"}, SUPERUSER)
    assert ["email" in (await ear.next()).record for ear in ears] == [True, True, False, False, True]


async def test_broken_rule(live: Live, expect_log: ExpectLog) -> None:
    """A rule that cannot be answered lets nobody hear, and the log says so."""
    await live.make("posts")
    ear = await live.listen("posts/*")

    def spoil(writer: Writer) -> None:
        writer.update("_collections", live.collection("posts").id, {"listRule": "nothing = 1"})
        writer.append("update", "_collections", live.collection("posts").id, {})

    await live.store.write(spoil)
    with expect_log("nobody hears of a change of posts"):
        await live.add("posts")
        assert await live.mark(ear) == [[]]


async def test_two_topics(live: Live) -> None:
    """Two topics of one client hear of the same change; the first event says in its id that more follows."""
    await live.make("posts", text("title"))
    ear = await live.listen("posts/*", topic("posts/*", filter="title = 'a'"))
    await live.add("posts", title="a")
    first, last = await ear.take(2)
    assert first.id.startswith(last.id + ".")
    assert last.id == live.position()


async def test_position_on_request(live: Live) -> None:
    """Clients that cannot read an event's id get the position in its data when they ask for it."""
    await live.make("posts")
    ear = await live.listen(topic("posts/*", position="1"))
    await live.add("posts")
    event = await ear.next()
    assert event.data["position"] == event.id


async def test_one_verdict_and_one_piece_of_bytes(live: Live) -> None:
    """Those who listen to a topic as the same account are asked about once, and are sent the same bytes."""
    await live.make("posts", text("title"), listRule="@request.auth.id != '' && title != ''")
    ann, bob = await live.user("ann"), await live.user("bob")
    ears = [await live.listen("posts/*", info=info) for info in (ann, ann, bob, ann)]
    cohorts = {subscription.cohort for of in live.realtime.fanout.subscribers.of.values() for subscription in of.values()}
    assert len(cohorts) == 2
    await live.add("posts", title="a")
    for ear in ears:
        await ear.next()
    assert len({ear.raw.partition(b"event:posts/*")[2] for ear in ears}) == 1


async def test_changes_are_gathered(live: Live) -> None:
    """Of many changes at once a client is owed all in a few pieces, in their order."""
    await live.make("posts", number("n"))
    ear = await live.listen("posts/*")
    await asyncio.gather(*[live.add("posts", n=n) for n in range(200)])
    heard = await ear.take(200)
    seqs = [int(event.id.partition(":")[2]) for event in heard]
    assert seqs == sorted(seqs)
    assert sorted(event.record["n"] for event in heard) == list(range(200))
    assert ear.writes < 50


async def test_a_rule_about_the_actor_alone(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again when somebody else listens, not for each change; and holds for whoever is somebody else now."""
    await live.make("posts", text("title"), listRule="@request.auth.id != ''")
    asked: list[Match] = []
    ask = Match._ask

    def counted(self: Match, *of: Any) -> set[int] | None:
        asked.append(self)
        return ask(self, *of)

    monkeypatch.setattr(Match, "_ask", counted)
    ann, guest = await live.listen("posts/*", info=await live.user("ann")), await live.listen("posts/*")
    for title in "abc":
        await live.add("posts", title=title)
    assert [event.record["title"] for event in await ann.take(3)] == ["a", "b", "c"]
    (cohort,) = [one.cohort for one in live.realtime.fanout.subscribers.of[ann.connection].values() if one.cohort]
    assert asked.count(cohort.group.match) == 1
    bob = await live.listen("posts/*", info=await live.user("bob"))
    await live.add("posts", title="d")
    assert [(await ear.next()).record["title"] for ear in (ann, bob)] == ["d", "d"]
    live.realtime.sign_out(ann.connection)
    await live.add("posts", title="e")
    assert [[event.record["title"] for event in heard] for heard in await live.mark(ann, bob, guest)] == [[], ["e"], []]


async def test_a_change_that_takes_many_turns(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a change is being told to many different topics others are served; whoever subscribes or signs out meanwhile misses nothing."""
    monkeypatch.setattr(fanout, "TURN_SECONDS", 0)
    await live.make("posts", number("n"))
    ann = await live.user("ann")
    ears = [await live.listen(topic("posts/*", filter=f"n != {number + 100}"), info=ann) for number in range(20)]
    turns: list[Sequence[Change]] = []
    turn = Fanout._turn

    def one_more(self: Fanout, changes: Sequence[Change]) -> tuple[int, list[Connection]]:
        if len(turns) in (5, 15):
            live.realtime.sign_out(ears[0].connection)
            live.realtime.sign_out(ears[19].connection)
            ears[10].connection.go_back(self.stand(ears[10].connection))
        turns.append(changes)
        return turn(self, changes)

    monkeypatch.setattr(Fanout, "_turn", one_more)
    for n in (1, 2):
        await live.add("posts", n=n)
    assert [[event.record["n"] for event in await ear.take(2)] for ear in ears] == [[1, 2]] * 20
    assert len(turns) > 20
    assert await live.mark(*ears) == [[]] * 20

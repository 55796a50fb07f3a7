"""Deletes whose rule reads what was deleted along."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pbtornado.realtime import ghosts
from tests.realtime.live import Live
from tests.records.world import SUPERUSER, relation, text


async def team(live: Live, posts: int, rule: str) -> tuple[str, list[str]]:
    """A project with posts that go with it, and with an owner."""
    projects = await live.make("projects", text("owner"))
    await live.make("posts", relation("project", projects, cascadeDelete=True), listRule=rule)
    project = await live.add("projects", owner="ann")
    return project["id"], [(await live.add("posts", project=project["id"]))["id"] for _ in range(posts)]


@pytest.mark.parametrize("few", [0, 64])
async def test_parent(live: Live, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """A rule on the parent holds for a child that went with it."""
    monkeypatch.setattr(ghosts, "FEW", few)
    project, posts = await team(live, 3, "project.owner = 'ann'")
    ear = await live.listen("posts/*")
    await live.records.delete("projects", project, replace(SUPERUSER, request_id="r2"))
    assert sorted(event.record["id"] for event in await ear.take(3)) == sorted(posts)


async def test_parent_again(live: Live) -> None:
    """So it does for a client that reads the log later."""
    project, posts = await team(live, 3, "project.owner = 'ann'")
    start = live.position()
    await live.records.delete("projects", project, replace(SUPERUSER, request_id="r2"))
    ear = await live.listen("posts/*", since=start)
    assert sorted(event.record["id"] for event in await ear.take(3)) == sorted(posts)


async def test_parent_of_others(live: Live) -> None:
    """And the rule does not hold for the child of a parent it would not have held for."""
    project, _ = await team(live, 1, "project.owner = 'bob'")
    ear = await live.listen("posts/*")
    await live.records.delete("projects", project, replace(SUPERUSER, request_id="r2"))
    assert await live.mark(ear) == [[]]


@pytest.mark.parametrize("few", [0, 64])
async def test_children(live: Live, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """A rule on the children holds for a parent that took them along."""
    monkeypatch.setattr(ghosts, "FEW", few)
    project, posts = await team(live, 2, "")
    await live.collections.update("projects", {"listRule": f"posts_via_project.id ?= '{posts[0]}'"})
    ear = await live.listen("projects/*")
    await live.records.delete("projects", project, replace(SUPERUSER, request_id="r2"))
    assert (await ear.next()).action == "delete"


@pytest.mark.parametrize("few", [0, 64])
async def test_grandparent(live: Live, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """Rules through several relations hold when all of them went at once."""
    monkeypatch.setattr(ghosts, "FEW", few)
    project, posts = await team(live, 1, "")
    notes = await live.make("notes", relation("post", live.collection("posts"), cascadeDelete=True), listRule="post.project.owner = 'ann'")
    await live.add("notes", post=posts[0])
    ear = await live.listen(f"{notes.id}/*")
    await live.records.delete("projects", project, replace(SUPERUSER, request_id="r2"))
    assert (await ear.next()).action == "delete"

"""Writes say which change they were; reads that ask for it are not older."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pbtornado.backend import Backend
from pbtornado.records.changes import reached
from pbtornado.store.sqlite import group
from tests import data
from tests.client import Client
from tests.process import Server

POSTS = "/api/collections/posts/records"
TRIES = 300


async def test_writes_tell_their_last_change(client: Client, backend: Backend) -> None:
    """Each has the number and the position of the newest change it made; reads, refusals and writes of nothing have none."""
    await data.collection(backend, "posts", {"name": "title"})
    client.token = await data.superuser(backend)
    made = await client.post(POSTS, {"title": "one"})
    path = f"{POSTS}/{made.json['id']}"
    answers = [made, await client.patch(path, {"title": "two"}), await client.patch(f"{POSTS}?filter=id!=''", {"title": "x"})]
    await data.change_settings(backend, batch={"enabled": True, "maxRequests": 50, "timeout": 3, "maxBodySize": 0})
    requests = [{"method": "POST", "url": POSTS, "body": {}} for _ in range(3)]
    answers += [await client.post("/api/batch", {"requests": requests}), await client.delete(path)]
    answers += [await client.post("/api/collections", {"name": "notes", "type": "base"}), await client.patch("/api/settings", {})]
    for answer in answers:
        assert answer.status < 300, answer.body
        assert answer.headers["X-PB-Position"].split(":")[1] == answer.headers["X-PB-Seq"]
    seqs = [int(answer.headers["X-PB-Seq"]) for answer in answers]
    assert seqs == sorted(set(seqs))
    assert answers[-1].headers["X-PB-Position"] == str(backend.store.changes.position())
    assert answers[3].headers["X-PB-Seq"] == str(seqs[4] - 1)
    silent = [await client.get(POSTS), await client.post(POSTS, {"title": 7, "id": "?"}), await client.get(path)]
    assert not [answer for answer in silent if "X-PB-Seq" in answer.headers]


async def test_pages_of_other_sites_may_read_it(client: Client, backend: Backend) -> None:
    """Browsers are told that the headers are theirs to read."""
    await data.collection(backend, "posts")
    made = await client.post(POSTS, {}, headers={"Origin": "https://other.example"})
    assert made.headers["Access-Control-Expose-Headers"] == "ETag,X-PB-Seq, X-PB-Position"


async def test_only_so_many_are_remembered(client: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that never ask for the number leave nothing that grows."""
    monkeypatch.setattr(group, "KEPT", 3)
    await data.collection(backend, "posts")
    for number in range(9):
        backend.store._group._note(f"r{number}", number)
    assert list(backend.store._group.last) == ["r6", "r7", "r8"]
    assert (await client.post(POSTS, {})).headers["X-PB-Seq"]


@pytest.mark.parametrize(("given", "code"), [("x", "invalid_min_seq"), ("-1", "invalid_min_seq"), ("other:1", "other_epoch")])
async def test_what_is_no_place_of_this_log(client: Client, given: str, code: str) -> None:
    """It is refused in words, at once."""
    answer = await client.get(f"/api/health?minSeq={given}")
    assert (answer.status, answer.error["minSeq"]["code"]) == (400, f"validation_{code}")


async def test_a_change_that_is_not_there_yet(client: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for; where it does not come, or too many wait, the answer is 503."""
    await data.collection(backend, "posts")
    head = backend.store.changes.position()
    waiting = asyncio.create_task(client.get(f"{POSTS}?minSeq={head.epoch}:{head.seq + 2}"))
    for _ in range(2):
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await client.post(POSTS, {})
    assert (await waiting).json["totalItems"] == 2
    monkeypatch.setattr(reached, "SECONDS", 0.05)
    late = await client.get(f"{POSTS}?minSeq={head.seq + 3}")
    assert (late.status, late.headers["Retry-After"]) == (503, "1")
    monkeypatch.setattr(reached, "MOST", 0)
    assert (await client.get(f"{POSTS}?minSeq={head.seq + 3}")).status == 503
    assert (await client.get(f"{POSTS}?minSeq={head.seq + 2}")).status == 200


def test_no_worker_answers_what_is_older(tmp_path: Path) -> None:
    """A number that one worker gave out is seen at every other, each time."""
    with Server(tmp_path / "pb_data", "--workers", "3") as server:
        server.sign_in()
        fields = [{"name": "n", "type": "number"}]
        server.create("/api/collections", {"name": "posts", "type": "base", "fields": fields})
        path = f"{POSTS}/{server.create(POSTS, {'n': -1})['id']}"
        for number in range(TRIES):
            written = server.ask("PATCH", path, {"n": number})
            read = server.ask("GET", f"{path}?minSeq={written.headers['x-pb-position']}")
            assert (read.status, read.json()["n"]) == (200, number)

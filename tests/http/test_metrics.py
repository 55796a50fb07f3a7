"""What the server tells of itself, read as Prometheus reads it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tornado.ioloop import IOLoop
from tornado.web import Application

from pbtornado.backend import Backend
from pbtornado.http.measured import FAMILIES, Sample
from pbtornado.http.metrics import exposition
from pbtornado.http.siblings import Siblings
from pbtornado.http.traffic import METHODS, family_of
from pbtornado.realtime.fanout import seconds_since
from pbtornado.values import now
from tests import data
from tests.client import Client
from tests.process import Server
from tests.sse import Stream
from tests.talk import Talk, close_all

METRICS = "/api/metrics"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


class Told:
    """An answer, parsed: its samples, and the kind of each metric."""

    def __init__(self, text: str) -> None:
        families = list(text_string_to_metric_families(text))
        self.kinds = {family.name: family.type for family in families}
        self.samples = [sample for family in families for sample in family.samples]

    def sum(self, name: str, **labels: str) -> float:
        """All samples of that name with these labels together; KeyError where there are none."""
        found = [one.value for one in self.samples if one.name == name and labels.items() <= one.labels.items()]
        if not found:
            raise KeyError(name, labels)
        return sum(found)


@pytest.fixture(autouse=True)
def hanging_up(io_loop: IOLoop) -> Iterator[None]:
    """Whoever has connected hangs up in the end."""
    yield
    io_loop.run_sync(close_all)


async def told(client: Client, headers: Mapping[str, str] | None = None) -> Told:
    """What the superuser is told now."""
    answer = await client.get(METRICS, headers=dict(headers or {}))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return Told(answer.body.decode())


async def test_all_there_is_from_all_workers(tmp_path: Path) -> None:
    """One answer, from whichever worker, has the counts of each; together they are what was done."""
    with Server(tmp_path / "pb_data", "--workers", "2") as server, ExitStack() as closing:
        server.sign_in()
        server.create("/api/collections", {"name": "posts", "type": "base", "listRule": "", "createRule": ""})
        streams = [Stream(server) for _ in range(3)]
        for stream in streams:
            closing.callback(stream.answer.close)
            closing.callback(stream.close)
            stream.subscribe("posts/*", "nothing/*")
        talk = await Talk.open(server.url)
        await talk.subscribe("posts/*", since="other:1")
        talk.heard.clear()
        for _ in range(20):
            assert server.ask("POST", "/api/collections/posts/records", {}).status == 200
        for _ in range(20):
            await talk.event()
        for stream in streams:
            assert [next(stream.events).name for _ in range(20)] == ["posts/*"] * 20
        end = time.monotonic() + 10
        while True:
            answer = server.ask("GET", METRICS, token=f"Bearer {server.token}")
            seen = Told(answer.body.decode())
            if seen.sum("pbtornado_realtime_events_total") == 80 and seen.sum("pbtornado_consumer_lag_changes") == 0:
                break
            assert time.monotonic() < end, answer.body.decode()
            await asyncio.sleep(0.1)
    assert {one.labels["worker"]: one.value for one in seen.samples if one.name == "pbtornado_worker_up"} == {"0": 1, "1": 1}
    assert seen.sum("pbtornado_http_requests_total", family="records", method="POST", status="2xx") == 20
    assert seen.sum("pbtornado_http_request_seconds_count", family="records") == 20
    assert seen.sum("pbtornado_http_request_seconds_bucket", family="records", le="+Inf") == 20
    assert seen.sum("pbtornado_http_request_bytes_total", family="records") == 40
    assert seen.sum("pbtornado_http_response_bytes_total", family="records") > 20 * 50
    assert seen.sum("pbtornado_writes_total") >= seen.sum("pbtornado_commits_total") > 20
    assert seen.sum("pbtornado_commit_writes_sum") >= seen.sum("pbtornado_commit_writes_count") == seen.sum("pbtornado_commits_total")
    assert seen.sum("pbtornado_log_head") >= 21 > seen.sum("pbtornado_log_oldest") == 1
    consumers = {one.labels["consumer"] for one in seen.samples if one.name == "pbtornado_consumer_lag_changes"}
    assert consumers == {"fanout", "thumbs", "cleaner"}
    counts = [seen.sum(f"pbtornado_realtime_{what}", transport=form) for form in ("sse", "websocket") for what in ("connections", "topics")]
    assert counts == [3, 6, 1, 1]
    assert seen.sum("pbtornado_realtime_resyncs_total", reason="epoch") == 1
    assert seen.sum("pbtornado_event_delay_seconds_count") >= 20
    assert seen.sum("process_cpu_seconds_total") > 0
    assert seen.sum("process_resident_memory_bytes", worker="0") > 10 << 20


async def test_only_superusers(client: Client, backend: Backend) -> None:
    """Nobody else is told anything; what a scraper sends as a bearer is as good."""
    _, token = await data.account(backend, "ann@example.com")
    assert [(await client.get(METRICS, token=who)).status for who in ("", token)] == [401, 403]
    root = await data.superuser(backend)
    assert [(await client.get(METRICS, token=who)).status for who in (root, f"Bearer {root}", f"bearer {root}")] == [200] * 3


async def test_a_worker_that_does_not_answer(client: Client, backend: Backend, app: Application, tmp_path: Path) -> None:
    """It is down, and the others are told of."""
    client.token = await data.superuser(backend)
    app.settings["siblings"] = Siblings(0, (tmp_path / "0", tmp_path / "1"))
    seen = await told(client)
    assert [seen.sum("pbtornado_worker_up", worker=worker) for worker in ("0", "1")] == [1, 0]
    assert seen.sum("pbtornado_writes_total", worker="0") > 0


async def test_streams_that_have_ended_still_count(client: Client, backend: Backend) -> None:
    """Counters never fall: what a stream took stays when it is gone, and why it went is told."""
    client.token = await data.superuser(backend)
    await data.collection(backend, "posts")
    talk = await Talk.open(client.base)
    await talk.subscribe("posts/*")
    await data.records(backend, "posts", {})
    await talk.event()
    before = await told(client)
    backend.realtime.disconnect(talk.client)
    after = await told(client)
    for name in ("events", "bytes"):
        name = f"pbtornado_realtime_{name}_total"
        assert after.sum(name, transport="websocket") == before.sum(name, transport="websocket") > 0
    assert [one.sum("pbtornado_realtime_connections", transport="websocket") for one in (before, after)] == [1, 0]
    assert after.sum("pbtornado_realtime_ended_total", reason="ended") == 1


async def test_refusals(client: Client, backend: Backend) -> None:
    """Requests over a rate limit are counted, and so are the kinds of answers."""
    client.token = await data.superuser(backend)
    rule = {"label": "/api/health", "audience": "", "duration": 60, "maxRequests": 1}
    await data.change_settings(backend, rateLimits={"enabled": True, "excludedIPs": [], "rules": [rule]})
    assert [(await client.get("/api/health", token="")).status for _ in range(3)] == [200, 429, 429]
    seen = await told(client)
    assert seen.sum("pbtornado_rate_limit_refusals_total") == 2
    assert seen.sum("pbtornado_http_requests_total", family="health", status="4xx") == 2


async def test_few_words_of_clients_become_labels(client: Client, backend: Backend) -> None:
    """Methods nobody knows are one, and paths are none: what clients send makes no new series."""
    client.token = await data.superuser(backend)
    for method in ("PURGE", "BREW", "TRACE"):
        await client.send(method, "/api/health")
    for number in range(3):
        await client.get(f"/nowhere/{number}")
    seen = await told(client)
    methods = {one.labels["method"] for one in seen.samples if one.name == "pbtornado_http_requests_total"}
    assert methods <= METHODS | {"other"}
    assert not [one for one in seen.samples if "nowhere" in str(one.labels)]


def test_families() -> None:
    """A family is the module of a route's handler; routes of others are one family."""
    names = [family_of(name) for name in ("pbtornado.http.records", "pbtornado.http.openapi.handler", "elsewhere.thing")]
    assert names == ["records", "openapi", "other"]


def test_text() -> None:
    """Values of labels are escaped, metrics without samples left out."""
    text = exposition([Sample("pbtornado_info", {"version": 'a"b\\c\nd'}, 1)])
    (family,) = text_string_to_metric_families(text)
    assert family.samples[0].labels == {"version": 'a"b\\c\nd'}
    assert text.count("# TYPE") == 1


def test_seconds_since() -> None:
    """How long ago a change was, be it days."""
    assert 0 <= seconds_since(now()) < 1
    assert seconds_since("2020-02-29 23:59:59.999Z") > 6 * 365 * 86_400


def test_documented() -> None:
    """docs/metrics.md has each metric, and no other."""
    documented = set(re.findall(r"^\| `(\w+)`", DOCS.read_text(), re.MULTILINE))
    assert documented == {metric.name for metric in FAMILIES}

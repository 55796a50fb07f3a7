"""The metrics there are, and what this worker has to say of each."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .. import __version__
from ..backend import Backend
from ..measures import Histogram
from .kept import KeptAnswers
from .traffic import Traffic

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Metric(NamedTuple):
    """One metric: its name, its kind, and what it says."""

    name: str
    kind: str
    help: str


FAMILIES = (
    Metric("pbtornado_info", GAUGE, "The version that runs; always 1."),
    Metric("pbtornado_worker_up", GAUGE, "Whether a worker answered in time: 1 or 0."),
    Metric("pbtornado_http_requests_total", COUNTER, "Requests that were answered."),
    Metric("pbtornado_http_request_seconds", HISTOGRAM, "Time from a request's head to the end of its answer, streams left out."),
    Metric("pbtornado_http_request_bytes_total", COUNTER, "Bytes of bodies that requests announced."),
    Metric("pbtornado_http_response_bytes_total", COUNTER, "Bytes of bodies that were answered."),
    Metric("pbtornado_http_requests_open", GAUGE, "Requests that are not answered yet, streams included."),
    Metric("pbtornado_cache_hits_total", COUNTER, "Reads that were answered as before, because nothing they depend on had changed."),
    Metric("pbtornado_cache_misses_total", COUNTER, "Reads that had to be asked of the database, though they might have been kept."),
    Metric("pbtornado_cache_answers", GAUGE, "Answers that are kept."),
    Metric("pbtornado_cache_bytes", GAUGE, "Bytes they take, about."),
    Metric("pbtornado_writes_total", COUNTER, "Writes that were committed."),
    Metric("pbtornado_commits_total", COUNTER, "Commits they shared."),
    Metric("pbtornado_commit_writes", HISTOGRAM, "Writes that shared a commit, refused ones included."),
    Metric("pbtornado_writes_waiting", GAUGE, "Writes that have not begun."),
    Metric("pbtornado_log_head", GAUGE, "The number of the newest change."),
    Metric("pbtornado_log_oldest", GAUGE, "The number of the oldest change that is still there."),
    Metric("pbtornado_consumer_lag_changes", GAUGE, "By how many changes a reader of the log is behind its head."),
    Metric("pbtornado_event_delay_seconds", HISTOGRAM, "Time from a write to its live events being ready for the sockets."),
    Metric("pbtornado_realtime_connections", GAUGE, "Open streams."),
    Metric("pbtornado_realtime_topics", GAUGE, "Topics that are subscribed to on them."),
    Metric("pbtornado_realtime_catching_up", GAUGE, "Those of them that read the log to catch up."),
    Metric("pbtornado_realtime_events_total", COUNTER, "Events that sockets took."),
    Metric("pbtornado_realtime_bytes_total", COUNTER, "Bytes that sockets took of streams."),
    Metric("pbtornado_realtime_fallen_behind_total", COUNTER, "How often a stream took too little and was sent back to the log."),
    Metric("pbtornado_realtime_resyncs_total", COUNTER, "How often a client was told to read anew."),
    Metric("pbtornado_realtime_ended_total", COUNTER, "Streams that have ended."),
    Metric("pbtornado_rate_limit_refusals_total", COUNTER, "How often a limit was found used up."),
    Metric("process_cpu_seconds_total", COUNTER, "CPU time of user and system."),
    Metric("process_resident_memory_bytes", GAUGE, "Memory that is in RAM."),
)
"""In the order in which they are told."""
_NAMES = frozenset(metric.name for metric in FAMILIES)


class Sample(NamedTuple):
    """One number of a metric."""

    name: str
    labels: Mapping[str, str]
    value: float

    @property
    def family(self) -> str:
        """The metric it is of."""
        return self.name if self.name in _NAMES else self.name.rpartition("_")[0]


def of_server(backend: Backend) -> Iterator[Sample]:
    """What is the same for all workers."""
    yield Sample("pbtornado_info", {"version": __version__}, 1)
    yield Sample("pbtornado_log_head", {}, backend.store.position().seq)
    yield Sample("pbtornado_log_oldest", {}, backend.store.changes.oldest)


def of_worker(backend: Backend, traffic: Traffic, kept: KeptAnswers, open_requests: int) -> Iterator[Sample]:
    """What this worker counts."""
    yield from _requests(traffic)
    yield from _cache(kept)
    yield Sample("pbtornado_http_requests_open", {}, open_requests)
    yield from _writes(backend)
    yield from _realtime(backend)
    yield Sample("pbtornado_rate_limit_refusals_total", {}, backend.rates.refusals)
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield Sample("process_cpu_seconds_total", {}, round(used.ru_utime + used.ru_stime, 6))
    yield Sample("process_resident_memory_bytes", {}, resident())


def _requests(traffic: Traffic) -> Iterator[Sample]:
    for family in traffic.families.values():
        by_class: dict[tuple[str, str], int] = {}
        for (method, status), count in family.requests.items():
            key = method, f"{status // 100}xx"
            by_class[key] = by_class.get(key, 0) + count
        for (method, status_class), count in by_class.items():
            yield Sample("pbtornado_http_requests_total", {"family": family.name, "method": method, "status": status_class}, count)
        labels = {"family": family.name}
        yield from _histogram("pbtornado_http_request_seconds", labels, family.seconds)
        yield Sample("pbtornado_http_request_bytes_total", labels, family.received)
        yield Sample("pbtornado_http_response_bytes_total", labels, family.sent)


def _cache(kept: KeptAnswers) -> Iterator[Sample]:
    yield Sample("pbtornado_cache_hits_total", {}, kept.hits)
    yield Sample("pbtornado_cache_misses_total", {}, kept.misses)
    yield Sample("pbtornado_cache_answers", {}, len(kept))
    yield Sample("pbtornado_cache_bytes", {}, kept.bytes)


def _writes(backend: Backend) -> Iterator[Sample]:
    writes, commits = backend.store.written
    yield Sample("pbtornado_writes_total", {}, writes)
    yield Sample("pbtornado_commits_total", {}, commits)
    yield from _histogram("pbtornado_commit_writes", {}, backend.store.group_sizes)
    yield Sample("pbtornado_writes_waiting", {}, backend.store.waiting)
    for consumer, lag in backend.tail.lags().items():
        yield Sample("pbtornado_consumer_lag_changes", {"consumer": consumer}, lag)


def _realtime(backend: Backend) -> Iterator[Sample]:
    realtime = backend.realtime
    yield from _histogram("pbtornado_event_delay_seconds", {}, realtime.fanout.delays)
    for transport, tally in realtime.tallies().items():
        labels = {"transport": transport}
        yield Sample("pbtornado_realtime_connections", labels, tally.streams)
        yield Sample("pbtornado_realtime_topics", labels, tally.topics)
        yield Sample("pbtornado_realtime_catching_up", labels, tally.behind)
        yield Sample("pbtornado_realtime_events_total", labels, tally.events)
        yield Sample("pbtornado_realtime_bytes_total", labels, tally.bytes)
        yield Sample("pbtornado_realtime_fallen_behind_total", labels, tally.fallen)
    for reason, count in realtime.fanout.resyncs.items():
        yield Sample("pbtornado_realtime_resyncs_total", {"reason": reason}, count)
    for reason, count in realtime.reasons.items():
        yield Sample("pbtornado_realtime_ended_total", {"reason": reason}, count)


def _histogram(name: str, labels: Mapping[str, str], histogram: Histogram) -> Iterator[Sample]:
    upto = 0
    for bound, count in zip((*histogram.bounds, "+Inf"), histogram.counts, strict=True):
        upto += count
        yield Sample(f"{name}_bucket", {**labels, "le": str(bound)}, upto)
    yield Sample(f"{name}_sum", labels, round(histogram.sum, 6))
    yield Sample(f"{name}_count", labels, upto)


def resident() -> int:
    """Bytes of this process that are in RAM; the most there ever were where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as told:
            return int(told.read().split()[1]) * _PAGE
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

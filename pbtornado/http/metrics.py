"""GET /api/metrics: what all workers count, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..values import json_bytes, parse_json
from .handler import READING, ApiHandler
from .info import from_sibling
from .measured import FAMILIES, Sample, of_server, of_worker
from .siblings import Siblings

TEXT = "text/plain; version=0.0.4; charset=utf-8"
SIBLING_SECONDS = 2.0
UP = "pbtornado_worker_up"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Metrics(ApiHandler):
    """For superusers. A sibling is told of this worker alone, as JSON."""

    only = "superuser"
    unlogged = READING

    async def get(self) -> None:
        backend = self.backend
        traffic, kept, waiting = (self.settings[name] for name in ("traffic", "kept", "open_requests"))
        own = list(of_worker(backend, traffic, kept, len(waiting)))
        if from_sibling(self.request):
            self.finish(json_bytes([list(sample) for sample in own]))
            return
        siblings: Siblings = self.settings["siblings"]
        others = await siblings.ask_others(self.request, SIBLING_SECONDS)
        told = {backend.worker: own, **{worker: parse_json(answer) for worker, answer in others.items() if answer is not None}}
        samples = [*of_server(backend), *(_labelled(sample, worker) for worker, samples in sorted(told.items()) for sample in samples)]
        samples += [Sample(UP, {"worker": str(worker)}, int(worker in told)) for worker in sorted({backend.worker, *others})]
        self.set_header("Content-Type", TEXT)
        self.finish(exposition(samples))


def _labelled(sample: Sequence[Any], worker: int) -> Sample:
    name, labels, value = sample
    return Sample(name, {"worker": str(worker), **labels}, value)


def exposition(samples: Iterable[Sample]) -> str:
    """All samples, family by family; each is of one of `FAMILIES`."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.family, []).append(sample)
    return "".join(line for family in FAMILIES for line in _lines(family.name, family.kind, family.help, found.get(family.name, ())))


def _lines(name: str, kind: str, help: str, samples: Sequence[Sample]) -> Iterator[str]:
    if samples:
        yield f"# HELP {name} {help}\n# TYPE {name} {kind}\n"
    for sample in samples:
        yield f"{sample.name}{_labels(sample.labels)} {_number(sample.value)}\n"


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items()) + "}" if labels else ""


def _number(value: float) -> str:
    return repr(value)


ROUTES = [(r"/api/metrics", Metrics)]

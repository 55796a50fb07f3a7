"""What a measurement gives, kept as it comes in, and the table of it."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.servers import OURS, THEIRS

RESULTS = Path(__file__).parent / "results"
DOCUMENTATION = Path(__file__).parent.parent / "docs" / "performance.md"
PUBLISH = "put the tables into docs/performance.md"
WHOLE = "what is published is measured as a whole: --publish goes without --only"


@dataclass(frozen=True)
class Figures:
    """What one round gave: the figure in the workload's unit; p50 and p99 in ms, CPU ms an operation, memory in MB, events a second."""

    value: float | None
    p50: float | None = None
    p99: float | None = None
    cpu: float | None = None
    events: float | None = None
    memory: float | None = None
    note: str = ""
    """What did not go as it should."""


COLUMNS = (("p50", "p50 ms"), ("p99", "p99 ms"), ("cpu", "CPU ms/op"), ("events", "events/s"), ("memory", "MB"))


class Results:
    """The figures of a run in a file, a line each; what is in the file already need not be measured again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._figures: dict[tuple[str, str], dict[int, Figures]] = defaultdict(dict)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            for line in path.read_text().splitlines():
                self._take(**json.loads(line))

    def _take(self, workload: str, server: str, number: int, figures: dict[str, float | str | None]) -> None:
        self._figures[workload, server][number] = Figures(**figures)  # type: ignore[arg-type]

    def has(self, workload: str, server: str, number: int) -> bool:
        """Whether that round of it has been measured."""
        return number in self._figures[workload, server]

    def add(self, workload: str, server: str, number: int, figures: Figures) -> None:
        """Keeps what a round gave."""
        self._figures[workload, server][number] = figures
        line = {"workload": workload, "server": server, "number": number, "figures": asdict(figures)}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def middle(self, workload: str, server: str, what: str) -> float | None:
        """The median of all rounds; None where nothing was measured."""
        values = [getattr(figures, what) for figures in self._figures[workload, server].values()]
        known = [value for value in values if value is not None]
        return float(statistics.median(known)) if known else None

    def notes(self, workload: str) -> str:
        """All that did not go as it should."""
        said = [
            f"{server}: {figures.note}" for server in (OURS, THEIRS) for figures in self._figures[workload, server].values() if figures.note
        ]
        return "; ".join(dict.fromkeys(said))


def table(results: Results, workloads: Iterable[tuple[str, str, bool]]) -> str:
    """Markdown: medians and ratios of `(name, unit, whether less is better)`; columns that nobody filled are left out."""
    wanted = list(workloads)
    columns = [(what, head) for what, head in COLUMNS if any(results.middle(name, OURS, what) is not None for name, _, _ in wanted)]
    head = ["workload", "ratio", "pbtornado", "PB", "unit", *(cell for _, head in columns for cell in (head, "PB")), ""]
    rows = [row(results, name, unit, less, [what for what, _ in columns]) for name, unit, less in wanted]
    return "\n".join([line(head), line(["---"] * len(head)), *rows])


def row(results: Results, name: str, unit: str, less: bool, columns: Sequence[str]) -> str:
    """One line of the table. The ratio says how many times better ours is."""
    ours, theirs = (results.middle(name, server, "value") for server in (OURS, THEIRS))
    better, worse = (theirs, ours) if less else (ours, theirs)
    ratio = f"**{better / worse:.2f}x**" if better and worse else ""
    pairs = [shown(results.middle(name, server, what)) for what in columns for server in (OURS, THEIRS)]
    return line([name, ratio, shown(ours), shown(theirs), unit, *pairs, results.notes(name)])


def line(cells: Sequence[str]) -> str:
    """A line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def shown(value: float | None) -> str:
    """Three digits that mean something, or more before the point."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def machine(about: str) -> str:
    """What the figures were made on."""
    when = f"{time.strftime('%Y-%m-%d %H:%M')}, load before {os.getloadavg()[0]:.1f}"
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {about}, {when}"


def store(name: str, text: str, publish: bool) -> None:
    """Prints the text and keeps it among the results; `publish` puts it into the documentation too."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}.md"
    path.write_text(text + "\n")
    if publish:
        DOCUMENTATION.write_text(placed(DOCUMENTATION.read_text(), name, text))
    print(f"\n{text}\n\n({path})", flush=True)


def placed(page: str, name: str, text: str) -> str:
    """The page with the text between the marks of this name."""
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    _, found, behind = rest.partition(end)
    assert found, f"{DOCUMENTATION} has no marks of {name}"
    return f"{before}{begin}{text}{end}{behind}"

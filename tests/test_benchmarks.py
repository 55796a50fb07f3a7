"""The benchmarks' commands can be started."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import wrk
from benchmarks.compiled import LIBRARY, compile_to
from benchmarks.figures import Figures, Results, placed, table
from benchmarks.servers import OURS, THEIRS

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ["run", "growth", "writer", "endurance"]


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
def test_the_load_client_compiles(tmp_path: Path) -> None:
    """It has no warning, for they are errors, and says what it lacks."""
    compile_to(tmp_path / "load", "load.c")
    done = subprocess.run([tmp_path / "load"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "load: --port is needed, and --path where there are writers\n")


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
def test_the_counter_of_fsyncs_counts(tmp_path: Path) -> None:
    """Each one that a program asks for is counted."""
    compile_to(tmp_path / "fsyncs", "fsyncs.c", *LIBRARY)
    (tmp_path / "count").write_bytes(bytes(8))
    program = f"import os; file = os.open({str(tmp_path / 'count')!r}, os.O_RDWR); [os.fsync(file) for _ in range(3)]; os.fdatasync(file)"
    environment = {"LD_PRELOAD": str(tmp_path / "fsyncs"), "FSYNCS": str(tmp_path / "count")}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert int.from_bytes((tmp_path / "count").read_bytes(), sys.byteorder) == 4


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_explain_themselves(command: str) -> None:
    """`--help` tells the options."""
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{command}", "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--help" in done.stdout


def test_ratios_say_how_many_times_better_ours_is(tmp_path: Path) -> None:
    """Of medians: twice the rate is 2, and so is half of the time; columns without figures are left out."""
    results = Results(tmp_path / "figures")
    for number, ours in enumerate((90.0, 100.0, 5000.0)):
        results.add("rate", OURS, number, Figures(ours, cpu=0.5))
        results.add("time", OURS, number, Figures(ours))
    results.add("rate", THEIRS, 0, Figures(50.0, cpu=1.0, note="3 refused"))
    results.add("time", THEIRS, 0, Figures(200.0))
    assert table(results, [("rate", "/s", False), ("time", "ms", True)]).splitlines() == [
        "| workload | ratio | pbtornado | PB | unit | CPU ms/op | PB |  |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        "| rate | **2.00x** | 100 | 50.0 | /s | 0.5 | 1 | pocketbase: 3 refused |",
        "| time | **2.00x** | 100 | 200 | ms |  |  |  |",
    ]


def test_a_run_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    """What is in the file of figures is known to the next run."""
    Results(tmp_path / "figures").add("create", OURS, 1, Figures(10.0, p99=2.5))
    again = Results(tmp_path / "figures")
    assert [again.has("create", OURS, number) for number in (0, 1)] == [False, True]
    assert again.middle("create", OURS, "p99") == 2.5


def test_tables_are_published_in_the_place_of_those_before() -> None:
    """What stands around them stays."""
    page = "# A\n<!-- run -->\nold\nlines\n<!-- end of run -->\nrest\n"
    assert placed(page, "run", "new") == "# A\n<!-- run -->\nnew\n<!-- end of run -->\nrest\n"
    documented = (ROOT / "docs" / "performance.md").read_text()
    for command in COMMANDS:
        assert "new" in placed(documented, command, "new")


def test_what_wrk_prints_is_read() -> None:
    """Times in ms, and none where nothing was answered in time."""
    text = (
        "    Latency     1.23s    13.04ms   1.25s    87.99%\n"
        "  Latency Distribution\n     50%    1.20ms\n     75%    2.00ms\n     90%    3.00ms\n     99%    1.10s \n"
        "  300 requests in 3.00s, 1.00MB read\n  Socket errors: connect 0, read 1, write 0, timeout 2\n"
        "  Non-2xx or 3xx responses: 7\nRequests/sec:    100.50\n"
    )
    assert wrk.report(text) == wrk.Report(requests=300, refused=7, failed=3, rate=100.5, p50=1.2, p99=1100.0)
    assert wrk.report("  0 requests in 3.00s\nRequests/sec:      0.00\n     50%    0.00us\n").p50 is None

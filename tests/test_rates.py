"""How often something may be done, in windows of fixed length."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from pbtornado.rates import Rates, counts_file


@pytest.fixture
def rates() -> Iterator[Rates]:
    """Counts of the test's own."""
    rates = Rates()
    yield rates
    rates.close()


def test_so_many_in_a_window(rates: Rates) -> None:
    """A key may be counted so often and no more, whatever others do."""
    assert [rates.allows("a", 2, 60) for _ in range(3)] == [True, True, False]
    assert rates.allows("b", 2, 60)
    assert not rates.allows("c", 0, 60)


def test_a_window_ends(rates: Rates) -> None:
    """After its time a window begins anew."""
    assert [rates.allows("a", 1, 0) for _ in range(3)] == [True] * 3


def test_forgotten(rates: Rates) -> None:
    """What is forgotten is counted anew, and nothing else is."""
    rates.allows("a", 1, 60)
    rates.allows("b", 1, 60)
    rates.forget("a")
    assert [rates.allows(key, 1, 60) for key in "ab"] == [True, False]


def test_long_windows_outlast_short_ones(rates: Rates, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many short windows there are, a long one is not forgotten for them."""
    monkeypatch.setattr("pbtornado.rates.SLOTS", 2)
    assert rates.allows("dear", 1, 3600)
    for number in range(100):
        rates.allows(f"cheap {number}", 1, 60)
    assert not rates.allows("dear", 1, 3600)


def test_processes_count_together() -> None:
    """What one process counts another one knows, also when they count at the same time."""
    file = counts_file()
    counting = [counted_elsewhere(file) for _ in range(2)]
    allowed = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in counting]
    os.close(file)
    assert sum(allowed) == 100


def counted_elsewhere(file: int) -> int:
    """A process that asks a hundred times and exits with how often it was allowed to."""
    pid = os.fork()
    if not pid:
        rates = Rates(file)
        os._exit(sum(rates.allows("a", 100, 3600) for _ in range(100)))
    return pid


def test_a_clock_set_back_shuts_nobody_out(rates: Rates, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that would end later than one that begins now is over."""
    assert [rates.allows("a", 1, 60) for _ in range(2)] == [True, False]
    monkeypatch.setattr("time.time", lambda: 1_000_000.0)
    assert rates.allows("a", 1, 60)

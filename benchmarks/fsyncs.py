"""How often a program asks for something to be on the disk, counted by a library that is loaded before the system's: `fsyncs.c`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.compiled import LIBRARY, compiled

COUNTER = "FSYNCS"


@contextmanager
def counting() -> Iterator[None]:
    """Programs that are started meanwhile, and their children, are counted together."""
    with tempfile.NamedTemporaryFile(prefix="bench-fsyncs-") as counter:
        counter.write(bytes(8))
        counter.flush()
        os.environ |= {COUNTER: counter.name, "LD_PRELOAD": str(compiled("fsyncs.c", *LIBRARY))}
        try:
            yield
        finally:
            del os.environ[COUNTER], os.environ["LD_PRELOAD"]


def counted_so_far() -> int:
    """How often, until now; 0 where nobody counts."""
    path = os.environ.get(COUNTER)
    return int.from_bytes(Path(path).read_bytes(), sys.byteorder) if path else 0

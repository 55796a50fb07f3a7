"""What a process of the server is told at its start, and where the files it ships with are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a server process. Sizes are bytes, times seconds."""

    data_dir: Path = Path("pb_data")
    """Where `data.db`, `auxiliary.db` and `storage/` are."""
    host: str = "127.0.0.1"
    port: int = 8090
    """0 asks the system for a free one."""
    workers: int = 0
    """Processes that serve; 0 is one per core."""
    public_dir: Path | None = None
    """A directory of static files served at `/`."""
    index_fallback: bool = True
    """Unknown paths of the public directory answer its `index.html`, as single page apps want."""
    origins: tuple[str, ...] = ("*",)
    """Origins that browsers may call from."""
    keep_bcrypt: bool = False
    """Password hashes stay, or become again, such as PocketBase can check."""
    synchronous: str = "FULL"
    """SQLite's `synchronous`: FULL keeps every answered write through a power cut."""
    readers: int = 2
    """Threads for reads that take long."""
    password_threads: int = 0
    """Threads that hash passwords, 7 MiB each while they do; 0 is one per core that there is for a worker."""
    password_waiting: int = 256
    """Sign-ins that may wait for a thread; more are answered 503."""
    body_limit: int = 32 * 1024 * 1024
    """The longest body of a request without files."""
    header_limit: int = 64 * 1024
    """The longest head of a request."""
    stop_seconds: float = 10.0
    """How long open requests may go on after the server is told to stop."""

    @property
    def worker_count(self) -> int:
        """The number of processes that serve."""
        return self.workers or os.cpu_count() or 1

    @property
    def hashing_threads(self) -> int:
        """The number of threads that hash passwords in a process: more than there are cores for them only hinder each other."""
        return self.password_threads or max(1, (os.cpu_count() or 1) // self.worker_count)

    @property
    def address(self) -> str:
        """`host:port` as one writes it in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def asset(name: str) -> Path:
    """The directory `name` (`grammar`, `admin`) that comes with the package: in the wheel `_name`, in a checkout its sibling."""
    packed = PACKAGE / f"_{name}"
    return packed if packed.is_dir() else PACKAGE.parent / name

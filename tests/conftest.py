"""What every test may ask for: a loop, a data directory, a running backend, and somebody who speaks HTTP to it."""

from __future__ import annotations

import asyncio
import fcntl
import inspect
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator
from compileall import compile_dir
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port

if TYPE_CHECKING:
    from tornado.web import Application

    from pbtornado.backend import Backend
    from pbtornado.config import Options
    from tests.client import Client
    from tests.post import PostOffice

ExpectLog = Callable[[str], AbstractContextManager[None]]


def pytest_configure(config: pytest.Config) -> None:
    """What many processes of a run import is compiled once, also where Python is told to keep no bytecode."""
    if not hasattr(config, "workerinput"):
        for folder in ("pbtornado", "tests"):
            compile_dir(config.rootpath / folder, quiet=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Coroutine tests run on the loop of their test, without a decorator on each."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.gen_test(timeout=30))


@pytest.fixture
def told(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says something that stands in the summary of a run, also of one with several processes: a seed, how much was asked."""
    return lambda text: record_property("told", text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have told of themselves."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind) if report.when == "call"]
    for report in reports:
        for text in (value for key, value in report.user_properties if key == "told"):
            terminalreporter.write_line(f"{report.nodeid}: {text}")


class _Kept(logging.Handler):
    """Log lines a test has not said it expects."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record)


@pytest.fixture(autouse=True)
def expect_log() -> Iterator[ExpectLog]:
    """Any warning or error in the log fails the test, unless it says `with expect_log("pattern"):`."""
    kept = _Kept()

    @contextmanager
    def expect(pattern: str) -> Iterator[None]:
        before = len(kept.lines)
        yield
        found = [line for line in kept.lines[before:] if re.search(pattern, line.getMessage())]
        assert found, f"no log line matched {pattern!r}"
        kept.lines = [line for line in kept.lines if line not in found]

    logging.getLogger().addHandler(kept)
    yield expect
    logging.getLogger().removeHandler(kept)
    assert not kept.lines, "unexpected log lines: " + "; ".join(logging.Formatter().format(line) for line in kept.lines)


@pytest.fixture
def io_loop() -> Iterator[IOLoop]:
    """A loop of the test's own; what is left on it at the end is cancelled."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield _current(loop)
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    IOLoop.current().close(all_fds=False)
    asyncio.set_event_loop(None)


def _current(loop: asyncio.AbstractEventLoop) -> IOLoop:
    async def of_this_loop() -> IOLoop:
        return IOLoop.current()

    return loop.run_until_complete(of_this_loop())


@pytest.fixture(scope="session")
def empty_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as the first start leaves it; copied, never opened by a test."""
    from pbtornado.backend import Backend
    from pbtornado.config import Options

    path = tmp_path_factory.mktemp("empty") / "pb_data"

    async def make() -> None:
        backend = Backend(Options(data_dir=path))
        await backend.start()
        await backend.stop()

    asyncio.run(make())
    return path


@pytest.fixture
def data_dir(tmp_path: Path, empty_directory: Path) -> Path:
    """A data directory of the test's own with the collections every directory has and no records."""
    return Path(shutil.copytree(empty_directory, tmp_path / "pb_data"))


@pytest.fixture
def options(data_dir: Path) -> Options:
    """The options the test's backend starts with; a test module may override this fixture."""
    from pbtornado.config import Options

    return Options(data_dir=data_dir, synchronous="OFF")


@pytest.fixture
def backend(io_loop: IOLoop, options: Options) -> Iterator[Backend]:
    """A started backend."""
    from pbtornado.backend import Backend

    backend = Backend(options)
    io_loop.run_sync(backend.start)
    yield backend
    io_loop.run_sync(backend.stop)


@pytest.fixture
def app(backend: Backend) -> Application:
    """The Tornado application over the test's backend."""
    from pbtornado.app import application

    return application(backend)


@pytest.fixture
def client(io_loop: IOLoop, backend: Backend, app: Application) -> Iterator[Client]:
    """Speaks HTTP over a real socket to the test's own server."""
    from pbtornado.http.server import http_server
    from tests.client import Client

    socket, port = bind_unused_port()
    server = http_server(app, backend.options)
    server.add_socket(socket)
    client = Client(f"http://127.0.0.1:{port}", backend)
    yield client
    client.close()
    server.stop()
    io_loop.run_sync(server.close_all_connections)


@pytest.fixture
def post_office(io_loop: IOLoop) -> Iterator[PostOffice]:
    """A mail server of the test's own, that takes everything."""
    from tests.post import opened

    with opened(io_loop) as office:
        yield office


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Keeps the processes of a run from making the same thing in a folder at once."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@pytest.fixture(scope="session")
def dashboard() -> Path:
    """The directory of the dashboard's sources, with a build of them as they are and the packages it is made with."""
    from admin.build import build, install

    admin = Path(__file__).resolve().parents[1] / "admin"
    with one_at_a_time(admin):
        install(admin)
        build(admin)
    return admin

"""The program behind the HTTP API: builds its parts, starts and stops them in order, and knows no HTTP."""

from __future__ import annotations

from typing import Any

from . import tokens
from .auth.auth import Auth
from .auth.expiry import drop_over
from .config import Options
from .files.cleaner import CleanerConsumer
from .files.local import LocalStorage
from .files.temporary import TEMPORARY, empty_temporary
from .files.thumbs import Thumbs, ThumbsConsumer
from .mail.mailer import Mailer
from .passwords import Passwords
from .rates import Rates
from .realtime.realtime import Realtime
from .records.changes.reached import Reached
from .records.changes.search import ChangeSearch
from .records.changes.stats import ChangeStats
from .records.collections import Collections
from .records.companions import MFAS, OTPS
from .records.files import Files
from .records.records import Records
from .rules import parser, projection
from .rules.request import Actor
from .schema.bootstrap import prepare
from .schema.catalog import Catalogs
from .store.recent import Recent
from .store.sqlite.store import SqliteStore
from .store.tail import Tail
from .store.trimming import Trimming
from .system.console import Console
from .system.crons import Crons
from .system.log_bridge import LogBridge
from .system.log_search import LogSearch
from .system.logs import Logs
from .system.settings import Settings


class Backend:
    """Everything one worker owns. `worker` is its number; number 0 also does what must be done only once."""

    def __init__(self, options: Options, worker: int = 0, rates: Rates | None = None) -> None:
        """`rates` are the counts that the workers of a server share; without them this one counts for itself."""
        self.options, self.worker = options, worker
        self.temporary = options.data_dir / TEMPORARY
        self.store = SqliteStore(options.data_dir / "data.db", readers=options.readers, synchronous=options.synchronous)
        self.catalogs = Catalogs(self.store)
        self.recent = Recent(self.store)
        self.rates = rates or Rates()
        self.settings = Settings(self.store)
        self.passwords = Passwords(options.hashing_threads, options.password_waiting, options.keep_bcrypt)
        self.storage = LocalStorage(options.data_dir / "storage")
        self.thumbs = Thumbs(self.storage, turns=options.data_dir / ".pbtornado" / "heavy")
        self.files = Files(self.catalogs, self.storage, self.thumbs)
        self.records = Records(self.store, self.catalogs, self.storage, self.passwords)
        self.mailer = Mailer(self.settings)
        self.collections = Collections(self.store, self.catalogs)
        self.auth = Auth(self.catalogs, self.recent, self.records, self.settings, self.mailer, self.rates)
        self.realtime = Realtime(self.store, self.catalogs, worker=worker)
        self.tail = Tail(self.store)
        self.changes = ChangeSearch(self.store, self.catalogs)
        self.change_stats = ChangeStats(self.store, self.catalogs)
        self.tail.on_wake.append(self.changes.waiting.wake)
        self.reached = Reached(self.store)
        self.tail.on_wake.append(self.reached.wake)
        self.trimming = Trimming(self.store.changes)
        self.journal = SqliteStore(options.data_dir / "auxiliary.db", log=False, readers=1, synchronous="NORMAL")
        self.logs = Logs(self.journal, self.settings)
        self.log_search = LogSearch(self.journal)
        self.log_bridge = LogBridge(self.logs)
        self.settings.on_change.append(self.logs.settle)
        self.console = Console(self.store, self.catalogs)
        self.crons = Crons()
        self._add_system_jobs()
        self.store.on_commit.append(lambda _: self.tail.wake())

    async def start(self) -> None:
        """Opens the data directory, makes a new one where there is none. Raises UnusableDirectory."""
        await self.store.open()
        await self.journal.open()
        self.log_bridge.start()
        if self.worker == 0:
            await prepare(self.store)
        empty_temporary(self.options.data_dir)
        await self.realtime.start()
        self.tail.add(self.realtime.fanout)
        if self.worker == 0:
            self.tail.add(ThumbsConsumer(self.catalogs, self.thumbs))
            self.tail.add(CleanerConsumer(self.catalogs, self.storage))
            self.trimming.start()
            self.crons.start()
        await self.tail.start()

    @staticmethod
    def warm() -> None:
        """Loads what a start need not wait for and the first who needs it should not; some 60 ms of CPU, for a thread."""
        tokens.signer()
        parser.grammar()
        projection.grammar()

    def _add_system_jobs(self) -> None:
        """What PocketBase does from time to time, under its names."""
        self.crons.add("__pbLogsCleanup__", "0 */6 * * *", self.logs.clean)
        self.crons.add("__pbDBOptimize__", "0 0 * * *", self._optimize)
        self.crons.add("__pbMFACleanup__", "0 * * * *", lambda: drop_over(self.records, MFAS))
        self.crons.add("__pbOTPCleanup__", "0 * * * *", lambda: drop_over(self.records, OTPS))

    async def _optimize(self) -> None:
        await self.store.optimize()
        await self.journal.optimize()

    def end_waiting(self) -> None:
        """Ends what would last: streams, and answers that are held back until something happens."""
        self.realtime.stop()
        self.changes.waiting.stop()

    async def stop(self) -> None:
        """Lets waiting writes commit and closes everything."""
        self.end_waiting()
        await self.crons.stop()
        await self.trimming.stop()
        await self.mailer.stop()
        await self.store.quiesce()
        await self.tail.stop()
        self.thumbs.stop()
        self.passwords.stop()
        self.log_bridge.stop()
        await self.logs.flush()
        await self.journal.close()
        await self.store.close()
        self.rates.close()

    async def identify(self, token: str) -> Actor:
        """Who an auth token belongs to; a guest where it is none or no longer good."""
        return await self.auth.identify(token)

    def report(self, most: int) -> dict[str, Any]:
        """What this worker does: its streams, as `Realtime.report` has them, and how many writes it has committed in how many commits."""
        writes, commits = self.store.written
        return {**self.realtime.report(most), "writes": writes, "commits": commits}

    def wake(self) -> None:
        """Somebody else has written: the log is looked at now."""
        self.tail.wake()

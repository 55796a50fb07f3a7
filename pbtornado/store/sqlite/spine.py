"""The log's head and epoch over all processes, and whether everything written went through the log.

Whoever has the turn compares the database's last commit with the last one a worker made. Where
they differ another program has written, the log does not tell what, and a new epoch begins.
"""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path

from ..changes import WHOLE_LOG
from ..protocol import Position, UnusableDirectory
from . import ddl
from .marks import Marks
from .wal import Commit, WalIndex, number_of

FORMAT = 1
"""Version of the log's tables; a greater one was written by a later program."""

_EPOCH_OF_LOG = "SELECT `epoch`, `seq` FROM `_cursors` WHERE `name` = ?"
_KEEP_EPOCH = (
    "INSERT INTO `_cursors` (`name`, `epoch`, `seq`) VALUES (?, ?, ?) ON CONFLICT (`name`) DO UPDATE SET `epoch` = excluded.`epoch`"
)
_NEWEST = "SELECT COALESCE(MAX(`seq`), 0) FROM `_changes`"
_EVER = "SELECT COALESCE(MAX(`seq`), 0) FROM `sqlite_sequence` WHERE `name` = '_changes'"


class Spine:
    """One process's part in keeping the marks true; all but the properties need the turn."""

    def __init__(self, database: Path, folder: Path) -> None:
        self._database = database
        self._marks = Marks(folder / "marks")
        self._left_closed = self._marks.left_closed(database)
        self._index: WalIndex | None = None
        self._epoch = 0
        self._head = 0
        self._schema_moved = False
        self._named = (0, "0")

    # ---- marks

    @property
    def head(self) -> int:
        return self._marks.head

    @property
    def schema(self) -> int:
        return self._marks.schema

    def position(self) -> Position:
        """The newest change any process has committed."""
        number = self._marks.epoch
        if self._named[0] != number:
            self._named = (number, f"{number:x}")
        return Position(self._named[1], self._marks.head)

    @property
    def pages(self) -> int:
        """How many pages were committed to the WAL since it was begun; in a turn."""
        return self._last_commit().frame

    def disturbed(self) -> bool:
        """True when another program seems to have written, or a worker to have died in its turn; an empty write settles it."""
        return self._index is not None and (self._marks.pending or self._marks.number != self._index.last_number())

    def seen(self) -> bytes:
        """What all programs' commits have led to: another after each of them. Costs a memory access."""
        return self._index.head() if self._index else b""

    def known(self, seen: bytes) -> bool:
        """Was the last of those commits a worker's own, and do the marks and the log tell of it?"""
        return bool(seen) and number_of(seen) == self._marks.number

    # ---- in a turn

    def open(self, connection: sqlite3.Connection) -> None:
        """Makes the log's tables where they are missing, in the transaction that is open, and judges what lies there."""
        self._index = WalIndex(self._database)
        for text in ddl.LOG_TABLES:
            connection.execute(text)
        self._judge(connection, opening=True)

    def check(self, connection: sqlite3.Connection) -> None:
        """Judges the last commit, in the transaction that is open. `settle` or `abandon` follows."""
        marks, index = self._marks, self._index
        assert index is not None
        self._epoch, self._head, self._schema_moved = marks.epoch, marks.head, False
        if marks.pending or marks.number != index.last_number():
            if self._judge(connection, opening=False):
                marks.settle(self._last_commit(), self._head, self._epoch)  # should this worker die in its turn too
            marks.move_schema()  # at once: the writes of this turn compare it with what they were decided on
        marks.begin()

    def begin_epoch(self, connection: sqlite3.Connection) -> None:
        """In the transaction that is open, which changed what the log does not tell."""
        self._epoch = secrets.randbits(63) | 1
        connection.execute(_KEEP_EPOCH, (WHOLE_LOG, f"{self._epoch:x}", FORMAT))

    def abandon(self) -> None:
        """When the turn ends without a commit."""
        self._marks.abandon()

    def settle(self, appended: int, schema_moved: bool) -> None:
        """After COMMIT; `appended` is the newest seq of this turn, 0 when it appended nothing."""
        self._marks.settle(self._last_commit(), appended or self._head, self._epoch, schema=schema_moved or self._schema_moved)

    def checkpointed(self) -> None:
        """After the WAL was emptied in a turn that wrote nothing: its head looks different, and it is still our commit."""
        marks, last = self._marks, self._last_commit()
        if not marks.pending and marks.number == last.number:
            marks.settle(last, marks.head, marks.epoch)
            marks.note_closed(self._database)  # should all workers die now: an empty WAL has no head to tell it by

    def close(self) -> None:
        """After all connections are closed."""
        if self._index is not None:
            self._index.close()
        self._marks.note_closed(self._database)
        self._marks.close()

    # ---- judging

    def _judge(self, connection: sqlite3.Connection, opening: bool) -> bool:
        """Is the last commit ours? Else an epoch begins."""
        kept = connection.execute(_EPOCH_OF_LOG, (WHOLE_LOG,)).fetchone()
        if kept is not None and kept[1] > FORMAT:
            raise UnusableDirectory("The data directory was written by a newer version of pbtornado; start that one.")
        known = kept is not None and self._known(opening)
        if known:
            self._epoch = int(kept[0], 16)
        else:
            self.begin_epoch(connection)
        # After the log was trimmed to nothing its sequence still knows how far it was.
        self._head = max(connection.execute(text).fetchone()[0] for text in (_NEWEST, _EVER))
        self._schema_moved = True
        return known

    def _known(self, opening: bool) -> bool:
        """True when a worker made the last commit: the one noted, or the next one by a worker that died before noting it."""
        noted, last = self._marks.commit, self._last_commit()
        if opening and self._left_closed:
            return True
        if _same(noted, last) or (not opening and noted.number == last.number):
            return True
        return self._marks.pending and _next(noted, last)

    def _last_commit(self) -> Commit:
        assert self._index is not None
        return self._index.last_commit()


def _same(noted: Commit, last: Commit) -> bool:
    return noted.salts != 0 and (noted.salts, noted.frame, noted.checksum) == (last.salts, last.frame, last.checksum)


def _next(noted: Commit, last: Commit) -> bool:
    """True when `last` can be the commit after `noted`, or still `noted` on a WAL begun anew; a rebuilt index has no number yet."""
    begun = last.generation - noted.generation in (0, 1)
    return begun and (last.number == 0 or last.number - noted.number in (0, 1))

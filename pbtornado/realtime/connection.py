"""One client's stream: what it is owed, never more than a bounded amount of it in memory."""

from __future__ import annotations

from asyncio import Future
from collections import deque
from collections.abc import Callable

from ..rules.request import GUEST, Actor
from ..store.protocol import Position
from ..values import now as moment
from .forms import SSE, Form

OUTBOX_BYTES = 128 * 1024
WRITE_BYTES = 64 * 1024
MOST_WAITING_BYTES = 4 * 1024 * 1024
"""Beyond so much, nothing more is told to a client that takes nothing."""

Write = Callable[[bytes], Future[None]]
"""Sends; the future is done when the socket takes more. It fails when the client has gone."""


class Connection:
    """A client that listens.

    It is live, or behind: then it is owed everything after `position` and reads it from the log as
    fast as its socket takes it. One that cannot keep up falls behind by itself, so what waits here
    stays within `OUTBOX_BYTES` however slow the client is.
    """

    __slots__ = (
        "__weakref__", "_busy", "_ended", "_outbox", "_waiting", "_write", "actor", "agent", "asked_at", "beat_at", "began", "behind",
        "bytes", "closed", "events", "fallen", "form", "id", "ip", "leave", "position", "pull", "quiet_since", "since", "subscribed",
    )  # fmt: skip

    def __init__(
        self, id: str, ip: str, *, since: str = "", leave: bool = False, agent: str = "", form: Form = SSE, now: float = 0.0
    ) -> None:
        self.id, self.ip, self.since, self.leave, self.agent, self.form = id, ip, since, leave, agent, form
        self.began = moment()
        self.events = self.bytes = 0
        """What its socket took so far: events of changes, and bytes of whatever kind."""
        self.fallen = 0
        """How often it took too little and had to go back to the log."""
        self.actor: Actor = GUEST
        self.position = 0
        self.behind = False
        self.subscribed = False
        self.closed = ""
        self.quiet_since = now
        self.beat_at = 0.0
        self.asked_at = 0.0
        """Since when a beat has not been answered; 0 where nothing is to be answered."""
        self.pull: Callable[[Connection], None] | None = None
        """Whom it asks for more of the log while it is behind."""
        self._outbox: deque[tuple[int, bytes, int]] = deque()
        self._waiting = 0
        self._write: Write | None = None
        self._ended: Callable[[], None] | None = None
        self._busy = False

    def attach(self, write: Write, ended: Callable[[], None]) -> None:
        """From now on the socket takes what is owed; `ended` is told when nothing more will come."""
        self._write, self._ended = write, ended
        if self.closed:
            ended()
        self.flush()

    @property
    def waiting(self) -> int:
        """Bytes in the outbox."""
        return self._waiting

    def tell(self, frame: bytes) -> None:
        """Sends a frame that belongs to no change: it is never dropped for the log's sake.

        A client that asks for more and more of them and takes none has its stream ended.
        """
        self._say(0, frame)

    def deliver(self, seq: int, frames: bytes, events: int = 1) -> None:
        """Puts the frames of changes from `seq` on into the outbox, which the next `flush` sends.

        A connection that has too many falls behind instead.
        """
        if self._waiting + len(frames) > OUTBOX_BYTES and self._outbox and not self.behind:
            self.fallen += 1
            self.go_back(self.stand(seq - 1))
        else:
            self._put(seq, frames, events)

    def stand(self, cursor: int) -> int:
        """The seq up to which the socket took everything; `cursor` is how far live delivery is."""
        unsent = next((seq for seq, _, _ in self._outbox if seq), None)
        if unsent is not None:
            return unsent - 1
        return self.position if self.behind else max(self.position, cursor)

    def go_back(self, position: int) -> None:
        """Leaves live delivery: what waits of changes is dropped, and read from the log after `position` again."""
        self.position, self.behind = position, True
        self.drop_changes()
        self.flush()

    def drop_changes(self) -> None:
        """Forgets what waits of changes."""
        self._outbox = deque(item for item in self._outbox if not item[0])
        self._waiting = sum(len(frame) for _, frame, _ in self._outbox)

    def stands_at(self, position: Position, loud: bool) -> None:
        """Tells the client that it has heard of everything up to there."""
        self._say(position.seq + 1, self.form.place(str(position), loud))

    def beat(self, now: float) -> None:
        """Shows the ways in between that the stream lives; a client that is owed something needs no such sign."""
        if not self._outbox and not self.behind:
            self.tell(self.form.beat)
            if self.form.answers:
                self.asked_at = self.asked_at or now

    def close(self, reason: str) -> None:
        """Ends the stream."""
        if self.closed:
            return
        self.closed = reason
        self._outbox.clear()
        self._waiting = 0
        if self._ended:
            self._ended()

    def flush(self) -> None:
        """Hands the socket all that is owed, as long as it takes more; what it does not take now follows when it does."""
        write = self._write
        if write is None or self._busy or self.closed:
            return
        while self._outbox:
            taken = write(self._take())
            if not taken.done():
                self._busy = True
                taken.add_done_callback(self._taken)
                return
        if self.behind and self.pull:
            self.pull(self)

    def _taken(self, taken: Future[None]) -> None:
        self._busy = False
        if taken.cancelled() or taken.exception():
            self._write = None  # the client has gone: whoever holds the socket hears of it, too
        self.flush()

    def _take(self) -> bytes:
        """All that is owed, up to about `WRITE_BYTES`."""
        _, frame, events = self._outbox.popleft()
        taken, size = [frame], len(frame)
        while self._outbox and size + len(self._outbox[0][1]) <= WRITE_BYTES:
            _, frame, more = self._outbox.popleft()
            taken.append(frame)
            size += len(frame)
            events += more
        self._waiting -= size
        self.events += events
        self.bytes += size
        return b"".join(taken) if len(taken) > 1 else taken[0]

    def _say(self, seq: int, frame: bytes) -> None:
        if self._waiting > MOST_WAITING_BYTES:
            self.close("slow")
        self._put(seq, frame)
        self.flush()

    def _put(self, seq: int, frame: bytes, events: int = 0) -> None:
        if not self.closed:
            self._outbox.append((seq, frame, events))
            self._waiting += len(frame)

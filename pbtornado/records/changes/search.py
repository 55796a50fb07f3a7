"""Finding changes in the log, newest first or after a seq; in slices, so that nobody waits for a search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from ...errors import NotFound
from ...schema.catalog import Catalog, Catalogs
from ...store.changes import CHANGES, COLUMNS, change_of
from ...store.protocol import Change, Position, Reader
from ...store.query import Column, Compare, Param, Select, Table
from ...store.tail import LoggedStore
from .shown import Showing
from .waiting import Waiting
from .wanted import LARGEST, SEQ, Range, Wanted

FIRST_SLICE, SLICE = 1_000, 100_000
"""Changes that are looked at in one go: at first on the loop, then on a thread (0.03 s of it)."""
SECONDS = 5.0
"""How long a search may take; it can be gone on with where it stopped."""
PAGE_BYTES = 4 << 20
"""A page ends early with so many bytes of images."""
LONG_PAGE = 100
"""More changes than this are made ready on a thread."""
_ONE = Select(tuple(Column("r", name) for name in COLUMNS), Table(CHANGES), where=Compare("=", SEQ, Param("seq")))


class ChangeSearch:
    """Questions about the log, for superusers; `waiting` tells those who wait for a change."""

    def __init__(self, store: LoggedStore, catalogs: Catalogs) -> None:
        self._store, self._catalogs = store, catalogs
        self.waiting = Waiting(store)

    async def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        """`{"epoch", "head", "oldest", "next", "items"}` for the texts of a query; waits for a change where that is asked.

        `next` goes on in the same direction, as `after` or `before`; null where the end of the log was reached.
        Raises BadRequest, StoreBusy.
        """
        wanted, range = Wanted.parse(query, self._catalogs.current), Range.parse(query)
        search = Search(self._store, wanted, range)
        await search.run()
        if range.wait and range.after is not None:
            search = await self._awaited(search, wanted, range)
        return await self._answer(search)

    async def _awaited(self, search: Search, wanted: Wanted, range: Range) -> Search:
        """The search, or a later one that finds something if that is in time."""
        until, epoch = monotonic() + range.wait, search.head.epoch
        while search.idle and search.head.epoch == epoch and not self.waiting.stopped and (left := until - monotonic()) > 0:
            range = replace(range, after=max(range.after or 0, search.head.seq))
            await self.waiting.until(wanted, Position(epoch, range.after or 0), left)
            search = Search(self._store, wanted, range)
            await search.run()
        return search

    async def view(self, seq: int) -> dict[str, Any]:
        """One change. Raises NotFound where the log does not have it."""
        _, items = await self._shown([seq], self._store.changes.position().epoch)
        if not items:
            raise NotFound
        return items[0]

    async def _answer(self, search: Search) -> dict[str, Any]:
        last, items = await self._shown(search.found, search.head.epoch)
        return {
            "epoch": search.head.epoch,
            "head": search.head.seq,
            "oldest": self._store.changes.oldest,
            "next": search.next if last is None else last,
            "items": items,
        }

    async def _shown(self, seqs: Sequence[int], epoch: str) -> tuple[int | None, list[dict[str, Any]]]:
        """The changes as data and, where those are fewer because of their size, the seq of the last one."""

        def question(catalog: Catalog) -> Callable[[Reader], tuple[int | None, list[dict[str, Any]]]]:
            def answer(reader: Reader) -> tuple[int | None, list[dict[str, Any]]]:
                last, changes = loaded(reader, seqs)
                return last, Showing(reader, catalog, epoch).items(changes)

            return answer

        return await self._catalogs.read(question, long=len(seqs) > LONG_PAGE)


class Search:
    """One search: the seqs `found`, and `next`, where to go on; the log is looked at up to `head`."""

    def __init__(self, store: LoggedStore, wanted: Wanted, range: Range) -> None:
        self._store, self._range, self._newest_first = store, range, range.after is None
        self._select, self._params = wanted.seqs(newest_first=self._newest_first), wanted.params()
        self.head, self.oldest = store.changes.position(), store.changes.oldest
        self.found: list[int] = []
        self.next: int | None = None

    @property
    def idle(self) -> bool:
        """Nothing was found as far as the log goes."""
        return not self.found and self.next is None

    async def run(self) -> None:
        """Looks until there is enough, or nothing left, or the time is over."""
        low = max(self.oldest, (self._range.after or 0) + 1)
        high = min(self.head.seq, LARGEST if self._range.before is None else self._range.before - 1)
        until, size = monotonic() + SECONDS, FIRST_SLICE
        while low <= high and self.next is None:
            edge = max(low, high - size + 1) if self._newest_first else min(high, low + size - 1)
            await self._look(*((edge, high) if self._newest_first else (low, edge)), long=size > FIRST_SLICE)
            low, high = (low, edge - 1) if self._newest_first else (edge + 1, high)
            if self.next is None and low <= high and monotonic() > until:
                self.next = edge
            size = SLICE

    async def _look(self, low: int, high: int, *, long: bool) -> None:
        """Takes what is found between two seqs; one more than is wanted says that there is more."""
        most = self._range.limit - len(self.found) + 1
        params = {**self._params, "low": low, "high": high, "limit": most}
        self.found += [row[0] for row in await self._store.read(lambda reader: reader.rows(self._select, params), long=long)]
        if len(self.found) > self._range.limit:
            self.found.pop()
            self.next = self.found[-1]


def loaded(reader: Reader, seqs: Sequence[int]) -> tuple[int | None, list[Change]]:
    """The changes of these seqs, as far as they are there and no more than PAGE_BYTES; where they were more, the last one's seq."""
    changes: list[Change] = []
    size = 0
    for seq in seqs:
        row = reader.one(_ONE, {"seq": seq})
        if row is None:
            continue
        size += len(row[-2]) + len(row[-1])
        if size > PAGE_BYTES and changes:
            return changes[-1].seq, changes
        changes.append(change_of(row))
    return None, changes

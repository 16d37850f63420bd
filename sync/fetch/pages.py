"""One list, read once from its first page to its end.

Comes in: a ``Listing``. Goes out: a ``ListRead`` with the records in the list's order
and everything that speaks for or against their being all. With a known total the
pages are read at once, otherwise one after the other. Paging advances by the rows
received: servers clamp the limit that was asked for.

Each page that is asked for by its offset begins with the last record of the one before
it. In a list that is in order, whatever stayed there throughout stands between two such
records, and is in the page that has both: pages that join have lost nobody, whatever
came and went between one request and the next. Where they do not, something moved, and
totals that agree would not show it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import anyio
import polars as pl

from sync.errors import InterruptedRunError, RosterSyncError, TargetError
from sync.fetch.crowd import in_crowd
from sync.fetch.ends import MAX_PAGES, SPARE_PAGES, CircleWatch, enough, joint
from sync.fetch.readable import Readable
from sync.model.outcome import Failure
from sync.model.request import Answer, Listing, Page, Request
from sync.shelf import Drawer
from sync.targets.base import ID
from sync.wire import (
    HALTED,
    INSECURE,
    TLS_ADVICE,
    UnreadableError,
    Wire,
    next_query,
    summary,
)

IN_THREAD = 256 * 1024
"""Bytes of a body from which decoding it would hold up the other requests."""
DECODERS = 2
"""Pages of a list in decoding at once. They need several times their size meanwhile,
and more threads than cores only take turns with the one that sends."""

UNDER_WAY = 16 * 2**20
"""Bytes of pages of one list that are asked for and not decoded yet: more is memory
and no gain, since they arrive faster than they are decoded."""
BEHIND = 8
"""Pages that may wait for their decoding, or be in it, while as many others as the
limits allow are under way: who waits for it before asking for the next page leaves the
line unused for a quarter of the time."""

Seen = Callable[[int], None]
"""Is told the number of records of each page as it arrives."""


@dataclass(frozen=True, slots=True)
class ListRead:
    """What one reading of a list brought.

    ``ended`` is false where paging went round in circles or led on from an empty page,
    ``joined`` where a page does not begin where the one before it ended; ``totals``
    are the announced ones, in the order of the pages, a last look after the last page
    included.
    """

    frame: pl.DataFrame
    totals: tuple[int | None, ...]
    pages: int
    effective_limit: int
    ended: bool = True
    joined: bool = True
    notes: tuple[str, ...] = ()

    @property
    def total_first(self) -> int | None:
        """What the first page announced."""
        return self.totals[0] if self.totals else None

    @property
    def total_last(self) -> int | None:
        """What the last look announced."""
        return self.totals[-1] if self.totals else None


@dataclass(frozen=True, slots=True)
class _Part:
    """A run of pages that follow one another."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    said: list[Page] = field(default_factory=list)

    @property
    def received(self) -> int:
        """Records in all of them."""
        return sum(page.received for page in self.said)

    @property
    def newest(self) -> int:
        """The largest total that one of them announced."""
        return max((page.total or 0 for page in self.said), default=0)

    def add(self, other: _Part) -> None:
        """Those that come behind these."""
        self.frames.extend(other.frames)
        self.said.extend(other.said)


class ListReader:
    """Reads one list through one wire; ``seen`` hears of every page."""

    def __init__(
        self, wire: Wire, target: Readable, listing: Listing, seen: Seen | None = None
    ) -> None:
        """Nothing is sent yet."""
        self._wire = wire
        self._target = target
        self._listing = listing
        self._seen = seen
        self._preferred = listing.preferred
        self._base = target.services[listing.service].url
        self._drawer = Drawer()
        self._largest = 0
        """Bytes of a page."""
        self._decoding = anyio.CapacityLimiter(DECODERS)
        self._overlap = 1
        """Records that a page has in common with the one before it."""
        self._dry: float = float("inf")
        """Where a page came empty: there is nothing from there on."""

    async def read(self) -> ListRead:
        """The whole list, once. Raises ``TargetError`` where that is impossible."""
        listing = self._listing
        first = await self._first()
        if first is None:
            return ListRead(nothing(), (None,), 0, listing.limit)
        frame, page = first
        if not listing.paged:
            return ListRead(frame, (page.total,), 1, page.received)
        if page.total is None or listing.window is None:
            return await self._one_after_the_other(frame, page)
        if page.received == 0 or page.received >= page.total:
            return ListRead(frame, (page.total,), 1, page.limit or listing.limit)
        return await self._at_once(frame, page, page.total)

    async def _first(self) -> tuple[pl.DataFrame, Page] | None:
        """The first page, without what the server does not know."""
        preferred = self._listing.preferred
        if preferred:
            try:
                return await self._page(self._query(self._listing.limit, 0), odd=True)
            except _OddError:
                self._preferred = ()
        return await self._page(self._query(self._listing.limit, 0))

    async def _at_once(self, frame: pl.DataFrame, page: Page, total: int) -> ListRead:
        head = _Part([frame], [page])
        at = step = page.received
        if step < self._listing.limit:
            # Clamped, or one page that was short: the second says which.
            second = await self._chunk(at, self._listing.limit, once=True)
            step = max(step, second.received)
            if step > 1:
                head.add(second)
                at += max(0, second.received - self._overlap)
        # Pages of one record have no room for the one before.
        self._overlap = min(self._overlap, step - 1)
        size = step - self._overlap
        starts = range(at, total, size)
        if len(starts) > MAX_PAGES:
            what = f"announces {total} records, {step} a page"
            raise self._error(what)

        async def chunk(start: int) -> _Part:
            return await self._chunk(start, size)

        # The wire sees to it that no more are under way than the limits allow.
        crowd = min(self._wire.limits.concurrency + BEHIND, self._room())
        for part in await in_crowd(starts, chunk, crowd):
            head.add(part)
        await self._rest(head, at + len(starts) * size, size)
        look = await self._page(self._query(1, 0), told=False)
        totals = [each.total for each in head.said] + [look[1].total if look else None]
        frames, joined = joint(head.frames, self._overlap)
        return ListRead(
            pl.concat(frames, how="diagonal_relaxed"),
            tuple(totals),
            len(head.said),
            step,
            joined=joined,
            notes=self._clamped(step),
        )

    def _room(self) -> int:
        """So many pages may be on their way, by the largest so far."""
        return max(BEHIND, UNDER_WAY // max(1, self._largest))

    async def _chunk(self, start: int, size: int, *, once: bool = False) -> _Part:
        """The records from ``start`` to ``start + size`` behind the one before them,
        in more than one page where the server gives less than was asked for; ``once``:
        in one page. Nothing behind a page that was empty is asked for."""
        part, over = _Part(), self._overlap
        at, end = start, start + size
        while at < end and at < self._dry:
            limit = min(self._listing.limit, end - at + over)
            read = await self._page(self._query(limit, at - over))
            if read is None:
                break
            part.frames.append(read[0])
            self._drawer.add(part.frames, len(part.frames) - 1)
            part.said.append(read[1])
            at += max(0, read[1].received - over)
            if read[1].received <= over and not once:
                self._dry = min(self._dry, at)
            if once or at >= (read[1].total or end):
                break
        return part

    async def _rest(self, head: _Part, at: int, size: int) -> None:
        """What has come behind the end since the first page announced it; as many
        pages again and some: a list that grows faster than it is read has no end."""
        most = 2 * len(head.said) + SPARE_PAGES
        while at < head.newest and len(head.said) < most:
            more = await self._chunk(at, size)
            head.add(more)
            if more.received <= self._overlap:
                break
            at += size

    async def _one_after_the_other(self, frame: pl.DataFrame, page: Page) -> ListRead:
        step = at = page.received
        over = min(self._overlap, max(0, step - 1))
        watch = CircleWatch(enough(page))
        ended = not watch.turns(frame, page)
        linked = page.next is not None or self._listing.window is None
        totals = [page.total]
        while page.received and (page.next is not None or not linked):
            query, counted = self._after(page, at - over)
            known = over if counted else 0
            read = await self._page(query)
            if read is None or read[1].received <= known:
                ended = ended and await self._nothing_behind(read, at)
                break
            frame, page = read
            totals.append(page.total)
            if watch.turns(frame, page):
                ended = False
                break
            linked = linked or page.next is not None
            at += page.received - known
        frames, joined = joint(watch.frames, over if self._counts(page) else 0)
        return ListRead(
            pl.concat(frames, how="diagonal_relaxed"),
            tuple(totals),
            len(watch.frames),
            step,
            ended,
            joined,
            self._clamped(step) if len(totals) > 1 else (),
        )

    async def _nothing_behind(
        self, read: tuple[pl.DataFrame, Page] | None, at: int
    ) -> bool:
        """Whether the page behind an empty one, if it has a link, is empty as well:
        some systems always have another link, and a gap is no end."""
        if read is None or read[1].next is None:
            return True
        behind = await self._page(self._after(read[1], at)[0])
        return behind is None or behind[1].received == 0

    def _counts(self, page: Page) -> bool:
        """Whether what comes after this page is asked for by its offset."""
        return self._after(page, 0)[1]

    def _after(self, page: Page, at: int) -> tuple[tuple[tuple[str, str], ...], bool]:
        """The query of the page behind ``page``, and whether it says the offset."""
        listing = self._listing
        if page.next is None:
            return self._query(listing.limit, at), listing.window is not None
        query = next_query(self._base, listing.path, page.next)
        if listing.window is None:
            return query, False
        # Links with an offset are off by one in some systems; rows received are not.
        counted = any(name == listing.window[1] for name, _ in query)
        return (self._query(listing.limit, at), True) if counted else (query, False)

    def _query(self, limit: int, offset: int) -> tuple[tuple[str, str], ...]:
        window = self._listing.window
        query = (*self._preferred, *self._listing.query)
        if not self._listing.paged or window is None:
            return query
        size, start = window
        return (*query, (size, str(limit)), (start, str(offset)))

    async def _page(
        self,
        query: tuple[tuple[str, str], ...],
        *,
        told: bool = True,
        odd: bool = False,
    ) -> tuple[pl.DataFrame, Page] | None:
        """One page; None for a record that is absent. A body that cannot be read is
        asked for again, as a server's trouble would be; ``odd``: the query may be
        what the server does not know."""
        listing = self._listing
        request = Request(
            listing.service,
            "GET",
            listing.path,
            query=query,
            headers=listing.headers,
            follow=listing.follow,
        )
        attempt = 0
        while True:
            attempt += 1
            answer = await self._wire.send(request)
            if isinstance(answer, Failure):
                if odd and answer.status == HTTPStatus.BAD_REQUEST:
                    raise _OddError
                if answer.status in listing.absent:
                    return None
                if answer.status in listing.barred:
                    raise BarredError(answer)
                raise failed_list(self._wire, listing, answer)
            self._largest = max(self._largest, len(answer.body))
            try:
                frame, page = await self._decoded(answer)
            except UnreadableError as error:
                if await self._wire.pause_before(attempt):
                    continue
                raise self._unreadable(str(error)) from None
            if told and self._seen is not None:
                self._seen(page.received)
            return frame, page

    async def _decoded(self, answer: Answer) -> tuple[pl.DataFrame, Page]:
        if len(answer.body) < IN_THREAD:
            return self._target.read(self._listing, answer)
        return await anyio.to_thread.run_sync(
            self._target.read, self._listing, answer, limiter=self._decoding
        )

    def _clamped(self, step: int) -> tuple[str, ...]:
        asked = self._listing.limit
        if step >= asked:
            return ()
        text = f"{self._listing.label}: the server gives {step} records a page"
        return (f"{text} where {asked} were asked for",)

    def _unreadable(self, why: str) -> RosterSyncError:
        if (reason := self._wire.halted) is not None:
            message = f"the list {self._listing.label} was not read: {reason}"
            return InterruptedRunError(message, do="run again")
        return self._error(f"came back unreadable: {why}")

    def _error(self, what: str) -> TargetError:
        text = f"{self._listing.service}: the list {self._listing.label} {what}"
        return TargetError(text, do="run again, or ask the vendor")


class _OddError(Exception):
    """The server does not know what was asked for besides."""


class BarredError(Exception):
    """A list that may fail by itself did: ``failure`` says how."""

    def __init__(self, failure: Failure) -> None:
        """Keep the failure, which may be the one of them all."""
        super().__init__(failure.code)
        self.failure = failure


def failed_list(wire: Wire, listing: Listing, failure: Failure) -> RosterSyncError:
    """The error for a list that could not be read after all retries."""
    where = f"{listing.service}: the list {listing.label}"
    if failure.code == HALTED:
        return InterruptedRunError(f"{where}: {failure.message}", do="run again")
    said = summary(failure)
    if failure.status == HTTPStatus.FORBIDDEN:
        missing = " ".join(wire.missing_scopes.get(listing.service, ()))
        need = f"the scope {missing}" if missing else "the permission to read it"
        return TargetError(
            f"{where} is forbidden ({said})", do=f"ask the vendor to grant {need}"
        )
    if failure.status == HTTPStatus.NOT_FOUND:
        advice = "the address in the configuration is wrong"
        return TargetError(f"{where} does not exist ({said})", do=advice)
    if failure.code in INSECURE:
        return TargetError(f"{where} was not read: {failure.message}", do=TLS_ADVICE)
    if failure.status is None:
        where = f"{where} of {wire.host(listing.service)}"
    advice = "see whether the system is up and our access is valid, then run again"
    return TargetError(f"{where} could not be read ({said})", do=advice)


def nothing() -> pl.DataFrame:
    """A list without records, of which nothing but that is known."""
    return pl.DataFrame(schema={ID: pl.String})


async def read_list(
    wire: Wire, target: Readable, listing: Listing, seen: Seen | None = None
) -> ListRead:
    """The whole list, read once.

    Raises ``TargetError`` where that is impossible, ``InterruptedRunError`` where the
    wire was halted.
    """
    return await ListReader(wire, target, listing, seen).read()

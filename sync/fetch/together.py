"""Records asked for by name, many with one request, as far as the server proves itself.

Comes in: listings of single records that say how a list is asked for several of them
(``Listing.among``). Goes out: the records that came so, by label, and the listings that
are still to be read by themselves: those that an answer left out, and all where the
server does not know the way. An answer counts only if it shows nothing but what was
asked for, and at least half of that; a server that passes over what it does not
understand answers otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

import polars as pl

from sync.fetch.crowd import in_crowd
from sync.fetch.pages import failed_list
from sync.fetch.readable import Readable
from sync.model.outcome import Failure
from sync.model.request import Among, Listing, Request, Way
from sync.targets.base import ID
from sync.wire import HALTED, UnreadableError, Wire

_UNKNOWN_WAY = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.REQUEST_URI_TOO_LONG,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)
"""Statuses of a server that does not take what it was asked so, and may take less."""


@dataclass(slots=True)
class Together:
    """What was read together, and what is still to be read."""

    frames: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    rest: list[Listing] = field(default_factory=list)

    def tables(self) -> dict[str, pl.DataFrame]:
        """The records by label."""
        return {
            label: pl.concat(frames, how="diagonal_relaxed")
            for label, frames in self.frames.items()
        }


async def read_together(
    wire: Wire, target: Readable, listings: Sequence[Listing]
) -> Together:
    """These records, each in the answer to a request for several of them.

    Raises ``InterruptedRunError`` where the wire was halted; whatever else goes wrong,
    the records are among the ``rest``.
    """
    found, groups = Together(), dict[tuple[str, ...], dict[str, Listing]]()
    for listing in listings:
        among = listing.among
        if among is None or any(one in among.identifier for one in among.never):
            found.rest.append(listing)
        else:
            key = (listing.service, listing.label, among.path)
            groups.setdefault(key, {}).setdefault(among.identifier, listing)
    asking = _Asking(wire, target, found)
    for group in groups.values():
        await asking.group(list(group.values()))
    return found


@dataclass(slots=True)
class _Asking:
    """One server being asked; it is not asked again in ways that it did not know."""

    wire: Wire
    target: Readable
    found: Together
    at: int = 0
    """The first way that it may know."""

    async def group(self, listings: list[Listing]) -> None:
        """The records of one list. The first part shows whether the way is known; the
        others are asked for at once."""
        while len(listings) > 1 and (way := self._way(listings)) is not None:
            parts = list(_parts(listings, way))
            first = await self._part(parts[0], way)
            if first is None:
                self.at += 1
                continue
            work = partial(self._part, way=way)
            width = self.wire.limits.concurrency
            answers = [first, *await in_crowd(parts[1:], work, width)]
            for part, frame in zip(parts, answers, strict=True):
                self._keep(part, frame)
            return
        self.found.rest += listings

    def _way(self, listings: list[Listing]) -> Way | None:
        ways = _among(listings[0]).ways
        return ways[self.at] if self.at < len(ways) else None

    def _keep(self, part: list[Listing], frame: pl.DataFrame | None) -> None:
        if frame is None:
            self.found.rest += part
            return
        self.found.frames.setdefault(part[0].label, []).append(frame)
        came = set(frame[ID])
        self.found.rest += [one for one in part if _among(one).identifier not in came]

    async def _part(self, part: list[Listing], way: Way) -> pl.DataFrame | None:
        """The records that one request brings; null where the answer does not count."""
        listing = _listing(part, way)
        request = Request(listing.service, "GET", listing.path, query=_query(part, way))
        answer = await self.wire.send(request)
        if isinstance(answer, Failure):
            if answer.code == HALTED:
                raise failed_list(self.wire, listing, answer)
            if answer.status not in _UNKNOWN_WAY:  # it is no matter of the way
                self.at = len(_among(part[0]).ways)
            return None
        try:
            frame, page = self.target.read(listing, answer)
        except UnreadableError:
            return None
        named = {_among(one).identifier for one in part}
        proven = (
            page.total in {None, frame.height}
            and frame[ID].n_unique() == frame.height
            and named.issuperset(frame[ID])
            and 2 * frame.height >= len(part)
        )
        return frame if proven else None


def _among(listing: Listing) -> Among:
    if listing.among is None:
        raise ValueError(listing.label)
    return listing.among


def _parts(listings: list[Listing], way: Way) -> Iterator[list[Listing]]:
    """The listings in parts that one request can name."""
    most = min(way.most, _among(listings[0]).page)
    ends = _length(way.first) + _length(way.last)
    part: list[Listing] = []
    size = ends
    for one in listings:
        more = _length(_among(one).identifier) + _length(way.between)
        if part and (len(part) == most or size + more > way.longest):
            yield part
            part, size = [], ends
        part.append(one)
        size += more
    yield part


def _length(text: str) -> int:
    return len(quote(text, safe=""))


def _listing(part: list[Listing], way: Way) -> Listing:
    """The list as which the answer is read."""
    first = part[0]
    return replace(
        first,
        path=_among(first).path,
        query=_query(part, way),
        paged=True,
        absent=(),
        among=None,
    )


def _query(part: list[Listing], way: Way) -> tuple[tuple[str, str], ...]:
    among = _among(part[0])
    names = way.between.join(_among(one).identifier for one in part)
    # One more than was asked for shows a server that pays no heed to the names.
    size, start = part[0].window or ("limit", "offset")
    limit = min(among.page, len(part) + 1)
    value = f"{way.first}{names}{way.last}"
    return (among.parameter, value), (size, str(limit)), (start, "0")

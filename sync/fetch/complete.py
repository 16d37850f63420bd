"""Is it all there? A list, read until it can be proven or three times were enough.

Comes in: a ``Listing`` and what the last mirror held. Goes out: its distinct records
and whether they are all. Only a complete list may be the reason that anything is
removed: distinct records equal to the announced total, at the start and at the end,
in pages each of which begins where the one before it ended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from sync.fetch.pages import BarredError, ListRead, Seen, nothing, read_list
from sync.fetch.readable import Readable
from sync.model.outcome import Failure
from sync.model.request import Listing
from sync.targets.base import ID
from sync.wire import Wire

READINGS = 3
"""So often is a list read whose records and totals do not agree."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The distinct records of a list, in its order."""

    frame: pl.DataFrame
    complete: bool
    pages: int
    notes: tuple[str, ...] = ()
    barred: Failure | None = None
    """Why this list could not be had (see ``Listing.barred``); then it is empty."""


async def read_whole(
    wire: Wire,
    target: Readable,
    listing: Listing,
    previous: int | None = None,
    seen: Seen | None = None,
) -> Whole:
    """The list, read again where it does not prove itself.

    ``previous``: how many records the last mirror held; with some, an empty answer is
    not believed before a second, different request says the same.
    """
    pages = reading = 0
    asked, confirmed = listing, False
    notes: dict[str, None] = {}
    while True:
        reading += 1
        try:
            read = await read_list(wire, target, asked, seen)
        except BarredError as error:
            return Whole(nothing(), True, pages, tuple(notes), error.failure)
        pages += read.pages
        frame = distinct(read.frame)
        doubt = _doubt(read, frame.height)
        empty = doubt is None and frame.is_empty() and bool(previous)
        if empty and not (confirmed and read.total_first == 0):
            doubt = f"empty, where the last read held {previous} records"
        notes |= dict.fromkeys((*read.notes, *_repeats(listing, read, frame)))
        if doubt is None or (empty and confirmed) or reading == READINGS:
            break
        if empty:
            asked, confirmed = _otherwise(listing), True
        notes[f"{listing.label}: {doubt}; read again"] = None
    if doubt is not None:
        notes[f"{listing.label}: not proven complete: {doubt}"] = None
    return Whole(frame, doubt is None, pages, tuple(notes))


def distinct(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per identifier, the first; records without one are all kept."""
    keep = frame[ID].is_first_distinct() | frame[ID].is_null()
    return frame if keep.all() else frame.filter(keep)


def _doubt(read: ListRead, count: int) -> str | None:
    if not read.ended:
        return "its pages go round in circles, or on from an empty one"
    if not read.joined:
        return "its pages do not join: records came or went meanwhile"
    totals = sorted({total for total in read.totals if total is not None})
    if len(totals) > 1:
        return f"its total changed between {totals[0]} and {totals[-1]} meanwhile"
    if totals and totals[0] != count:
        return f"{count} distinct records, {totals[0]} announced"
    return None


def _repeats(listing: Listing, read: ListRead, frame: pl.DataFrame) -> tuple[str, ...]:
    again = read.frame.height - frame.height
    return (f"{listing.label}: {again} records came twice",) if again else ()


def _otherwise(listing: Listing) -> Listing:
    """The same list, asked for in other words."""
    return replace(
        listing, limit=max(1, listing.limit // 2) if listing.limit > 1 else 2
    )

"""Whether the pages of a list have an end, and whether they join.

Comes in: pages as they arrive, and the frames of their records. Goes out: whether
paging goes round in circles, how many pages are enough, and the records once, with
whether each page begins where the one before it ended.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync.model.request import Page
from sync.targets.base import ID

MAX_PAGES = 200_000
"""More pages than this of one list are no list: 20 million records by 100."""
SPARE_PAGES = 20
"""So many pages more than twice those announced may a list grow while it is read."""


class CircleWatch:
    """Notices paging that never ends: the same page, the same link, no new records."""

    def __init__(self, most: int = MAX_PAGES) -> None:
        """No page yet, and so many of them at most."""
        self._most = most
        self.frames: list[pl.DataFrame] = []
        self._pages: set[tuple[int, int]] = set()
        self._links: set[str] = set()
        self._distinct = 0
        self._look_at = 1

    def turns(self, frame: pl.DataFrame, page: Page) -> bool:
        """Keep the page, unless it says that paging goes round in circles."""
        mark = (frame.height, int(frame[ID].hash().sum()))
        if page.received and (mark in self._pages or page.next in self._links):
            return True
        if len(self.frames) >= self._most:
            return True
        self._pages.add(mark)
        if page.next is not None:
            self._links.add(page.next)
        self.frames.append(frame)
        return self._stands_still()

    def _stands_still(self) -> bool:
        # Counted after 1, 2, 4, 8, ... pages: a look at all of them costs little then.
        if len(self.frames) < self._look_at:
            return False
        self._look_at *= 2
        distinct = pl.concat([frame[ID] for frame in self.frames]).n_unique()
        still = distinct == self._distinct and distinct > 0
        self._distinct = distinct
        return still


def enough(first: Page) -> int:
    """More pages than this are no list: twice those announced, and some."""
    if first.total is None or not first.received:
        return MAX_PAGES
    return min(MAX_PAGES, 2 * (first.total // first.received) + SPARE_PAGES)


def joint(
    frames: Sequence[pl.DataFrame], overlap: int
) -> tuple[list[pl.DataFrame], bool]:
    """Pages without what each repeats of the one before it, and whether every one of
    them has the last record of the one before."""
    if not overlap:
        return list(frames), True
    kept, joined = [frames[0]], True
    before = frames[0]
    for frame in frames[1:]:
        place = None
        if before.height and frame.height:
            place = frame[ID].index_of(before[ID][-1])
        joined = joined and (place is not None or frame.is_empty())
        kept.append(frame if place is None else frame[place + 1 :])
        before = frame
    return kept, joined

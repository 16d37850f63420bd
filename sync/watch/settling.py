"""When a drop is complete: the rule, without files and without a clock.

In: what each look saw, and when that was. Out: the drops whose files kept size, time of
change and digest for as long as is asked for, or that are announced by their sentinel
and lay still between two looks.

Times of files are compared with themselves alone, never with a clock: a time of change
that lies in the future means nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sync.watch.look import Inside

Digest = Callable[[str, Inside], str | None]
"""The digest of a drop by its name; none where it could not be made this time."""


class Sight(Protocol):
    """What a look saw of one drop."""

    @property
    def name(self) -> str:
        """Which one it is."""

    @property
    def inside(self) -> Inside:
        """Its files."""

    @property
    def waits(self) -> str | None:
        """Why it cannot be complete yet."""

    @property
    def announced(self) -> bool:
        """Whether its sentinel is there."""


@dataclass(slots=True)
class _Track:
    """One drop as it was when it changed last."""

    inside: Inside
    moved: bool
    """It was seen to change."""
    seen_again: bool = False
    digest: str | None = None
    since: float = 0.0
    """When that digest was made."""


class Settling:
    """What is known of the drops that were seen and are not complete yet."""

    def __init__(self, seconds: float, digest: Digest) -> None:
        """``seconds`` is for how long nothing may change."""
        self._seconds = seconds
        self._digest = digest
        self._tracks: dict[str, _Track] = {}

    def complete(self, seen: Sequence[Sight], now: float) -> Iterator[tuple[str, str]]:
        """The drops that are complete by now, each with its digest, and forgotten.

        ``now``: seconds of a clock that is never set.
        """
        tracks = {one.name: self._followed(one) for one in seen}
        self._tracks = tracks
        for one in seen:
            found = self._settled(one, tracks[one.name], now)
            if found is not None:
                del tracks[one.name]
                yield one.name, found

    def may_settle(self, seen: Sequence[Sight]) -> bool:
        """Whether one of these may be complete soon: it has lain still for as long as
        it was watched, and nothing speaks against it."""
        return any(
            one.waits is None
            and one.name in self._tracks
            # What moves is left to a later call.
            and not self._tracks[one.name].moved
            for one in seen
        )

    def _followed(self, one: Sight) -> _Track:
        known = self._tracks.get(one.name)
        if known is not None and known.inside == one.inside:
            return known
        return _Track(one.inside, moved=known is not None)

    def _settled(self, one: Sight, track: _Track, now: float) -> str | None:
        first, track.seen_again = not track.seen_again, True
        if first or one.waits is not None:
            track.digest = None
            return None
        lasted = now - track.since >= self._seconds
        if track.digest is not None and not (lasted or one.announced):
            return None
        found = self._digest(one.name, one.inside)
        same = lasted and found == track.digest
        if found is not None and (same or one.announced):
            return found
        # Another content may come with the same size and time.
        track.moved = track.moved or track.digest is not None
        track.digest, track.since = found, now
        return None

"""Reading a target: its lists, round by round, become the mirror.

Comes in: a target, a wire, what is wanted. Goes out: a ``Mirror`` with the target's
own frames and, for every entity, whether all lists that it rests on are complete.
The lists of one round are read at once; a round may be many small lists, one for each
person. What one list leads to by itself is read along with its round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

import polars as pl

from sync.errors import LocalError
from sync.fetch.complete import Whole, read_whole
from sync.fetch.crowd import in_crowd
from sync.fetch.pages import failed_list
from sync.fetch.readable import Readable
from sync.model.entities import Entity
from sync.model.mirror import Mirror
from sync.model.outcome import Failure
from sync.model.request import Listing
from sync.shelf import all_put_away, put_away
from sync.targets.base import BARRED, ID, Wants
from sync.wire import Wire, summary

SUBJECT = "_subject"
"""In tables that were put together from one list for each person: whose list."""
_DENIED = frozenset({401, 403})
MAX_ROUNDS = 20
"""Lists that need other lists first go three deep; more is a target's defect."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a read is: records and lists read so far, by label."""

    label: str
    records: int
    lists: int


Report = Callable[[Progress], None]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class _Table:
    """One label: the frames of its lists and what is known of them."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    feeds: set[str] = field(default_factory=set)
    subjects: set[str] = field(default_factory=set)
    complete: bool = True
    pages: int = 0
    records: int = 0
    lists: int = 0
    delta: bool = False
    refused: Failure | None = None
    """The failure of one of its lists, while none could be had."""
    had: bool = False
    """Whether any of its lists could be had."""
    _whole: pl.DataFrame | None = None

    def add(self, frame: pl.DataFrame) -> None:
        """One more of its lists."""
        self.frames.append(frame)
        self._whole = None

    def whole(self, held: pl.DataFrame | None = None) -> pl.DataFrame:
        """All records of the label, in the order in which its lists were named; of a
        delta laid over those that the last read ``held``."""
        if self._whole is None:
            self._whole = put_away(self._together(held))
        return self._whole

    def _together(self, held: pl.DataFrame | None) -> pl.DataFrame:
        filled = [frame for frame in self.frames if frame.width > 1 or frame.height]
        found = pl.concat(filled or self.frames[:1], how="diagonal_relaxed")
        if not self.delta or held is None:
            return found
        stays = held.join(found, on=ID, how="anti")
        return pl.concat([stays, found], how="diagonal_relaxed").sort(ID)


@dataclass(slots=True)
class _Reading:
    """Everything that one ``fetch`` has read so far."""

    target: Readable
    wire: Wire
    previous: Mapping[str, int]
    holders: Mapping[str, frozenset[str]]
    progress: Report | None
    base: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """By label, the records of the last read over which a delta is laid."""
    barred: list[tuple[str, str | None, str]] = field(default_factory=list)
    labels: dict[str, _Table] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    async def round(self, listings: list[Listing], wants: Wants) -> None:
        """Read these lists and what some of them lead to, and put their records under
        their labels."""
        for listing in listings:
            self.labels.setdefault(listing.label, _Table())
        read = partial(self._with_led, wants=wants)
        found = await in_crowd(listings, read, self.wire.limits.concurrency)
        # Each list of the round, then what the first of them led to, and so on.
        each = [first for first, *_ in found]
        each += [one for _, *led in found for one in led]
        for listing, whole in each:
            self._keep(listing, whole)
        self.demand_some([listing for listing, _ in each])

    async def _with_led(
        self, listing: Listing, wants: Wants
    ) -> list[tuple[Listing, Whole]]:
        """A list, and those that it leads to, without a wait for others of its round:
        they use the line while large pages of those are made and decoded."""
        whole = await self._one(listing)
        if not listing.leads or whole.barred is not None:
            return [(listing, whole)]
        alone = replace(self, labels={listing.label: _Table()}, notes={})
        alone._keep(listing, whole)
        led = self.target.listings(wants, alone.tables())
        wholes = await in_crowd(led, self._one, self.wire.limits.concurrency)
        return [(listing, whole), *zip(led, wholes, strict=True)]

    async def _one(self, listing: Listing) -> Whole:
        table = self.labels.setdefault(listing.label, _Table())
        seen = partial(self._seen, listing.label, table)
        whole = await read_whole(
            self.wire, self.target, listing, self._held(listing), seen
        )
        table.lists += 1
        return whole

    def _seen(self, label: str, table: _Table, received: int) -> None:
        table.records += received
        if self.progress is not None:
            self.progress(Progress(label, table.records, table.lists))

    def _held(self, listing: Listing) -> int | None:
        """What the last mirror held of it; a single person's list may be empty, and
        so may be what has changed since."""
        if listing.delta:
            return None
        if listing.subject is not None:
            return self.previous.get(f"{listing.label}/{listing.subject}")
        return sum(self.previous.get(name, 0) for name in feeds_of(listing)) or None

    def _keep(self, listing: Listing, whole: Whole) -> None:
        table = self.labels[listing.label]
        frame = whole.frame
        if listing.subject is not None:
            table.subjects.add(listing.subject)
            frame = frame.with_columns(pl.lit(listing.subject).alias(SUBJECT))
        table.add(frame)
        table.feeds.update(feeds_of(listing))
        table.complete = table.complete and whole.complete
        table.delta = table.delta or listing.delta
        self._bar(table, listing, whole)
        table.pages += whole.pages
        self.notes |= dict.fromkeys(whole.notes)

    def _bar(self, table: _Table, listing: Listing, whole: Whole) -> None:
        failure = whole.barred
        if failure is None:
            table.had = True
            return
        table.refused = failure
        self.barred.append((listing.label, listing.subject, str(failure.status)))
        who = listing.subject or listing.path
        note = f"{listing.label} of {who} cannot be read ({summary(failure)})"
        self.notes[note] = None

    def demand_some(self, listings: Sequence[Listing]) -> None:
        """Raises ``TargetError`` where all lists of a label are refused for a lack of
        permission: that is no matter of single ones."""
        for listing in listings:
            table = self.labels[listing.label]
            failure = table.refused
            if failure is not None and not table.had and failure.status in _DENIED:
                raise failed_list(self.wire, listing, failure)

    def tables(self) -> dict[str, pl.DataFrame]:
        """The records by label, for the target."""
        found = {
            label: table.whole(self.base.get(label))
            for label, table in self.labels.items()
        }
        if self.barred:
            schema = dict.fromkeys(("label", "subject", "status"), pl.String())
            found[BARRED] = pl.DataFrame(self.barred, schema=schema, orient="row")
        return found


def feeds_of(listing: Listing) -> tuple[str, ...]:
    """The names under which the completeness of this list counts."""
    return listing.feeds or (listing.label,)


async def fetch(  # noqa: PLR0913 - the door names all that a read depends on
    target: Readable,
    wire: Wire,
    wants: Wants,
    *,
    previous: Mapping[str, int] | None = None,
    holders: Mapping[str, frozenset[str]] | None = None,
    progress: Report | None = None,
    base: Mapping[str, pl.DataFrame] | None = None,
    clock: Callable[[], datetime] = _utc_now,
) -> Mirror:
    """The mirror of ``target``.

    ``previous``: per entity how many records the last mirror held; ``holders``: per
    label of lists by person, whose list should hold some; ``base``: the tables of the
    last read, over which lists of changes are laid. Raises ``TargetError`` where
    a list cannot be read, ``InterruptedRunError`` where the wire was halted.
    """
    read_at = clock()
    reading = _Reading(
        target, wire, previous or {}, holders or {}, progress, base or {}
    )
    for _ in range(MAX_ROUNDS):
        listings = list(target.listings(wants, reading.tables()))
        if not listings:
            return _mirror(reading, wants, read_at)
        await reading.round(listings, wants)
    message = "a target goes on asking for lists"
    raise LocalError(message, do="report this defect")


def _mirror(reading: _Reading, wants: Wants, read_at: datetime) -> Mirror:
    tables = reading.tables()
    frames = all_put_away(reading.target.assemble(wants, tables))
    notes = dict(reading.notes)
    for label in _silent(reading):
        reading.labels[label].complete = False
        notes[f"{label}: not one record, where the last read held some"] = None
    fed = {entity: _fed_by(entity, reading) for entity in frames}
    return Mirror(
        frames=frames,
        complete={e: all(t.complete for t in tables) for e, tables in fed.items()},
        totals={entity: frame.height for entity, frame in frames.items()},
        read_at=read_at,
        notes=tuple(notes),
        tables={
            label: table for label, table in tables.items() if label in reading.labels
        },
        pages={e: sum(t.pages for t in tables) for e, tables in fed.items()},
    )


def _silent(reading: _Reading) -> list[str]:
    """Labels of lists by person of which not one held a record, though some should."""
    return [
        label
        for label, table in reading.labels.items()
        if not any(frame.height for frame in table.frames)
        and table.subjects & reading.holders.get(label, frozenset())
    ]


def _fed_by(entity: Entity, reading: _Reading) -> list[_Table]:
    names = {each.value for each in Entity}
    return [
        table
        for table in reading.labels.values()
        if entity.value in table.feeds or not table.feeds <= names
    ]

"""Whether a file may have lost its end since the last good drop of its source.

In: the drop as taken in, and what the last good one's files ended with. Out: findings;
entities of which nothing is ended for its absence in this run. A file that was cut off
behind a row looks whole: all that tells is that the rows it ended with are away, while
the other files go on as if they were there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from sync.diff import PEOPLE_NAMED
from sync.flow.intake import Intake
from sync.model.entities import PEOPLE, Entity, Mode
from sync.model.finding import Finding, Severity
from sync.model.roster import FILE, KEY, ROW, Roster

LAST = 2
"""Rows that must all be away: a single one, the last, may well have left."""
_SEAT = ("userSourcedId", "classSourcedId", "courseSourcedId", "role")
"""What an enrollment says, by whatever key."""
Ends = Mapping[str, Any]
"""``whole``: whether every file had a line end at its end; ``last``: per entity, for
each bulk file its last rows, each as its key, whom it names, and its seat."""


def ends(intake: Intake) -> Ends:
    """What the files of a drop end with, for later drops, as JSON holds it."""
    whole = all(table.ended for table in intake.drop.tables.values())
    roster = intake.roster
    last = {} if roster is None else {e.value: _last(e, roster) for e in _bulk(roster)}
    return {"whole": whole, "last": last}


def _bulk(roster: Roster) -> list[Entity]:
    return [one for one, mode in roster.modes.items() if mode is Mode.BULK]


def _last(entity: Entity, roster: Roster) -> list[list[list[Any]]]:
    frame = roster.frames[entity]
    named = [n for n in PEOPLE_NAMED.get(entity, ()) if n in frame.columns]
    seat = _seat(entity, frame)
    tails = frame.group_by(FILE).agg(
        pl.struct(KEY, *dict.fromkeys((*named, *seat)))
        .top_k_by(ROW, LAST)
        .alias("rows")
    )
    return [
        [
            [
                row[KEY],
                [row[name] for name in named],
                {name: row[name] for name in seat},
            ]
            for row in rows
        ]
        for rows in tails.sort(FILE)["rows"].to_list()
    ]


def _seat(entity: Entity, frame: pl.DataFrame) -> list[str]:
    names = _SEAT if entity is Entity.ENROLLMENTS else ()
    return [name for name in names if name in frame.columns]


def lost_line_ends(intake: Intake, before: Ends, *, again: bool) -> Iterator[Finding]:
    """Files that end within a line, where none of the last good drop did."""
    if not before.get("whole", False):
        return
    for file, table in intake.drop.tables.items():
        if not table.ended:
            what = "the file ends within a line; the last good drop's did not"
            yield Finding(
                "RS412",
                Severity.WARNING if again else Severity.REFUSED,
                f"{what}; --again let it through" if again else what,
                file=file,
                line=_last_line(table.frame),
                hint=None
                if again
                else "it was cut off, or is written in another way: deliver it whole, "
                "or let it through with --again",
            )


def _last_line(frame: pl.DataFrame) -> int | None:
    line = frame[ROW].max()
    return line if isinstance(line, int) else None


def cut_off(intake: Intake, before: Ends) -> frozenset[Entity]:
    """Entities whose file no longer has the rows that it ended with."""
    roster = intake.roster
    if roster is None:
        return frozenset()
    last = before.get("last", {})
    return frozenset(
        entity
        for entity in _bulk(roster)
        if roster.counts[entity].read  # of an empty file more is said
        and any(_gone(rows, entity, roster) for rows in last.get(entity.value, ()))
    )


def _gone(rows: list[list[Any]], entity: Entity, roster: Roster) -> bool:
    """Whether all these rows are away, and no other file says that they have left."""
    keys = {key for key, _, _ in rows}
    if len(rows) < LAST or _there(keys, roster, {entity: (KEY,)}):
        return False
    if any(_seated(seat, roster.frames[entity]) for _, _, seat in rows):
        return False
    if entity in PEOPLE:
        judged = any(home in roster.modes for home in PEOPLE_NAMED)
        return not judged or _there(keys, roster, PEOPLE_NAMED) == keys
    people = {one for _, named, _ in rows for one in named}
    judged = any(home in roster.modes for home in PEOPLE)
    homes = dict.fromkeys(PEOPLE, (KEY,))
    return not judged or _there(people, roster, homes) == people


def _seated(seat: Mapping[str, Any], frame: pl.DataFrame) -> bool:
    """Whether a row says the same by another key."""
    if not seat or not set(seat) <= set(frame.columns):
        return False
    same = (pl.col(name).eq_missing(pl.lit(value)) for name, value in seat.items())
    return not frame.filter(pl.all_horizontal(same)).is_empty()


def _there(
    keys: set[str], roster: Roster, where: Mapping[Entity, tuple[str, ...]]
) -> set[str]:
    """Those of the keys that stand in these columns of the drop, also in rows that
    were rejected."""
    cells = [
        frame[name].cast(pl.String)
        for held in (roster.frames, roster.rejected)
        for entity, frame in held.items()
        for name in where.get(entity, ())
        if name in frame.columns
    ]
    found = [one.filter(one.is_in(list(keys))) for one in cells]
    return {key for one in found for key in one.unique()}


def cut_off_findings(entities: frozenset[Entity]) -> Iterator[Finding]:
    """What is said of them."""
    for entity in sorted(entities):
        yield Finding(
            "RS413",
            Severity.WARNING,
            f"the rows with which {entity.value} ended in the last good drop are "
            "missing: the file may have been cut off",
            entity=entity.value,
            hint=f"nothing of {entity.value} was ended for its absence; if the rows "
            "have left, the next good drop ends them",
        )

"""What somebody should know of a OneRoster package: what it cannot say, and to whom.

In: the roster and the files made of it. Out: sentences, and cells that were changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from sync.convert.binding import GUID, HEADERS, WORDS, required
from sync.convert.delivered import GUESSED, undelivered
from sync.convert.moment import as_text
from sync.convert.package import ONEROSTER_1_2, LeftOut, OutFile
from sync.convert.roles import STATED, STUDENT
from sync.convert.shape import LISTED, OURS, STATUS
from sync.model.entities import ENTITIES, PEOPLE, Entity, Mode
from sync.model.normalise import FIELD_SEPARATOR
from sync.model.roster import KEY, Roster

_BREAK = r"[\r\n]+"
_STATUSES = f"{OURS}agentStatuses"


def without_line_breaks(
    files: Sequence[OutFile],
) -> tuple[list[OutFile], list[LeftOut]]:
    """The files with a space for each line break within a cell, which OneRoster does
    not allow, and how many cells that were."""
    made, lost = [], []
    for one in files:
        cells = one.frame.select(
            pl.col(pl.String).str.contains(_BREAK).sum().cast(pl.Int64)
        ).row(0, named=True)
        broken = {name: count for name, count in cells.items() if count}
        why = "OneRoster allows no line break in a cell: a space stands for it"
        lost += [
            LeftOut(one.name.removesuffix(".csv"), name, count, why)
            for name, count in broken.items()
        ]
        spaced = [pl.col(name).str.replace_all(_BREAK, " ") for name in broken]
        made.append(replace(one, frame=one.frame.with_columns(spaced)))
    return made, lost


def of(roster: Roster, layout: str, files: Sequence[OutFile]) -> tuple[str, ...]:
    """All that is to say of a package."""
    return (
        *_modes(roster, files),
        *_absent_columns(roster, layout, files),
        *of_cells(roster, guessed=False),
        *_pupils_among_users(roster),
        *(said for one in files for said in _of_file(layout, one)),
    )


def of_moment(files: Sequence[OutFile], moment: datetime) -> Iterator[str]:
    """What a delta names as the last change of its rows."""
    if any(one.mode is Mode.DELTA for one in files):
        yield f"dateLastModified is {as_text(moment)} in every row of a delta (--at)"


def _modes(roster: Roster, files: Sequence[OutFile]) -> Iterator[str]:
    users = next((one for one in files if one.name == "users.csv"), None)
    if users is None:
        return
    bulk = {e for e in PEOPLE if roster.modes.get(e) is Mode.BULK}
    if bulk and users.mode is Mode.DELTA:
        lacking = " and ".join(e.value for e in PEOPLE if e not in bulk)
        yield (
            f"users.csv is a delta, since the drop has no complete {lacking}: a bulk"
            " file would say that all others are gone"
        )
    if LISTED not in users.frame.columns:
        yield (
            f"users.csv is without the column {LISTED}, since the drop has no agents:"
            " blank it would say that nobody has a guardian; strict readers want it"
        )
    elif unsaid := _not_stated(roster):
        yield (
            f"in a delta {LISTED} states all guardians of a student: the drop does not"
            f" say so of {_rows(unsaid)}, and readers end the links that are left out"
        )


def _not_stated(roster: Roster) -> int:
    """How many students of a delta may have links that the drop does not tell of."""
    students = roster.frames.get(Entity.STUDENTS)
    if students is None or roster.modes.get(Entity.AGENTS) is not Mode.DELTA:
        return 0
    return students.filter(~pl.col(KEY).is_in(roster.links_stated.implode())).height


def _absent_columns(
    roster: Roster, layout: str, files: Sequence[OutFile]
) -> Iterator[str]:
    """Columns that are blank for want of them, which a reader may take for emptied."""
    written = {one.name.removesuffix(".csv") for one in files}
    blank = []
    for entity, frame in roster.frames.items():
        name = "users" if entity in PEOPLE else entity.value
        header = {*HEADERS[layout][name]} if name in written else set()
        names = [
            column
            for column in ENTITIES[entity].names
            if column in header - STATED - {"status"} and column not in frame.columns
        ]
        if names:
            blank.append(f"{', '.join(names)} of {entity.value}")
    if blank:
        yield f"not in the drop, so {_EMPTIED}: {'; '.join(blank)}"


_EMPTIED = "blank, which a reader may take for emptied"


def of_cells(roster: Roster, *, guessed: bool = True) -> Iterator[str]:
    """Cells that the drop says nothing of, and that a file cannot leave unsaid.

    ``guessed``: whether a relationship that nobody said is among them.
    """
    counts = undelivered(roster.frames)
    blank = [
        f"{name} of {_rows(count)} of {entity.value}"
        for (entity, name), count in counts.items()
        if name != GUESSED
    ]
    if blank:
        yield f"not delivered, so {_EMPTIED}: {'; '.join(blank)}"
    links = counts.get((Entity.AGENTS, GUESSED), 0)
    if links and guessed:
        yield f"{GUESSED} of {_rows(links)} of agents was not delivered: guardian"


def _pupils_among_users(roster: Roster) -> Iterator[str]:
    frame = roster.frames.get(Entity.USERS)
    if frame is None:
        return
    role = f"{FIELD_SEPARATOR}{STUDENT}{FIELD_SEPARATOR}"
    count = frame.filter(pl.col("roles").str.contains(role, literal=True)).height
    if count:
        yield (
            f"{_rows(count)} of users have the role student: OneRoster takes them for"
            " students"
        )


def _of_file(layout: str, one: OutFile) -> Iterator[str]:
    name, frame = one.name.removesuffix(".csv"), one.frame
    for column in required(layout, name):
        blank = frame[column].null_count()
        if blank:
            yield (
                f"{one.name}: {column}, which OneRoster requires, is blank in"
                f" {_rows(blank)}"
            )
    yield from _statuses(one)
    for (file, column), words in WORDS[layout].items():
        if file == name:
            yield from _foreign_words(layout, one, column, words)
    odd = frame.filter(~pl.col("sourcedId").str.contains(GUID)).height
    if odd:
        yield (
            f"{one.name}: {_rows(odd)} with characters in sourcedId that OneRoster does"
            " not allow (only letters, digits and . - _ / @)"
        )


def _statuses(one: OutFile) -> Iterator[str]:
    if STATUS in one.frame.columns:
        count = one.frame[STATUS].count()
        yield (
            f"{one.name}: {_rows(count)} not active, which a {one.mode} file cannot"
            f" say: only {STATUS} does, and other readers take them for active"
        )
    if _STATUSES in one.frame.columns:
        ended = one.frame.filter(
            pl.col(_STATUSES).str.contains("inactive|tobedeleted")
        ).height
        if ended:
            yield (
                f"{one.name}: guardians of {_rows(ended)} are not active: only"
                f" {_STATUSES} says so"
            )


def _foreign_words(
    layout: str, one: OutFile, column: str, words: Sequence[str]
) -> Iterator[str]:
    known = pl.col(column).is_in(words)
    if layout == ONEROSTER_1_2:
        known |= pl.col(column).str.starts_with("ext:")
    foreign = one.frame.filter(pl.col(column).is_not_null() & ~known)
    if not foreign.is_empty():
        listed = ", ".join(foreign[column].unique().sort().head(5))
        yield (
            f"{one.name}: {column} of {_rows(foreign.height)} is no word of"
            f" OneRoster's ({listed})"
        )


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"

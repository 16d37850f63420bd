"""The entry of validation: mapped tables in, roster and findings out.

Rows are judged alone, then against the rows of their key, then against the people and
the tables that they name, so that what falls last can name what fell first. What is
left is the roster; what fell is frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from sync.model.entities import PEOPLE, SATELLITES, Entity, Mode
from sync.model.finding import Findings, Severity
from sync.model.roster import FILE, KEEP, KEY, ROW, Mapped, Roster
from sync.validate import (
    across,
    duplicates,
    people,
    references,
    rules,
    satellites,
)
from sync.validate.accepted import accepted
from sync.validate.broken import broken_keys, links_of_broken
from sync.validate.counts import count
from sync.validate.freeze import freeze
from sync.validate.keys import with_keys
from sync.validate.publish import published, taken_up
from sync.validate.rough import Pile
from sync.validate.sheet import NUMBER, Aside, Sheet, is_one_of, sheet
from sync.validate.shifted import hinted


def validate(
    mapped: Mapped,
    *,
    same_username: str = "reject",
    today: date,
    earlier: Findings | None = None,
    aside: Mapping[Entity, Aside] | None = None,
) -> tuple[Roster, Findings]:
    """Judge every row of a drop.

    ``same_username``: ``reject`` or ``warn``, for systems in which two accounts may
    share one. ``today`` decides which dates lie beyond a century. ``earlier``: what
    mapping found; the rows that it rejects are rejected here too, and are not among
    the findings that come out. ``aside``: rows with nothing wrong that are not in the
    tables; they count, and may be named by others.
    """
    pile = Pile()
    sheets = {}
    for entity, table in mapped.tables.items():
        one = sheet(table, (aside or {}).get(entity))
        if earlier is not None:
            pile.know(taken_up(earlier, one, mapped))
        sheets[entity] = _alone(one, pile, today)
    if earlier is not None:
        pile.broken = broken_keys(mapped, earlier)
    severity = Severity.WARNING if same_username == "warn" else Severity.REJECTED
    _together(sheets, pile, severity)
    links = mapped.tables.get(Entity.AGENTS)
    stating = links.headers if links is not None else {}
    pile.add(*across.judge_unguarded(sheets, links_of_broken(mapped), stating))
    return _roster(mapped, sheets, pile), hinted(published(pile, mapped), mapped)


def _alone(one: Sheet, pile: Pile, today: date) -> Sheet:
    # What the mapping could not translate is blank now: one mistake, one finding.
    said = pile.rejecting(one.entity)
    pile.add(
        *(
            finding.join(said, on=[NUMBER, "column"], how="anti")
            for finding in rules.judge(one, today)
        )
    )
    keyed = with_keys(_with_undelivered(rules.with_keep(one)), pile)
    if one.entity is Entity.AGENTS:
        pile.add(*across.judge_own_guardian(one))
    pile.add(*duplicates.judge_keys(keyed, pile))
    return keyed


def _with_undelivered(one: Sheet) -> Sheet:
    """``_keep`` with the fields too that a row's own file does not have."""
    if one.undelivered is None:
        return one
    fields = pl.concat_str(
        pl.col(KEEP).fill_null(","), one.undelivered.str.slice(1).fill_null("")
    )
    keep = pl.when(fields != ",").then(fields).alias(KEEP)
    return one.with_frame(one.frame.with_columns(keep))


def _together(
    sheets: Mapping[Entity, Sheet], pile: Pile, same_username: Severity
) -> None:
    pile.add(*duplicates.judge_people(sheets, same_username))
    pile.add(*people.judge_both(sheets))
    for entity in references.ORDER:
        if entity in sheets:
            references.judge(entity, sheets, pile)
    for entity in SATELLITES:
        if entity in sheets:
            references.judge(entity, sheets, pile)
    pile.add(*satellites.judge_roleless(sheets, pile))
    pile.add(*people.judge_rest(sheets, pile))
    for entity in (Entity.AGENTS, Entity.ENROLLMENTS):
        if entity in sheets:
            references.judge(entity, sheets, pile)
    pile.add(*across.judge_attendance(sheets, pile))


def _roster(mapped: Mapped, sheets: Mapping[Entity, Sheet], pile: Pile) -> Roster:
    rejected = {entity: pile.rejected(entity) for entity in sheets}
    fallen = {e: sheets[e].frame.filter(is_one_of(rejected[e])) for e in sheets}
    frozen = freeze(mapped, sheets, fallen)
    frames, merged = accepted(sheets, rejected)
    return Roster(
        frames=frames,
        modes={e: t.mode for e, t in mapped.tables.items() if e in frames},
        counts=count(mapped, sheets, rejected, merged),
        frozen=frozen.keys,
        frozen_people=frozen.people,
        rejected={e: f.drop(NUMBER, KEEP) for e, f in fallen.items() if e in frames},
        no_removals=frozen.no_removals,
        links_stated=_links_stated(mapped, frames),
    )


def _links_stated(mapped: Mapped, frames: Mapping[Entity, pl.DataFrame]) -> pl.Series:
    """The people of a delta who say which links they have: students whose good row is
    in the same file as the links, and guardians whose own row names some."""
    table, none = mapped.tables.get(Entity.AGENTS), pl.Series(KEY, [], pl.String)
    if table is None or table.mode is not Mode.DELTA:
        return none
    keys = [none]
    for entity in PEOPLE:
        if entity in frames:
            people = frames[entity].filter(pl.col(FILE).is_in(list(table.headers)))
            if entity is Entity.USERS:
                people = people.join(table.frame, on=[FILE, ROW], how="semi")
            keys.append(people[KEY])
    return pl.concat(keys).unique().sort()

"""The entry of validation: mapped tables in, roster and findings out.

Rows are judged alone, then against the rows of their key, then against the people and
the tables that they name, so that what falls last can name what fell first. What is
left is the roster; what fell is frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sync.model.entities import Entity
from sync.model.finding import Findings, Severity
from sync.model.roster import KEEP, Mapped, Roster
from sync.validate import across, duplicates, people, references, rules
from sync.validate.accepted import accepted
from sync.validate.counts import count, digest
from sync.validate.freeze import freeze
from sync.validate.keys import with_keys
from sync.validate.publish import published, taken_up
from sync.validate.rough import Pile
from sync.validate.sheet import NUMBER, Sheet, is_one_of, sheet


def validate(
    mapped: Mapped,
    *,
    same_username: str = "reject",
    today: date,
    earlier: Findings | None = None,
) -> tuple[Roster, Findings]:
    """Judge every row of a drop.

    ``same_username``: ``reject`` or ``warn``, for systems in which two accounts may
    share one. ``today`` decides which dates lie beyond a century. ``earlier``: what
    mapping found; the rows that it rejects are rejected here too, and are not among
    the findings that come out.
    """
    pile = Pile()
    sheets = {}
    for entity, table in mapped.tables.items():
        one = sheet(table)
        if earlier is not None:
            pile.know(taken_up(earlier, one, mapped))
        sheets[entity] = _alone(one, pile, today)
    severity = Severity.WARNING if same_username == "warn" else Severity.REJECTED
    _together(sheets, pile, severity)
    return _roster(mapped, sheets, pile), published(pile, mapped)


def _alone(one: Sheet, pile: Pile, today: date) -> Sheet:
    # What the mapping could not translate is blank now: one mistake, one finding.
    said = pile.rejecting(one.entity)
    pile.add(
        *(
            finding.join(said, on=[NUMBER, "column"], how="anti")
            for finding in rules.judge(one, today)
        )
    )
    keyed = with_keys(rules.with_keep(one), pile)
    if one.entity is Entity.AGENTS:
        pile.add(*across.judge_own_guardian(one))
    pile.add(*duplicates.judge_keys(keyed, pile))
    return keyed


def _together(
    sheets: Mapping[Entity, Sheet], pile: Pile, same_username: Severity
) -> None:
    pile.add(*duplicates.judge_people(sheets, same_username))
    pile.add(*people.judge_both(sheets))
    for entity in references.ORDER:
        if entity in sheets:
            references.judge(entity, sheets, pile)
    pile.add(*people.judge_rest(sheets, pile))
    for entity in (Entity.AGENTS, Entity.ENROLLMENTS):
        if entity in sheets:
            references.judge(entity, sheets, pile)
    pile.add(*across.judge_unguarded(sheets))
    pile.add(*across.judge_attendance(sheets, pile))


def _roster(mapped: Mapped, sheets: Mapping[Entity, Sheet], pile: Pile) -> Roster:
    rejected = {entity: pile.rejected(entity) for entity in sheets}
    fallen = {e: sheets[e].frame.filter(is_one_of(rejected[e])) for e in sheets}
    frozen = freeze(mapped, sheets, fallen)
    frames, merged = accepted(sheets, rejected)
    return Roster(
        frames=frames,
        modes={entity: table.mode for entity, table in mapped.tables.items()},
        counts=count(mapped, sheets, rejected, merged),
        frozen=frozen.keys,
        frozen_people=frozen.people,
        rejected={e: frame.drop(NUMBER, KEEP) for e, frame in fallen.items()},
        no_removals=frozen.no_removals,
        digest=digest(frames),
    )

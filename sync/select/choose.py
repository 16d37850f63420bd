"""The entry of selection: which rows and remote records are not for this target.

In: the validated roster, the mirror under our keys, the ledger. Out: a ``Choice``: the
roster without what is left out, the rows that are left out, and the remote records
that are none of this target's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from sync.model.entities import PEOPLE, Entity, Mode
from sync.model.finding import Finding, Findings, Severity
from sync.model.ledger import LedgerView
from sync.model.mirror import Mirror
from sync.model.roster import KEY, Roster
from sync.select.people import left_out
from sync.select.selection import Selection, meets, open_to_all

NAMES = {
    Entity.AGENTS: ("studentSourcedId", "agentSourcedId"),
    Entity.ENROLLMENTS: ("userSourcedId",),
}
"""Whom a link or an enrollment belongs to."""
PLACES = ("classSourcedId", "courseSourcedId", "schoolSourcedId")
_OWN_PLACE = {Entity.CLASSES: "classSourcedId", Entity.COURSES: "courseSourcedId"}
_OWN_ASKED = {Entity.CLASSES: PLACES, Entity.COURSES: ("courseSourcedId",)}
"""A course may belong to the district whose schools are selected: its org says
nothing."""
LEFT = "_left"
ITSELF, PERSON = "select leaves it out", "select leaves out its person"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a selection makes of a roster and a mirror."""

    chosen: Roster
    """The roster with the rows for this target alone."""
    left: Roster
    """All people, and the links and enrollments that are left out, with ``_left``: why
    (``ITSELF``, ``PERSON``), null for people who are chosen."""
    outside: Mapping[Entity, pl.DataFrame]
    """``_key`` of the remote records that are not for this target."""
    findings: Findings


@dataclass(frozen=True, slots=True)
class _About:
    """What every record is judged by."""

    away: pl.Series
    """The people who are left out."""
    classes: pl.DataFrame
    selection: Selection
    written: frozenset[Entity]


def choose(
    roster: Roster,
    mirror: Mirror,
    ledger: LedgerView,
    selection: Selection,
    written: frozenset[Entity] = frozenset(),
) -> Choice:
    """What of both sides is for this target.

    ``written``: which reference tables it writes; of these classes and courses are
    selected too, and otherwise they are only looked into.
    """
    people = pl.concat(
        [
            left_out(roster.frames, mirror.frames, _links(roster, mirror), selection),
            _left_before(roster, ledger),
        ]
    ).unique()
    about = _About(people[KEY], _classes(roster, mirror), selection, written)
    marked = {
        entity: _marked(entity, frame, about, unsaid=True)
        for entity, frame in roster.frames.items()
    }
    remote = {
        entity: _marked(entity, mirror.frames[entity], about, unsaid=False)
        for entity in (*PEOPLE, *NAMES, *(e for e in _OWN_PLACE if e in written))
        if entity in mirror.frames
    }
    away = {e: f.filter(pl.col(LEFT).is_not_null()) for e, f in marked.items()}
    here = {e: f.filter(pl.col(LEFT).is_null()).drop(LEFT) for e, f in marked.items()}
    everybody = {e: f for e, f in marked.items() if e not in NAMES}
    return Choice(
        chosen=replace(roster, frames=here),
        left=replace(roster, frames={**away, **everybody}),
        outside={
            e: f.filter(pl.col(LEFT).is_not_null()).select(KEY).sort(KEY)
            for e, f in remote.items()
        },
        findings=_told(away),
    )


def _links(roster: Roster, mirror: Mirror) -> pl.DataFrame:
    """Who guards whom: by the drop's whole file, or else by the target as well."""
    ends = NAMES[Entity.AGENTS]
    whole = roster.modes.get(Entity.AGENTS) is Mode.BULK
    sources = (roster.frames, {} if whole else mirror.frames)
    frames = [
        one[Entity.AGENTS].select(ends) for one in sources if Entity.AGENTS in one
    ]
    none = pl.DataFrame(schema=dict.fromkeys(ends, pl.String()))
    return pl.concat([none, *frames]).unique().sort(ends)


def _left_before(roster: Roster, ledger: LedgerView) -> pl.DataFrame:
    """People who left the selection in an earlier drop and whom this one lacks."""
    named = [roster.frames[one].select(KEY) for one in PEOPLE if one in roster.frames]
    gone = ledger.records.filter(
        pl.col("entity").is_in([one.value for one in PEOPLE])
        & pl.col("source").is_null()
    ).select(pl.col("key").alias(KEY))
    here = pl.concat([pl.DataFrame(schema={KEY: pl.String()}), *named])
    return gone.join(here, on=KEY, how="anti")


def _classes(roster: Roster, mirror: Mirror) -> pl.DataFrame:
    """Course and school of each class, by the drop or else by the target."""
    names = ("courseSourcedId", "schoolSourcedId")
    schema = dict.fromkeys((KEY, *names), pl.String())
    frames = [pl.DataFrame(schema=schema)]
    for source in (roster.frames, mirror.frames):
        if Entity.CLASSES in source:
            one = source[Entity.CLASSES]
            frames.append(one.select(KEY, *(_column(one, name) for name in names)))
    whole = pl.concat(frames).unique(KEY, keep="first", maintain_order=True)
    return whole.select(
        pl.col(KEY).alias("classSourcedId"),
        _course=pl.col("courseSourcedId"),
        _school=pl.col("schoolSourcedId"),
    )


def _marked(
    entity: Entity,
    frame: pl.DataFrame,
    about: _About,
    *,
    unsaid: bool,
) -> pl.DataFrame:
    """The frame with ``_left``: why a record is left out, null where it is not.

    ``unsaid``: whether what names no class or course is left out where these matter.
    """
    none = pl.lit(None, dtype=pl.String)
    if entity in PEOPLE:
        gone = pl.col(KEY).is_in(about.away.implode())
        return frame.with_columns(pl.when(gone).then(pl.lit(ITSELF)).alias(LEFT))
    if entity in _OWN_PLACE and entity in about.written:
        own = pl.col(KEY).alias(_OWN_PLACE[entity])
        gone = _elsewhere(about.selection, unsaid=False, only=_OWN_ASKED[entity])
        placed = _placed(frame.with_columns(own), about.classes)
        away = placed.filter(gone.fill_null(value=False))[KEY].implode()
        told = pl.when(pl.col(KEY).is_in(away)).then(pl.lit(ITSELF))
        return frame.with_columns(told.alias(LEFT))
    if entity not in NAMES:
        return frame.with_columns(none.alias(LEFT))
    itself = pl.lit(value=False)
    if entity is Entity.ENROLLMENTS:
        frame = _placed(frame, about.classes)
        itself = _elsewhere(about.selection, unsaid=unsaid)
    person = pl.any_horizontal(
        _column(frame, name).is_in(about.away.implode()) for name in NAMES[entity]
    )
    why = (
        pl.when(itself.fill_null(value=False))
        .then(pl.lit(ITSELF))
        .when(person.fill_null(value=False))
        .then(pl.lit(PERSON))
    )
    helpers = [name for name in frame.columns if name.startswith("_at_")]
    return frame.with_columns(why.alias(LEFT)).drop(helpers).sort(KEY)


def _placed(frame: pl.DataFrame, classes: pl.DataFrame) -> pl.DataFrame:
    """``_at_`` class, course and school: the row's own, or else those of its class."""
    at = frame.with_columns(
        _column(frame, name).alias(f"_at_{name}") for name in PLACES
    )
    joined = at.join(
        classes, left_on="_at_classSourcedId", right_on="classSourcedId", how="left"
    )
    return joined.with_columns(
        pl.coalesce("_at_courseSourcedId", "_course").alias("_at_courseSourcedId"),
        pl.coalesce("_at_schoolSourcedId", "_school").alias("_at_schoolSourcedId"),
    ).drop("_course", "_school")


def _elsewhere(
    selection: Selection, *, unsaid: bool, only: tuple[str, ...] = PLACES
) -> pl.Expr:
    """Whether an enrollment's own place is not selected; that of one without a school
    is its person's."""
    asked = (
        ("classSourcedId", selection.classes, unsaid),
        ("courseSourcedId", selection.courses, unsaid),
        ("schoolSourcedId", selection.orgs, False),
    )
    wrong = [
        (~meets(pl.col(f"_at_{name}"), patterns)).fill_null(value=blank)
        for name, patterns, blank in asked
        if not open_to_all(patterns) and name in only
    ]
    return pl.any_horizontal(wrong) if wrong else pl.lit(value=False)


def _column(frame: pl.DataFrame, name: str) -> pl.Expr:
    found = pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)
    return found.alias(name)


def _told(away: Mapping[Entity, pl.DataFrame]) -> Findings:
    """One note on all that is left out."""
    counts = [(e.value, away[e].height) for e in Entity if e in away]
    listed = ", ".join(f"{count:,} {name}" for name, count in counts if count)
    if not listed:
        return Findings.none()
    return Findings.of(
        [
            Finding(
                "RS410",
                Severity.NOTE,
                f"select leaves out {listed}",
                hint="nothing of them is changed or ended on the target",
            )
        ]
    )

"""What of the reference tables a OneRoster server can hold: orgs, academic sessions,
courses and classes.

In: their rows, the mirror. Out: the rows as they are compared and written; a row that
lacks what OneRoster requires is unsupported, one that names what nobody holds, or what
itself cannot be written, is blocked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from sync.model.entities import REFERENCE, Entity
from sync.model.roster import KEEP, KEY
from sync.targets.base import DECISION
from sync.targets.common.projecting import (
    BLOCKED,
    UNSUPPORTED,
    Context,
    Rule,
    column,
    decided,
    unknown,
)
from sync.targets.oneroster.shapes import SHAPES

Frames = Mapping[Entity, pl.DataFrame]

_NAMED: Mapping[Entity, Sequence[tuple[str, Entity, str]]] = {
    Entity.ORGS: (("parentSourcedId", Entity.ORGS, "parent"),),
    Entity.ACADEMIC_SESSIONS: (
        ("parentSourcedId", Entity.ACADEMIC_SESSIONS, "parent"),
    ),
    Entity.COURSES: (
        ("orgSourcedId", Entity.ORGS, "org"),
        ("schoolYearSourcedId", Entity.ACADEMIC_SESSIONS, "school year"),
    ),
    Entity.CLASSES: (
        ("courseSourcedId", Entity.COURSES, "course"),
        ("schoolSourcedId", Entity.ORGS, "school"),
        ("termSourcedIds", Entity.ACADEMIC_SESSIONS, "term"),
    ),
}
"""Column, what it names, and what that is to the row."""

_DEEPEST = 50
"""Orgs and sessions below one another; more would be a circle."""


@dataclass(frozen=True, slots=True)
class Places:
    """The projection of the reference tables, one after the other."""

    context: Context

    def project(self, *, inactive: bool) -> dict[Entity, pl.DataFrame]:
        """The frames of all that the drop has; ``inactive``: the server knows that
        status."""
        frames: dict[Entity, pl.DataFrame] = {}
        for entity in REFERENCE:
            if entity in self.context.roster.frames:
                frames[entity] = self._entity(entity, frames, inactive=inactive)
        return frames

    def _entity(
        self, entity: Entity, frames: Frames, *, inactive: bool
    ) -> pl.DataFrame:
        given = with_told_status(self.context.roster.frames[entity], inactive=inactive)
        whole = self._required(entity, given)
        for _ in range(_DEEPEST):  # a parent that cannot be written blocks its children
            found = decided(whole, self._rules(entity, whole, frames))
            if found.equals(whole):
                break
            whole = found
        return whole.sort(KEY)

    def _required(self, entity: Entity, frame: pl.DataFrame) -> pl.DataFrame:
        """What OneRoster requires is never cleared, and no new record lacks it."""
        needs = SHAPES[entity].needs
        there = known_keys(self.context.mirror.frames.get(entity))
        rules: list[Rule] = [
            (
                column(frame, name).is_null() & ~pl.col(KEY).is_in(there.implode()),
                UNSUPPORTED,
                f"OneRoster's {entity.value} must have a {_plain(name)}",
            )
            for name in needs
        ]
        words = [*needs, *SHAPES[entity].stand_ins]
        blank = [
            pl.when(pl.col(name).is_null())
            .then(pl.lit(f"{name},"))
            .otherwise(pl.lit(""))
            for name in words
            if name in frame.columns
        ]
        kept = pl.concat_str(column(frame, KEEP).fill_null(","), *blank)
        some = kept != ","
        return decided(frame, rules).with_columns(
            pl.when(some).then(kept).otherwise(column(frame, KEEP)).alias(KEEP)
        )

    def _rules(self, entity: Entity, frame: pl.DataFrame, frames: Frames) -> list[Rule]:
        rules: list[Rule] = []
        for name, what, word in _NAMED[entity]:
            if name not in frame.columns:
                continue
            known = self._known(what)
            away = self.away(what, {**frames, entity: frame})
            rules += [
                (
                    unknown_of(frame, name, known),
                    BLOCKED,
                    f"neither the drop nor the target holds its {word}",
                ),
                (
                    names_any(name, away),
                    BLOCKED,
                    f"its {word} cannot be written",
                ),
            ]
        return rules

    def _known(self, what: Entity) -> pl.Series | None:
        return None if self.context.judged(what) else self.context.known(what)

    def away(self, what: Entity, frames: Frames) -> pl.Series:
        """The records of the drop that will not be there: their own row is not carried
        out, or ends what was not there, and the target does not hold them."""
        frame = frames.get(what)
        if frame is None:
            return pl.Series(KEY, dtype=pl.String)
        held = known_keys(self.context.mirror.frames.get(what))
        nobody = pl.col(DECISION).is_not_null() | (pl.col("status") == "tobedeleted")
        lost = frame.filter(nobody).join(held.to_frame(), on=KEY, how="anti")
        return lost[KEY].sort()


def _plain(name: str) -> str:
    return name.removesuffix("SourcedIds").removesuffix("SourcedId")


def known_keys(frame: pl.DataFrame | None) -> pl.Series:
    """The keys of a frame, if there is one."""
    return pl.Series(KEY, dtype=pl.String) if frame is None else frame[KEY]


def with_told_status(frame: pl.DataFrame, *, inactive: bool) -> pl.DataFrame:
    """``status``: active, also where the file does not say; what is not active is
    ``tobedeleted``, unless the server knows ``inactive``."""
    told = column(frame, "status").fill_null("active")
    ends = pl.lit("tobedeleted")
    known = told.is_in(["active", "inactive"] if inactive else ["active"])
    return frame.with_columns(pl.when(known).then(told).otherwise(ends).alias("status"))


def unknown_of(frame: pl.DataFrame, name: str, known: pl.Series | None) -> pl.Expr:
    """Rows of which an identifier of the column (one, or a list) is not known."""
    if known is None:
        return pl.lit(value=False)
    if not _is_list(name):
        return unknown(frame, name, known)
    parts = frame.select(
        pl.col(name).str.split(",").list.explode().drop_nulls()
    ).unique()
    absent = parts.join(known.alias(name).to_frame(), on=name, how="anti")
    return names_any(name, absent[name])


def _is_list(name: str) -> bool:
    return name.endswith("SourcedIds")


def names_any(name: str, keys: pl.Series) -> pl.Expr:
    """Rows of which the column names one of these."""
    if keys.is_empty():
        return pl.lit(value=False)
    if not _is_list(name):
        return pl.col(name).is_in(keys.implode())
    parts = pl.col(name).str.split(",")
    return parts.list.eval(pl.element().is_in(keys.implode())).list.any()


def depths(rows: pl.DataFrame) -> pl.Series:
    """How many of its ancestors are among these rows themselves: ``_key`` and
    ``parent``, in the order of the rows."""
    parent = dict(rows.select(KEY, "parent").iter_rows())
    found: list[int] = []
    for key in rows[KEY]:
        steps, at = 0, parent[key]
        while at in parent and steps < _DEEPEST:
            steps, at = steps + 1, parent[at]
        found.append(steps)
    return pl.Series("depth", found, dtype=pl.UInt8)

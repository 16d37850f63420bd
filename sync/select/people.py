"""Which people a selection leaves out: of the drop, and of those only the target holds.

A person stands or falls as a whole, whichever file names him. Staff is chosen by org
and role, a student by grade besides; a guardian belongs to whoever he guards.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.model.entities import PEOPLE, Entity
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from sync.model.roster import KEY
from sync.select.selection import Selection, meets, open_to_all

Frames = Mapping[Entity, pl.DataFrame]

GUARDIANS = ("parent", "guardian", "relative")
"""Roles of people who are there for their children's sake (TimeBack Level 1 guide)."""
STUDENT = "student"

_FACTS = {
    KEY: pl.String(),
    "orgs": pl.List(pl.String()),
    "roles": pl.List(pl.String()),
    "grades": pl.List(pl.String()),
}


def left_out(
    drop: Frames, remote: Frames, links: pl.DataFrame, selection: Selection
) -> pl.DataFrame:
    """``_key`` of the people of either side who are not for this target.

    Who stands in the drop is judged by the drop, anybody else by what the target
    shows; what it does not show leaves nobody out. ``links``: studentSourcedId and
    agentSourcedId of whom guards whom.
    """
    ours = _facts(drop)
    theirs = _facts(remote).join(ours, on=KEY, how="anti")
    judged = pl.concat(
        [
            _judged(ours, selection, unknown=False),
            _judged(theirs, selection, unknown=True),
        ]
    )
    chosen = _with_guardians(judged, links)
    return chosen.filter(~pl.col("chosen")).select(KEY).sort(KEY)


def _facts(frames: Frames) -> pl.DataFrame:
    """Orgs, roles and grades of each person, as lists without blanks; null where no
    column says any."""
    rows = pl.concat(
        [pl.DataFrame(schema=_FACTS)]
        + [_of(entity, frames[entity]) for entity in PEOPLE if entity in frames]
    )
    return (
        rows.group_by(KEY)
        .agg(
            *(
                pl.col(name).explode(empty_as_null=True).drop_nulls().unique().sort()
                for name in ("orgs", "roles", "grades")
            )
        )
        .sort(KEY)
    )


def _of(entity: Entity, frame: pl.DataFrame) -> pl.DataFrame:
    encoded = _column(frame, "roles").str.split(ROLE_SEPARATOR)
    parts = pl.element().str.split(FIELD_SEPARATOR)
    names = encoded.list.eval(parts.list.get(1, null_on_oob=True))
    places = encoded.list.eval(parts.list.get(2, null_on_oob=True).replace("", None))
    own = pl.concat_list(_column(frame, "primaryOrgSourcedId"))
    student = pl.lit([STUDENT] if entity is Entity.STUDENTS else [], _FACTS["roles"])
    none = pl.lit([], _FACTS["orgs"])
    return frame.select(
        KEY,
        pl.concat_list(own, places.fill_null(none)).alias("orgs"),
        pl.concat_list(student, names.fill_null(none)).alias("roles"),
        _column(frame, "grades").str.split(",").alias("grades"),
    )


def _column(frame: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in frame.columns else pl.lit(None, dtype=pl.String)


def _judged(
    people: pl.DataFrame, selection: Selection, *, unknown: bool
) -> pl.DataFrame:
    """``fits`` (org and grade), ``named`` (role), ``guardian`` (nothing else than one).

    ``unknown``: the verdict where nothing is said.
    """
    student = pl.col("roles").list.contains(STUDENT)
    fits = _any("orgs", selection.orgs, unknown=unknown) & (
        ~student | _any("grades", selection.grades, unknown=unknown)
    )
    others = pl.col("roles").list.set_difference(list(GUARDIANS)).list.len()
    return people.select(
        KEY,
        fits=fits,
        named=_any("roles", selection.roles, unknown=unknown),
        guardian=(others == 0) & (pl.col("roles").list.len() > 0),
    )


def _any(column: str, patterns: tuple[str, ...], *, unknown: bool) -> pl.Expr:
    if open_to_all(patterns):
        return pl.lit(value=True)
    met = pl.col(column).list.eval(meets(pl.element(), patterns)).list.any()
    silent = pl.col(column).list.len() == 0
    return pl.when(silent).then(pl.lit(unknown)).otherwise(met)


def _with_guardians(people: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """``chosen``: who fits, and guardians who guard somebody who fits."""
    wards = links.join(
        people.select(pl.col(KEY).alias("studentSourcedId"), _ward=pl.col("fits")),
        on="studentSourcedId",
        how="inner",
    )
    guards = wards.group_by(pl.col("agentSourcedId").alias(KEY)).agg(
        _guards=pl.col("_ward").any()
    )
    found = people.join(guards, on=KEY, how="left").sort(KEY)
    guards_one = pl.col("_guards").fill_null(value=False)
    own = pl.col("fits") & ~(pl.col("guardian") & pl.col("_guards").is_not_null())
    return found.select(KEY, chosen=pl.col("named") & (own | guards_one))

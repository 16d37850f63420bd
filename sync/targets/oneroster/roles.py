"""Roles of people in the words and the form of one version of OneRoster.

In: rows of people with ``roles`` as the roster encodes them, and the mirror's people.
Out: the roles that the server is to hold: in 1.2 all of them, in 1.1 one role at some
orgs, written as primary at the primary org and as secondary at the others.
"""

from __future__ import annotations

import polars as pl

from sync.model.entities import Entity
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from sync.model.roster import KEY

HOME = "primaryOrgSourcedId"
STUDENT = "student"
ROLES_1_1 = (
    STUDENT,
    "teacher",
    "administrator",
    "aide",
    "proctor",
    "guardian",
    "parent",
    "relative",
)
"""OneRoster 1.1, RoleType; of several the first of these is named, since a teacher who
is a parent too would lose the classes if called a parent."""
ADMINISTRATORS = (
    "principal",
    "siteAdministrator",
    "districtAdministrator",
    "systemAdministrator",
)
"""What 1.2 tells apart and 1.1 calls an administrator."""

_KIND, _ROLE, _ORG = "_kind", "_role", "_org"


def with_roles(frame: pl.DataFrame, entity: Entity, *, old: bool) -> pl.DataFrame:
    """The people with the roles that this version knows; null for none."""
    rows = _rows(frame)
    rows = rows.with_columns(
        pl.when(pl.col(_ORG) == "").then(HOME).otherwise(_ORG).alias(_ORG)
    )
    known = _in_1_1(rows, entity) if old else _in_1_2(rows)
    return _put(frame, known)


def several(frame: pl.DataFrame) -> int:
    """How many people have more than one role by name."""
    named = _rows(frame).group_by(KEY).agg(pl.col(_ROLE).n_unique())
    return named.filter(pl.col(_ROLE) > 1).height


def with_own_role(
    frame: pl.DataFrame, remote: pl.DataFrame, *, old: bool
) -> pl.DataFrame:
    """Students whose row says no more than that they are: a student at the primary
    org, besides what the server has of them.

    Who changes his school is a student there and no longer at the school before.
    """
    mere = frame.filter(pl.col("roles").is_null()).select(KEY, HOME)
    held = _rows(remote.rename({HOME: "_before"})).rename({"_before": "_theirs"})
    theirs = mere.join(held, on=KEY, how="inner")
    if old:
        # It has one role; the first of its orgs is the primary one by custom only.
        theirs = theirs.filter((pl.col(_ROLE) == STUDENT).all().over(KEY))
        there = (pl.col(_ORG) == pl.col(HOME)).any().over(KEY)
        moves = ~there & (pl.col(_ORG) == pl.col("_theirs"))
    else:
        moves = (pl.col(_ROLE) == STUDENT) & (pl.col(_ORG) == pl.col("_theirs"))
    kept = theirs.with_columns(
        pl.when(moves.fill_null(value=False)).then(HOME).otherwise(_ORG).alias(_ORG)
    )
    students = kept.filter(pl.col(_ROLE) == STUDENT).select(KEY)
    new = mere.join(students, on=KEY, how="anti").with_columns(
        pl.lit("primary").alias(_KIND),
        pl.lit(STUDENT).alias(_ROLE),
        pl.col(HOME).alias(_ORG),
    )
    columns = [KEY, _KIND, _ROLE, _ORG]
    own = _put(
        frame.select(KEY), pl.concat([kept.select(columns), new.select(columns)])
    ).select(KEY, pl.col("roles").alias("_own"))
    return (
        frame.join(own, on=KEY, how="left")
        .with_columns(pl.coalesce("roles", "_own").alias("roles"))
        .drop("_own")
        .sort(KEY)
    )


def without_kinds(column: pl.Expr) -> pl.Expr:
    """Roles as 1.1 can tell them: it has neither primary nor secondary ones."""
    bare = column.str.split(ROLE_SEPARATOR).list.eval(
        pl.element().str.replace(f"^[^{FIELD_SEPARATOR}]*", "")
    )
    return bare.list.unique().list.sort().list.join(ROLE_SEPARATOR)


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    """One row for each role: key, primary org (and what else stands in its place),
    kind, role and org ("" where it was not said)."""
    parts = pl.col("roles").str.split(FIELD_SEPARATOR).list
    home = [name for name in (HOME, "_before") if name in frame.columns]
    return (
        frame.select(KEY, *home, pl.col("roles").str.split(ROLE_SEPARATOR))
        .explode("roles", empty_as_null=True)
        .drop_nulls("roles")
        .select(
            KEY,
            *home,
            parts.get(0).alias(_KIND),
            parts.get(1).alias(_ROLE),
            parts.get(2).alias(_ORG),
        )
    )


def _in_1_2(rows: pl.DataFrame) -> pl.DataFrame:
    """``administrator`` is 1.1's; at a school that is a ``siteAdministrator``."""
    return rows.with_columns(
        pl.col(_ROLE).replace("administrator", "siteAdministrator")
    )


def _in_1_1(rows: pl.DataFrame, entity: Entity) -> pl.DataFrame:
    """Of each person one role, at all orgs of that role and at the primary org."""
    place = {role: number for number, role in enumerate(ROLES_1_1)}
    words = dict.fromkeys(ADMINISTRATORS, "administrator")
    known = rows.with_columns(pl.col(_ROLE).replace(words)).filter(
        pl.col(_ROLE).is_in(ROLES_1_1)
    )
    order = [
        (pl.col(_ROLE) != STUDENT) & pl.lit(entity is Entity.STUDENTS),
        pl.col(_KIND) != "primary",
        (pl.col(_ORG) != pl.col(HOME)).fill_null(value=True),
        pl.col(_ROLE).replace_strict(place, default=None, return_dtype=pl.Int64),
    ]
    first = pl.col(_ROLE).sort_by(*order).first().over(KEY)
    own = known.with_columns(first.alias("_first")).filter(
        pl.col(_ROLE) == pl.col("_first")
    )
    at_home = own.unique(KEY, maintain_order=True).with_columns(
        pl.col(HOME).alias(_ORG)
    )
    every = pl.concat([own, at_home.drop_nulls(_ORG)])
    kind = pl.when(pl.col(_ORG) == pl.col(HOME)).then(pl.lit("primary"))
    return every.with_columns(kind.otherwise(pl.lit("secondary")).alias(_KIND))


def _put(frame: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The frame with these roles, encoded; null for who has none among them."""
    one = pl.concat_str(
        [_KIND, _ROLE, pl.col(_ORG).fill_null("")], separator=FIELD_SEPARATOR
    )
    found = (
        rows.select(KEY, one.alias("roles"))
        .group_by(KEY)
        .agg(pl.col("roles").unique().sort().str.join(ROLE_SEPARATOR))
    )
    bare = frame.drop("roles", strict=False)
    return bare.join(found, on=KEY, how="left").sort(KEY)


def held_roles(
    students: pl.DataFrame | None, users: pl.DataFrame | None
) -> pl.DataFrame:
    """What the mirror tells of everybody's roles and primary org."""
    names = (KEY, HOME, "roles")
    none = pl.DataFrame(schema=dict.fromkeys(names, pl.String()))
    frames = [one.select(names) for one in (students, users) if one is not None]
    return pl.concat([none, *frames])

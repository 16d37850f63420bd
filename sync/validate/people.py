"""One person in two files, or in several rows of one.

The row of students owns the fields and the rows of users give roles; what both say
must agree, and when one row of a person is rejected none of the others counts.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.model.entities import PEOPLE, Entity
from sync.model.finding import Severity
from sync.model.normalise import ROLE_SEPARATOR, encode_roles
from sync.model.roster import FILE, KEEP, KEY, ROW
from sync.validate.causes import causes, fallen
from sync.validate.duplicates import ROLE_COLUMNS
from sync.validate.rough import Pile, rows
from sync.validate.sheet import NUMBER, Sheet, is_one_of

ROLES = "roles"
STUDENT = "student"


def judge_both(sheets: Mapping[Entity, Sheet]) -> list[pl.DataFrame]:
    """Where the files of students and users say different things of one person."""
    if not set(PEOPLE) <= set(sheets):
        return []
    students, users = (sheets[entity] for entity in PEOPLE)
    both = students.keyed.join(users.keyed, on=KEY, suffix=_USERS)
    if both.is_empty():
        return []
    common = [n for n in students.columns if n in users.columns and n != "sourcedId"]
    return [
        finding
        for name in common
        for finding in _differing(both.filter(_differs(name)), name, students, users)
    ]


_USERS = "@users"


def _differs(name: str) -> pl.Expr:
    delivered = [
        pl.col(keep)
        .str.contains(f",{name},", literal=True)
        .fill_null(value=False)
        .not_()
        for keep in (KEEP, KEEP + _USERS)
    ]
    return pl.col(name).ne_missing(pl.col(name + _USERS)) & pl.all_horizontal(delivered)


def _differing(
    both: pl.DataFrame, name: str, students: Sheet, users: Sheet
) -> list[pl.DataFrame]:
    ours = [FILE, ROW, NUMBER]
    theirs = [column + _USERS for column in ours]
    renamed = dict(zip([*ours, *theirs], [*theirs, *ours], strict=True))
    return [
        rows(
            side.sort(NUMBER, *(one + _USERS for one in ours)).unique(
                NUMBER, keep="first", maintain_order=True
            ),
            sheet,
            "RS205",
            Severity.REJECTED,
            column=name,
            message=pl.format(
                f"{name} differs from what {{}}:{{}} says of the same person",
                FILE + _USERS,
                ROW + _USERS,
            ),
            hint="let both files say the same, or only one of them",
        )
        for side, sheet in ((both, students), (both.rename(renamed), users))
    ]


def judge_rest(sheets: Mapping[Entity, Sheet], pile: Pile) -> list[pl.DataFrame]:
    """The other rows of a person of whom a row was rejected."""
    roots = fallen([sheets[entity] for entity in PEOPLE if entity in sheets], pile)
    if roots.is_empty():
        return []
    return [
        rows(
            sheet.keyed.filter(~is_one_of(pile.rejected(entity)))
            .join(roots, on=KEY)
            .sort(NUMBER),
            sheet,
            "RS206",
            Severity.REJECTED,
            column="sourcedId",
            message=pl.format(
                "another row of this person was rejected: {}:{}", *causes()[:2]
            ),
            hint="correct that row; all rows of a person stand or fall together",
            **{name: pl.col(name) for name in causes()},
        )
        for entity, sheet in sheets.items()
        if entity in PEOPLE
    ]


def roles(users: Sheet | None, rejected: pl.Series | None) -> pl.DataFrame:
    """``_key`` and ``roles`` (encoded, sorted) of each person in the file of users."""
    if users is None or rejected is None:
        return pl.DataFrame(schema={KEY: pl.String, ROLES: pl.String})
    has = {name: name in users.columns for name in ROLE_COLUMNS}
    role, kind, org = (
        pl.col(name) if there else pl.lit(None, pl.String)
        for name, there in has.items()
    )
    left = users.keyed.filter(~is_one_of(rejected)).select(
        KEY, encode_roles(kind, role, org).alias(ROLES)
    )
    if not left[KEY].is_duplicated().any():
        return left.sort(KEY)
    return (
        left.group_by(KEY)
        .agg(pl.col(ROLES).drop_nulls().unique().sort().str.join(ROLE_SEPARATOR))
        .sort(KEY)
    )

"""One person in two files, or in several rows of one.

The row of students owns the fields and the rows of users give roles; what both say
must agree, and when one row of a person is rejected none of the others counts.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.model.entities import PEOPLE, STATED, Entity
from sync.model.finding import Severity
from sync.model.normalise import ROLE_SEPARATOR, encode_roles
from sync.model.roster import FILE, KEEP, KEY, ROW
from sync.validate.causes import causes, fallen
from sync.validate.duplicates import ROLE_COLUMNS
from sync.validate.rough import Pile, rows
from sync.validate.satellites import role_rows
from sync.validate.sheet import NUMBER, Sheet, is_one_of

ROLES = "roles"
ORGS = "orgSourcedIds"
STUDENT = "student"


def judge_both(sheets: Mapping[Entity, Sheet]) -> list[pl.DataFrame]:
    """Where the files of students and users say different things of one person."""
    if not set(PEOPLE) <= set(sheets):
        return []
    students, users = (sheets[entity] for entity in PEOPLE)
    both = students.keyed.join(users.keyed, on=KEY, suffix=_USERS)
    if both.is_empty():
        return []
    common = [
        name
        for name in students.columns
        if name in users.columns and name not in {"sourcedId", *STATED}
    ]
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


def roles(
    sheets: Mapping[Entity, Sheet], rejected: Mapping[Entity, pl.Series]
) -> pl.DataFrame:
    """``_key`` and ``roles`` (encoded, sorted) of each person who is said to have some.

    Users' own rows say it, a file of roles does, or a text of ``roles``, which goes
    before the role at each of ``orgSourcedIds``.
    """
    stated = pl.concat(
        [
            pl.DataFrame(schema={KEY: pl.String, ROLES: pl.String}),
            *(_stated(sheets[one], rejected[one]) for one in PEOPLE if one in sheets),
        ]
    )
    parts = [stated, _of_file(sheets, rejected).join(stated, on=KEY, how="anti")]
    users = sheets.get(Entity.USERS)
    if users is not None and "role" in users.columns:
        parts.append(_own(users, rejected[Entity.USERS]))
    whole = pl.concat(parts)
    if not whole[KEY].is_duplicated().any():
        return whole.sort(KEY)
    return (
        whole.group_by(KEY)
        .agg(pl.col(ROLES).drop_nulls().unique().sort().str.join(ROLE_SEPARATOR))
        .sort(KEY)
    )


def _own(users: Sheet, rejected: pl.Series) -> pl.DataFrame:
    """What the rows of users say: one role each, or the same at each of their orgs."""
    left = users.keyed.filter(~is_one_of(rejected))
    if ROLES in left.columns:
        left = left.filter(pl.col(ROLES).is_null())
    role, kind, org = (
        pl.col(name) if name in users.columns else pl.lit(None, pl.String)
        for name in ROLE_COLUMNS
    )
    own = left.select(KEY, encode_roles(kind, role, org).alias(ROLES))
    if ORGS not in left.columns:
        return own
    # A file may lack the list, or leave it blank: such a row says its role plainly.
    listed = left[ORGS].is_not_null()
    org = pl.col(ORGS)
    first = org == pl.col("primaryOrgSourcedId")
    kind = pl.when(first).then(pl.lit("primary")).otherwise(pl.lit("secondary"))
    at_each = left.filter(listed).with_columns(org.str.split(",")).explode(ORGS)
    return pl.concat(
        [
            own.filter(~listed),
            at_each.select(KEY, encode_roles(kind, role, org).alias(ROLES)),
        ]
    )


def _of_file(
    sheets: Mapping[Entity, Sheet], rejected: Mapping[Entity, pl.Series]
) -> pl.DataFrame:
    found = role_rows(sheets, rejected)
    encoded = encode_roles(*(pl.col(n) for n in ("roleType", "role", "orgSourcedId")))
    return found.select(KEY, encoded.alias(ROLES))


def _stated(sheet: Sheet, rejected: pl.Series) -> pl.DataFrame:
    """The roles of a text such as ``primary/teacher/org-1 secondary/aide/org-2``."""
    if ROLES not in sheet.columns:
        return pl.DataFrame(schema={KEY: pl.String, ROLES: pl.String})
    left = sheet.keyed.filter(~is_one_of(rejected), pl.col(ROLES).is_not_null())
    listed = left.select(KEY, pl.col(ROLES).str.split(" ")).explode(ROLES)
    parts = pl.col(ROLES).str.split("/")
    kind, role, org = (_decoded(parts.list.get(n, null_on_oob=True)) for n in range(3))
    return listed.select(KEY, encode_roles(kind, role, org).alias(ROLES))


def _decoded(part: pl.Expr) -> pl.Expr:
    """Percent-decoded as far as it was encoded; an empty part was not said."""
    plain = part
    for code, character in (("%20", " "), ("%2F", "/"), ("%25", "%")):
        plain = plain.str.replace_all(code, character, literal=True)
    return plain.replace("", None)

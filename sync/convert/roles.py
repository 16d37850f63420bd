"""The roles of people, one row for each, and how each layout can say them.

In: people with ``roles`` as the roster encodes them. Out: rows of roles; for OneRoster
1.1 ``role`` and ``orgSourcedIds``; ``metadata.rosterSync.roles`` where the layout
cannot say it.
"""

from __future__ import annotations

import polars as pl

from sync.convert.binding import ADMINISTRATORS, ROLES_1_1
from sync.model.entities import USER_ROLES
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR, encode_roles

STUDENT = "student"
GUARDIANS = ("parent", "guardian", "relative")
"""The roles that say what an agent is to a student, the first of them first."""
LIST = ","

ID, PRIMARY_ORG = "sourcedId", "primaryOrgSourcedId"
KIND, ROLE, ORG = "roleType", "role", "orgSourcedId"
IS_STUDENT, ROLES, ORGS = "_student", "roles", "orgSourcedIds"

STATED = frozenset({ROLES, ROLE, ORGS, "agentSourcedIds"})
"""Columns by which layouts state roles; in a roster, ``roles`` alone holds them."""

_STAFF_FIRST = [
    STUDENT,
    *(role for role in USER_ROLES if role not in {STUDENT, *GUARDIANS}),
    *GUARDIANS,
]
"""A teacher who is a parent too would lose the classes if called a parent."""


def rows(people: pl.DataFrame) -> pl.DataFrame:
    """One row for each role: sourcedId, primaryOrgSourcedId, roleType, role, org.

    ``orgSourcedId`` is null where the drop did not say one. Sorted by person and role.
    """
    own = encode_roles(pl.lit(None, pl.String), pl.lit(STUDENT), pl.col(PRIMARY_ORG))
    mere = pl.when(IS_STUDENT).then(own)
    listed = people.select(
        ID, PRIMARY_ORG, pl.coalesce(ROLES, mere).str.split(ROLE_SEPARATOR)
    ).explode(ROLES, empty_as_null=True)
    parts = pl.col(ROLES).str.split(FIELD_SEPARATOR).list
    return (
        listed.filter(pl.col(ROLES).is_not_null())
        .select(
            ID,
            PRIMARY_ORG,
            parts.get(0).alias(KIND),
            parts.get(1).alias(ROLE),
            parts.get(2).replace("", None).alias(ORG),
        )
        .sort(ID, KIND, ROLE, ORG)
    )


def students(people: pl.DataFrame, given: pl.DataFrame) -> pl.Series:
    """The sourcedIds of those whom a reader of OneRoster takes for students."""
    also = given.filter(pl.col(ROLE) == STUDENT)[ID]
    is_one = pl.col(IS_STUDENT) | pl.col(ID).is_in(also.implode())
    return people.filter(is_one)[ID]


def as_1_1(people: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """sourcedId, role, orgSourcedIds and, where these do not say all, the roles.

    The binding knows one role at each of several orgs: our reader takes it as primary
    at the first of them, which is the primary org, and secondary at the others.
    """
    at_home = (pl.col(KIND) == "primary") & (pl.col(ORG) == pl.col(PRIMARY_ORG))
    said = given.group_by(ID, maintain_order=True).agg(
        _is_plain(at_home).alias("_plain"),
        _orgs().alias(ORGS),
        _first_role(at_home).alias(ROLE),
        _encoded().alias(_EXTRA),
    )
    mere = pl.col(ROLES).is_null() & pl.col(IS_STUDENT)
    return (
        people.select(ID, PRIMARY_ORG, ROLES, IS_STUDENT)
        .join(said, on=ID, how="left", maintain_order="left")
        .select(
            ID,
            pl.when(IS_STUDENT).then(pl.lit(STUDENT)).otherwise(ROLE).alias(ROLE),
            pl.coalesce(ORGS, PRIMARY_ORG).alias(ORGS),
            pl.when(~(mere | pl.col("_plain"))).then(_EXTRA).alias(_EXTRA),
        )
    )


def as_1_2(given: pl.DataFrame) -> pl.DataFrame:
    """The rows of roles.csv but for their sourcedId; where no org was said the primary
    org stands for it, as the binding wants one."""
    return (
        given.select(
            pl.col(ID).alias("userSourcedId"),
            *(KIND, ROLE, pl.coalesce(ORG, PRIMARY_ORG).alias(ORG)),
        )
        .unique(maintain_order=True)
        .sort("userSourcedId", KIND, ROLE, ORG)
    )


def unsaid_orgs(given: pl.DataFrame) -> pl.DataFrame:
    """sourcedId and all roles of the people one of whose roles has no org."""
    return (
        given.filter(pl.col(ORG).is_null().any().over(ID))
        .group_by(ID, maintain_order=True)
        .agg(_encoded().alias(_EXTRA))
    )


def relationships(given: pl.DataFrame) -> pl.DataFrame:
    """agentSourcedId and what every reader takes the person to be to a student: of
    people with one role only, since of several any may be looked at."""
    return (
        given.unique([ID, ROLE])
        .filter(~pl.col(ID).is_duplicated(), pl.col(ROLE).is_in(GUARDIANS))
        .select(pl.col(ID).alias("agentSourcedId"), pl.col(ROLE).alias("_derived"))
        .sort("agentSourcedId")
    )


_EXTRA = "metadata.rosterSync.roles"


def _is_plain(at_home: pl.Expr) -> pl.Expr:
    """Whether one role at a list of orgs, the primary one first, says it all."""
    one_role = (pl.col(ROLE).n_unique() == 1) & pl.col(ROLE).is_in(ROLES_1_1).all()
    listable = (
        pl.col(ORG).str.contains(LIST, literal=True).not_().fill_null(value=False)
    )
    distinct = pl.col(ORG).n_unique() == pl.len()
    one_primary = (pl.col(KIND) == "primary").sum() == 1
    return one_role & listable.all() & distinct & one_primary & at_home.any()


def _orgs() -> pl.Expr:
    """The primary org, then the others in order."""
    others = pl.col(ORG).filter(
        (pl.col(ORG) != pl.col(PRIMARY_ORG))
        & ~pl.col(ORG).str.contains(LIST, literal=True)
    )
    first = pl.col(PRIMARY_ORG).first()
    return pl.concat_list(first, others.unique().sort().implode()).list.join(LIST)


def _first_role(at_home: pl.Expr) -> pl.Expr:
    """The role to name where only one can be named, in the words of 1.1."""
    place = {role: number for number, role in enumerate(_STAFF_FIRST)}
    rank = pl.col(ROLE).replace_strict(place, default=len(place), return_dtype=pl.Int64)
    unsaid = pl.col(ORG).is_null() & (pl.col(KIND) == "primary")
    elsewhere = ~(at_home.fill_null(value=False) | unsaid)
    first = pl.col(ROLE).sort_by(elsewhere, pl.col(KIND), rank, pl.col(ROLE)).first()
    return first.replace(dict.fromkeys(ADMINISTRATORS, "administrator"))


def _encoded() -> pl.Expr:
    """``roleType/role/org`` of each, percent-encoded, between spaces."""
    parts = [pl.col(KIND), pl.col(ROLE), pl.col(ORG).fill_null("")]
    encoded = [
        part.str.replace_all("%", "%25", literal=True)
        .str.replace_all("/", "%2F", literal=True)
        .str.replace_all(" ", "%20", literal=True)
        for part in parts
    ]
    return pl.concat_str(encoded, separator="/").sort().str.join(" ")

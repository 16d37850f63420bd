"""Files that tell more of people: who has no role, whose birth date and org these are.

In OneRoster 1.2 roles, birth dates and logins of people stand in files of their own.
They are judged like all others; what is left of them is laid beside the people here.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync.model.entities import PEOPLE, SATELLITES, Entity
from sync.model.finding import Severity
from sync.model.roster import KEEP, KEY
from sync.validate.causes import causes, fallen
from sync.validate.rough import Pile, rows
from sync.validate.sheet import NUMBER, Sheet, is_one_of

PERSON = {
    Entity.ROLES: "userSourcedId",
    Entity.DEMOGRAPHICS: "sourcedId",
    Entity.USER_PROFILES: "userSourcedId",
}
"""The column that names the person."""

_GONE = pl.col("status").fill_null("active") == "tobedeleted"


def of_records(sheets: Mapping[Entity, Sheet]) -> dict[Entity, Sheet]:
    """The sheets whose rows are records of their own."""
    return {e: sheet for e, sheet in sheets.items() if e not in SATELLITES}


def judge_roleless(sheets: Mapping[Entity, Sheet], pile: Pile) -> list[pl.DataFrame]:
    """People to whom a file of roles gives none, or none that stands.

    Where a row of theirs was rejected that one is the cause.
    """
    if not _roles_stand_elsewhere(sheets):
        return []
    file = sheets.get(Entity.ROLES)
    standing = ended = pl.Series(KEY, [], pl.String)
    roots = pl.DataFrame()
    if file is not None:
        good = file.frame.filter(~is_one_of(pile.rejected(Entity.ROLES)))
        standing = good.filter(~_gone(good))["userSourcedId"]
        ended = good["userSourcedId"]
        by_person = file.with_frame(
            file.frame.with_columns(pl.col("userSourcedId").alias(KEY))
        )
        roots = fallen([by_person], pile)
    return [
        finding
        for entity in PEOPLE
        if entity in sheets
        for finding in _roleless(sheets[entity], (standing, ended), roots, pile)
    ]


def _roles_stand_elsewhere(sheets: Mapping[Entity, Sheet]) -> bool:
    users = sheets.get(Entity.USERS)
    return users is not None and "role" not in users.columns


def _roleless(
    sheet: Sheet,
    held: tuple[pl.Series, pl.Series],
    roots: pl.DataFrame,
    pile: Pile,
) -> list[pl.DataFrame]:
    standing, ended = (pl.col(KEY).is_in(one.implode()) for one in held)
    # Of somebody who is to be deleted, all roles may be ended.
    without = sheet.keyed.filter(
        ~standing & ~(ended & _gone(sheet.frame)),
        ~is_one_of(pile.rejected(sheet.entity)),
    )
    found = []
    if not roots.is_empty():
        found.append(
            rows(
                without.join(roots, on=KEY).sort(NUMBER),
                sheet,
                "RS206",
                Severity.REJECTED,
                message=pl.format(
                    "the row that gives this person a role was rejected: {}:{}",
                    *causes()[:2],
                ),
                hint="correct that row; this one is then judged again",
                **{name: pl.col(name) for name in causes()},
            )
        )
        without = without.join(roots, on=KEY, how="anti")
    found.append(
        rows(
            without.sort(NUMBER),
            sheet,
            "RS207",
            Severity.REJECTED,
            message="no row of the file of roles gives this person a role",
            hint="deliver a role for this person, or take the person out",
        )
    )
    return found


def role_rows(
    sheets: Mapping[Entity, Sheet], rejected: Mapping[Entity, pl.Series]
) -> pl.DataFrame:
    """``_key``, ``roleType``, ``role`` and ``orgSourcedId`` of the roles that stand.

    A role that is to be deleted is none; of a person who is to be deleted, all may be.
    """
    names = ["roleType", "role", "orgSourcedId"]
    file = sheets.get(Entity.ROLES)
    if file is None:
        return pl.DataFrame(schema=dict.fromkeys([KEY, *names], pl.String()))
    left = file.frame.filter(~is_one_of(rejected[Entity.ROLES]))
    every = pl.col("gone").all().over(KEY)
    return (
        left.select(
            pl.col("userSourcedId").alias(KEY),
            *(_told(left, name) for name in names),
            _gone(left).alias("gone"),
        )
        .filter(~pl.col("gone") | every)
        .drop("gone")
    )


def _told(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column, blank where the layout has none."""
    there = name in frame.columns
    return pl.col(name) if there else pl.lit(None, pl.String).alias(name)


def _gone(frame: pl.DataFrame) -> pl.Expr:
    """Whether a row is to be deleted."""
    return _GONE if "status" in frame.columns else pl.lit(value=False)


def with_primary_org(people: pl.DataFrame, roles: pl.DataFrame) -> pl.DataFrame:
    """People without a primaryOrgSourcedId get the org of their primary role."""
    name = "primaryOrgSourcedId"
    if name not in people.columns:
        people = people.with_columns(pl.lit(None, pl.String).alias(name))
    if roles.is_empty() or not people[name].null_count():
        return people
    first = (
        roles.sort(KEY, pl.col("roleType") != "primary", "orgSourcedId")
        .unique(KEY, keep="first", maintain_order=True)
        .select(KEY, pl.col("orgSourcedId").alias("_org"))
    )
    return (
        people.join(first, on=KEY, how="left", maintain_order="left")
        .with_columns(pl.coalesce(name, "_org").alias(name))
        .drop("_org")
    )


def with_birth_dates(
    people: pl.DataFrame, demographics: Sheet | None, rejected: pl.Series | None
) -> pl.DataFrame:
    """People with the birthDate of their row in demographics; who has none there
    counts as not delivered."""
    name = "birthDate"
    if demographics is None or rejected is None or name in people.columns:
        return people
    if name not in demographics.columns:
        return people
    known = demographics.frame.filter(~is_one_of(rejected), ~_gone(demographics.frame))
    dates = known.select(
        pl.col("sourcedId").alias(KEY), name, pl.lit(value=True).alias("_told")
    ).unique(KEY, keep="first", maintain_order=True)
    untold = pl.col("_told").is_null()
    return (
        people.join(dates, on=KEY, how="left", maintain_order="left")
        .with_columns(
            pl.when(untold)
            .then(pl.col(KEEP).fill_null(",") + pl.lit(f"{name},"))
            .otherwise(KEEP)
            .alias(KEEP)
        )
        .drop("_told")
    )


_RELATIONS = ("parent", "guardian", "relative")


def with_relationships(links: pl.DataFrame, people: list[pl.DataFrame]) -> pl.DataFrame:
    """Links that do not say the relationship get the agent's first role of parent,
    guardian and relative.

    Where the agent has none of these, or is not in the drop, it is not delivered: a
    new link is one of a guardian.
    """
    name = "relationshipType"
    if name not in links.columns:
        links = links.with_columns(pl.lit(None, pl.String).alias(name))
    if not links[name].null_count():
        return links
    known = pl.concat(
        [
            pl.DataFrame(schema={KEY: pl.String(), "roles": pl.String()}),
            *(one.select(KEY, "roles") for one in people),
        ]
    ).unique(KEY, keep="first")
    told = [
        pl.when(pl.col("roles").str.contains(f"\x1f{role}\x1f", literal=True)).then(
            pl.lit(role)
        )
        for role in _RELATIONS
    ]
    agents = known.select(pl.col(KEY).alias("_agent"), pl.coalesce(told).alias("_role"))
    guessed = pl.col(name).is_null() & pl.col("_role").is_null()
    return (
        links.join(
            agents,
            left_on="agentSourcedId",
            right_on="_agent",
            how="left",
            maintain_order="left",
        )
        .with_columns(
            pl.when(guessed)
            .then(pl.col(KEEP).fill_null(",") + pl.lit(f"{name},"))
            .otherwise(KEEP)
            .alias(KEEP),
            pl.coalesce(name, "_role", pl.lit("guardian")).alias(name),
        )
        .drop("_role")
    )

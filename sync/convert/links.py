"""Guardians as OneRoster has them: a list on the student's row.

In: links and roles. Out: for each student ``agentSourcedIds`` and, beside it, lists of
what the binding has no column for, item by item between ``|``.
"""

from __future__ import annotations

import polars as pl

from sync.convert.delivered import GUESSED, keeps
from sync.convert.package import LeftOut
from sync.convert.roles import LIST, relationships

STUDENT, AGENT = "studentSourcedId", "agentSourcedId"
ITEMS = "|"
_PREFIX = "metadata.rosterSync."
_TYPES = f"{_PREFIX}relationshipTypes"
_IDS = f"{_PREFIX}agentIds"
_STATUSES = f"{_PREFIX}agentStatuses"


def holdable(
    links: pl.DataFrame, students: pl.Series
) -> tuple[pl.DataFrame, list[LeftOut]]:
    """The links that a list on the row of one of these students can hold, and what
    is lost of the others."""
    homeless = ~pl.col(STUDENT).is_in(students.implode())
    unlistable = pl.col(AGENT).str.contains(LIST, literal=True)
    kept = links.filter(~homeless & ~unlistable)
    left = [
        _rows(links.filter(homeless), "the drop has no row of their student"),
        _rows(
            links.filter(~homeless & unlistable),
            "a comma in agentSourcedId cannot stand in a list",
        ),
        *_unlistable(kept),
    ]
    return kept, [one for one in left if one.count]


def lists(links: pl.DataFrame, roles: pl.DataFrame) -> pl.DataFrame:
    """sourcedId, agentSourcedIds and the lists beside it, each null where it says
    nothing; ``relationshipTypes`` only where the agent's role does not say the same."""
    whole = _with_columns(links).join(
        relationships(roles), on=AGENT, how="left", maintain_order="left"
    )
    unsaid = pl.col(GUESSED).is_null()
    told = unsaid | (pl.col(GUESSED) == pl.col("_derived")).fill_null(value=False)
    status = pl.col("status")
    return (
        whole.sort(STUDENT, AGENT)
        .group_by(STUDENT, maintain_order=True)
        .agg(
            pl.col(AGENT).str.join(LIST).alias("agentSourcedIds"),
            pl.when(~told.all()).then(_joined(GUESSED)).alias(_TYPES),
            pl.when(pl.col("agentId").count() > 0).then(_joined("agentId")).alias(_IDS),
            pl.when(status.count() > 0).then(_joined("status")).alias(_STATUSES),
        )
        .rename({STUDENT: "sourcedId"})
    )


def _rows(links: pl.DataFrame, why: str) -> LeftOut:
    return LeftOut("agents", None, links.height, why)


def _unlistable(links: pl.DataFrame) -> list[LeftOut]:
    """The cells in which the separator of our own lists stands."""
    why = f'a "{ITEMS}" cannot stand in the lists beside agentSourcedIds'
    return [
        LeftOut(
            *("agents", name),
            links.filter(pl.col(name).str.contains(ITEMS, literal=True)).height,
            why,
        )
        for name in (GUESSED, "agentId")
        if name in links.columns
    ]


def _with_columns(links: pl.DataFrame) -> pl.DataFrame:
    """With both optional columns, and without the separator in a cell.

    A type loses the sign, as a link needs one; an identifier that lost it would be
    another one, so it is blank.
    """
    absent = [name for name in ("agentId", "status") if name not in links.columns]
    bad_id = pl.col("agentId").str.contains(ITEMS, literal=True)
    return links.with_columns(
        pl.lit(None, pl.String).alias(name) for name in absent
    ).with_columns(
        pl.when(~keeps(GUESSED)).then(
            pl.col(GUESSED).str.replace_all(ITEMS, "/", literal=True)
        ),
        pl.when(~bad_id).then("agentId").alias("agentId"),
    )


def _joined(name: str) -> pl.Expr:
    return pl.col(name).fill_null("").str.join(ITEMS)

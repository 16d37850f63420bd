"""Who is whose guardian, where a person's row names others and does not say which.

OneRoster names guardians on the row of the student, but some exports name the children
on the row of the guardian. In: the tables of a package, with the owner of each row as
the student. Out: the same links with the student in his place, each pair once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from sync.mapping.codes import TURNED_LINKS
from sync.model import normalise
from sync.model.entities import Entity
from sync.model.finding import Finding, found
from sync.model.roster import Table

_STUDENT, _AGENT = "studentSourcedId", "agentSourcedId"
_TURNED, _PLACE = "_turned", "_place"


def with_links_turned(
    tables: Mapping[Entity, Table],
) -> tuple[dict[Entity, Table], list[Finding]]:
    """The tables with every link the right way round, and a note where some were not.

    A person with a known role who is no student is the guardian of whom he names; one
    whose role cannot be read may be a student, and is left in his place.
    """
    links = tables.get(Entity.AGENTS)
    if links is None or links.frame.is_empty():
        return dict(tables), []
    turned = _trimmed(_STUDENT).is_in(_guardians(tables).implode())
    student, agent = (pl.col(name) for name in (_STUDENT, _AGENT))
    marked = links.frame.with_row_index(_PLACE).with_columns(
        turned.fill_null(value=False).alias(_TURNED)
    )
    right = marked.with_columns(
        pl.when(_TURNED).then(agent).otherwise(student).alias(_STUDENT),
        pl.when(_TURNED).then(student).otherwise(agent).alias(_AGENT),
    )
    once = (
        right.sort(_TURNED, _PLACE)
        .filter(pl.struct(_trimmed(_STUDENT), _trimmed(_AGENT)).is_first_distinct())
        .sort(_PLACE)
        .drop(_PLACE, _TURNED)
    )
    made = {**tables, Entity.AGENTS: replace(links, frame=once)}
    return made, _said(links, marked.filter(_TURNED).height)


def _guardians(tables: Mapping[Entity, Table]) -> pl.Series:
    """Everybody with a known role who is no student."""
    users, roles = tables.get(Entity.USERS), tables.get(Entity.ROLES)
    students = tables.get(Entity.STUDENTS)
    known = pl.Series("sourcedId", [], pl.String)
    if users is not None and "role" in users.frame.columns:
        role = normalise.user_role(pl.col("role"))
        known = _named(users.frame.filter(role.is_not_null()), "sourcedId")
    elif roles is not None:
        role = normalise.user_role(pl.col("role"))
        known = _named(roles.frame.filter(role.is_not_null()), "userSourcedId")
    if students is None:
        return known
    return known.filter(~known.is_in(_named(students.frame, "sourcedId").implode()))


def _named(frame: pl.DataFrame, column: str) -> pl.Series:
    return frame.select(_trimmed(column)).to_series().drop_nulls().alias("sourcedId")


def _trimmed(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars()


def _said(links: Table, turned: int) -> list[Finding]:
    if not turned:
        return []
    (file, headers), *_ = links.headers.items()
    are = "link is" if turned == 1 else "links are"
    return [
        found(
            TURNED_LINKS,
            f"{turned:,} {are} named on the rows of guardians or staff",
            entity=Entity.AGENTS.value,
            file=file,
            column=headers[_AGENT],
        )
    ]

"""Random rosters of one small district: any of its people, links and seats, some of
them with other cells, so that from one to the next nearly everything may happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from random import Random

import polars as pl

from sync.samples import Tables, next_night
from tests.support.districts import district

CELLS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "students": {
        "phone": ("+1 505 555 0101", "+1 505 555 0102", ""),
        "middleName": ("May", "Núñez", ""),
        "givenName": ("Ada", "Zoë", "O'Neil"),
        "grades": ("05", "KG", "5,6"),
        "status": ("inactive", "tobedeleted"),
        "enabledUser": ("false",),
    },
    "users": {
        "phone": ("+1 505 555 0103", ""),
        "familyName": ('Lee "Bo" Ray', "Ng, Jr."),
        "status": ("inactive", "tobedeleted"),
        "enabledUser": ("false",),
    },
    "agents": {"relationshipType": ("aunt", "legal guardian", "mother")},
    "enrollments": {
        "beginDate": ("2021-08-17", "2089-08-17"),
        "endDate": ("2021-12-18", "2090-06-03", ""),
        "primary": ("true", "false"),
        "status": ("inactive", "tobedeleted"),
        "role": ("teacher", "student", "aide"),
    },
}
"""What cells may become."""


@cache
def universe(students: int, seed: int) -> Tables:
    """Everybody and everything that a random roster may name: a district together with
    whoever arrives and changes the night after."""
    first = district(students, seed)
    second = next_night(first, seed, change=0.4)
    later = dict(second.items())
    whole = {
        name: pl.concat([frame, later[name]]).unique(
            subset=_key(name), keep="first", maintain_order=True
        )
        for name, frame in first.items()
    }
    return Tables(**whole)


def _key(name: str) -> list[str]:
    if name == "agents":
        return ["studentSourcedId", "agentSourcedId"]
    return ["sourcedId", "role"] if name == "users" else ["sourcedId"]


WHOSE = {
    "students": "sourcedId",
    "users": "sourcedId",
    "agents": "studentSourcedId",
    "enrollments": "userSourcedId",
}
"""The column that says whose a row is."""


def random_roster(tables: Tables, chance: Random) -> Tables:
    """Any part of it, in any order, with some other cells.

    One student with all that is his stays as he is, and ends each file: a file whose
    last rows are gone looks cut off, and ends nobody for a night.
    """
    stays = _one_who_stays(tables)
    students = _some(tables.students, "sourcedId", chance, stays)
    users = _some(tables.users, "sourcedId", chance, stays)
    here = pl.concat([students["sourcedId"], users["sourcedId"]]).implode()
    agents = _some(tables.agents, "studentSourcedId", chance, stays).filter(
        pl.col("studentSourcedId").is_in(here), pl.col("agentSourcedId").is_in(here)
    )
    seats = _some(tables.enrollments, "sourcedId", chance, stays).filter(
        pl.col("userSourcedId").is_in(here)
    )
    parts = {
        "students": students,
        "users": users,
        "agents": agents,
        "enrollments": seats,
    }
    made = {}
    for name, one in parts.items():
        his = pl.col(WHOSE[name]).is_in(stays)
        made[name] = pl.concat(
            [_other(name, one.filter(~his), chance), one.filter(his)]
        )
    return replace(tables, **made)


def _one_who_stays(tables: Tables) -> list[str]:
    """A student who has guardians and seats, his guardians, and his seats."""
    linked = tables.agents["studentSourcedId"].implode()
    seated = tables.enrollments["userSourcedId"].implode()
    one = tables.students.filter(
        pl.col("sourcedId").is_in(linked), pl.col("sourcedId").is_in(seated)
    )["sourcedId"][0]
    return [
        one,
        *tables.agents.filter(studentSourcedId=one)["agentSourcedId"],
        *tables.enrollments.filter(userSourcedId=one)["sourcedId"],
    ]


def shuffled(tables: Tables, chance: Random) -> Tables:
    """The same rows in another order."""
    return replace(
        tables,
        **{
            name: frame[chance.sample(range(frame.height), frame.height)]
            for name, frame in tables.items()
        },
    )


def _some(
    frame: pl.DataFrame, column: str, chance: Random, always: Sequence[str]
) -> pl.DataFrame:
    """The rows of some of the values of a column; now and then of all."""
    values = frame[column].unique().sort().to_list()
    share = chance.choice([0.3, 0.6, 0.9, 1.0])
    chosen = [one for one in values if chance.random() < share]
    return frame.filter(pl.col(column).is_in([*chosen, *always]))


def _other(name: str, frame: pl.DataFrame, chance: Random) -> pl.DataFrame:
    """The rows in another order, one in six with one cell that says something else;
    the rows of one key say the same."""
    key = _key(name)[0]
    for column, values in CELLS[name].items():
        odd = [
            one
            for one in frame[key].unique().sort().to_list()
            if chance.random() < 1 / (6 * len(CELLS[name]))
        ]
        frame = frame.with_columns(
            pl.when(pl.col(key).is_in(odd))
            .then(pl.lit(chance.choice(values)))
            .otherwise(column)
            .alias(column)
        )
    return frame[chance.sample(range(frame.height), frame.height)]

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from sync.model.entities import Entity
from sync.model.mirror import Mirror
from sync.model.roster import Roster
from sync.targets.common.people import renumbered
from sync.targets.common.projecting import Context

Row = dict[str, Any]
NOW = datetime(2026, 9, 15, tzinfo=UTC)


def frame(*rows: Row) -> pl.DataFrame:
    names = ("_key", "status", "email", "username", "givenName")
    more = ("studentSourcedId", "agentSourcedId", "userSourcedId")
    schema = dict.fromkeys((*names, *more), pl.String())
    return pl.DataFrame(list(rows), schema=schema)


def found(row: Row, ended: tuple[str, ...] = (), users: bool = False) -> list[Any]:
    old = {"_key": "old", "email": "A@x", "username": "Ann", "givenName": "Ann"}
    remote = {
        Entity.STUDENTS: frame(old, {"_key": "s1"}),
        Entity.AGENTS: frame(
            {"_key": "old/g", "studentSourcedId": "old", "agentSourcedId": "g"}
        ),
        Entity.ENROLLMENTS: frame(
            {"_key": "e1", "userSourcedId": "old"},
            {"_key": "e2", "userSourcedId": "s1"},
        ),
    }
    frames = {Entity.STUDENTS: frame({"_key": "new", **row}, {"_key": "s1"})}
    if users:
        frames[Entity.USERS] = frame({"_key": "old"})
    nobody = pl.DataFrame(schema={"entity": pl.String, "_key": pl.String})
    context = Context(
        Roster(frames, {}, {}, nobody),
        Mirror(remote, {}, {}, NOW),
        date(2026, 9, 15),
        pl.Series(ended, dtype=pl.String),
    )
    return renumbered(context).rows()


ALL = [("students", "old"), ("agents", "old/g"), ("enrollments", "e1")]


@pytest.mark.parametrize(
    ("row", "frozen"),
    [
        ({"email": "a@X"}, ALL),
        ({"username": "ann", "givenName": "ANN"}, ALL),
        ({"username": "ann", "givenName": "Bea"}, []),
        ({"givenName": "Ann"}, []),
        ({}, []),
    ],
)
def test_a_kind_that_makes_nobody_leaves_those_alone_whom_a_row_may_be(
    row: Row, frozen: list[tuple[str, str]]
) -> None:
    assert found(row) == frozen


def test_nobody_who_is_over_or_has_a_row_is_left_alone_for_it() -> None:
    assert found({"email": "a@x"}, ended=("old",)) == []
    assert found({"email": "a@x"}, users=True) == []

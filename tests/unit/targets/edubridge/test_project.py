from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model.entities import Entity, Mode
from sync.model.mirror import Mirror
from sync.model.roster import Roster
from sync.targets.base import Projection
from sync.targets.common.projecting import Context
from sync.targets.edubridge.project import project

Row = dict[str, Any]
ENROLLMENTS = Entity.ENROLLMENTS
TODAY = date(2026, 9, 15)
COLUMNS = (
    *("_key", "sourcedId", "userSourcedId", "classSourcedId", "courseSourcedId"),
    *("schoolSourcedId", "role", "status", "beginDate", "endDate", "_file", "_row"),
)
CLASS = {"_key": "c1", "courseSourcedId": "k1", "schoolSourcedId": "o1"}


def enrollment(key: str = "e1", user: str = "u1", **cells: Any) -> Row:
    own = {"_key": key, "sourcedId": key, "userSourcedId": user}
    return own | {"classSourcedId": "c1", "role": "student", "status": "active"} | cells


def held(key: str, remote_id: str, user: str = "u1", course: str = "k1") -> Row:
    place = {"courseSourcedId": course, "schoolSourcedId": "o1"}
    own = enrollment(remote_id, user) | place
    return own | {"_key": key, "_remote_id": remote_id, "_frozen": False}


def frame(rows: list[Row], columns: tuple[str, ...] = COLUMNS) -> pl.DataFrame:
    names = dict.fromkeys(
        (*columns, *(name for row in rows for name in row)), pl.String
    )
    types = {name: pl.Boolean if name == "_frozen" else pl.String for name in names}
    return pl.DataFrame([dict.fromkeys(types) | row for row in rows], schema=types)


def keys(*found: str) -> pl.DataFrame:
    return pl.DataFrame({"_key": found}, schema={"_key": pl.String})


def projected(
    rows: list[Row] | None,
    remote: list[Row] | None = None,
    rejected: list[Row] | None = None,
    there: dict[Entity, pl.DataFrame] | None = None,
    frozen: tuple[str, ...] = (),
) -> Projection:
    classes = frame([CLASS], ("_key",))
    roster = Roster(
        frames={Entity.CLASSES: classes}
        | ({} if rows is None else {ENROLLMENTS: frame(rows)}),
        modes=dict.fromkeys((ENROLLMENTS, Entity.CLASSES), Mode.BULK),
        counts={},
        frozen=pl.DataFrame(
            [("enrollments", one) for one in frozen],
            schema={"entity": pl.String, "_key": pl.String},
            orient="row",
        ),
        rejected={} if rejected is None else {ENROLLMENTS: frame(rejected)},
    )
    mirrored = {
        Entity.STUDENTS: keys("u1", "u2"),
        Entity.USERS: keys("t1"),
        Entity.COURSES: keys("k1", "k2"),
        Entity.ORGS: keys("o1"),
    } | (there or {})
    if remote is not None:
        mirrored[ENROLLMENTS] = frame(remote).sort("_key")
    at = datetime(2026, 9, 15, tzinfo=UTC)
    mirror = Mirror(mirrored, dict.fromkeys(mirrored, True), {}, at)
    return project(Context(roster, mirror, TODAY))


def decisions(found: Projection) -> dict[str, tuple[str | None, str | None]]:
    rows = found.frames[ENROLLMENTS].rows(named=True)
    return {row["sourcedId"]: (row["_decision"], row["_reason"]) for row in rows}


def one(found: Projection) -> Row:
    (row,) = found.frames[ENROLLMENTS].rows(named=True)
    return row


def test_an_enrollment_is_a_user_a_course_a_school_and_a_role() -> None:
    assert one(projected([enrollment()]))["_key"] == "u1/k1/o1/student"


def test_what_the_row_says_of_course_and_school_wins_over_its_class() -> None:
    row = enrollment(courseSourcedId="k2")
    assert one(projected([row]))["_key"] == "u1/k2/o1/student"


def test_nothing_but_enrollments_is_projected() -> None:
    assert set(projected([enrollment()]).frames) == {ENROLLMENTS}
    assert projected(None).frames == {}


@pytest.mark.parametrize(
    ("cells", "decision", "said"),
    [
        ({"role": "aide"}, "unsupported", "knows no such role"),
        ({"role": "ext:coach"}, "unsupported", "knows no such role"),
        ({"userSourcedId": "u9"}, "blocked", "does not hold its user"),
        ({"courseSourcedId": "k9"}, "blocked", "does not hold its course"),
        ({"schoolSourcedId": "o9"}, "blocked", "does not hold its school"),
        ({"classSourcedId": None}, "blocked", "names no course"),
        (
            {"classSourcedId": None, "courseSourcedId": "k1"},
            "blocked",
            "names no school",
        ),
        ({"beginDate": "2026-09-16"}, "deferred", "has not come"),
        ({"beginDate": "2026-09-15"}, None, None),
        ({"role": "administrator"}, None, None),
        ({"role": "proctor", "userSourcedId": "t1"}, None, None),
    ],
)
def test_a_row_that_cannot_be_held_says_why(
    cells: Row, decision: str | None, said: str | None
) -> None:
    (found,) = decisions(projected([enrollment(**cells)])).values()
    assert found[0] == decision
    assert (found[1] is None) if said is None else said in str(found[1])


def test_an_end_needs_nobody_to_be_there() -> None:
    row = enrollment(userSourcedId="u9", status="tobedeleted")
    assert decisions(projected([row])) == {"e1": (None, None)}


def test_an_end_of_which_nobody_can_tell_the_place_is_blocked() -> None:
    row = enrollment(classSourcedId=None, status="tobedeleted")
    assert decisions(projected([row]))["e1"][0] == "blocked"


@pytest.mark.parametrize(
    ("day", "status"), [("2026-09-14", "tobedeleted"), ("2026-09-15", "active")]
)
def test_a_row_counts_until_the_day_on_which_it_ends(day: str, status: str) -> None:
    assert one(projected([enrollment(endDate=day)]))["status"] == status


def test_what_was_not_read_is_not_asked() -> None:
    found = projected([enrollment(user="u9")])
    assert decisions(found)["e1"][0] == "blocked"
    roster = Roster(
        {
            ENROLLMENTS: frame(
                [enrollment(user="u9", courseSourcedId="k", schoolSourcedId="o")]
            )
        },
        {ENROLLMENTS: Mode.BULK},
        {},
        pl.DataFrame(schema={"entity": pl.String, "_key": pl.String}),
    )
    mirror = Mirror({}, {}, {}, datetime(2026, 9, 15, tzinfo=UTC))
    assert decisions(project(Context(roster, mirror, TODAY))) == {"e1": (None, None)}


def test_rows_that_are_one_enrollment_there_are_one_and_it_ends_with_the_last() -> None:
    rows = [
        enrollment("e1", status="tobedeleted"),
        enrollment(
            "e2", classSourcedId=None, courseSourcedId="k1", schoolSourcedId="o1"
        ),
        enrollment("e3", status="tobedeleted"),
    ]
    found = projected(rows)
    assert one(found)["sourcedId"] == "e2"
    assert one(found)["status"] == "active"
    assert found.merged == {ENROLLMENTS: 2}


def test_an_id_that_another_enrollment_has_there_is_made_a_free_one() -> None:
    remote = [held("u1/k2/o1/student", "e1", course="k2")]
    row = one(projected([enrollment()], remote))
    assert (row["_key"], row["sourcedId"]) == ("u1/k1/o1/student", "e1.k1.o1.student")


def test_an_id_that_this_enrollment_has_there_stays() -> None:
    remote = [held("u1/k1/o1/student", "e1")]
    assert one(projected([enrollment()], remote))["sourcedId"] == "e1"


def protected(found: Projection) -> set[str]:
    return set(found.frozen.filter(pl.col("entity") == "enrollments")["_key"])


def test_a_rejected_row_protects_what_it_may_have_meant() -> None:
    remote = [
        held("u1/k1/o1/student", "r1"),
        held("u1/k2/o1/student", "r2", course="k2"),
        held("u2/k1/o1/student", "r3", user="u2"),
    ]
    known = projected([], remote, [enrollment(role="boss")], frozen=("e1",))
    assert protected(known) >= {"u1/k1/o1/student"}
    assert not protected(known) & {"u1/k2/o1/student", "u2/k1/o1/student"}
    nowhere = projected([], remote, [enrollment(classSourcedId="c9")])
    assert protected(nowhere) == {"u1/k1/o1/student", "u1/k2/o1/student"}


def test_a_blocked_row_protects_what_it_may_have_meant() -> None:
    remote = [held("u1/k1/o1/student", "r1")]
    row = enrollment(classSourcedId=None)
    assert "u1/k1/o1/student" in protected(projected([row], remote))


def test_a_rejected_row_protects_the_record_that_has_its_id() -> None:
    remote = [held("u2/k2/o1/student", "e7", user="u2", course="k2")]
    assert protected(projected([], remote, [], frozen=("e7",))) >= {"u2/k2/o1/student"}


cell = st.sampled_from(["u1", "u2", "u9"])


@given(
    st.lists(
        st.tuples(
            cell,
            st.sampled_from(["c1", "c9", None]),
            st.sampled_from(["student", "teacher", "aide"]),
            st.sampled_from(["active", "tobedeleted"]),
        ),
        max_size=12,
    )
)
def test_every_row_is_a_row_or_is_merged_and_no_key_stands_twice(
    rows: list[tuple[str, str | None, str, str]],
) -> None:
    found = projected(
        [
            enrollment(f"e{n}", user, classSourcedId=where, role=role, status=status)
            for n, (user, where, role, status) in enumerate(rows)
        ]
    )
    table = found.frames[ENROLLMENTS]
    assert table.height + found.merged[ENROLLMENTS] == len(rows)
    assert not table["_key"].is_duplicated().any()
    assert table["_key"].is_sorted()

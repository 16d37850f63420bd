from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from sync.model.entities import Entity, Mode
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.mirror import Mirror
from sync.model.roster import Roster
from sync.select import Choice, Selection, choose, with_left_out, with_outside

STUDENTS, USERS = Entity.STUDENTS, Entity.USERS
AGENTS, ENROLLMENTS, CLASSES = Entity.AGENTS, Entity.ENROLLMENTS, Entity.CLASSES
COURSES = Entity.COURSES
Rows = list[dict[str, Any]]
Tables = dict[Entity, Rows]
NAMES = {
    STUDENTS: ("_key", "primaryOrgSourcedId", "roles", "grades", "status"),
    USERS: ("_key", "primaryOrgSourcedId", "roles", "status"),
    AGENTS: ("_key", "studentSourcedId", "agentSourcedId"),
    ENROLLMENTS: (
        *("_key", "userSourcedId", "classSourcedId", "courseSourcedId"),
        "schoolSourcedId",
    ),
    CLASSES: ("_key", "courseSourcedId", "schoolSourcedId"),
    COURSES: ("_key", "orgSourcedId"),
}


def frames(tables: Tables) -> dict[Entity, pl.DataFrame]:
    return {
        entity: pl.DataFrame(rows, schema=dict.fromkeys(NAMES[entity], pl.String))
        for entity, rows in tables.items()
    }


def ledger(*left: str) -> LedgerView:
    rows = [{"entity": "students", "key": key, "source": None} for key in left]
    return LedgerView(pl.DataFrame(rows, schema=LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame())


def chosen(
    drop: Tables,
    remote: Tables | None = None,
    *,
    left: tuple[str, ...] = (),
    mode: Mode = Mode.BULK,
    written: frozenset[Entity] = frozenset(),
    **keys: Any,
) -> Choice:
    roster = Roster(
        frames(drop), dict.fromkeys(drop, mode), {}, pl.DataFrame({"entity": []})
    )
    mirror = Mirror(frames(remote or {}), {}, {}, datetime.now(UTC))
    return choose(roster, mirror, ledger(*left), Selection(**keys), written)


def keys(found: Any, entity: Entity) -> list[str]:
    return sorted(found[entity]["_key"])


PEOPLE: Tables = {
    STUDENTS: [
        {"_key": "in", "primaryOrgSourcedId": "o1"},
        {"_key": "out", "primaryOrgSourcedId": "o2"},
    ],
    CLASSES: [
        {"_key": "c1", "courseSourcedId": "k1", "schoolSourcedId": "o1"},
        {"_key": "c2", "courseSourcedId": "k2", "schoolSourcedId": "o2"},
    ],
}
SEATS: Rows = [
    {"_key": "e1", "userSourcedId": "in", "classSourcedId": "c1"},
    {"_key": "e2", "userSourcedId": "in", "classSourcedId": "c2"},
    {"_key": "e3", "userSourcedId": "out", "classSourcedId": "c1"},
    {"_key": "e4", "userSourcedId": "in", "courseSourcedId": "k1"},
    {"_key": "e5", "userSourcedId": "in", "classSourcedId": "c?"},
    {
        "_key": "e6",
        "userSourcedId": "in",
        "classSourcedId": "c1",
        "schoolSourcedId": "o2",
    },
]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"orgs": ("o1",)}, ["e1", "e4", "e5"]),
        ({"classes": ("c1",)}, ["e1", "e3", "e6"]),
        ({"courses": ("k1",)}, ["e1", "e3", "e4", "e6"]),
        ({"courses": ("k*",)}, ["e1", "e2", "e3", "e4", "e6"]),
        ({"classes": ("c1",), "courses": ("k2",)}, []),
        ({"classes": ("c1",), "orgs": ("o1",)}, ["e1"]),
    ],
)
def test_enrollments_are_chosen_by_place_and_person(
    asked: dict[str, Any], expected: list[str]
) -> None:
    drop = PEOPLE | {ENROLLMENTS: SEATS}
    found = chosen(drop, **asked)
    assert keys(found.chosen.frames, ENROLLMENTS) == expected
    away = found.left.frames[ENROLLMENTS]
    assert sorted([*away["_key"], *expected]) == sorted(one["_key"] for one in SEATS)
    assert away["_left"].null_count() == 0
    here = found.chosen.frames[ENROLLMENTS]
    assert here.columns == list(NAMES[ENROLLMENTS])


def test_a_remote_enrollment_is_outside_only_if_it_says_so() -> None:
    remote: Tables = {
        CLASSES: PEOPLE[CLASSES],
        ENROLLMENTS: [
            *SEATS,
            {"_key": "e7", "userSourcedId": "in"},
            {"_key": "e8", "userSourcedId": "unknown", "classSourcedId": "c1"},
        ],
    }
    drop = {STUDENTS: PEOPLE[STUDENTS]}
    outside = chosen(drop, remote, classes=("c1",), orgs=("o1",)).outside
    assert keys(outside, ENROLLMENTS) == ["e2", "e3", "e5", "e6"]


def test_links_of_people_who_are_left_out_are_left_out() -> None:
    drop = PEOPLE | {
        USERS: [{"_key": "u", "primaryOrgSourcedId": "o1"}],
        AGENTS: [
            {"_key": "in/u", "studentSourcedId": "in", "agentSourcedId": "u"},
            {"_key": "out/u", "studentSourcedId": "out", "agentSourcedId": "u"},
        ],
    }
    found = chosen(drop, {AGENTS: drop[AGENTS]}, orgs=("o1",))
    assert keys(found.chosen.frames, AGENTS) == ["in/u"]
    assert keys(found.outside, AGENTS) == ["out/u"]


def test_who_left_the_selection_before_stays_outside_until_a_drop_names_him() -> None:
    seat = {"_key": "e", "userSourcedId": "in", "schoolSourcedId": "o1"}
    remote: Tables = {STUDENTS: PEOPLE[STUDENTS][:1], ENROLLMENTS: [seat]}
    gone = chosen({STUDENTS: []}, remote, left=("in",), orgs=("o1",)).outside
    assert (keys(gone, STUDENTS), keys(gone, ENROLLMENTS)) == (["in"], ["e"])
    back = chosen(PEOPLE, remote, left=("in",), orgs=("o1",)).outside
    assert (keys(back, STUDENTS), keys(back, ENROLLMENTS)) == ([], [])


def test_a_delta_knows_the_guardians_of_the_target() -> None:
    mother = {
        "_key": "m",
        "primaryOrgSourcedId": "o9",
        "roles": "primary\x1fparent\x1f",
    }
    link = {"_key": "in/m", "studentSourcedId": "in", "agentSourcedId": "m"}
    remote: Tables = {STUDENTS: PEOPLE[STUDENTS][:1], AGENTS: [link]}
    drop: Tables = {USERS: [mother]}
    found = chosen(drop, remote, mode=Mode.DELTA, orgs=("o1",))
    assert keys(found.chosen.frames, USERS) == ["m"]


def test_one_note_tells_all_that_is_left_out() -> None:
    found = chosen(PEOPLE | {ENROLLMENTS: SEATS}, orgs=("o1",)).findings
    (message,) = found.frame["message"]
    assert message == "select leaves out 1 students, 3 enrollments"
    assert not len(chosen(PEOPLE, orgs=("o*",)).findings)


def laid(ours: str | None, theirs: str | None) -> tuple[list[Any], int]:
    """Rows of one remote record, a chosen and a left one, by their status."""
    schema = {"_key": pl.String, "status": pl.String, "_left": pl.String}
    here = [{"_key": "k", "status": ours}] if ours else []
    away = [{"_key": "k", "status": theirs, "_left": "because"}] if theirs else []
    found, folded = with_left_out(
        {ENROLLMENTS: pl.DataFrame(here, schema=schema).drop("_left")},
        {ENROLLMENTS: pl.DataFrame(away, schema=schema)},
    )
    rows = found[ENROLLMENTS].select("status", "_decision", "_reason").rows()
    return rows, folded[ENROLLMENTS]


LEFT = ("unsupported", "because")


@pytest.mark.parametrize(
    ("ours", "theirs", "row", "folded"),
    [
        ("active", None, ("active", None, None), 0),
        (None, "active", ("active", *LEFT), 0),
        ("active", "active", ("active", None, None), 1),
        ("active", "tobedeleted", ("active", None, None), 1),
        ("tobedeleted", "tobedeleted", ("tobedeleted", None, None), 1),
        ("tobedeleted", "active", ("active", *LEFT), 1),
    ],
)
def test_a_record_of_two_rows_is_the_chosen_ones_unless_that_would_end_it(
    ours: str | None, theirs: str | None, row: tuple[Any, ...], folded: int
) -> None:
    assert laid(ours, theirs) == ([row], folded)


def test_what_a_chosen_row_names_is_not_outside() -> None:
    joined = pl.DataFrame(
        {
            "_key": ["a", "b", "c", "d"],
            "in_drop": [True, True, False, False],
            "d:_left": [None, "because", None, None],
        }
    )
    outside = {USERS: pl.DataFrame({"_key": ["a", "c"]})}
    found = with_outside({STUDENTS: joined}, outside)[STUDENTS]
    assert found["outside"].to_list() == [False, True, True, False]


PLACES: Tables = {
    CLASSES: [
        {"_key": "c1", "courseSourcedId": "k1", "schoolSourcedId": "north"},
        {"_key": "c2", "courseSourcedId": "k2", "schoolSourcedId": "south"},
    ],
    COURSES: [
        {"_key": "k1", "orgSourcedId": "district"},
        {"_key": "k2", "orgSourcedId": "district"},
    ],
}


@pytest.mark.parametrize(
    ("select", "classes", "courses"),
    [
        ({"orgs": ("north",)}, ["c1"], ["k1", "k2"]),
        ({"classes": ("c2",)}, ["c2"], ["k1", "k2"]),
        ({"courses": ("k1",)}, ["c1"], ["k1"]),
    ],
)
def test_a_target_that_writes_classes_and_courses_gets_the_selected_ones(
    select: dict[str, Any], classes: list[str], courses: list[str]
) -> None:
    both = frozenset({CLASSES, COURSES})
    found = chosen(PLACES, PLACES, written=both, **select)
    assert keys(found.chosen.frames, CLASSES) == classes
    assert keys(found.chosen.frames, COURSES) == courses
    assert set(keys(found.outside, CLASSES)) == {"c1", "c2"} - set(classes)
    unwritten = chosen(PLACES, PLACES, **select)
    assert keys(unwritten.chosen.frames, CLASSES) == ["c1", "c2"]

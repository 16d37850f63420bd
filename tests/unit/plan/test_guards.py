from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model.entities import Entity
from sync.model.normalise import FIELD_SEPARATOR, ROLE_SEPARATOR
from sync.model.plan import Guard
from sync.plan import GuardRules, Threshold
from sync.plan.guards import GuardInput, judge

STUDENTS, USERS = Entity.STUDENTS, Entity.USERS
ENROLLMENTS, AGENTS = Entity.ENROLLMENTS, Entity.AGENTS
_COLUMNS: dict[str, Any] = {
    "_key": pl.String,
    "in_drop": pl.Boolean,
    "in_remote": pl.Boolean,
    "was_active": pl.Boolean,
    "known": pl.Boolean,
    "ended": pl.Boolean,
    "ends": pl.Boolean,
    "decision": pl.String,
    "fate": pl.String,
    "fields": pl.List(pl.String),
    "d:phone": pl.String,
    "r:phone": pl.String,
    "d:status": pl.String,
    "r:status": pl.String,
    "r:primaryOrgSourcedId": pl.String,
    "r:roles": pl.String,
    "d:userSourcedId": pl.String,
    "r:userSourcedId": pl.String,
    "d:role": pl.String,
    "r:role": pl.String,
}
SCHEMA = pl.Schema(_COLUMNS)
Row = dict[str, Any]
STAYS: Row = {
    "in_drop": True,
    "in_remote": True,
    "was_active": True,
    "known": True,
    "ended": False,
    "ends": False,
    "decision": "unchanged",
    "fields": [],
}
GONE = STAYS | {"in_drop": False, "decision": None, "fate": "remove"}
KEPT = GONE | {"fate": "kept"}
STRANGER = GONE | {"fate": "out_of_scope", "known": False}
ENDED = GONE | {"fate": "kept", "was_active": False}
LEAVES = STAYS | {"decision": "update", "ends": True, "fields": ["status"]}
NEW = (
    STAYS
    | {"in_remote": False, "was_active": False, "known": False}
    | {"decision": "create"}
)
CHANGED = STAYS | {"decision": "update", "fields": ["phone"]}
EMPTIED = CHANGED | {"r:phone": "1"}
BACK = STAYS | {"decision": "reactivate", "was_active": False}


def rows(*groups: tuple[int, Row]) -> pl.DataFrame:
    whole = [dict(row) for count, row in groups for _ in range(count)]
    for number, row in enumerate(whole):
        row.setdefault("_key", f"k{number:05}")
    return pl.DataFrame(whole, schema=SCHEMA)


def judged(
    frame: pl.DataFrame,
    rules: GuardRules | None = None,
    entity: Entity = STUDENTS,
    **more: Any,
) -> tuple[Guard, ...]:
    facts: dict[str, Any] = {
        "rows": {},
        "rows_before": {},
        "can_end": frozenset({entity}),
        "operations": 1,
        "first_run": False,
    }
    return judge(
        GuardInput(joined={entity: frame}, rules=rules or GuardRules(), **facts | more)
    )


def tripped(guards: tuple[Guard, ...]) -> list[str]:
    return [guard.name for guard in guards if guard.tripped]


def limits(**thresholds: Threshold) -> GuardRules:
    off = Threshold(percent=100)
    named = dict.fromkeys(("removals", "creates", "updates", "cleared"), off)
    kept: dict[str, Any] = named | thresholds
    return GuardRules(**kept, by=())


TEN = Threshold(percent=10)
COUNT = Threshold(percent=100, count=3)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("removals", GONE),
        ("removals", LEAVES),
        ("updates", CHANGED),
        ("updates", BACK),
        ("creates", NEW),
    ],
)
@pytest.mark.parametrize(
    ("threshold", "most"), [(TEN, 10), (COUNT, 3), (Threshold(5, 100), 5)]
)
def test_over_means_more_than(
    name: str, row: Row, threshold: Threshold, most: int
) -> None:
    rules = limits(**{name: threshold})
    inside = 0 if row in (NEW, BACK) else 1
    for count, trips in ((most, []), (most + 1, [name])):
        frame = rows((count, row), (100 - count * inside, STAYS))
        assert tripped(judged(frame, rules)) == trips


@pytest.mark.parametrize(
    ("other", "of"),
    [(STAYS, 40), (KEPT, 40), (NEW, 20), (STRANGER, 20), (ENDED | {"known": True}, 20)],
)
def test_shares_are_of_active_records_in_scope(other: Row, of: int) -> None:
    (_, removals, *_) = judged(rows((20, GONE), (20, other)))
    assert (removals.count, removals.of) == (20, of)


@pytest.mark.parametrize(
    ("groups", "floor", "trips"),
    [
        ([(19, GONE)], 20, ["removals"]),
        ([(1, GONE)], 20, ["removals"]),
        ([(18, GONE), (1, STAYS)], 20, []),
        ([(18, GONE), (2, STAYS)], 20, ["removals"]),
        ([(18, GONE), (1, STAYS)], 0, ["removals"]),
        ([(1, GONE), (30, STRANGER)], 20, ["removals"]),
        ([(50, NEW), (19, STAYS)], 20, []),
        ([(50, NEW), (20, STAYS)], 20, ["creates"]),
        ([(50, NEW), (3, STAYS)], 0, ["creates"]),
        ([(50, NEW)], 20, []),
        ([(50, NEW)], 0, []),
        ([(19, EMPTIED)], 20, []),
        ([(20, EMPTIED)], 20, ["updates", "cleared"]),
    ],
)
def test_below_the_floor_only_the_loss_of_everything_trips(
    groups: list[tuple[int, Row]], floor: int, trips: list[str]
) -> None:
    rules = GuardRules(floor=floor, by=())
    assert tripped(judged(rows(*groups), rules)) == trips


def test_below_the_floor_the_percentage_does_not_matter() -> None:
    assert tripped(judged(rows((3, GONE)), limits())) == ["removals"]


@pytest.mark.parametrize(("emptied", "trips"), [(2, []), (3, ["cleared"])])
def test_a_column_that_came_empty_trips(emptied: int, trips: list[str]) -> None:
    frame = rows((emptied, EMPTIED), (40, CHANGED | {"d:phone": "1"}), (100, STAYS))
    cut = frame.head(100 if emptied == 2 else 149)
    guards = judged(cut, limits(cleared=Threshold(percent=2)))
    assert tripped(guards) == trips
    assert [g.group for g in guards if g.name == "cleared"] == ["phone"] * len(trips)


def test_nothing_was_cleared_where_the_target_held_nothing() -> None:
    assert tripped(judged(rows((50, CHANGED)), limits(cleared=Threshold(0)))) == []


def of_school(row: Row, school: str | None) -> Row:
    return {**row, "r:primaryOrgSourcedId": school}


@pytest.mark.parametrize(
    ("gone", "floor", "trips"),
    [(10, 20, []), (11, 20, ["school s1"]), (39, 41, []), (40, 41, ["school s1"])],
)
def test_removals_are_judged_within_each_school(
    gone: int, floor: int, trips: list[str]
) -> None:
    frame = rows(
        (gone, of_school(GONE, "s1")),
        (40 - gone, of_school(STAYS, "s1")),
        (1000, of_school(STAYS, "s2")),
        (5, of_school(GONE, None)),
    )
    guards = judged(frame, GuardRules(floor=floor))
    assert [guard.group for guard in guards if guard.tripped] == trips


def roles(*names: str) -> Row:
    """The encoded roles of one person, each at a school of its own."""
    encoded = [
        FIELD_SEPARATOR.join(("primary", name, f"s{place}"))
        for place, name in enumerate(names)
    ]
    return {"r:roles": ROLE_SEPARATOR.join(encoded)}


def at(role: str, school: int) -> Row:
    return {"r:roles": FIELD_SEPARATOR.join(("primary", role, f"s{school}"))}


def test_a_role_is_judged_over_all_schools() -> None:
    """Three teachers of each of ten schools go: no school loses all of its ten."""
    frame = rows(
        *((3, {**GONE, **at("teacher", school)}) for school in range(10)),
        *((7, {**STAYS, **at("teacher", school)}) for school in range(10)),
        (2000, {**STAYS, **at("parent", 1)}),
    )
    guards = [g for g in judged(frame, entity=USERS) if g.tripped]
    assert [(g.group, g.count, g.of) for g in guards] == [("role teacher", 30, 100)]


def test_a_person_of_two_roles_counts_in_each_of_them() -> None:
    frame = rows(
        (20, {**GONE, **roles("teacher", "aide")}),
        (40, {**STAYS, **roles("teacher")}),
        (10, {**STAYS, **roles("aide")}),
        (1000, {**STAYS, **roles("parent")}),
    )
    guards = [g for g in judged(frame, entity=USERS) if g.tripped]
    assert [(g.group, g.count, g.of) for g in guards] == [
        ("role aide", 20, 30),
        ("role teacher", 20, 60),
    ]


def test_enrollments_are_judged_within_each_role() -> None:
    frame = rows(
        (10, {**GONE, "r:role": "teacher"}),
        (20, {**STAYS, "r:role": "teacher"}),
        (1000, {**STAYS, "r:role": "student"}),
    )
    guards = [g for g in judged(frame, entity=ENROLLMENTS) if g.tripped]
    assert [g.group for g in guards] == ["role teacher"]


def theirs(user: str, role: str = "student") -> Row:
    return {"r:userSourcedId": user, "r:role": role}


def ours(user: str, role: str = "student") -> Row:
    return {"d:userSourcedId": user, "d:role": role}


@pytest.mark.parametrize(
    ("new", "counts"),
    [
        ([ours("a")], {"removals": 1, "creates": 1, "updates": 1}),
        ([ours("a"), ours("b")], {"removals": 0, "creates": 2, "updates": 2}),
        ([ours("a", "teacher")], {"removals": 2, "creates": 1, "updates": 0}),
        ([ours("c")], {"removals": 2, "creates": 1, "updates": 0}),
        ([], {"removals": 2, "creates": 0, "updates": 0}),
    ],
)
def test_a_move_counts_as_an_update(new: list[Row], counts: dict[str, int]) -> None:
    frame = rows(
        (1, GONE | theirs("a")),
        (1, LEAVES | theirs("b") | ours("b")),
        (50, STAYS | theirs("z") | ours("z")),
        *((1, NEW | row) for row in new),
    )
    guards = judged(frame, GuardRules(by=()), ENROLLMENTS)
    found = {g.name: g.count for g in guards if g.name in counts}
    assert found == counts


@pytest.mark.parametrize(
    ("rows_now", "before", "more", "trips"),
    [
        (80, 100, {}, False),
        (79, 100, {}, True),
        (120, 100, {}, False),
        (0, 100, {}, True),
        (0, 3, {}, True),
        (1, 19, {}, False),
        (1, 20, {}, True),
        (0, 0, {}, None),
        (79, 100, {"can_end": frozenset()}, None),
        (0, 100, {"operations": 0}, False),
    ],
)
def test_a_file_that_shrank_trips(
    rows_now: int, before: int, more: dict[str, Any], trips: bool | None
) -> None:
    guards = judged(
        rows((200, STAYS)),
        rows=more.pop("rows", {STUDENTS: rows_now}),
        rows_before={STUDENTS: before},
        **more,
    )
    found = [guard.tripped for guard in guards if guard.name == "shrink"]
    assert found == ([] if trips is None else [trips])


@pytest.mark.parametrize(
    ("first", "operations", "holds", "trips"),
    [
        (True, 1, True, True),
        (True, 0, True, False),
        (True, 1, False, False),
        (False, 1, True, False),
    ],
)
def test_a_first_run_on_a_roster_is_held(
    first: bool, operations: int, holds: bool, trips: bool
) -> None:
    guards = judged(
        rows((9, STAYS)),
        GuardRules(first_run_holds=holds),
        first_run=first,
        operations=operations,
    )
    assert ("first_run" in tripped(guards)) is trips


def test_what_passed_the_guards_once_is_not_held_for_being_created_now() -> None:
    frame = rows((50, NEW), (20, STAYS))
    for name, trips in (("students", []), ("users", ["creates"])):
        passed = pl.DataFrame({"id": [f"{name}:k{number:05}" for number in range(50)]})
        assert tripped(judged(frame, passed=passed)) == trips
    some = pl.DataFrame({"id": [f"students:k{number:05}" for number in range(20)]})
    (created,) = (g for g in judged(frame, passed=some) if g.name == "creates")
    assert (created.count, created.tripped) == (30, True)
    gone = pl.DataFrame({"id": [f"students:k{number:05}" for number in range(20)]})
    assert tripped(judged(rows((20, GONE), (20, STAYS)), passed=gone)) == ["removals"]


def test_guards_that_hold_are_told_too_with_a_few_examples() -> None:
    guards = judged(rows((2, GONE), (98, STAYS)), GuardRules(by=()))
    assert [guard.name for guard in guards] == [
        "first_run",
        "removals",
        "creates",
        "updates",
    ]
    assert guards[1].examples == ("k00000", "k00001")
    assert guards[1].limit == "5 %"
    assert "2 of 100 students" in guards[1].message


@given(
    st.floats(0, 100),
    st.none() | st.integers(0, 50),
    st.integers(0, 300),
    st.integers(1, 300),
)
def test_a_threshold_once_exceeded_stays_exceeded(
    percent: float, count: int | None, number: int, of: int
) -> None:
    threshold = Threshold(percent, count)
    if threshold.exceeded(number, of):
        assert threshold.exceeded(number + 1, of)
        assert replace(threshold, count=0).exceeded(number, of)
    assert not threshold.exceeded(0, of)


@pytest.mark.parametrize(
    ("threshold", "text"),
    [
        (Threshold(percent=5), "5 %"),
        (Threshold(percent=2.5, count=7), "2.5 % or 7"),
        (Threshold(count=7), "7"),
    ],
)
def test_a_limit_reads_as_people_say_it(threshold: Threshold, text: str) -> None:
    assert threshold.text() == text


def base_of(frame: pl.DataFrame, source: str = "sis") -> int:
    """Of how many records the share of removals is."""
    given = GuardInput(
        joined={STUDENTS: frame},
        rows={},
        rows_before={},
        can_end=frozenset(),
        operations=1,
        first_run=False,
        source=source,
    )
    return next(one.of for one in judge(given) if one.name == "removals")


def test_what_is_outside_the_selection_is_in_no_share() -> None:
    frame = rows((10, STAYS), (30, STAYS), (5, KEPT)).with_columns(
        outside=pl.int_range(pl.len()) >= 10
    )
    assert base_of(frame) == 10


def test_what_another_source_named_alone_is_in_no_share() -> None:
    frame = rows((10, STAYS), (30, KEPT), (5, GONE)).with_columns(
        source=pl.when(pl.int_range(pl.len()) < 40)
        .then(pl.lit("other"))
        .otherwise(pl.lit("sis"))
    )
    assert base_of(frame) == 15
    assert base_of(frame, "other") == 40


@pytest.mark.parametrize(
    ("groups", "trips"),
    [
        (((3, NEW | {"known": True}),), True),
        (((3, NEW | {"known": True, "ended": True}),), False),
        (((3, NEW),), False),
        (((2, NEW | {"known": True}), (1, STAYS)), False),
    ],
    ids=["all were there", "ended by us", "never seen", "some still are"],
)
def test_what_was_there_and_is_all_gone_is_not_made_anew_unseen(
    groups: tuple[tuple[int, Row], ...], trips: bool
) -> None:
    given = judged(rows(*groups), seen=frozenset({STUDENTS}))
    found = [g for g in given if g.name == "creates" and g.tripped]
    assert bool(found) is trips
    unseen = judged(rows(*groups))
    assert not [g for g in unseen if g.name == "creates" and g.tripped]
    assert all("before" in guard.message for guard in found)

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
        (((3, NEW | {"known": True, "decision": "deferred"}),), True),
        (((3, NEW | {"decision": "deferred"}),), False),
    ],
    ids=[
        *("all were there", "ended by us", "never seen", "some still are"),
        *("put off for it", "put off, and never seen"),
    ],
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
    assert [(one.count, one.of, one.limit) for one in found] == [(3, 0, "0")] * trips


HEADERS = {STUDENTS: {"s.csv": {"phone": "Tel"}, "t.csv": {}}}


def tripping(frame: pl.DataFrame, name: str, **more: Any) -> Guard:
    facts: dict[str, Any] = {"headers": HEADERS, **more}
    (found,) = (
        one
        for one in judged(frame, GuardRules(by=()), **facts)
        if one.name == name and one.tripped
    )
    return found


def test_a_guard_that_trips_names_the_cause_it_can_see() -> None:
    left = rows((30, of_school(GONE, "s1")), (70, of_school(STAYS, "s2")))
    fresh = rows((60, NEW), (40, STAYS)).with_columns(
        pl.when("in_drop").then(pl.lit("t.csv")).alias("d:_file")
    )
    emptied = rows((60, EMPTIED), (40, STAYS))
    assert tripping(left, "removals").message == (
        "30 of 100 students (30.0%) would end; the limit is 5 %; all of them of "
        "school s1; none of them in s.csv and t.csv"
    )
    assert tripping(fresh, "creates").message == (
        "60 of 40 students (150.0%) would be new; the limit is 50 %; from t.csv"
    )
    assert tripping(emptied, "updates").message == (
        "60 of 100 students (60.0%) would change; the limit is 50 %; "
        'all of them in phone, column "Tel" of s.csv'
    )
    assert tripping(emptied, "cleared").message == (
        "phone would be emptied in 60 of 100 students; the limit is 2 %; "
        'see column "Tel" of s.csv'
    )
    assert tripping(emptied, "cleared", headers={}).message == (
        "phone would be emptied in 60 of 100 students; the limit is 2 %"
    )


def test_a_guard_of_a_school_names_the_school_and_the_file() -> None:
    frame = rows((25, of_school(GONE, "s1")), (1000, of_school(STAYS, "s2")))
    (found,) = (one for one in judged(frame, headers=HEADERS) if one.tripped)
    assert found.message == (
        "25 of 25 students of school s1 (100.0%) would end; the limit is 25 %; "
        "none of them in s.csv and t.csv"
    )


def test_a_guard_that_holds_looks_for_no_cause() -> None:
    guards = judged(rows((2, GONE), (98, STAYS)), headers=HEADERS)
    assert guards[1].message == "2 of 100 students (2.0%) would end; the limit is 5 %"


def test_a_file_that_shrank_is_named_with_records_that_it_lacks() -> None:
    frame = rows(
        (1, GONE | {"known": False}),
        (1, GONE | {"was_active": False}),
        (1, STAYS),
        (5, KEPT),
    )
    counts = {"rows": {STUDENTS: 10}, "rows_before": {STUDENTS: 100}}
    found = tripping(frame, "shrink", **counts)
    assert found.message == (
        "10 rows of students in s.csv and t.csv, 90 fewer than the 100 of the last "
        "good drop; the limit is 20 % fewer"
    )
    assert found.examples == ("k00003", "k00004", "k00005")
    unnamed = tripping(frame, "shrink", headers={}, **counts)
    assert unnamed.message.startswith("10 rows of students in the drop, ")
    (alone,) = judge(
        GuardInput(
            joined={},
            rows={STUDENTS: 0},
            rows_before={STUDENTS: 100},
            can_end=frozenset({STUDENTS}),
            operations=1,
            first_run=False,
        )
    )[1:]
    assert (alone.tripped, alone.examples) == (True, ())


def test_a_file_that_did_not_shrink_has_no_examples() -> None:
    guards = judged(rows((5, KEPT)), rows={STUDENTS: 100}, rows_before={STUDENTS: 100})
    assert [one.examples for one in guards if one.name == "shrink"] == [()]


@pytest.mark.parametrize("row", [NEW, CHANGED, BACK, GONE])
def test_a_first_run_that_is_held_says_how_many_changes_and_names_three(
    row: Row,
) -> None:
    frame = rows((1, STAYS), (1, STRANGER), (5, row))
    held = judged(frame, first_run=True, operations=1234)[0]
    assert "before the first of 1,234 changes" in held.message
    assert held.examples == ("k00002", "k00003", "k00004")
    passed = judged(frame, first_run=False, operations=1234)[0]
    assert (passed.tripped, passed.examples) == (False, ())


def test_a_guard_of_several_entities_names_three_records_in_all() -> None:
    given = GuardInput(
        joined={STUDENTS: rows((2, NEW)), USERS: rows((2, NEW))},
        rows={},
        rows_before={},
        can_end=frozenset(),
        operations=4,
        first_run=True,
    )
    assert len(judge(given)[0].examples) == 3
    assert judge(replace(given, joined={}))[0].examples == ()


@pytest.mark.parametrize(("operations", "holds"), [(12, True), (1, True), (0, False)])
def test_after_a_run_was_taken_back_the_next_plan_is_held_with_examples(
    operations: int, holds: bool
) -> None:
    taken_back = ("run-1", "run-2")
    found = judged(rows((5, NEW)), undone=taken_back, operations=operations)[-1]
    assert (found.name, found.limit, found.count) == ("undone", "hold", operations)
    assert (found.of, found.tripped) == (operations, holds)
    assert "run run-2 has taken back run run-1" in found.message
    words = "1 change " if operations == 1 else f"{operations:,} changes "
    assert words in found.message
    assert len(found.examples) == (3 if holds else 0)
    assert "undone" not in tripped(judged(rows((5, NEW))))


def test_a_move_cannot_be_told_where_one_side_names_nobody() -> None:
    frame = rows((1, GONE | theirs("a")), (50, STAYS), (1, NEW | ours("a")))
    for column in ("r:userSourcedId", "d:userSourcedId"):
        guards = judged(frame.drop(column), GuardRules(by=()), ENROLLMENTS)
        counts = {one.name: one.count for one in guards}
        assert (counts["removals"], counts["creates"], counts["updates"]) == (1, 1, 0)


def waiting(row: Row, count: int, *, ends: bool = False) -> pl.DataFrame:
    """Records, or rows, that wait for somebody to say who they are."""
    return rows((count, row), (100 - count, STAYS)).with_columns(
        pl.when(pl.int_range(pl.len()) < count)
        .then(pl.lit("same e-mail; same name"))
        .alias("evidence"),
        would_end=pl.lit(value=ends) & (pl.int_range(pl.len()) < count),
    )


def test_people_whose_ids_changed_count_as_ended_and_as_new() -> None:
    gone = STAYS | {"in_drop": False, "decision": None, "fate": "proposed"}
    held = judged(waiting(gone, 60, ends=True), GuardRules(by=()))
    assert tripped(held) == ["removals"]
    assert "60 ids changed, same e-mail, same name: see renames.csv" in held[1].message
    assert tripped(judged(waiting(gone, 60), GuardRules(by=()))) == []
    new = NEW | {"decision": "proposed"}
    frame = waiting(new, 60)
    held = judged(frame, GuardRules(by=()))
    assert tripped(held) == ["creates"]
    assert tripped(judged(frame.drop("evidence"), GuardRules(by=()))) == []
    there = STAYS | {"decision": "proposed"}
    assert tripped(judged(waiting(there, 60), GuardRules(by=()))) == []


def test_kinds_of_evidence_are_told_with_their_numbers_most_first() -> None:
    gone = STAYS | {"in_drop": False, "decision": None, "fate": "proposed"}
    frame = waiting(gone, 60, ends=True).with_columns(
        pl.when(pl.col("_key") < "k00020")
        .then(pl.lit("same username"))
        .otherwise("evidence")
        .alias("evidence")
    )
    (removals,) = (g for g in judged(frame, GuardRules(by=())) if g.tripped)
    said = "60 ids changed, same e-mail, same name (40) or same username (20)"
    assert said in removals.message


def counts_of(frame: pl.DataFrame, entity: Entity = STUDENTS) -> dict[str, int]:
    guards = judged(frame, GuardRules(by=()), entity)
    return {one.name: one.count for one in guards}


def test_what_had_ended_before_ends_no_more() -> None:
    frame = rows((3, GONE | {"was_active": False}), (2, GONE), (95, STAYS))
    assert counts_of(frame)["removals"] == 2


def test_only_what_ends_can_be_a_move() -> None:
    frame = rows((1, STAYS | theirs("a")), (50, STAYS), (1, NEW | ours("a")))
    assert counts_of(frame, ENROLLMENTS)["updates"] == 0


def test_only_enrollments_move() -> None:
    frame = rows((1, GONE | theirs("a")), (50, STAYS), (1, NEW | ours("a")))
    assert counts_of(frame, STUDENTS)["removals"] == 1
    assert counts_of(frame, ENROLLMENTS)["removals"] == 0


def test_what_is_only_proposed_counts_where_there_is_evidence_alone() -> None:
    gone = STAYS | {"in_drop": False, "decision": None, "fate": "proposed"}
    frame = waiting(gone, 60, ends=True)
    assert counts_of(frame)["removals"] == 60
    assert counts_of(frame.drop("evidence"))["removals"] == 0
    assert counts_of(frame.drop("would_end"))["removals"] == 0
    blocked = NEW | {"decision": "blocked"}
    assert counts_of(waiting(blocked, 60))["creates"] == 0


def test_what_is_only_proposed_holds_no_plan_without_changes() -> None:
    gone = STAYS | {"in_drop": False, "decision": None, "fate": "proposed"}
    frame = waiting(gone, 60, ends=True).with_columns(
        pl.lit("s1").alias("r:primaryOrgSourcedId")
    )
    assert tripped(judged(frame)) == ["removals", "removals"]
    calm = judged(frame, operations=0)
    assert tripped(calm) == []
    assert [one.group for one in calm if one.name == "removals"] == [None]


def test_a_source_that_is_not_named_is_one_too() -> None:
    frame = rows((10, GONE), (30, KEPT)).with_columns(source=pl.lit(""))
    assert judged(frame)[1].of == 40


def test_what_is_out_of_scope_is_in_no_share_whoever_named_it() -> None:
    aside = KEPT | {"fate": "out_of_scope"}
    frame = rows((10, STAYS), (30, aside)).with_columns(source=pl.lit("sis"))
    assert base_of(frame) == 10


def test_what_nobody_named_and_is_ours_to_end_is_in_the_share() -> None:
    stranger = GONE | {"known": False}
    frame = rows((10, STAYS), (30, stranger)).with_columns(source=pl.lit("other"))
    assert base_of(frame) == 40


@pytest.mark.parametrize(("number", "over"), [(3, False), (4, True)])
def test_a_limit_may_be_a_number_alone(number: int, over: bool) -> None:
    assert Threshold(count=3).exceeded(number, 1000) is over
    assert Threshold().exceeded(number, 1) is False


@pytest.mark.parametrize(("number", "over"), [(500, False), (501, True)])
def test_one_of_ten_thousand_is_over_the_share(number: int, over: bool) -> None:
    assert Threshold(percent=5).exceeded(number, 10_000) is over


def test_where_nothing_is_in_force_no_field_is_cleared_and_no_share_is_told() -> None:
    rules = GuardRules(floor=0, by=())
    back = BACK | {"fields": ["phone"], "r:phone": "1"}
    guards = judged(rows((3, back), (3, NEW)), rules)
    assert "cleared" not in [one.name for one in guards]
    (created,) = (one for one in guards if one.name == "creates")
    assert created.message == "3 of 0 students would be new; the limit is 50 %"
    assert tripped(judged(rows((1, EMPTIED)), rules)) == ["updates", "cleared"]


@pytest.mark.parametrize(
    ("row", "cleared"),
    [
        (BACK | {"fields": ["phone"], "r:phone": "1"}, True),
        (CHANGED | {"d:phone": "2", "r:phone": "1"}, False),
        (LEAVES | {"fields": ["phone"], "r:phone": "1"}, True),
    ],
    ids=["of one who comes back", "of one who has another", "of one who leaves"],
)
def test_a_field_is_cleared_where_it_is_emptied(row: Row, cleared: bool) -> None:
    guards = judged(rows((60, row), (100, STAYS)), GuardRules(by=()))
    assert ("cleared" in tripped(guards)) is cleared


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        (STAYS | {"known": False}, 1),
        (STRANGER | {"fate": "frozen"}, 0),
        (KEPT | {"known": False, "fate": "remove"}, 1),
    ],
    ids=["met for the first time", "nobody's, and frozen", "ours by its org"],
)
def test_the_share_is_of_what_somebody_names_or_we_end(row: Row, counts: int) -> None:
    assert judged(rows((10, STAYS), (1, row)))[1].of == 10 + counts


def test_what_no_source_named_is_in_the_share() -> None:
    frame = rows((10, STAYS), (30, KEPT)).with_columns(
        source=pl.lit(None, dtype=pl.String)
    )
    assert base_of(frame) == 40


def test_enrollments_that_change_are_updates_beside_those_that_move() -> None:
    frame = rows(
        (2, CHANGED | theirs("b") | ours("b")),
        (1, GONE | theirs("a")),
        (50, STAYS | theirs("z") | ours("z")),
        (1, NEW | ours("a")),
    )
    assert counts_of(frame, ENROLLMENTS)["updates"] == 3


def test_a_field_that_does_not_change_is_not_cleared() -> None:
    """It is protected, or blank means keep."""
    other = CHANGED | {"fields": ["status"], "r:phone": "1"}
    frame = rows((1, EMPTIED), (60, other), (39, STAYS))
    assert "cleared" not in tripped(judged(frame, GuardRules(by=())))


def test_a_role_that_is_not_encoded_is_of_no_group() -> None:
    odd = {"r:roles": "teacher"}
    frame = rows((25, GONE | odd), (975, STAYS | odd))
    assert [g.group for g in judged(frame, entity=USERS) if g.tripped] == []


def test_a_file_that_was_never_there_has_not_shrunk() -> None:
    guards = judged(rows((5, KEPT)), rows={STUDENTS: 0})
    assert "shrink" not in [one.name for one in guards]


def test_a_file_that_grew_lacks_nothing() -> None:
    guards = judged(rows((5, KEPT)), rows={STUDENTS: 120}, rows_before={STUDENTS: 100})
    assert [one.count for one in guards if one.name == "shrink"] == [0]


@pytest.mark.parametrize(
    ("first", "holds", "count", "limit"),
    [(True, True, 7, "hold"), (True, False, 7, "pass"), (False, True, 0, "hold")],
)
def test_the_guard_of_the_first_run_says_how_much_and_what_is_set(
    first: bool, holds: bool, count: int, limit: str
) -> None:
    rules = GuardRules(first_run_holds=holds)
    guard = judged(rows((9, STAYS)), rules, first_run=first, operations=7)[0]
    assert (guard.count, guard.of, guard.limit) == (count, 7, limit)


@pytest.mark.parametrize(("operations", "trips"), [(3, ["undone"]), (0, [])])
def test_what_follows_an_undo_is_held_as_far_as_it_changes_anything(
    operations: int, trips: list[str]
) -> None:
    frame = rows((100, STAYS))
    guards = judged(frame, undone=("night", "back"), operations=operations)
    assert tripped(guards) == trips
    (guard,) = (one for one in guards if one.name == "undone")
    assert "run back has taken back run night" in guard.message
    assert "undone" not in [one.name for one in judged(frame)]

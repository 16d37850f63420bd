"""A held plan says which guard, how many, the limit, the cause, and the way on."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from sync.samples import Tables
from tests.support.districts import district, without_students
from tests.support.workspace import TARGET, Workspace

GONE = ("stu-000001", "stu-000002")


def emptied() -> Tables:
    """Two students left, and the column of telephone numbers came empty."""
    tables = without_students(district(), *GONE)
    students = tables.students.with_columns(phone=pl.lit(""))
    return replace(tables, students=students)


def squeezed(text: str) -> str:
    """Without the line ends at which a terminal breaks."""
    return " ".join(text.split())


def test_every_guard_that_trips_is_told_with_its_limit_its_cause_and_examples(
    synced: Workspace,
) -> None:
    synced.configure(guards={"floor": 0, "by": []})
    ended = synced.run("run", synced.drop(emptied(), "next"), "--target", TARGET)

    assert ended.code == 4
    told = squeezed(ended.out)
    assert (
        "held by removals of students: 2 of 8 students (25.0%) would end; the limit is "
        "5 %; all of them of school sch-000002; none of them in students.csv; such as "
        f"{', '.join(GONE)}"
    ) in told
    assert (
        "held by cleared of students in phone: phone would be emptied in 2 of 8" in told
    )
    assert 'the limit is 2 %; see column "phone" of students.csv; such as stu-0' in told
    assert "held by shrink of students: 6 rows of students in students.csv" in told


def test_the_line_names_the_first_guard_and_how_many_more(synced: Workspace) -> None:
    synced.configure(guards={"floor": 0, "by": []})
    ended = synced.sync(synced.drop(emptied(), "next"))

    tripped = [one for one in ended.document["guards"] if one["tripped"]]
    first = tripped[0]
    assert f"held by {first['name']} of students: {first['message']}" in ended.line
    assert f"such as {', '.join(first['examples'])}" in ended.line
    assert f"and by {len(tripped) - 1} more (" in ended.line
    assert "cleared" in ended.line
    assert f"--approve {ended.document['digest'][:12]}" in ended.line
    for one in tripped:
        assert 1 <= len(one["examples"]) <= 3, one


def test_a_first_run_that_is_held_says_how_many_changes_wait_and_names_some(
    workspace: Workspace,
) -> None:
    workspace.fill(district(), people=True)
    grades = district().students.with_columns(grades=pl.lit("09"))
    drop = workspace.drop(replace(district(), students=grades))
    ended = workspace.sync(drop)

    assert ended.code == 4
    assert "before the first of " in ended.line
    assert 'the limit is first_run = "hold"; such as stu-' in ended.line

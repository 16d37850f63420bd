"""A held plan says which guard, how many, the limit, the cause, and the way on."""

from __future__ import annotations

import re
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


def test_the_line_names_the_worst_guard_and_how_many_more(synced: Workspace) -> None:
    synced.configure(guards={"floor": 0, "by": []})
    ended = synced.sync(synced.drop(emptied(), "next"))

    tripped = [one for one in ended.document["guards"] if one["tripped"]]
    assert len(tripped) > 1
    losses = [one for one in tripped if one["name"] in {"removals", "cleared"}]
    worst = max(one["count"] / one["of"] for one in losses)
    found = re.search(
        r"held by (\w+) of \w+: (\d+) of (\d+), the limit is [^;]+; such as (.*?); and",
        ended.line,
    )
    assert found is not None
    assert int(found[2]) / int(found[3]) >= worst
    assert found[4].split(", ") in [one["examples"] for one in tripped]
    assert f"and by {len(tripped) - 1} more guards (" in ended.line
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


def test_where_a_file_came_empty_to_deliver_it_again_is_offered_first(
    synced: Workspace,
) -> None:
    drop = synced.drop(district(), "next")
    path = drop / "enrollments.csv"
    head = path.read_text("utf-8").splitlines()[0]
    path.write_text(f"{head}\n", "utf-8")
    ended = synced.run("run", drop, "--target", TARGET)

    assert ended.code == 4, ended.err
    assert "deliver enrollments again, whole, or look at it with: " in ended.line
    told = squeezed(ended.out)
    assert "enrollments came empty by mistake, deliver the drop again, whole." in told
    (page,) = synced.state.glob(f"runs/{ended_run(synced)}/report.html")
    assert "enrollments came empty by mistake" in page.read_text("utf-8")


def ended_run(workspace: Workspace) -> str:
    return str(workspace.run("runs", "--json").document["runs"][0]["run"])


def test_too_short_a_digest_is_told_how_long_it_must_be(synced: Workspace) -> None:
    synced.configure(guards={"floor": 0, "by": []})
    held = synced.plan(synced.drop(emptied(), "next")).document
    path, digest = held["plan"]["path"], held["digest"]
    short = synced.run("apply", path, "--approve", digest[:7])
    assert short.code == 4
    assert "--approve takes at least 8 characters of the digest; " in short.line
    other = synced.run("apply", path, "--approve", "0" * 8)
    assert "the digest given is not that of this plan; " in other.line


def test_a_plan_written_elsewhere_is_named_there_in_every_command(
    synced: Workspace,
) -> None:
    synced.configure(guards={"floor": 0, "by": []})
    out = synced.folder / "held.rsplan"
    drop = synced.drop(emptied(), "next")
    ended = synced.run("plan", drop, "--target", TARGET, "--out", out)
    assert ended.code == 4
    assert f"plan: {out}\n" in ended.out
    assert f" apply {out} --approve " in ended.out
    assert f" show {out}, then" in ended.line
    assert f" apply {out} --approve " in ended.line
    assert "plan.rsplan" not in ended.out + ended.err

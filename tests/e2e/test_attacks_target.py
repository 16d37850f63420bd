"""Drops and servers made to mislead: nobody loses what the files still give him."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from sync.samples import Tables
from tests.support.districts import district, slim
from tests.support.remote import active, doubles, lost, person
from tests.support.workspace import Workspace, total

ONE = "stu-000001"
LOOSE = {"floor": 0, "removals": {"percent": 100}, "by_percent": 100}


def renamed(frame: pl.DataFrame, column: str, old: str, new: str) -> pl.DataFrame:
    return frame.with_columns(pl.col(column).replace({old: new}))


def test_without_the_file_of_students_a_teacher_stays_a_student(
    workspace: Workspace,
) -> None:
    tables = district()
    both = tables.users.filter(role="teacher").head(1)
    names = set(both.columns) & set(tables.students.columns)
    row = tables.students.head(1).drop(names).hstack(both.select(sorted(names)))
    students = pl.concat([tables.students, row.select(tables.students.columns)])
    workspace.configure()
    workspace.fill(tables)
    drop = workspace.drop(replace(tables, students=students))
    assert workspace.sync(drop).code == 0
    key = both["sourcedId"].item()
    held = person(workspace.sandbox.dump(), key)["roles"]
    assert {one["role"] for one in held} == {"student", "teacher"}
    phone = pl.when(sourcedId=key).then(pl.lit("+1 617 555 0100")).otherwise("phone")
    workspace.drop(replace(tables, users=tables.users.with_columns(phone=phone)))
    (drop / "students.csv").unlink()
    ended = workspace.sync(drop)
    found = person(workspace.sandbox.dump(), key)
    assert found["phone"] == "+1 617 555 0100"
    assert {one["role"] for one in found["roles"]} == {"student", "teacher"}
    assert ended.document["converged"] is True
    assert total(workspace.sync(drop).document, "operations", "planned") == 0


def test_a_student_of_a_new_id_and_the_one_of_the_old_id_both_stay(
    synced: Workspace,
) -> None:
    synced.configure(guards=LOOSE)
    tables, before = district(), synced.sandbox.dump()
    new = replace(
        tables,
        students=renamed(tables.students, "sourcedId", ONE, "new-000001"),
        agents=renamed(tables.agents, "studentSourcedId", ONE, "new-000001"),
        enrollments=renamed(tables.enrollments, "userSourcedId", ONE, "new-000001"),
    )
    drop = synced.drop(new)
    nights = [synced.sync(drop).document for _ in range(3)]
    for night in nights:
        assert total(night, "operations", "planned") == 0
        assert night["entities"]["students"]["diff"]["proposed"] == 1
    assert lost(before, synced.sandbox.dump()) == {}
    report = synced.folder / "state" / "runs" / nights[-1]["run"]
    text = (report / "report.html").read_text("utf-8")
    assert "may be one person under two ids" in text


@pytest.mark.parametrize("shown", ["empty", "absent", "filled"])
def test_the_last_guardians_of_a_student_end_whatever_the_list_shows(
    workspace: Workspace, shown: str
) -> None:
    workspace.configure(guards=LOOSE)
    workspace.fill()
    workspace.sandbox.configure(agents_in_list=shown)
    tables = district()
    assert workspace.sync(workspace.drop(tables)).code == 0
    fewer = tables.agents.filter(pl.col("studentSourcedId") != ONE)
    drop = workspace.drop(replace(tables, agents=fewer))
    assert workspace.sync(drop).document["converged"] is True
    links = active(workspace.sandbox.dump())["agents"]
    assert len(links) == fewer.height
    assert not any(one.startswith(ONE) for one in links)


def with_the_id_of_another(tables: Tables) -> Tables:
    ids = tables.enrollments.filter(role="student")["sourcedId"].sort()
    rows = renamed(tables.enrollments, "sourcedId", ids[0], ids[-1])
    return replace(tables, enrollments=rows)


@pytest.mark.parametrize("route", ["edubridge", "oneroster"])
def test_an_enrollment_whose_row_bears_the_id_of_another_stays(
    workspace: Workspace, route: str
) -> None:
    workspace.configure(guards=LOOSE, enrollments=route)
    workspace.fill()
    assert workspace.sync(workspace.drop()).code == 0
    before = workspace.sandbox.dump()
    ended = workspace.sync(workspace.drop(with_the_id_of_another(district())))
    assert ended.document["findings"]["RS202"] == 2
    assert lost(before, workspace.sandbox.dump()) == {}


def test_enrollments_of_allocated_ids_read_back_and_end_under_them(
    workspace: Workspace,
) -> None:
    workspace.configure(guards=LOOSE, enrollments="oneroster")
    workspace.fill(slim())
    workspace.sandbox.configure(allocate_ids=True)
    drop = workspace.drop(slim())
    ended = workspace.sync(drop)
    assert (ended.code, ended.document["converged"]) == (0, True)
    assert total(workspace.sync(drop).document, "operations", "planned") == 0
    fewer = replace(slim(), enrollments=slim().enrollments.slice(1))
    ended = workspace.sync(workspace.drop(fewer))
    assert (ended.code, ended.document["converged"]) == (0, True)
    remote = workspace.sandbox.dump()
    assert len(active(remote)["enrollments"]) == fewer.enrollments.height
    assert doubles(remote) == []

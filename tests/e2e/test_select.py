"""Districts of which a part alone is for a target: what is left out stays as it is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.support.districts import district, with_cell, without_students
from tests.support.remote import active, changed, lost, person
from tests.support.workspace import TARGET, Workspace, target_table, total

STUDENTS = 30
LOOSE = {"removals": {"percent": 90}, "by_percent": 95, "first_run": "pass"}
FREE = {**LOOSE, "floor": 100_000}
GUARDIANS = ("parent", "guardian", "relative")
SCHOOLS = ("sch-000001", "sch-000002", "sch-000003")
"""The elementary, the middle and the high school of the district."""
PILOT = {"orgs": [SCHOOLS[0]]}


def whole() -> Tables:
    return district(STUDENTS)


def at(school: str) -> list[str]:
    rows = whole().students.filter(primaryOrgSourcedId=school)
    return rows["sourcedId"].to_list()


def teachers_of(school: str) -> set[str]:
    rows = whole().users.filter(~pl.col("role").is_in(GUARDIANS))
    here = pl.any_horizontal(
        pl.col("primaryOrgSourcedId", "roleOrgSourcedId") == school
    )
    return set(rows.filter(here)["sourcedId"])


def guardians_of(students: list[str]) -> set[str]:
    links = whole().agents.filter(pl.col("studentSourcedId").is_in(students))
    return set(links["agentSourcedId"])


def moved(tables: Tables, key: str, school: str) -> Tables:
    """The district after a student went to another school, and out of his classes."""
    there = tables.enrollments.filter(pl.col("userSourcedId") != key)
    after = with_cell(tables, "students", key, primaryOrgSourcedId=school)
    return replace(after, enrollments=there)


def findings(report: Mapping[str, Any]) -> dict[str, int]:
    found: dict[str, int] = report["findings"]
    return {code: n for code, n in found.items() if not code.startswith("RS2")}


@pytest.fixture(scope="module")
def begun(
    served: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    """What the platform and the state folder hold after the pilot's first night."""
    served.reset()
    made = Workspace(tmp_path_factory.mktemp("pilot"), served)
    made.fill(whole())
    made.configure(select=PILOT, guards=LOOSE)
    ended = made.sync(made.drop(whole()))
    assert ended.code == 0, ended.err
    return served.dump(), made.state


@pytest.fixture
def pilot(
    begun: tuple[dict[str, Any], Path], sandbox: Sandbox, tmp_path: Path
) -> Workspace:
    """A target that has the pilot school, synced; ``drop`` is the first night's."""
    remote, state = begun
    sandbox.load(remote)
    made = Workspace(tmp_path, sandbox)
    made.configure(select=PILOT, guards=LOOSE)
    made.drop(whole())
    shutil.copytree(state, made.state)
    return made


def test_a_pilot_school_comes_alone_with_its_people(pilot: Workspace) -> None:
    held = active(pilot.sandbox.dump())
    students = at(SCHOOLS[0])
    expected = {*students, *teachers_of(SCHOOLS[0]), *guardians_of(students)}
    assert held["users"] == expected
    assert {one.split("/")[0] for one in held["agents"]} == {
        one for one in students if guardians_of([one])
    }
    seats = pilot.sandbox.dump()["enrollments"]
    assert {one["school"]["sourcedId"] for one in seats} == {SCHOOLS[0]}


def test_what_is_left_out_is_unsupported_with_one_note(pilot: Workspace) -> None:
    report = pilot.sync(pilot.folder / "drop").document
    assert report["exit_code"] == 0
    assert report["balanced"] is True
    assert findings(report) == {"RS406": 1, "RS410": 1}
    diff = report["entities"]["students"]["diff"]
    assert diff["unchanged"] == len(at(SCHOOLS[0]))
    assert diff["unsupported"] == STUDENTS - diff["unchanged"]
    for name in ("users", "agents", "enrollments"):
        assert report["entities"][name]["diff"]["unsupported"] > 0
    assert total(report, "operations", "planned") == 0


def test_a_student_who_moves_to_a_school_outside_is_not_ended(
    pilot: Workspace,
) -> None:
    key = next(one for one in at(SCHOOLS[0]) if guardians_of([one]))
    before = pilot.sandbox.dump()
    ended = pilot.sync(pilot.drop(moved(whole(), key, SCHOOLS[1]), "next"))
    assert ended.code == 0
    assert changed(before, pilot.sandbox.dump()) == {}
    entities = ended.document["entities"]
    assert entities["students"]["remote"]["out_of_scope"] == 1
    assert entities["enrollments"]["remote"]["out_of_scope"] > 0
    assert entities["agents"]["remote"]["out_of_scope"] > 0
    assert total(ended.document, "remote", "remove") == 0
    assert ended.document["balanced"] is True


def test_who_left_the_selection_is_not_ended_when_he_leaves_the_district(
    pilot: Workspace,
) -> None:
    key = at(SCHOOLS[0])[0]
    before = pilot.sandbox.dump()
    pilot.sync(pilot.drop(moved(whole(), key, SCHOOLS[1]), "second"))
    for name in ("third", "fourth"):
        assert pilot.sync(pilot.drop(without_students(whole(), key), name)).code == 0
    assert changed(before, pilot.sandbox.dump()) == {}
    pilot.configure(guards=LOOSE)
    pilot.sync(pilot.folder / "fourth")
    assert lost(before, pilot.sandbox.dump()) == {}


def test_who_comes_back_into_the_selection_is_ended_like_anybody(
    pilot: Workspace,
) -> None:
    key = at(SCHOOLS[0])[0]
    mine = whole().enrollments.filter(userSourcedId=key)["sourcedId"].to_list()
    before = pilot.sandbox.dump()
    pilot.sync(pilot.drop(moved(whole(), key, SCHOOLS[1]), "second"))
    back = replace(
        whole(),
        enrollments=whole().enrollments.filter(pl.col("sourcedId") != mine[0]),
    )
    pilot.sync(pilot.drop(back, "third"))
    gone = lost(before, pilot.sandbox.dump())
    assert {name: len(keys) for name, keys in gone.items()} == {"enrollments": 1}
    pilot.sync(pilot.drop(without_students(whole(), key), "fourth"))
    assert lost(before, pilot.sandbox.dump())["users"] == {key}


def test_a_leaver_of_the_pilot_school_is_ended(pilot: Workspace) -> None:
    key = at(SCHOOLS[0])[0]
    before = pilot.sandbox.dump()
    assert pilot.sync(pilot.drop(without_students(whole(), key), "next")).code == 0
    assert lost(before, pilot.sandbox.dump())["users"] == {key}


def test_a_narrower_selection_ends_nobody_and_holds_nothing(
    workspace: Workspace,
) -> None:
    workspace.fill(whole())
    workspace.configure(guards=LOOSE)
    path = workspace.drop(whole())
    assert workspace.sync(path).code == 0
    before = workspace.sandbox.dump()
    workspace.configure(select=PILOT)
    assert workspace.sync(path).code == 0
    leaver = at(SCHOOLS[1])[0]
    assert (
        workspace.sync(workspace.drop(without_students(whole(), leaver), "n")).code == 0
    )
    assert workspace.sandbox.dump() == before


def test_whoever_is_gone_on_the_night_of_the_narrower_selection_stays(
    workspace: Workspace,
) -> None:
    workspace.fill(whole())
    workspace.configure(guards=LOOSE)
    assert workspace.sync(workspace.drop(whole())).code == 0
    before = workspace.sandbox.dump()
    workspace.configure(select=PILOT, guards=LOOSE)
    leaver = at(SCHOOLS[1])[0]
    workspace.sync(workspace.drop(without_students(whole(), leaver), "next"))
    assert changed(before, workspace.sandbox.dump()) == {}


def test_a_wider_selection_takes_the_others_in(pilot: Workspace) -> None:
    pilot.configure(guards=FREE)
    assert pilot.sync(pilot.folder / "drop").code == 0
    held = active(pilot.sandbox.dump())["users"]
    assert held == {*whole().students["sourcedId"], *whole().users["sourcedId"]}


def test_shares_of_guards_are_of_the_selected_records(pilot: Workspace) -> None:
    """Half of a pilot school is few of the district, but not of the school."""
    pilot.configure(select=PILOT, guards={"floor": 5})
    half = at(SCHOOLS[0])[::2]
    ended = pilot.sync(pilot.drop(without_students(whole(), *half), "next"))
    assert ended.code == 4
    guards = [one for one in ended.document["guards"] if one["entity"] == "students"]
    (removals,) = (g for g in guards if g["name"] == "removals" and not g["group"])
    assert removals["tripped"]
    here = whole().students.filter(
        primaryOrgSourcedId=SCHOOLS[0], status="active", enabledUser="true"
    )
    gone = here.filter(pl.col("sourcedId").is_in(half))
    assert (removals["count"], removals["of"]) == (gone.height, here.height)


def test_shrink_compares_whole_files_whatever_is_selected(pilot: Workspace) -> None:
    """The other schools' rows tell of a cut export as well."""
    others = at(SCHOOLS[1]) + at(SCHOOLS[2])
    pilot.configure(select=PILOT, guards=LOOSE)
    key = at(SCHOOLS[0])[0]
    gone = without_students(whole(), *others[: STUDENTS // 3], key)
    ended = pilot.sync(pilot.drop(gone, "next"))
    assert ended.code == 4
    shrink = [one for one in ended.document["guards"] if one["name"] == "shrink"]
    assert any(one["tripped"] and one["entity"] == "students" for one in shrink)


def test_a_drop_is_older_by_its_name_whatever_is_selected(pilot: Workspace) -> None:
    assert pilot.sync(pilot.drop(whole(), "2026-09-02")).code == 0
    pilot.configure(select={"orgs": [SCHOOLS[1]]}, guards=LOOSE)
    assert pilot.sync(pilot.drop(whole(), "2026-09-01")).code == 3


def test_grades_choose_students_and_their_guardians_and_all_staff(
    workspace: Workspace,
) -> None:
    workspace.fill(whole())
    workspace.configure(select={"grades": ["9", "1*"]}, guards=LOOSE)
    assert workspace.sync(workspace.drop(whole())).code == 0
    grades = pl.col("grades").is_in(["09", "10", "11", "12"])
    students = whole().students.filter(grades)["sourcedId"].to_list()
    staff = whole().users.filter(~pl.col("role").is_in(GUARDIANS))["sourcedId"]
    held = active(workspace.sandbox.dump())["users"]
    assert held == {*students, *staff, *guardians_of(students)}


def test_a_student_who_grows_out_of_the_grades_is_not_ended(
    workspace: Workspace,
) -> None:
    workspace.fill(whole())
    workspace.configure(select={"grades": ["KG", "0*"]}, guards=LOOSE)
    tables = whole()
    key = tables.students.filter(grades="09")["sourcedId"][0]
    assert workspace.sync(workspace.drop(tables)).code == 0
    before = workspace.sandbox.dump()
    grown = with_cell(tables, "students", key, grades="10")
    assert workspace.sync(workspace.drop(grown, "next")).code == 0
    assert changed(before, workspace.sandbox.dump()) == {}


@pytest.mark.parametrize(
    ("roles", "kept"),
    [
        (["student"], {"student"}),
        (["student", "teacher"], {"student", "teacher"}),
        (["Teacher"], {"teacher"}),
        (["student", "par*", "guardian"], {"student", "parent", "guardian"}),
    ],
)
def test_roles_choose_people(
    workspace: Workspace, roles: list[str], kept: set[str]
) -> None:
    workspace.fill(whole())
    workspace.configure(select={"roles": roles}, guards=LOOSE)
    assert workspace.sync(workspace.drop(whole())).code == 0
    dump = workspace.sandbox.dump()
    users = whole().users.filter(pl.col("role").is_in(list(kept)))["sourcedId"]
    students = set(whole().students["sourcedId"]) if "student" in kept else set()
    assert active(dump)["users"] == {*users, *students}
    ends = {end for one in active(dump)["agents"] for end in one.split("/")}
    assert ends <= active(dump)["users"]
    assert {one["user"]["sourcedId"] for one in dump["enrollments"]} <= active(dump)[
        "users"
    ]


@pytest.mark.parametrize("route", ["edubridge", "oneroster"])
def test_classes_and_courses_choose_enrollments_and_nobody(
    workspace: Workspace, route: str
) -> None:
    workspace.fill(whole())
    rows = whole().enrollments
    course = rows["courseSourcedId"][0]
    one = rows.filter(courseSourcedId=course)["classSourcedId"][0]
    select = {"courses": [course], "classes": [f"{one[:-1]}*"]}
    workspace.configure(select=select, guards=LOOSE, enrollments=route)
    assert workspace.sync(workspace.drop(whole())).code == 0
    dump = workspace.sandbox.dump()
    met = rows.filter(
        courseSourcedId=course,
    ).filter(pl.col("classSourcedId").str.starts_with(one[:-1]))
    assert len(active(dump)["enrollments"]) == met.height > 0
    people = {*whole().students["sourcedId"], *whole().users["sourcedId"]}
    assert active(dump)["users"] == people
    again = workspace.sync(workspace.folder / "drop")
    assert total(again.document, "operations", "planned") == 0


def test_a_row_that_is_left_out_holds_the_record_that_it_shares(
    workspace: Workspace,
) -> None:
    """EduBridge has one enrollment for two classes of a course; one is selected."""
    tables = whole()
    row = tables.enrollments.filter(role="student").head(1)
    other = "cls-other"
    twin = row.with_columns(sourcedId=pl.lit("enr-twin"), classSourcedId=pl.lit(other))
    second = tables.classes.filter(sourcedId=row["classSourcedId"][0]).with_columns(
        sourcedId=pl.lit(other), classCode=pl.lit("OTHER")
    )
    both = replace(
        tables,
        classes=pl.concat([tables.classes, second]),
        enrollments=pl.concat([tables.enrollments, twin]),
    )
    workspace.fill(both)
    workspace.configure(select={"classes": ["cls-0*"]}, guards=LOOSE)
    assert workspace.sync(workspace.drop(both)).code == 0
    before = workspace.sandbox.dump()
    gone = replace(
        both,
        enrollments=both.enrollments.filter(pl.col("sourcedId") != row["sourcedId"][0]),
    )
    ended = workspace.sync(workspace.drop(gone, "next"))
    assert ended.code == 0
    assert ended.document["balanced"] is True
    assert lost(before, workspace.sandbox.dump()) == {}


def test_two_systems_with_half_of_the_schools_each_share_the_district(
    workspace: Workspace,
) -> None:
    workspace.fill(whole())
    url = workspace.sandbox.url
    halves = {"one": [SCHOOLS[0]], "two": list(SCHOOLS[1:])}
    workspace.write_config(
        {
            "state_dir": "state",
            "targets": {
                name: target_table(url, select={"orgs": orgs}, guards=FREE)
                for name, orgs in halves.items()
            },
        }
    )
    both = ("--target", "one", "--target", "two")
    assert workspace.run("run", workspace.drop(whole()), *both).code == 0
    before = workspace.sandbox.dump()
    people = {*at(SCHOOLS[0]), *at(SCHOOLS[1]), *at(SCHOOLS[2])}
    assert people <= active(before)["users"]
    mover = at(SCHOOLS[0])[0]
    next_ = moved(whole(), mover, SCHOOLS[1])
    assert workspace.run("run", workspace.drop(next_, "next"), *both).code == 0
    after = workspace.sandbox.dump()
    assert "users" not in lost(before, after)
    assert person(after, mover)["primaryOrg"]["sourcedId"] == SCHOOLS[1]
    gone = workspace.drop(without_students(whole(), mover), "gone")
    assert workspace.run("run", gone, *both).code == 0
    assert lost(before, workspace.sandbox.dump())["users"] == {mover}


def test_a_selection_that_nobody_meets_changes_nothing(workspace: Workspace) -> None:
    workspace.fill(whole(), people=True)
    workspace.configure(select={"orgs": ["nowhere"]})
    before = workspace.sandbox.dump()
    ended = workspace.sync(workspace.drop(whole()))
    assert ended.code == 0
    assert workspace.sandbox.dump() == before
    assert total(ended.document, "remote", "out_of_scope") > 100


def test_another_selection_makes_a_plan_outdated(pilot: Workspace) -> None:
    planned = pilot.plan(pilot.folder / "drop").document
    pilot.configure(select={"orgs": ["sch-*"]}, guards=LOOSE)
    assert pilot.run("apply", planned["plan"]["path"]).code == 2


def test_a_delta_leaves_out_the_same_people(pilot: Workspace) -> None:
    inside, outside = at(SCHOOLS[0])[0], at(SCHOOLS[1])[0]
    rows = whole().students.filter(pl.col("sourcedId").is_in([inside, outside]))
    folder = pilot.folder / "delta"
    folder.mkdir()
    rows.with_columns(phone=pl.lit("+1-617-555-0199")).write_csv(
        folder / "students.csv"
    )
    report = pilot.sync(folder, "--delta").document
    diff = report["entities"]["students"]["diff"]
    assert (diff["update"], diff["unsupported"]) == (1, 1)
    assert person(pilot.sandbox.dump(), inside)["phone"] == "+1-617-555-0199"


def test_the_target_is_named_in_the_wrong_selection(workspace: Workspace) -> None:
    workspace.configure(select={"grades": ["14"]})
    ended = workspace.run("run", workspace.folder, "--target", TARGET)
    assert ended.code == 2
    assert "grade" in ended.line

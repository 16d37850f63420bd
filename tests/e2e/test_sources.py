"""Districts in which several deliver: nobody ends what another one named."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.support.districts import district, without_students
from tests.support.ended import Ended
from tests.support.remote import active, lost
from tests.support.workspace import Workspace, total

STUDENTS = 30
LOOSE = {"removals": {"percent": 90}, "by_percent": 95, "first_run": "pass"}
GUARDIANS = pl.col("role").is_in(["parent", "guardian", "relative"])
SIS = ("students", "users", "enrollments", "classes", "courses", "orgs")
HOME = ("users", "agents")
"""What the information system delivers, and what the guardians' registry does."""
KEY = "stu-000002"


def whole() -> Tables:
    return district(STUDENTS)


def delivery(
    workspace: Workspace, tables: Tables, name: str, files: Sequence[str]
) -> Path:
    """Some files of a district: guardians come from the registry alone."""
    folder = workspace.folder / name
    folder.mkdir()
    for file in files:
        frame = getattr(tables, file)
        if file == "users":
            frame = frame.filter(GUARDIANS if files == HOME else ~GUARDIANS)
        cells = frame.select(pl.all().replace("", None))
        cells.write_csv(folder / f"{file}.csv")
    return folder


def sis(workspace: Workspace, tables: Tables, name: str = "sis") -> Ended:
    return workspace.sync(delivery(workspace, tables, name, SIS), "--source", "sis")


def registry(workspace: Workspace, tables: Tables, name: str = "home") -> Ended:
    return workspace.sync(
        delivery(workspace, tables, name, HOME), "--source", "registry"
    )


def of_school(tables: Tables, school: str) -> Tables:
    """What one school's own system exports of the district."""
    students = tables.students.filter(primaryOrgSourcedId=school)
    keys = students["sourcedId"].to_list()
    links = tables.agents.filter(pl.col("studentSourcedId").is_in(keys))
    guardians = links["agentSourcedId"].to_list()
    here = pl.col("schoolSourcedId") == school
    seats = tables.enrollments.filter(here)
    users = tables.users.filter(
        pl.col("sourcedId").is_in([*guardians, *seats["userSourcedId"]])
    )
    return replace(
        tables, students=students, agents=links, users=users, enrollments=seats
    )


Begun = tuple[dict[str, Any], Path]


@pytest.fixture(scope="module")
def begun(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """What both of them have made of the target in their first nights."""
    served.reset()
    made = Workspace(tmp_path_factory.mktemp("sources"), served)
    made.configure(guards=LOOSE)
    made.fill(whole())
    for ended in (sis(made, whole()), registry(made, whole())):
        assert ended.code == 0, ended.err
    return served.dump(), made.state


@pytest.fixture
def two(begun: Begun, sandbox: Sandbox, tmp_path: Path) -> Workspace:
    """A target to which the system and the registry have delivered."""
    remote, state = begun
    sandbox.load(remote)
    made = Workspace(tmp_path, sandbox)
    made.configure(guards=LOOSE)
    shutil.copytree(state, made.state)
    return made


def test_two_deliveries_make_the_whole_district(two: Workspace) -> None:
    held = active(two.sandbox.dump())
    assert held["users"] == {
        *whole().students["sourcedId"],
        *whole().users["sourcedId"],
    }
    assert len(held["agents"]) == whole().agents.height


def test_another_night_of_both_changes_nothing_and_warns_of_no_file(
    two: Workspace,
) -> None:
    before = two.sandbox.dump()
    for ended in (sis(two, whole()), registry(two, whole())):
        assert ended.code == 0
        assert "RS402" not in ended.document["findings"]
        assert ended.document["findings"]["RS406"] == 1
        assert total(ended.document, "operations", "planned") == 0
    assert two.sandbox.dump() == before


def test_the_silence_of_one_ends_nothing_that_the_other_named(two: Workspace) -> None:
    two.configure(guards=LOOSE, removal={"users": "inactive"})
    before = two.sandbox.dump()
    for night in range(3):
        assert sis(two, whole(), f"sis {night}").code == 0
        assert registry(two, whole(), f"home {night}").code == 0
    assert lost(before, two.sandbox.dump()) == {}


def test_the_silence_of_its_own_source_ends_a_record(two: Workspace) -> None:
    tables = whole()
    pair = tables.agents.row(0)
    before = two.sandbox.dump()
    fewer = replace(tables, agents=tables.agents.slice(1))
    assert sis(two, fewer).code == 0
    assert lost(before, two.sandbox.dump()) == {}
    assert registry(two, fewer).code == 0
    assert lost(before, two.sandbox.dump()) == {"agents": {"/".join(pair[:2])}}


def test_a_student_whom_the_system_drops_keeps_what_the_registry_named(
    two: Workspace,
) -> None:
    before = two.sandbox.dump()
    assert sis(two, without_students(whole(), KEY)).code == 0
    gone = lost(before, two.sandbox.dump())
    assert gone["users"] == {KEY}
    assert "agents" not in gone


def test_who_named_a_record_last_is_who_may_end_it(two: Workspace) -> None:
    """The registry takes a guardian over from the system, or the other way round."""
    two.configure(guards=LOOSE, removal={"users": "inactive"})
    tables = whole()
    key = tables.users.filter(~GUARDIANS)["sourcedId"][0]
    row = tables.users.filter(sourcedId=key).with_columns(
        role=pl.lit("guardian"), roleType=pl.lit("primary")
    )
    without = tables.users.filter(pl.col("sourcedId") != key)
    seats = tables.enrollments.filter(pl.col("userSourcedId") != key)
    gone = replace(tables, users=without, enrollments=seats)
    assert (
        registry(two, replace(tables, users=pl.concat([without, row.head(1)]))).code
        == 0
    )
    before = two.sandbox.dump()
    assert sis(two, gone).code == 0
    assert "users" not in lost(before, two.sandbox.dump())
    assert registry(two, gone, "home 2").code == 0
    assert lost(before, two.sandbox.dump())["users"] == {key}


def test_grace_counts_the_nights_of_one_source(two: Workspace) -> None:
    two.configure(guards=LOOSE, removal={"grace": 2})
    before = two.sandbox.dump()
    fewer = without_students(whole(), KEY)
    assert sis(two, fewer).code == 0
    for night in range(2):
        assert registry(two, whole(), f"home {night}").code == 0
    assert lost(before, two.sandbox.dump()) == {}
    assert sis(two, fewer, "sis 2").code == 0
    assert lost(before, two.sandbox.dump())["users"] == {KEY}


def test_shrink_compares_the_files_of_one_source(two: Workspace) -> None:
    """The registry's links are half of its own last ones; the system had none."""
    tables = whole()
    assert sis(two, tables).code == 0
    half = replace(tables, agents=tables.agents.head(tables.agents.height // 2))
    ended = registry(two, half)
    assert ended.code == 4
    shrink = {
        one["entity"]: one["of"]
        for one in ended.document["guards"]
        if one["name"] == "shrink"
    }
    assert shrink == {"agents": tables.agents.height}


def test_a_small_delivery_does_not_hide_behind_a_large_one(
    two: Workspace,
) -> None:
    """What a source may end is measured by what that source delivers."""
    two.configure(guards={"floor": 5}, removal={"users": "inactive"})
    tables = whole()
    guardians = tables.users.filter(GUARDIANS)
    leaver = guardians["sourcedId"][: max(1, guardians.height // 10)]
    fewer = replace(
        tables,
        users=tables.users.filter(~pl.col("sourcedId").is_in(leaver.implode())),
        agents=tables.agents.filter(~pl.col("agentSourcedId").is_in(leaver.implode())),
    )
    ended = registry(two, fewer)
    assert ended.code == 4
    users = [
        one
        for one in ended.document["guards"]
        if one["name"] == "removals" and one["entity"] == "users" and not one["group"]
    ]
    assert users[0]["of"] <= guardians.height


def test_a_file_is_missing_only_from_who_delivered_it(two: Workspace) -> None:
    before = two.sandbox.dump()
    files = tuple(one for one in SIS if one != "enrollments")
    folder = delivery(two, whole(), "short", files)
    ended = two.sync(folder, "--source", "sis")
    assert ended.code == 1
    assert ended.document["findings"]["RS402"] == 1
    assert lost(before, two.sandbox.dump()) == {}


def test_older_is_judged_by_the_drops_of_one_source(two: Workspace) -> None:
    assert sis(two, whole(), "sis-2026-09-02").code == 0
    assert registry(two, whole(), "home-2026-09-01").code == 0
    assert sis(two, whole(), "sis-2026-09-01").code == 3


def test_findings_are_news_to_the_source_that_has_them(two: Workspace) -> None:
    """What one source has every night is no news because another came between."""
    assert registry(two, whole(), "home 1").document["findings"] == {"RS406": 1}
    assert sis(two, whole(), "sis 1").code == 0
    again = registry(two, whole(), "home 2").document
    assert (again["findings"], again["new_findings"]) == ({"RS406": 1}, {})


def test_the_configured_source_counts_and_the_option_goes_before_it(
    two: Workspace,
) -> None:
    two.configure(guards=LOOSE, source="sis")
    folder = delivery(two, without_students(whole(), KEY), "sis", SIS)
    before = two.sandbox.dump()
    assert two.sync(folder, "--source", "elsewhere").code == 0
    assert lost(before, two.sandbox.dump()) == {}
    # From now on "elsewhere" has named them all but one, whom the system named last.
    assert two.sync(folder).code == 0
    assert lost(before, two.sandbox.dump())["users"] == {KEY}


def test_two_schools_with_exports_of_their_own_leave_each_other_alone(
    workspace: Workspace,
) -> None:
    workspace.fill(whole())
    workspace.configure(guards={**LOOSE, "floor": 100_000})
    schools = ("sch-000001", "sch-000002")
    for school in schools:
        folder = workspace.drop(of_school(whole(), school), school)
        assert workspace.sync(folder, "--source", school).code == 0
    before = workspace.sandbox.dump()
    leaver = of_school(whole(), schools[0]).students["sourcedId"][0]
    gone = of_school(without_students(whole(), leaver), schools[0])
    ended = workspace.sync(workspace.drop(gone, "next"), "--source", schools[0])
    assert ended.code == 0
    assert lost(before, workspace.sandbox.dump())["users"] == {leaver}
    assert total(ended.document, "remote", "kept") > 0


@pytest.mark.parametrize("name", ["agents", "enrollments", "classes"])
def test_a_drop_without_a_required_file_is_refused(
    synced: Workspace, name: str
) -> None:
    synced.configure(require=["students", name])
    before = synced.sandbox.dump()
    (synced.folder / "drop" / f"{name}.csv").unlink()
    ended = synced.sync(synced.folder / "drop")
    assert ended.code == 3
    assert ended.document["findings"]["RS401"] == 1
    assert name in ended.line
    assert synced.sandbox.dump() == before


def test_a_drop_with_every_required_file_is_taken(synced: Workspace) -> None:
    synced.configure(require=["students", "users", "agents", "enrollments", "classes"])
    assert synced.sync(synced.folder / "drop").code == 0

"""Night after night: what changes in the files changes over there, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import polars as pl
import pytest

from tests.support.districts import district, with_cell, without_students
from tests.support.remote import active, changed, person
from tests.support.workspace import Workspace, total

LOOSE = {"removals": {"percent": 60}, "by_percent": 80}
"""Guards for districts so small that one leaver is a tenth of them."""
LEAVER = "stu-000002"


def operations(workspace: Workspace, report: dict[str, Any]) -> list[dict[str, Any]]:
    shown = workspace.run("show", report["plan"]["path"], "--json")
    found: list[dict[str, Any]] = shown.document["operations"]
    return found


def header_only(path: Path) -> None:
    path.write_text(path.read_text("utf-8").splitlines()[0] + "\n", "utf-8")


def test_plan_show_apply_run_ends_with_nothing_left_to_do(workspace: Workspace) -> None:
    drop = workspace.drop()
    planned = workspace.plan(drop).document
    assert planned["outcome"] == "preview"
    assert planned["requests"]["sent"] > 0
    assert active(workspace.sandbox.dump())["users"] == set()
    count = len(operations(workspace, planned))
    applied = workspace.run("apply", planned["plan"]["path"], "--json")
    assert applied.code == 0
    assert total(applied.document, "operations", "done") == count > 100
    assert applied.document["converged"] is True
    again = workspace.sync(drop)
    assert again.code == 0
    assert total(again.document, "operations", "planned") == 0


def test_a_second_run_sends_no_request_that_writes(synced: Workspace) -> None:
    synced.sandbox.clear_requests()
    ended = synced.sync(synced.folder / "drop")
    assert ended.code == 0
    assert total(ended.document, "operations", "planned") == 0
    sent = synced.sandbox.requests()
    assert {one["method"] for one in sent if one["service"] != "token"} == {"GET"}


def test_the_first_run_creates_exactly_what_the_files_say(synced: Workspace) -> None:
    tables, remote = district(), synced.sandbox.dump()
    held = active(remote)
    people = {*tables.students["sourcedId"], *tables.users["sourcedId"]}
    assert held["users"] == people
    links = zip(
        tables.agents["studentSourcedId"], tables.agents["agentSourcedId"], strict=True
    )
    assert held["agents"] == {"/".join(pair) for pair in links}
    assert len(held["enrollments"]) == tables.enrollments.height


def test_one_phone_number_gives_one_operation_with_that_field(
    synced: Workspace,
) -> None:
    new = "+1-617-555-0199"
    drop = synced.drop(with_cell(district(), "students", LEAVER, phone=new))
    before = synced.sandbox.dump()
    ended = synced.sync(drop)
    assert ended.code == 0
    (operation,) = operations(synced, ended.document)
    assert (operation["verb"], operation["key"]) == ("update", LEAVER)
    assert list(operation["fields"]) == ["phone"]
    assert operation["fields"]["phone"]["after"] == new
    after = synced.sandbox.dump()
    assert changed(before, after) == {"users": {LEAVER: {"phone"}}}
    assert person(after, LEAVER)["phone"] == new


def test_a_deleted_student_ends_with_links_and_enrollments(synced: Workspace) -> None:
    synced.configure(guards=LOOSE)
    before = active(synced.sandbox.dump())
    drop = synced.drop(without_students(district(), LEAVER), "next")
    ended = synced.sync(drop)
    assert ended.code == 0
    after = active(synced.sandbox.dump())
    assert before["users"] - after["users"] == {LEAVER}
    gone = before["agents"] - after["agents"]
    assert {one.split("/")[0] for one in gone} == {LEAVER}
    mine = district().enrollments.filter(userSourcedId=LEAVER).height
    assert len(before["enrollments"]) - len(after["enrollments"]) == mine > 0
    entities = ended.document["entities"]
    assert entities["students"]["remote"]["remove"] == 1
    again = synced.sync(drop)
    assert (again.code, total(again.document, "operations", "planned")) == (0, 0)


def test_a_student_who_comes_back_is_reactivated_and_not_created(
    synced: Workspace,
) -> None:
    synced.configure(guards=LOOSE)
    before = active(synced.sandbox.dump())
    synced.sync(synced.drop(without_students(district(), LEAVER), "next"))
    ended = synced.sync(synced.folder / "drop")
    assert ended.code == 0
    assert ended.document["entities"]["students"]["diff"]["reactivate"] == 1
    assert total(ended.document, "diff", "create") == 2
    assert active(synced.sandbox.dump()) == before


def test_users_are_kept_by_policy_when_their_rows_go(synced: Workspace) -> None:
    synced.configure(guards=LOOSE)
    guardian = district().agents["agentSourcedId"][0]
    tables = replace(
        district(),
        users=district().users.filter(pl.col("sourcedId") != guardian),
        agents=district().agents.filter(pl.col("agentSourcedId") != guardian),
    )
    ended = synced.sync(synced.drop(tables, "next"))
    assert ended.code == 0
    assert ended.document["entities"]["users"]["remote"]["kept"] == 1
    held = active(synced.sandbox.dump())
    assert guardian in held["users"]
    assert not [link for link in held["agents"] if link.endswith(guardian)]


def test_a_student_whom_no_drop_ever_named_stays_and_is_out_of_scope(
    synced: Workspace,
) -> None:
    stranger = {**person(synced.sandbox.dump(), LEAVER), "sourcedId": "stranger"}
    stranger |= {"username": "stranger", "email": "stranger@else.example"}
    synced.sandbox.load({"users": [{**stranger, "identifier": "x-1"}]})
    ended = synced.sync(synced.folder / "drop")
    assert ended.code == 0
    assert total(ended.document, "operations", "planned") == 0
    assert ended.document["entities"]["students"]["remote"]["out_of_scope"] == 1
    assert "stranger" in active(synced.sandbox.dump())["users"]


def test_removals_over_the_limit_hold_the_plan_and_change_nothing(
    synced: Workspace,
) -> None:
    before = synced.sandbox.dump()
    drop = synced.drop(without_students(district(), LEAVER, "stu-000003"), "next")
    ended = synced.sync(drop)
    assert ended.code == 4
    tripped = [one["name"] for one in ended.document["guards"] if one["tripped"]]
    assert "removals" in tripped
    assert synced.sandbox.dump() == before


EMPTIED = [
    pytest.param(["students"], 3, "RS403", id="students alone, with its references"),
    pytest.param(["students", "agents", "enrollments"], 4, "shrink", id="all three"),
    pytest.param(["agents"], 4, "shrink", id="agents alone"),
]


@pytest.mark.parametrize(("names", "code", "why"), EMPTIED)
def test_a_file_with_only_its_header_removes_nothing_and_says_why(
    synced: Workspace, names: list[str], code: int, why: str
) -> None:
    before = synced.sandbox.dump()
    drop = synced.folder / "drop"
    for name in names:
        header_only(drop / f"{name}.csv")
    ended = synced.sync(drop)
    report = ended.document
    tripped = [one["name"] for one in report["guards"] if one["tripped"]]
    assert ended.code == code
    assert why in [*tripped, *report["findings"]]
    assert report["findings"]["RS031"] == len(names)
    assert synced.sandbox.dump() == before


def test_an_empty_students_file_with_the_users_in_a_drop_is_held_and_named(
    synced: Workspace,
) -> None:
    before = synced.sandbox.dump()
    drop = synced.folder / "drop"
    header_only(drop / "students.csv")
    for name in ("agents", "enrollments"):
        (drop / f"{name}.csv").unlink()
    ended = synced.sync(drop)
    assert ended.code == 4
    assert "shrink" in ended.line
    assert "students" in ended.line
    assert synced.sandbox.dump() == before


def test_an_empty_students_file_alone_in_a_drop_removes_nothing_and_says_why(
    synced: Workspace,
) -> None:
    before = synced.sandbox.dump()
    drop = synced.folder / "drop"
    header_only(drop / "students.csv")
    for name in ("users", "agents", "enrollments"):
        (drop / f"{name}.csv").unlink()
    ended = synced.sync(drop)
    assert ended.code in {1, 4}
    assert ended.document["findings"]["RS031"] == 1
    assert "students" in ended.line or "users.csv" in ended.line
    assert synced.sandbox.dump() == before


def test_a_file_that_shrank_warns_where_nothing_is_ended_for_it(
    synced: Workspace,
) -> None:
    keep = dict.fromkeys(("students", "users", "agents", "enrollments"), "keep")
    synced.configure(removal=keep)
    before = synced.sandbox.dump()
    tables = district()
    half = tables.enrollments.head(tables.enrollments.height // 2)
    ended = synced.sync(synced.drop(replace(tables, enrollments=half), "next"))
    assert ended.code == 0
    assert ended.document["findings"] == {"RS404": 1}
    assert "shrink" not in [one["name"] for one in ended.document["guards"]]
    assert synced.sandbox.dump() == before


@pytest.mark.parametrize("name", ["students", "users", "agents", "enrollments"])
def test_a_missing_file_after_a_good_drop_warns_and_removes_nothing(
    synced: Workspace, name: str
) -> None:
    before = synced.sandbox.dump()
    drop = synced.folder / "drop"
    (drop / f"{name}.csv").unlink()
    ended = synced.sync(drop)
    assert ended.code == 1
    assert ended.document["findings"]["RS402"] == 1
    assert f"{name}.csv" in ended.line
    assert name not in ended.document["entities"]
    assert synced.sandbox.dump() == before


def test_a_delta_removes_only_what_says_so_itself(synced: Workspace) -> None:
    synced.configure(guards=LOOSE)
    rows = with_cell(district(), "students", LEAVER, status="tobedeleted").students
    drop = synced.folder / "delta"
    drop.mkdir()
    rows.filter(sourcedId=LEAVER).write_csv(drop / "students.csv")
    before = active(synced.sandbox.dump())
    ended = synced.sync(drop, "--delta")
    assert ended.code == 0
    assert ended.document["drop"]["mode"] == "delta"
    after = active(synced.sandbox.dump())
    assert before["users"] - after["users"] == {LEAVER}


def test_a_zip_of_the_drop_is_the_same_drop(synced: Workspace) -> None:
    drop = synced.folder / "drop"
    with ZipFile(synced.folder / "drop.zip", "w") as archive:
        for path in sorted(drop.iterdir()):
            archive.write(path, path.name)
    ended = synced.sync(synced.folder / "drop.zip")
    assert ended.code == 0
    assert total(ended.document, "operations", "planned") == 0
    assert total(ended.document, "diff", "unchanged") > 100


def test_a_record_that_somebody_else_changed_is_put_right_again(
    synced: Workspace,
) -> None:
    theirs = {**person(synced.sandbox.dump(), LEAVER), "givenName": "Else"}
    before = synced.sandbox.dump()
    synced.sandbox.load({"users": [theirs]})
    ended = synced.sync(synced.folder / "drop")
    assert ended.code == 0
    (operation,) = operations(synced, ended.document)
    assert list(operation["fields"]) == ["givenName"]
    assert changed(before, synced.sandbox.dump()) == {}


def test_a_plan_whose_record_changed_since_skips_that_one_and_says_so(
    synced: Workspace,
) -> None:
    changes = with_cell(district(), "students", LEAVER, phone="+1-617-555-0199")
    changes = with_cell(changes, "students", "stu-000003", phone="+1-617-555-0198")
    planned = synced.plan(synced.drop(changes, "next")).document
    theirs = {**person(synced.sandbox.dump(), LEAVER), "givenName": "Else"}
    synced.sandbox.load({"users": [theirs]})
    ended = synced.run("apply", planned["plan"]["path"], "--json")
    assert ended.code == 1
    assert total(ended.document, "operations", "skipped") == 1
    assert total(ended.document, "operations", "done") == 1
    assert person(synced.sandbox.dump(), LEAVER)["givenName"] == "Else"

"""A night taken back by hand: looked at, approved, and held from coming again."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from sync.samples import Tables
from tests.support.districts import district, slim, with_cell, without_students
from tests.support.ended import Ended
from tests.support.remote import active, person
from tests.support.workspace import Workspace, total

PERSON, OTHER, LEAVER = "stu-000002", "stu-000003", "stu-000004"
PHONE = "+1-617-555-0199"


def changed(tables: Tables) -> Tables:
    """Two other telephone numbers, and one student who left."""
    one = with_cell(tables, "students", PERSON, phone=PHONE)
    return without_students(with_cell(one, "students", OTHER, phone=PHONE), LEAVER)


def night(workspace: Workspace, tables: Tables, name: str = "night") -> str:
    """A night with these files; its run."""
    ended = workspace.sync(workspace.drop(tables, name))
    if ended.code == 4:
        ended = approve(workspace, ended)
    assert ended.code == 0, ended.err
    return str(ended.document["run"])


def approve(workspace: Workspace, planned: Ended) -> Ended:
    path, digest = planned.document["plan"]["path"], planned.document["digest"]
    return workspace.run("apply", path, "--approve", digest[:12], "--json")


def applied(workspace: Workspace, planned: Ended) -> Ended:
    if planned.code == 4:
        return approve(workspace, planned)
    return workspace.run("apply", planned.document["plan"]["path"], "--json")


def undone(workspace: Workspace, run: str) -> Ended:
    """The undo of a run, carried out."""
    return applied(workspace, workspace.run("undo", run, "--json"))


def listed(workspace: Workspace, run: str) -> dict[str, tuple[str, str]]:
    sheet = workspace.state / "runs" / run / "operations.csv"
    with sheet.open(newline="", encoding="utf-8") as file:
        return {
            f"{one['entity']}:{one['key']}": (one["state"], one["reason"])
            for one in csv.DictReader(file)
        }


def test_a_night_is_taken_back_and_the_next_one_waits_for_a_person(
    synced: Workspace,
) -> None:
    before = synced.sandbox.dump()
    run = night(synced, changed(district()))
    assert active(synced.sandbox.dump()) != active(before)
    out = synced.folder / "back.rsplan"
    planned = synced.run("undo", run, "--out", out)
    assert planned.code in {0, 4}, planned.err
    assert out.exists()
    assert f"takes back run {run}" in planned.out
    digest = synced.run("show", out, "--json").document["digest"]
    ended = synced.run("apply", out, "--approve", digest[:12], "--json")
    assert ended.code == 0, ended.err
    assert ended.document["undoes"] == run
    assert ended.document["converged"] is True
    assert active(synced.sandbox.dump()) == active(before)
    assert person(synced.sandbox.dump(), PERSON)["phone"] != PHONE
    held = synced.sync(synced.folder / "night")
    assert held.code == 4
    assert "undone" in held.err
    (guard,) = [one for one in held.document["guards"] if one["name"] == "undone"]
    assert run in guard["message"]
    assert ended.document["run"] in guard["message"]
    assert approve(synced, held).code == 0
    quiet = synced.sync(synced.folder / "night")
    assert quiet.code == 0, quiet.err
    assert total(quiet.document, "operations", "planned") == 0


def test_the_drop_of_before_is_quiet_after_an_undo(synced: Workspace) -> None:
    undone(synced, night(synced, changed(district())))
    again = synced.sync(synced.folder / "drop")
    assert again.code == 0, again.err
    assert total(again.document, "operations", "planned") == 0


def test_an_undo_sends_nothing_before_it_is_applied(synced: Workspace) -> None:
    run = night(synced, changed(district()))
    before = synced.sandbox.dump()
    synced.run("undo", run, "--json")
    assert synced.sandbox.dump() == before


def test_what_others_changed_since_is_left_and_listed(synced: Workspace) -> None:
    run = night(synced, changed(district()))
    dump = synced.sandbox.dump()
    theirs = person(dump, PERSON) | {"middleName": "Theirs"}
    others = [one for one in dump["users"] if one["sourcedId"] != PERSON]
    synced.sandbox.load({**dump, "users": [*others, theirs]})
    planned = synced.run("undo", run, "--json")
    assert planned.code in {1, 4}, planned.err
    assert planned.document["entities"]["students"]["diff"]["frozen"] == 1
    left = listed(synced, planned.document["run"])[f"students:{PERSON}"]
    assert left == ("frozen", f"changed since run {run}: middleName")
    ended = applied(synced, planned)
    assert ended.code == 1
    now = synced.sandbox.dump()
    assert person(now, PERSON)["phone"] == PHONE
    assert person(now, PERSON)["middleName"] == "Theirs"
    assert person(now, OTHER)["phone"] != PHONE


def test_what_a_later_night_changed_is_left(synced: Workspace) -> None:
    run = night(synced, changed(district()))
    later = with_cell(changed(district()), "students", PERSON, phone="+1 505 555 0100")
    night(synced, later, "later")
    planned = synced.run("undo", run, "--json")
    left = listed(synced, planned.document["run"])[f"students:{PERSON}"]
    assert left == ("frozen", f"changed since run {run}: phone")


def test_to_take_an_undo_back_gives_the_first_state_and_holds_nothing(
    synced: Workspace,
) -> None:
    run = night(synced, changed(district()))
    after = synced.sandbox.dump()
    first = undone(synced, run)
    second = undone(synced, first.document["run"])
    assert second.code == 0, second.err
    assert active(synced.sandbox.dump()) == active(after)
    assert person(synced.sandbox.dump(), PERSON)["phone"] == PHONE
    quiet = synced.sync(synced.folder / "night")
    assert quiet.code == 0, quiet.err
    assert total(quiet.document, "operations", "planned") == 0


def test_an_undo_is_held_by_the_guards_of_any_plan(synced: Workspace) -> None:
    run = night(synced, changed(district()))
    synced.configure(guards={"updates": {"count": 0}})
    refused = synced.run("undo", run)
    assert refused.code == 4
    assert "held by updates" in refused.err


def test_an_undo_that_was_stopped_is_gone_on_with(synced: Workspace) -> None:
    before = synced.sandbox.dump()
    run = night(synced, changed(district()))
    planned = synced.run("undo", run, "--json")
    path, digest = planned.document["plan"]["path"], planned.document["digest"]
    stopped = synced.run("apply", path, "--approve", digest[:12], "--deadline", "0s")
    assert stopped.code == 7, stopped.err
    ended = synced.run("resume", "--json")
    assert ended.code == 0, ended.err
    assert ended.document["undoes"] == run
    assert active(synced.sandbox.dump()) == active(before)
    assert synced.sync(synced.folder / "night").code == 4


def test_a_run_that_nobody_knows_cannot_be_taken_back(synced: Workspace) -> None:
    ended = synced.run("undo", "20200101T000000Z-district-0000")
    assert ended.code == 2
    assert "there is no run" in ended.err


def test_a_run_that_changed_nothing_needs_no_undo(synced: Workspace) -> None:
    quiet = night(synced, district(), "again")
    ended = synced.run("undo", quiet)
    assert ended.code == 0, ended.err
    assert len(ended.out.splitlines()) == 1
    assert "changed nothing" in ended.out


def test_of_a_run_that_only_made_a_plan_the_one_that_applied_it_is_named(
    synced: Workspace,
) -> None:
    planned = synced.plan(synced.drop(changed(district()), "night"))
    carried = applied(synced, planned)
    ended = synced.run("undo", planned.document["run"])
    assert ended.code == 0
    assert carried.document["run"] in ended.out


def test_under_another_configuration_of_the_place_nothing_is_taken_back(
    synced: Workspace,
) -> None:
    run = night(synced, changed(district()))
    synced.configure(enrollments="oneroster")
    ended = synced.run("undo", run)
    assert ended.code == 2
    assert "has changed since run" in ended.err


def test_other_limits_do_not_keep_a_run_from_being_taken_back(
    synced: Workspace,
) -> None:
    run = night(synced, changed(district()))
    synced.configure(removal={"students": "keep"}, guards={"by": []})
    assert undone(synced, run).code == 0


def test_what_a_run_made_can_only_be_marked_and_that_is_said_first(
    workspace: Workspace,
) -> None:
    workspace.configure(guards={"by": [], "removals": {"percent": 100}})
    run = night(workspace, slim(), "first")
    planned = workspace.run("undo", run, "--json")
    assert planned.code in {0, 4}, planned.err
    notes = " ".join(planned.document["notes"])
    assert "can only be marked as ended (tobedeleted)" in notes
    operations = listed(workspace, planned.document["run"])
    assert "can only be marked" in operations[f"students:{PERSON}"][1]
    assert "can only be marked" not in " ".join(
        reason for one, (_, reason) in operations.items() if one.startswith("agents")
    )
    ended = applied(workspace, planned)
    assert ended.code == 0, ended.err
    now = workspace.sandbox.dump()
    assert not any(active(now).values())
    assert {one["status"] for one in now["users"]} == {"tobedeleted"}
    assert now["agents"] == []


def test_the_report_and_the_list_of_runs_say_what_was_taken_back(
    synced: Workspace,
) -> None:
    run = night(synced, changed(district()))
    ended = undone(synced, run)
    by = ended.document["run"]
    page = (synced.state / "runs" / by / "report.html").read_text("utf-8")
    assert f"takes back run {run}" in page
    rows: list[dict[str, Any]] = synced.run("runs", "--json").document["runs"]
    assert {one["run"]: one["undoes"] for one in rows}[by] == run
    assert any(
        line.startswith(by) and line.split()[-1] == "undo"
        for line in synced.run("runs").out.splitlines()
    )


@pytest.mark.parametrize("what", ["plan.rsplan", "journal.sqlite"])
def test_of_a_run_that_is_not_kept_any_more_nothing_is_taken_back(
    synced: Workspace, what: str
) -> None:
    run = night(synced, changed(district()))
    folder: Path = synced.state / "runs" / run
    (folder / what).unlink()
    before = synced.sandbox.dump()
    assert synced.run("undo", run).code in {2, 8}
    assert synced.sandbox.dump() == before


def test_an_unproven_list_lets_nothing_be_ended_or_made(synced: Workspace) -> None:
    run = night(synced, changed(district()))
    synced.sandbox.configure(page_cap_api=5, oneroster_loses_rows=True)
    planned = synced.run("undo", run, "--json")
    assert planned.code == 5, planned.err
    assert total(planned.document, "operations", "planned") == total(
        planned.document, "diff", "update"
    ) + total(planned.document, "diff", "reactivate")

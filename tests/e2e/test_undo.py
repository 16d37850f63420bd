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


def holds(workspace: Workspace, drop: str, run: str) -> None:
    """That a night with this drop waits for somebody, for that run's sake."""
    before = workspace.sandbox.dump()
    ended = workspace.sync(workspace.folder / drop)
    assert ended.code == 4, ended.err
    (guard,) = [one for one in ended.document["guards"] if one["name"] == "undone"]
    assert f"has taken back run {run}" in guard["message"]
    assert workspace.sandbox.dump() == before


def test_of_two_runs_taken_back_the_one_that_still_stands_so_holds_the_nights(
    synced: Workspace,
) -> None:
    first = night(synced, changed(district()))
    other = with_cell(changed(district()), "students", PERSON, phone="+1-617-555-0100")
    second = night(synced, other, "other")
    back = undone(synced, second)
    assert undone(synced, first).code == 0
    holds(synced, "night", first)
    restored = undone(synced, back.document["run"])
    assert restored.code in {0, 1}, restored.err
    holds(synced, "night", first)
    assert approve(synced, synced.sync(synced.folder / "night")).code == 0
    quiet = synced.sync(synced.folder / "night")
    assert (quiet.code, total(quiet.document, "operations", "planned")) == (0, 0)


def test_a_run_stands_taken_back_while_it_could_not_be_restored(
    synced: Workspace,
) -> None:
    run = night(synced, changed(district()))
    back = undone(synced, run).document["run"]
    planned = synced.run("undo", back, "--json")
    synced.sandbox.configure(faults={"503": 1.0})
    failed = applied(synced, planned)
    assert failed.code == 5, failed.err
    synced.sandbox.configure(faults={})
    for _ in range(2):
        holds(synced, "night", run)
    assert undone(synced, back).code == 0
    quiet = synced.sync(synced.folder / "night")
    assert (quiet.code, total(quiet.document, "operations", "planned")) == (0, 0)


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


def test_an_undo_that_leaves_a_record_says_which_and_why_wherever_one_looks(
    synced: Workspace,
) -> None:
    run = night(synced, changed(district()))
    theirs = person(synced.sandbox.dump(), PERSON) | {"middleName": "Theirs"}
    synced.sandbox.load({"users": [theirs]})
    out = synced.folder / "back.rsplan"
    planned = synced.run("undo", run, "--out", out)
    words = "1 record was changed by others since and is left"
    line = f"students {PERSON}: left as it is: changed since run {run}: middleName"
    assert planned.code == 1, planned.err
    assert words in planned.line
    assert "frozen" not in planned.line
    assert line in planned.out
    assert line in synced.run("show", out).out
    assert line not in synced.run("show", out, "--entity", "agents").out
    carried = synced.run("apply", out)
    assert carried.code == 1, carried.err
    assert words in carried.line
    assert line in carried.out
    for each in synced.run("runs", "--json").document["runs"][:2]:
        folder = synced.state / "runs" / each["run"]
        page = (folder / "report.html").read_text("utf-8")
        before, _, _ = page.partition('id="counts"')
        assert f"changed since run {run}: middleName" in before
        assert f"<code>{PERSON}</code>" in before
        assert "<p>Nothing.</p>" not in before
        assert words in before
        assert "unknown" not in page
        assert f"takes back run <strong>{run}</strong>" in page


def test_an_undo_of_an_undo_shows_whom_it_ends_again_as_removed(
    synced: Workspace,
) -> None:
    first = undone(synced, night(synced, changed(district())))
    out = synced.folder / "again.rsplan"
    planned = synced.run("undo", first.document["run"], "--json", "--out", out)
    students = planned.document["entities"]["students"]["diff"]
    assert (students["update"], students["remove"]) == (2, 1)
    (guard,) = [
        one
        for one in planned.document["guards"]
        if (one["name"], one["entity"], one["group"]) == ("removals", "students", None)
    ]
    assert guard["count"] == students["remove"]
    assert planned.document["balanced"] is True
    assert "students, remove 1" in synced.run("show", out).out

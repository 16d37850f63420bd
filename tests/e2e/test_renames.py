"""A district changes ids: nothing is made twice or ended, and people say who is who."""

from __future__ import annotations

import csv
import os
import shlex
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.contract import oneroster, timeback
from tests.contract.bench import Bench
from tests.contract.harness import Harness
from tests.support.before import Before
from tests.support.districts import district, without_students
from tests.support.meddler import Heard, Meddler, Trouble
from tests.support.remote import Dump, active, changed, lost, person
from tests.support.renaming import new_ids, renumbered
from tests.support.workspace import TARGET, Workspace, target_table, total

KINDS = (timeback.EDUBRIDGE, timeback.ONEROSTER, oneroster.V1P2)
"""OneRoster 1.1 differs in paths and forms alone, which the contract suite tries."""
PHONE = "+1 617 555 0100"
LOOSE: dict[str, Any] = {
    "guards": {"floor": 0, "removals": {"percent": 100}, "by": []},
    "removal": {"users": "inactive", "enrollments": "tobedeleted"},
}
STUDENT, GUARDIAN, TEACHER = "stu-000001", "gdn-000001", "tch-000001"
THREE = new_ids([STUDENT, GUARDIAN, TEACHER])
Report = dict[str, Any]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(one, id=one.name, marks=[pytest.mark.long] if n else [])
        for n, one in enumerate(KINDS)
    ],
)
def good(
    request: pytest.FixtureRequest,
    served: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Harness, Before]:
    """A kind that makes people, after its first good night."""
    harness: Harness = request.param
    served.reset()
    served.configure(**harness.settings)
    served.load(harness.before(district()))
    workspace = Workspace(tmp_path_factory.mktemp("good"), served)
    made = Bench(harness, replace(workspace, environment=dict(harness.environment)))
    made.configure(**LOOSE)
    made.good(made.drop(district(), "before"), district())
    return harness, Before.of(workspace)


@pytest.fixture
def bench(good: tuple[Harness, Before], tmp_path: Path, sandbox: Sandbox) -> Bench:
    """The same once more."""
    harness, before = good
    made = before.again(tmp_path, sandbox, **harness.settings)
    return Bench(harness, replace(made, environment=dict(harness.environment)))


def sheet(bench: Bench, report: Report) -> Path:
    run: str = report["run"]
    return bench.workspace.state / "runs" / run / "renames.csv"


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def counts(report: Report, section: str, part: str) -> dict[str, int]:
    found = {
        name: sections[section][part]
        for name, sections in report["entities"].items()
        if section in sections
    }
    return {name: count for name, count in found.items() if count}


def enabled(dump: Dump) -> set[str]:
    """Who is in force and may sign in."""
    return {
        one["sourcedId"]
        for one in dump["users"]
        if one["status"] == "active" and one["enabledUser"] in {True, "true"}
    }


def sent(report: Report) -> Mapping[str, int]:
    return counts(report, "operations", "planned")


def test_changed_ids_are_proposed_then_accepted_and_then_quiet(bench: Bench) -> None:
    before = bench.workspace.sandbox.dump()
    tables = renumbered(district(), THREE)
    drop = bench.drop(tables)
    proposed = bench.sync(drop)
    report = proposed.document
    assert proposed.code == 1, proposed.err
    assert sent(report) == {}
    assert counts(report, "diff", "proposed")["students"] == 1
    assert counts(report, "remote", "proposed")["users"] == 2
    assert counts(report, "remote", "remove") == {}
    assert report["balanced"] is True
    assert bench.workspace.sandbox.dump() == before
    path = sheet(bench, report)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert rows(path)[0] == ["entity", "old", "new"]
    assert {(old, new) for _, old, new in rows(path)[1:]} == set(THREE.items())
    # The next night says the same, and the command that the report names accepts it.
    assert bench.sync(drop).document["renames"]["proposed"] == 3
    command = shlex.split(report["renames"]["command"])
    accepted = bench.workspace.run(*command[1:], "--json")
    assert accepted.code == 0, accepted.err
    assert accepted.document["renames"]["accepted"] == 3
    assert sent(accepted.document) == {}
    bench.holds(district())
    assert bench.workspace.sandbox.dump() == before
    quiet = bench.sync(drop)
    assert (quiet.code, sent(quiet.document)) == (0, {})
    assert quiet.document["renames"] is None


def test_what_changes_besides_is_sent_under_the_old_id(bench: Bench) -> None:
    before = bench.workspace.sandbox.dump()
    moved = pl.when(sourcedId="n000000").then(pl.lit("Moor")).otherwise("familyName")
    tables = renumbered(district(), THREE)
    tables = replace(tables, users=tables.users.with_columns(familyName=moved))
    drop = bench.drop(tables)
    file = sheet(bench, bench.sync(drop).document)
    accepted = bench.sync(drop, "--accept-renames", file)
    assert accepted.code == 0, accepted.err
    assert counts(accepted.document, "diff", "update") == {"users": 1}
    assert sent(accepted.document) == {"users": 1}
    after = bench.workspace.sandbox.dump()
    assert changed(before, after)["users"].keys() == {GUARDIAN}
    assert {one["sourcedId"] for one in after["users"]} == {
        one["sourcedId"] for one in before["users"]
    }
    quiet = bench.sync(drop)
    assert (quiet.code, sent(quiet.document)) == (0, {})
    # Whoever leaves under the new id is ended under the old one.
    left = without_students(tables, THREE[STUDENT])
    gone = bench.sync(bench.drop(left))
    assert gone.code == 0, gone.err
    assert counts(gone.document, "remote", "remove")["students"] == 1
    ended = bench.workspace.sandbox.dump()
    assert STUDENT not in enabled(ended)
    assert not [one for one in active(ended)["agents"] if one.startswith(STUDENT)]


def test_who_is_not_confirmed_stays_proposed(bench: Bench) -> None:
    before = bench.workspace.sandbox.dump()
    drop = bench.drop(renumbered(district(), THREE))
    file = sheet(bench, bench.sync(drop).document)
    kept = [row for row in rows(file) if STUDENT not in row]
    text = "\r\n".join(";".join(row) for row in kept) + "\r\n"
    mine = bench.workspace.folder / "confirmed.csv"
    mine.write_bytes(text.encode("utf-8-sig"))
    accepted = bench.sync(drop, "--accept-renames", mine)
    assert accepted.code == 1, accepted.err
    told = accepted.document["renames"]
    assert (told["accepted"], told["proposed"]) == (2, 1)
    assert rows(sheet(bench, accepted.document))[1:] == [
        ["students", STUDENT, THREE[STUDENT]]
    ]
    assert sent(accepted.document) == {}
    assert bench.workspace.sandbox.dump() == before
    # The same file again is no mistake, and the rest is accepted from the new one.
    again = bench.sync(drop, "--accept-renames", mine)
    assert again.document["renames"]["accepted"] == 0
    assert "2 of the renames were accepted before" in again.document["notes"]
    rest = bench.sync(drop, "--accept-renames", sheet(bench, again.document))
    assert rest.code == 0, rest.err
    assert bench.sync(drop).code == 0
    assert bench.workspace.sandbox.dump() == before


def test_enrollments_of_new_ids_are_the_ones_that_are_there(bench: Bench) -> None:
    before = bench.workspace.sandbox.dump()
    tables = renumbered(district(), THREE)
    other = pl.concat_str(pl.lit("x-"), "sourcedId")
    tables = replace(
        tables, enrollments=tables.enrollments.with_columns(sourcedId=other)
    )
    drop = bench.drop(tables)
    file = sheet(bench, bench.sync(drop).document)
    accepted = bench.sync(drop, "--accept-renames", file)
    assert accepted.code == 0, accepted.err
    assert counts(accepted.document, "diff", "create") == {}
    assert counts(accepted.document, "remote", "remove") == {}
    assert active(bench.workspace.sandbox.dump()) == active(before)
    quiet = bench.sync(drop)
    assert (quiet.code, sent(quiet.document)) == (0, {})


def test_a_plan_with_accepted_renames_is_applied_later(bench: Bench) -> None:
    before = bench.workspace.sandbox.dump()
    phone = pl.when(sourcedId=THREE[STUDENT]).then(pl.lit("+1 617 555 0100"))
    tables = renumbered(district(), THREE)
    tables = replace(
        tables, students=tables.students.with_columns(phone=phone.otherwise("phone"))
    )
    drop = bench.drop(tables)
    file = sheet(bench, bench.sync(drop).document)
    plan = bench.workspace.plan(drop, "--accept-renames", file)
    assert plan.code == 0, plan.err
    assert plan.document["digest"] != bench.workspace.plan(drop).document["digest"]
    again = bench.workspace.plan(drop, "--accept-renames", file)
    assert plan.document["digest"] == again.document["digest"]
    # A preview accepts nothing for good.
    assert bench.workspace.plan(drop).document["renames"]["proposed"] == 3
    applied = bench.workspace.run("apply", plan.document["plan"]["path"], "--json")
    assert applied.code == 0, applied.err
    assert applied.document["converged"] is True
    assert applied.document["renames"]["accepted"] == 3
    after = bench.workspace.sandbox.dump()
    assert changed(before, after)["users"].keys() == {STUDENT}
    quiet = bench.sync(drop)
    assert (quiet.code, sent(quiet.document)) == (0, {})


def test_a_whole_school_of_new_ids_ends_nobody(bench: Bench) -> None:
    before = bench.workspace.sandbox.dump()
    ids = new_ids([*district().students["sourcedId"], *district().users["sourcedId"]])
    everybody = renumbered(district(), ids)
    quiet = bench.sync(bench.drop(everybody))
    assert quiet.code == 1, quiet.err
    held_there = active(before)["users"] & ids.keys()  # 1.1 knows fewer roles
    assert quiet.document["renames"]["proposed"] == len(held_there)
    assert sent(quiet.document) == {}
    # With something to hold, it is held, and the guard says why.
    bench.configure(removal=LOOSE["removal"], guards={"floor": 0})
    fresh = everybody.students.head(1).with_columns(
        sourcedId=pl.lit("fresh"),
        **{
            name: pl.lit("fresh" if name != "email" else "fresh@x.example")
            for name in ("givenName", "username", "identifier", "email")
        },
    )
    more = replace(everybody, students=pl.concat([everybody.students, fresh]))
    held = bench.sync(bench.drop(more))
    assert held.code == 4, held.err
    (guard,) = [
        one
        for one in held.document["guards"]
        if one["tripped"] and (one["name"], one["entity"]) == ("removals", "students")
    ]
    assert (
        "8 ids changed, same e-mail, username, identifier and given name"
        in (guard["message"])
    )
    assert bench.workspace.sandbox.dump() == before


def test_few_proposals_do_not_hold_the_rest(bench: Bench) -> None:
    before = bench.workspace.sandbox.dump()
    moved = pl.when(sourcedId="stu-000002").then(pl.lit("Moor")).otherwise("familyName")
    tables = renumbered(district(), THREE)
    tables = replace(tables, students=tables.students.with_columns(familyName=moved))
    done = bench.sync(bench.drop(tables))
    assert done.code == 1, done.err
    assert sent(done.document) == {"students": 1}
    after = bench.workspace.sandbox.dump()
    assert changed(before, after)["users"].keys() == {"stu-000002"}


def test_a_first_run_finds_the_people_that_are_there_under_other_ids(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    workspace = Workspace(tmp_path, sandbox)
    workspace.configure(guards=LOOSE["guards"] | {"first_run": "pass"})
    workspace.fill(people=True)
    before = sandbox.dump()
    ids = new_ids([STUDENT, TEACHER])
    drop = workspace.drop(renumbered(district(), ids))
    proposed = workspace.sync(drop)
    assert proposed.document["renames"]["proposed"] == 2
    assert len(sandbox.dump()["users"]) == len(before["users"])
    file = workspace.state / "runs" / proposed.document["run"] / "renames.csv"
    accepted = workspace.sync(drop, "--accept-renames", file)
    assert accepted.code == 0, accepted.err
    assert len(sandbox.dump()["users"]) == len(before["users"])
    assert workspace.sync(drop).code == 0


SIBLING = "stu-000001"


def test_siblings_who_share_an_email_are_never_taken_for_each_other(
    synced: Workspace,
) -> None:
    """On TimeBack a new student with the e-mail of one who left waits, and the one who
    left stays as he is."""
    synced.configure(guards=LOOSE["guards"])
    before = synced.sandbox.dump()
    other = {"givenName": "Quentin", "username": "q1", "identifier": "Q1"}
    other |= {"sourcedId": "sib-1", "birthDate": "2013-01-01"}
    tables = renumbered(district(), {SIBLING: "sib-1"})
    one = pl.col("sourcedId") == "sib-1"
    students = tables.students.with_columns(
        pl.when(one).then(pl.lit(text)).otherwise(name).alias(name)
        for name, text in other.items()
    )
    night = synced.sync(synced.drop(replace(tables, students=students))).document
    assert night["renames"] is None
    assert night["entities"]["students"]["diff"]["blocked"] == 1
    assert night["entities"]["students"]["remote"]["frozen"] == 1
    assert total(night, "operations", "planned") == 0
    assert lost(before, synced.sandbox.dump()) == {}


def test_an_id_that_was_given_to_another_person_is_named(synced: Workspace) -> None:
    tables = district()
    other = {"givenName": "Quentin", "familyName": "Moor", "birthDate": "2013-01-01"}
    other |= {"username": "q1", "identifier": "Q1", "email": "q1@x.example"}
    one = pl.col("sourcedId") == STUDENT
    students = tables.students.with_columns(
        pl.when(one).then(pl.lit(text)).otherwise(name).alias(name)
        for name, text in other.items()
    )
    ended = synced.plan(synced.drop(replace(tables, students=students)))
    assert ended.document["findings"]["RS502"] == 1
    folder = synced.state / "runs" / ended.document["run"]
    (row,) = [one for one in rows(folder / "findings.csv") if one[0] == "RS502"]
    assert row[3:5] == ["students.csv", "2"]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("entity,old,new\nstudents,a,\n", 2, "a cell is empty"),
        ("entity,old,new\nstudents,gdn-000001,n000001\n", 2, "not the given name"),
    ],
)
def test_what_cannot_be_seen_cannot_be_confirmed(
    synced: Workspace, text: str, line: int, why: str
) -> None:
    before = synced.sandbox.dump()
    drop = synced.drop(renumbered(district(), THREE))
    file = synced.folder / "mine.csv"
    file.write_text(text, "utf-8")
    ended = synced.sync(drop, "--accept-renames", file)
    assert ended.code == 2, ended.err
    assert f"{file}:{line}: " in ended.line
    assert why in ended.line
    assert synced.sandbox.dump() == before
    assert synced.sync(drop).document["renames"]["proposed"] == 3


def test_renames_are_of_one_target(synced: Workspace) -> None:
    path = synced.folder / "mine.csv"
    path.write_text("entity,old,new\n", "utf-8")
    ended = synced.run(
        *("run", "drop", "--target", TARGET, "--target", "other"),
        *("--accept-renames", path),
    )
    assert ended.code == 2
    assert "one target" in ended.line


def test_ids_that_a_spreadsheet_would_run_come_back_as_they_were(
    synced: Workspace,
) -> None:
    odd = {STUDENT: "=1+1", GUARDIAN: "'=2", TEACHER: "@t"}
    drop = synced.drop(renumbered(district(), odd))
    file = synced.state / "runs" / synced.sync(drop).document["run"] / "renames.csv"
    cells = {cell for row in rows(file) for cell in row}
    assert {"'=1+1", "''=2", "'@t"} <= cells
    accepted = synced.sync(drop, "--accept-renames", file)
    assert accepted.code == 0, accepted.err
    assert synced.sync(drop).code == 0


def test_the_page_and_the_terminal_name_the_proposals_and_the_command(
    synced: Workspace,
) -> None:
    drop = synced.drop(renumbered(district(), THREE))
    ended = synced.run("run", drop, "--target", TARGET, "--source", "sis x")
    assert ended.code == 1
    assert "3 people may be there under another id" in ended.line
    (run,) = [one.name for one in sorted((synced.state / "runs").iterdir())][-1:]
    file = synced.state / "runs" / run / "renames.csv"
    command = f"--source 'sis x' --accept-renames {file}"
    page = (file.parent / "report.html").read_text("utf-8")
    for text in (ended.out.replace("\n", " "), page):
        assert "3 people may be there under another id" in text
        assert "same e-mail, username, identifier and given name" in text
    assert command.replace("'", "&#39;") in page
    assert os.fspath(file) in ended.out.replace("\n", "")
    out = synced.folder / "sheets"
    synced.run("report", run, "--format", "csv", "--out", out)
    assert (out / "renames.csv").read_bytes() == file.read_bytes()


def phoned() -> Tables:
    """Three of new ids, one of whom has another phone as well."""
    tables = renumbered(district(), THREE)
    phone = pl.when(sourcedId=THREE[STUDENT]).then(pl.lit(PHONE))
    students = tables.students.with_columns(phone=phone.otherwise("phone"))
    return replace(tables, students=students)


def asked(workspace: Workspace, drop: Path) -> Path:
    """The sheet in which a night with this drop asks who is who."""
    run: str = workspace.sync(drop).document["run"]
    return workspace.state / "runs" / run / "renames.csv"


def taken_back(workspace: Workspace, run: str) -> Report:
    plan = workspace.run("undo", run, "--json").document["plan"]
    applied = workspace.run("apply", plan["path"], "--json")
    if applied.code == 4:
        digest = workspace.run("show", plan["path"], "--json").document["digest"]
        applied = workspace.run(
            *("apply", plan["path"], "--approve", digest[:12], "--json")
        )
    assert applied.code == 0, applied.err
    report: Report = applied.document
    return report


@pytest.mark.parametrize("writes", [True, False])
def test_to_take_a_confirmation_back_is_to_ask_again(
    synced: Workspace, writes: bool
) -> None:
    before = synced.sandbox.dump()
    drop = synced.drop(phoned() if writes else renumbered(district(), THREE))
    file = asked(synced, drop)
    accepted = synced.sync(drop, "--accept-renames", file).document
    assert total(accepted, "operations", "done") == writes
    undone = taken_back(synced, accepted["run"])
    assert undone["renames"] is None
    assert changed(before, synced.sandbox.dump()) == {}
    again = synced.plan(drop).document
    assert again["renames"]["proposed"] == 3
    assert counts(again, "remote", "remove") == {}
    # And whoever takes that back has them accepted once more.
    redone = taken_back(synced, undone["run"])
    assert redone["renames"]["accepted"] == 3
    assert total(redone, "operations", "done") == writes
    last = synced.plan(drop).document
    assert last["renames"] is None
    assert total(last, "operations", "planned") == 0


def test_a_change_that_failed_under_an_accepted_name_is_made_the_next_night(
    synced: Workspace,
) -> None:
    drop = synced.drop(phoned())
    file = asked(synced, drop)

    def refused(heard: Heard) -> Trouble | None:
        return Trouble(422) if heard.writes else None

    with Meddler(synced.sandbox.url, refused) as proxy:
        synced.write_config(
            {
                "state_dir": "state",
                "targets": {TARGET: target_table(proxy.url, settle="1s")},
            }
        )
        failed = synced.sync(drop, "--accept-renames", file)
        assert failed.code == 1, failed.err
        assert total(failed.document, "operations", "failed") == 1
    synced.configure()
    done = synced.sync(drop)
    assert (done.code, done.document["renames"]) == (0, None)
    assert total(done.document, "operations", "done") == 1
    assert person(synced.sandbox.dump(), STUDENT)["phone"] == PHONE


def test_a_run_that_was_stopped_goes_on_with_what_it_accepted(
    synced: Workspace,
) -> None:
    drop = synced.drop(phoned())
    file = asked(synced, drop)
    waits = Trouble(503, headers=(("Retry-After", "100"),))

    def busy(heard: Heard) -> Trouble | None:
        return waits if heard.writes else None

    with Meddler(synced.sandbox.url, busy) as proxy:
        table = target_table(proxy.url, limits={"retries": 5})
        synced.write_config({"state_dir": "state", "targets": {TARGET: table}})
        stopped = synced.sync(drop, "--accept-renames", file, "--deadline", "4s")
        assert stopped.code == 7, stopped.err
        proxy.rule = lambda _: None
        resumed = synced.run("resume", stopped.document["run"], "--json")
    assert resumed.code == 0, resumed.err
    assert resumed.document["renames"]["accepted"] == 3
    assert total(resumed.document, "operations", "done") == 1
    synced.configure()
    assert synced.sync(drop).code == 0
    assert person(synced.sandbox.dump(), STUDENT)["phone"] == PHONE

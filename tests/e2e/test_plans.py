"""A plan is what was looked at: applied once, unchanged, in time, or never."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from sync.samples import sandbox_document
from tests.support.districts import district, with_cell, without_students
from tests.support.remote import active
from tests.support.workspace import Workspace, total

PERSON = "stu-000002"


def phoned(number: str) -> Any:
    return with_cell(district(), "students", PERSON, phone=f"+1-617-555-{number}")


def planned(workspace: Workspace, number: str = "0199") -> Path:
    """The plan of one changed phone number."""
    ended = workspace.plan(workspace.drop(phoned(number), f"drop-{number}"))
    assert ended.code == 0
    return Path(ended.document["plan"]["path"])


def test_two_plans_of_the_same_inputs_have_one_digest_and_two_ids(
    synced: Workspace,
) -> None:
    drop = synced.drop(phoned("0199"))
    first, second = synced.plan(drop).document, synced.plan(drop).document
    assert first["digest"] == second["digest"]
    assert first["plan"]["id"] != second["plan"]["id"]


def test_a_plan_of_other_inputs_has_another_digest(synced: Workspace) -> None:
    first = synced.plan(synced.drop(phoned("0199"))).document
    second = synced.plan(synced.drop(phoned("0198"))).document
    assert first["digest"] != second["digest"]


def test_a_plan_sends_nothing_that_writes(workspace: Workspace) -> None:
    before = workspace.sandbox.dump()
    workspace.plan(workspace.drop())
    assert workspace.sandbox.dump() == before
    methods = {
        one["method"]
        for one in workspace.sandbox.requests()
        if one["service"] != "token"
    }
    assert methods == {"GET"}


def test_a_plan_that_was_applied_is_not_applied_again(synced: Workspace) -> None:
    plan = planned(synced)
    assert synced.run("apply", plan).code == 0
    again = synced.run("apply", plan, "--json")
    assert again.code == 2
    assert "applied already" in again.line


def test_what_lets_a_held_plan_through_names_the_whole_path_of_the_configuration(
    synced: Workspace,
) -> None:
    (synced.folder / "roster-sync.toml").rename(synced.folder / "other.toml")
    tables = without_students(district(), PERSON, "stu-000003")
    drop = synced.drop(tables, "next")
    ended = synced.run("run", drop, "--target", "district", "--config", "other.toml")
    assert ended.code == 4
    assert f"--config {synced.folder / 'other.toml'} apply" in ended.line


def tampered(_synced: Workspace, plan: Path) -> None:
    with ZipFile(plan) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    members["plan.json"] = members["plan.json"].replace(b"district", b"DISTRICT", 1)
    with ZipFile(plan, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def cut_off(_synced: Workspace, plan: Path) -> None:
    plan.write_bytes(plan.read_bytes()[:-100])


def other_seal(synced: Workspace, _plan: Path) -> None:
    key = synced.state / "seal.key"
    key.write_bytes(bytes(reversed(key.read_bytes())))


def other_policy(synced: Workspace, _plan: Path) -> None:
    synced.configure(removal={"students": "keep"})


def other_address(synced: Workspace, _plan: Path) -> None:
    url = synced.sandbox.url.replace("127.0.0.1", "localhost")
    synced.configure(platform={"url": url})


def a_later_run(synced: Workspace, _plan: Path) -> None:
    assert synced.sync(synced.drop(phoned("0197"), "later")).code == 0


def no_plan(_synced: Workspace, plan: Path) -> None:
    plan.write_text("not a plan", "utf-8")


def no_file(_synced: Workspace, plan: Path) -> None:
    plan.unlink()


@pytest.mark.parametrize(
    "change",
    [
        tampered,
        cut_off,
        other_seal,
        other_policy,
        other_address,
        a_later_run,
        no_plan,
        no_file,
    ],
    ids=lambda change: change.__name__.replace("_", " "),
)
def test_a_plan_that_is_not_right_any_more_ends_with_2_and_sends_nothing(
    synced: Workspace, change: Callable[[Workspace, Path], None]
) -> None:
    plan = planned(synced)
    change(synced, plan)
    before = synced.sandbox.dump()
    ended = synced.run("apply", plan)
    assert ended.code == 2
    assert synced.sandbox.dump() == before


def test_a_plan_older_than_plan_valid_ends_with_2(synced: Workspace) -> None:
    synced.configure({"plan_valid": "1ms"})
    ended = synced.run("apply", planned(synced))
    assert ended.code == 2
    assert "valid until" in ended.line


def test_a_run_that_wrote_nothing_does_not_outdate_a_plan(synced: Workspace) -> None:
    plan = planned(synced)
    assert synced.sync(synced.folder / "drop").code == 0
    assert synced.run("apply", plan).code == 0


@pytest.fixture
def stranger(workspace: Workspace) -> Workspace:
    """A roster that is not empty, and no ledger of it."""
    workspace.sandbox.load(sandbox_document(without_students(district(), PERSON), True))
    return workspace


def held(stranger: Workspace) -> dict[str, Any]:
    stranger.configure(guards={"creates": {"percent": 100}})
    ended = stranger.sync(stranger.drop())
    assert ended.code == 4
    return ended.document


def test_the_first_run_against_a_roster_with_people_is_held(
    stranger: Workspace,
) -> None:
    before = stranger.sandbox.dump()
    report = held(stranger)
    assert [g["name"] for g in report["guards"] if g["tripped"]] == ["first_run"]
    assert report["outcome"] == "held"
    assert report["plan"]["held"] is True
    assert stranger.sandbox.dump() == before


def test_the_line_of_a_held_plan_names_it_and_its_digest(stranger: Workspace) -> None:
    stranger.configure()
    ended = stranger.sync(stranger.drop())
    assert ended.code == 4
    assert ended.document["plan"]["path"] in ended.line
    assert ended.document["digest"][:12] in ended.line


@pytest.mark.parametrize(
    "approval",
    [
        pytest.param(lambda _: [], id="none"),
        pytest.param(lambda digest: ["--approve", digest[:7]], id="too short"),
        pytest.param(lambda _: ["--approve", "0" * 12], id="another"),
        pytest.param(lambda digest: ["--approve", digest[:-1] + "!"], id="not quite"),
        pytest.param(lambda _: ["--approve", ""], id="empty"),
    ],
)
def test_a_held_plan_stays_held_without_the_right_digest(
    stranger: Workspace, approval: Callable[[str], list[str]]
) -> None:
    report = held(stranger)
    before = stranger.sandbox.dump()
    path, digest = report["plan"]["path"], report["digest"]
    ended = stranger.run("apply", path, *approval(digest), "--json")
    assert ended.code == 4
    assert ended.document["outcome"] == "held"
    assert stranger.sandbox.dump() == before
    approved = stranger.run("apply", path, "--approve", digest[:8], "--json")
    assert approved.code == 0


def test_an_approved_plan_is_carried_out_and_says_who_approved(
    stranger: Workspace,
) -> None:
    report = held(stranger)
    path, digest = report["plan"]["path"], report["digest"]
    ended = stranger.run("apply", path, "--approve", digest[:8], "--json")
    assert ended.code == 0
    assert PERSON in active(stranger.sandbox.dump())["users"]
    approved = ended.document["approved"]
    assert set(approved) == {"user", "host", "at", "digest"}
    assert approved["digest"] == digest
    again = stranger.sync(stranger.folder / "drop")
    assert (again.code, total(again.document, "operations", "planned")) == (0, 0)


def test_the_first_run_against_an_empty_roster_is_not_held(
    workspace: Workspace,
) -> None:
    assert workspace.plan(workspace.drop()).code == 0


def test_first_run_pass_lets_the_first_run_through(stranger: Workspace) -> None:
    stranger.configure(guards={"first_run": "pass", "creates": {"percent": 100}})
    assert stranger.sync(stranger.drop()).code == 0


def test_a_first_run_without_changes_is_good_and_fills_the_ledger(
    workspace: Workspace,
) -> None:
    workspace.fill(people=True)
    assert workspace.sync(workspace.drop()).code == 0
    workspace.configure(guards={"removals": {"percent": 60}, "by_percent": 80})
    ended = workspace.sync(workspace.drop(without_students(district(), PERSON)))
    assert ended.code == 0
    assert ended.document["entities"]["students"]["remote"]["remove"] == 1


def test_plan_exit_code_answers_10_for_changes_and_0_for_none(
    synced: Workspace,
) -> None:
    unchanged = synced.plan(synced.folder / "drop", "--exit-code")
    changes = synced.plan(synced.drop(phoned("0199"), "next"), "--exit-code")
    assert (unchanged.code, changes.code) == (0, 10)


def test_plan_exit_code_of_a_held_plan_is_still_4(synced: Workspace) -> None:
    drop = synced.drop(without_students(district(), PERSON, "stu-000003"), "next")
    assert synced.plan(drop, "--exit-code").code == 4


def test_plan_out_writes_the_plan_where_it_was_asked_for(synced: Workspace) -> None:
    drop = synced.drop(phoned("0199"), "next")
    out = synced.folder / "night.rsplan"
    ended = synced.plan(drop, "--out", out)
    assert ended.code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    shown = synced.run("show", out, "--json").document
    assert shown["id"] == ended.document["plan"]["id"]
    assert synced.run("apply", out).code == 0
    assert synced.run("apply", ended.document["plan"]["path"]).code == 2


@pytest.mark.parametrize("command", ["dry run", "plan"])
def test_a_preview_reports_what_would_be_done_and_does_nothing(
    synced: Workspace, command: str
) -> None:
    before = synced.sandbox.dump()
    drop = synced.drop(phoned("0199"), "next")
    look = synced.plan(drop) if command == "plan" else synced.sync(drop, "--dry-run")
    assert look.code == 0
    assert look.document["outcome"] == "preview"
    assert look.document["balanced"] is True
    assert total(look.document, "operations", "planned") == 1
    assert total(look.document, "operations", "not_reached") == 1
    assert synced.sandbox.dump() == before


def test_the_requests_that_were_shown_are_those_that_were_sent(
    workspace: Workspace,
) -> None:
    plan = workspace.plan(workspace.drop()).document["plan"]["path"]
    shown = workspace.run("show", plan, "--requests", "--json").document["requests"]
    workspace.sandbox.clear_requests()
    assert workspace.run("apply", plan).code == 0
    sent = [
        (one["method"], one["path"], one["body"])
        for one in workspace.sandbox.requests()
        if one["service"] != "token" and one["method"] != "GET"
    ]
    assert len(sent) == len(shown) > 100
    expected = [(one["method"], one["path"], one["body"]) for one in shown]
    assert sorted(map(repr, sent)) == sorted(map(repr, expected))
    # Within a phase several are in flight at once; phases follow one another.
    phase = {
        repr(one): facts["phase"] for one, facts in zip(expected, shown, strict=True)
    }
    phases = [phase[repr(one)] for one in sent]
    assert phases == sorted(phases)

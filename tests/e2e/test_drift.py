"""What changed since the plan is left alone and named: field, then, now, and no values
where none may stand."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sync.errors import LocalError
from sync.samples import Tables
from sync.sandbox import Sandbox
from sync.state import Journal
from tests.support.before import Before
from tests.support.districts import district, with_cell
from tests.support.remote import person
from tests.support.workspace import Workspace, total

THEIRS, GONE, OURS = "stu-000002", "stu-000003", "stu-000004"


def meant() -> Tables:
    tables = district()
    for number, key in enumerate((THEIRS, GONE, OURS)):
        tables = with_cell(tables, "students", key, phone=f"+1-617-555-018{number}")
    return tables


@pytest.fixture(scope="module")
def planned(
    before: Before, served: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Before:
    """With the plan of another night."""
    made = before.again(tmp_path_factory.mktemp("planned"), served)
    made.plan(made.drop(meant(), "next"))
    return Before.of(made)


@pytest.fixture
def meddled(planned: Before, tmp_path: Path, sandbox: Sandbox) -> Workspace:
    """Of three students whose telephone number is to change, one was given another
    name since, and one was taken out."""
    made = planned.again(tmp_path, sandbox)
    dump = sandbox.dump()
    renamed = person(dump, THEIRS) | {
        "givenName": "Canarina",
        "phone": "+1-617-5550177",
    }
    left = person(dump, GONE) | {"status": "tobedeleted"}
    sandbox.load({"users": [renamed, left]})
    return made


def plan_of(workspace: Workspace) -> Path:
    """The last plan."""
    return max(workspace.state.glob("runs/*/plan.rsplan"))


def sheet(workspace: Workspace, run: str) -> dict[str, dict[str, str]]:
    path = workspace.state / "runs" / run / "operations.csv"
    with path.open(encoding="utf-8") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def named(workspace: Workspace, report: dict[str, Any]) -> None:
    """Assert that the report tells of both, and no file and no stream of a value."""
    was = person(workspace.sandbox.dump(), THEIRS)
    told = {(one["key"], one["field"]): one for one in report["drift"]}
    assert set(told) == {(THEIRS, "givenName"), (THEIRS, "phone"), (GONE, "status")}
    assert told[THEIRS, "givenName"]["now"] == "C…"
    assert told[THEIRS, "phone"]["now"] == "…77"
    assert told[GONE, "status"]["then"] == "active"
    rows = sheet(workspace, report["run"])
    assert rows[THEIRS]["state"] == rows[GONE]["state"] == "skipped"
    assert "givenName was " in rows[THEIRS]["changed"]
    assert "is C…; phone was " in rows[THEIRS]["changed"]
    assert rows[OURS]["state"] == "done"
    assert rows[OURS]["changed"] == ""
    folder = workspace.state / "runs" / report["run"]
    html = (folder / "report.html").read_text("utf-8")
    assert "givenName was " in html
    for name in ("report.json", "report.html", "operations.csv", "log.jsonl"):
        text = (folder / name).read_text("utf-8")
        assert "Canarina" not in text, name
        assert "5550177" not in text, name
        assert was["familyName"] not in text, name


def test_what_changed_since_the_plan_is_left_alone_and_named_with_both_values(
    meddled: Workspace,
) -> None:
    before = meddled.sandbox.dump()
    ended = meddled.run("apply", plan_of(meddled), "--json")
    assert ended.code == 1
    assert total(ended.document, "operations", "skipped") == 2
    assert total(ended.document, "operations", "done") == 1
    assert person(meddled.sandbox.dump(), THEIRS) == person(before, THEIRS)
    assert "Canarina" not in ended.err
    assert "5550177" not in ended.err
    named(meddled, ended.document)


def test_the_terminal_names_them_too_without_the_values(meddled: Workspace) -> None:
    ended = meddled.run("apply", plan_of(meddled))
    assert f"students {THEIRS}: givenName was " in ended.out
    assert f"students {GONE}: status was active, is " in ended.out
    assert "Canarina" not in ended.out + ended.err


def test_a_resumed_run_names_what_its_first_process_left_alone(
    meddled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal has words alone; the values stand in the folder of the run."""

    async def full(_journal: Journal, _operations: Sequence[str]) -> None:
        message = "the disk is full"
        raise LocalError(message)

    before = meddled.sandbox.dump()
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "sent", full)
        assert meddled.run("apply", plan_of(meddled)).code == 8
    meddled.sandbox.load({"users": [person(before, THEIRS) | {"givenName": "Other"}]})
    again = meddled.run("resume", "--json")
    assert again.code == 1, again.err
    named(meddled, again.document)


def test_a_skipped_change_is_no_answer_of_the_system_and_comes_again(
    meddled: Workspace,
) -> None:
    ended = meddled.run("apply", plan_of(meddled))
    assert ended.code == 1
    assert "2 changes skipped" in ended.line
    said = "The next run compares anew and writes what the drop says over it"
    assert said in " ".join(ended.out.split())
    run = meddled.run("runs", "--json").document["runs"][0]["run"]
    page = (meddled.state / "runs" / run / "report.html").read_text("utf-8")
    assert "answered drift" not in page
    assert said in page
    again = meddled.sync(meddled.folder / "next")
    assert again.code == 0, again.err
    now = person(meddled.sandbox.dump(), THEIRS)
    assert now["phone"] == "+1-617-555-0180"
    assert now["givenName"] != "Canarina"

"""What is new tonight: a row that was bad for a month must not hide tonight's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.sandbox import Sandbox
from tests.support.before import Before
from tests.support.districts import edit, slim
from tests.support.workspace import Workspace


def spoilt(workspace: Workspace, count: int) -> Path:
    """The drop with an email that nobody can write to in the first rows."""
    drop = workspace.drop(slim(), f"spoilt-{count}")
    for email in slim().students["email"].to_list()[:count]:
        edit(drop / "students.csv", email, "nowhere")
    return drop


def ids(count: int) -> list[str]:
    """The sourcedIds of the first students."""
    return slim().students["sourcedId"].to_list()[:count]


def night(workspace: Workspace, drop: Path) -> dict[str, Any]:
    ended = workspace.sync(drop)
    assert ended.code == 0, ended.err
    return ended.document


@pytest.fixture(scope="module")
def spoilt_night(
    slim_before: Before, served: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Before:
    """After a night with two bad rows that say the very same."""
    made = slim_before.again(tmp_path_factory.mktemp("spoilt"), served)
    assert night(made, spoilt(made, 2))["new_findings"] == {"RS117": 2}
    return Before.of(made)


@pytest.fixture
def two_bad(spoilt_night: Before, tmp_path: Path, sandbox: Sandbox) -> Workspace:
    """The night after."""
    return spoilt_night.again(tmp_path, sandbox)


def test_what_was_bad_yesterday_is_not_new(two_bad: Workspace) -> None:
    report = night(two_bad, spoilt(two_bad, 2))
    assert report["findings"] == {"RS117": 2, "RS406": 1}
    assert report["new_findings"] == {}


def test_one_more_bad_row_is_exactly_one_new_finding(two_bad: Workspace) -> None:
    report = night(two_bad, spoilt(two_bad, 3))
    assert report["findings"] == {"RS117": 3}
    assert report["new_findings"] == {"RS117": 1}


def test_a_refused_drop_between_two_nights_does_not_forget(two_bad: Workspace) -> None:
    broken = spoilt(two_bad, 2)
    edit(broken / "students.csv", "familyName", "surname")
    assert two_bad.sync(broken).code == 3
    assert night(two_bad, spoilt(two_bad, 2))["new_findings"] == {}


def test_a_delta_between_two_nights_does_not_forget(two_bad: Workspace) -> None:
    delta = two_bad.folder / "delta"
    delta.mkdir()
    lines = (spoilt(two_bad, 0) / "students.csv").read_text("utf-8").splitlines()
    (delta / "students.csv").write_text("\n".join(lines[:2]) + "\n", "utf-8")
    assert two_bad.sync(delta, "--delta").code == 0
    assert night(two_bad, spoilt(two_bad, 2))["new_findings"] == {}


def test_a_plan_that_is_applied_reports_what_was_found_in_its_drop(
    two_bad: Workspace,
) -> None:
    drop = spoilt(two_bad, 3)
    planned = two_bad.plan(drop)
    applied = two_bad.run("apply", planned.document["plan"]["path"], "--json")
    for report in (planned.document, applied.document):
        assert report["findings"] == {"RS117": 3}
        assert report["new_findings"] == {"RS117": 1}
    assert night(two_bad, drop)["new_findings"] == {}


def named(workspace: Workspace, report: dict[str, Any]) -> dict[str, str]:
    """Of each finding about an e-mail, the record and whether it is new."""
    path = workspace.state / "runs" / report["run"] / "findings.csv"
    rows = pl.read_csv(path, infer_schema=False).filter(code="RS117")
    return dict(rows.select("key", "new").rows())


def test_a_bad_row_that_moves_to_another_line_is_not_new(two_bad: Workspace) -> None:
    drop = spoilt(two_bad, 2)
    head, *lines = (drop / "students.csv").read_text("utf-8").splitlines()
    moved = "\n".join([head, *lines[2:], *lines[:2]]) + "\n"
    (drop / "students.csv").write_text(moved, "utf-8")
    report = night(two_bad, drop)
    assert report["findings"] == {"RS117": 2}
    assert report["new_findings"] == {}
    assert named(two_bad, report) == dict.fromkeys(ids(2), "false")


def test_another_bad_row_in_the_place_of_one_that_was_mended_is_new(
    two_bad: Workspace,
) -> None:
    first, *_ = slim().students["email"].to_list()
    drop = spoilt(two_bad, 3)
    lines = (drop / "students.csv").read_text("utf-8").splitlines()
    lines[1] = lines[1].replace("nowhere", first)
    (drop / "students.csv").write_text("\n".join(lines) + "\n", "utf-8")
    report = night(two_bad, drop)
    assert report["new_findings"] == {"RS117": 1}
    _, second, third = ids(3)
    assert named(two_bad, report) == {second: "false", third: "true"}
    ended = two_bad.run("report", report["run"], "--format", "html").out
    assert "1 of 2 findings is new; 1 other was there the last night too." in ended


def test_looking_at_a_drop_by_day_makes_it_no_old_news(two_bad: Workspace) -> None:
    drop = spoilt(two_bad, 3)
    assert two_bad.plan(drop).document["new_findings"] == {"RS117": 1}
    assert two_bad.sync(drop, "--dry-run").document["new_findings"] == {"RS117": 1}
    assert night(two_bad, drop)["new_findings"] == {"RS117": 1}

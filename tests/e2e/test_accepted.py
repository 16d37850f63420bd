"""Rows that somebody knows to be bad: still rejected, and no reason to end with 1."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from sync.sandbox import Sandbox
from tests.support.before import Before
from tests.support.districts import edit, slim
from tests.support.workspace import Workspace, total


def tomorrow() -> str:
    return (datetime.now(UTC).date() + timedelta(days=2)).isoformat()


def spoilt(workspace: Workspace, count: int = 2, name: str = "spoilt") -> Path:
    """The drop without the given name in the first rows."""
    drop = workspace.drop(slim(), name)
    for given in slim().students["givenName"].to_list()[:count]:
        edit(drop / "students.csv", f",{given},", ",,")
    return drop


@dataclass(frozen=True, slots=True)
class Night:
    """The night whose bad rows somebody has accepted."""

    run: str
    before: Before


@pytest.fixture(scope="module")
def accepted_night(
    slim_before: Before, served: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Night:
    """After a night with two bad rows, and what falls with them, all of it accepted."""
    made = slim_before.again(tmp_path_factory.mktemp("accepted"), served)
    ended = made.sync(spoilt(made))
    assert ended.code == 1, ended.err
    run = ended.document["run"]
    said = made.run("accept-findings", run, "--until", tomorrow())
    assert said.code == 0, said.err
    assert said.out.startswith(f"2 findings are known until {tomorrow()}:\n")
    assert "students.csv:2: rejected RS101: givenName is missing" in said.out
    return Night(run, Before.of(made))


@pytest.fixture
def accepted(accepted_night: Night, tmp_path: Path, sandbox: Sandbox) -> Workspace:
    """The night after."""
    return accepted_night.before.again(tmp_path, sandbox)


def test_where_nothing_else_is_wrong_a_run_ends_with_0_and_says_what_is_known(
    accepted: Workspace,
) -> None:
    drop = spoilt(accepted)
    first, again = accepted.sync(drop), accepted.sync(drop)
    assert (first.code, again.code) == (0, 0), first.err + again.err
    report = again.document  # of a night that was not judged again
    rejected = total(report, "rows", "rejected")
    assert rejected > 2
    assert first.document["known"] == report["known"] == rejected
    assert total(report, "remote", "frozen") == rejected
    assert any("known, accepted by " in note for note in report["notes"])
    assert report["balanced"]
    sheet = accepted.state / "runs" / report["run"] / "findings.csv"
    known = pl.read_csv(sheet, infer_schema=False).filter(severity="rejected")["known"]
    assert set(known) == {"true"}
    page = accepted.run("report", report["run"], "--format", "html").out
    assert f"{rejected} findings are known" in page
    assert f"{rejected} rows were rejected and changed nothing, as is known." in page


def moved(drop: Path) -> None:
    head, first, *rest = (drop / "students.csv").read_text("utf-8").splitlines()
    (drop / "students.csv").write_text("\n".join([head, *rest, first]) + "\n", "utf-8")


def changed(drop: Path) -> None:
    """Another cell of a bad row than the one that is bad."""
    edit(drop / "students.csv", slim().students["familyName"].to_list()[0], "Neu")


def joined(drop: Path) -> None:
    """One more bad row."""
    third = slim().students["givenName"].to_list()[2]
    edit(drop / "students.csv", f",{third},", ",,")


def worse(drop: Path) -> None:
    """A second mistake in a row that is known for another one."""
    edit(drop / "students.csv", slim().students["familyName"].to_list()[0], "")


@pytest.mark.parametrize(
    ("change", "code"), [(moved, 0), (changed, 1), (joined, 1), (worse, 1)]
)
def test_a_row_is_known_while_it_is_the_same_wherever_it_stands(
    accepted: Workspace, change: Callable[[Path], None], code: int
) -> None:
    drop = spoilt(accepted)
    change(drop)
    ended = accepted.sync(drop)
    assert ended.code == code, ended.err
    assert 0 < ended.document["known"] <= total(ended.document, "rows", "rejected")


def test_when_the_day_is_over_the_rows_count_again(accepted: Workspace) -> None:
    path = accepted.state / "targets" / "district.accepted.json"
    said = json.loads(path.read_bytes())
    over = (datetime.now(UTC).date() - timedelta(days=2)).isoformat()
    for one in said.values():
        one["until"] = over
    path.write_text(json.dumps(said), "ascii")
    ended = accepted.sync(spoilt(accepted))
    assert (ended.code, ended.document["known"]) == (1, 0)


def test_a_plan_that_is_applied_knows_them_too(accepted: Workspace) -> None:
    drop = spoilt(accepted)
    given = slim().students["givenName"].to_list()[5]
    edit(drop / "students.csv", f",{given},", ",Neu,")
    planned = accepted.plan(drop)
    assert planned.code == 0, planned.err
    applied = accepted.run("apply", planned.document["plan"]["path"], "--json")
    assert (planned.code, applied.code) == (0, 0), applied.err
    assert applied.document["known"] == planned.document["known"] > 2


def test_what_was_accepted_is_kept_without_a_cell(accepted: Workspace) -> None:
    path = accepted.state / "targets" / "district.accepted.json"
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text("utf-8")
    cells = [*slim().students["familyName"], *slim().students["sourcedId"]]
    assert [cell for cell in cells if f'"{cell}"' in text] == []


YESTERDAY = "2020-01-01"


@pytest.mark.parametrize(
    ("run", "until", "said"),
    [
        ("nobody", None, "there is no run nobody"),
        (None, "gestern", '--until "gestern" is not a day; write it as 2026-12-31'),
        (None, YESTERDAY, f"--until {YESTERDAY} is over"),
    ],
)
def test_what_cannot_be_accepted_is_wrong_usage(
    accepted: Workspace,
    accepted_night: Night,
    run: str | None,
    until: str | None,
    said: str,
) -> None:
    words = (run or accepted_night.run, "--until", until or tomorrow())
    ended = accepted.run("accept-findings", *words)
    assert ended.code == 2
    assert said in ended.line


def test_a_run_without_a_bad_row_or_without_a_plan_has_nothing_to_accept(
    accepted: Workspace,
) -> None:
    good = accepted.sync(accepted.drop(slim(), "good")).document["run"]
    broken = accepted.drop(slim(), "broken")
    edit(broken / "students.csv", "familyName", "surname")
    refused = accepted.sync(broken).document["run"]
    for run, said in ((good, "has rejected no row"), (refused, "is not kept, or its")):
        ended = accepted.run("accept-findings", run, "--until", tomorrow())
        assert ended.code == 2
        assert said in ended.line


def test_it_is_told_as_one_document(accepted: Workspace, accepted_night: Night) -> None:
    run = accepted_night.run
    ended = accepted.run("accept-findings", run, "--until", tomorrow(), "--json")
    assert ended.document == {
        "format": 1,
        "run": run,
        "target": "district",
        "until": tomorrow(),
        "accepted": 2,
        "not_accepted": 0,
    }
    assert date.fromisoformat(ended.document["until"])


@pytest.mark.parametrize("content", ["{", '{"a": 3}'])
def test_what_was_accepted_and_is_damaged_counts_as_nothing(
    accepted: Workspace, content: str
) -> None:
    path = accepted.state / "targets" / "district.accepted.json"
    path.write_text(content, "ascii")
    assert accepted.sync(spoilt(accepted)).code == 1

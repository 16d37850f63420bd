"""R21: a cron job that is silent, or that runs in vain every night, raises the alarm.

The last good night is put thirty hours back, and tonight's ends in every way there is.
Only what came to its end (0 or 1) silences ``status --max-age 26h``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from sync.cli import status
from sync.sandbox import Sandbox
from sync.state import RunRecord, StateFolder, TargetState, hold
from tests.faults.offices import PERSON, office, phoned
from tests.faults.proofs import Line
from tests.support.districts import district, with_cell, without_students
from tests.support.workspace import TARGET, Workspace, target_table

LIMIT, ALARM = "26h", 5
HOUR = timedelta(hours=1)
Night = Callable[[Workspace], int]


@pytest.fixture
def late(tmp_path: Path, sandbox: Sandbox) -> Workspace:
    """The last good night was thirty hours ago."""
    workspace = office(tmp_path / "office", sandbox)
    put_back(workspace, 30)
    return workspace


def put_back(workspace: Workspace, hours: float, target: str = TARGET) -> None:
    """Let everything that is known of a target have happened so much earlier."""
    path = workspace.state / "targets" / f"{target}.sqlite"
    back = round(hours * 3600 * 1_000_000)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE good_drops SET finished = finished - ?", (back,))
        connection.execute(
            "UPDATE runs SET started = started - ?, finished = finished - ?",
            (back, back),
        )


def asked(workspace: Workspace, *options: object) -> int:
    """What ``status`` ends with."""
    return workspace.run("status", "--max-age", LIMIT, *options).code


def no_night(_workspace: Workspace) -> int:
    return -1


def held(workspace: Workspace) -> int:
    leavers = (PERSON, "stu-000003", "stu-000004", "stu-000005")
    tables = without_students(district(), *leavers)
    return workspace.sync(workspace.drop(tables, "next")).code


def refused(workspace: Workspace) -> int:
    drop = workspace.drop(district(), "next")
    (drop / "students.csv").write_text('sourcedId\n"never closed', "utf-8")
    return workspace.sync(drop).code


def failed(workspace: Workspace) -> int:
    workspace.sandbox.configure(faults="500=1.0")
    return workspace.sync(workspace.drop(phoned("0155"), "next")).code


def interrupted(workspace: Workspace) -> int:
    drop = workspace.drop(phoned("0155"), "next")
    return workspace.sync(drop, "--deadline", "0s").code


def locked(workspace: Workspace) -> int:
    folder = StateFolder(workspace.state)
    with hold(folder, TARGET, run="other", started=datetime.now(UTC), wait=None):
        return workspace.sync(workspace.folder / "drop").code


def planned(workspace: Workspace) -> int:
    return workspace.plan(workspace.drop(phoned("0155"), "next")).code


def dry(workspace: Workspace) -> int:
    drop = workspace.drop(phoned("0155"), "next")
    return workspace.sync(drop, "--dry-run").code


def checked(workspace: Workspace) -> int:
    return workspace.run("check", workspace.folder / "drop").code


def died(workspace: Workspace) -> int:
    with TargetState.open(StateFolder(workspace.state), TARGET) as state:
        state.begin_run(RunRecord("died", datetime.now(UTC)))
    return -1


def misconfigured(workspace: Workspace) -> int:
    workspace.configure(guards={"removals": {"percent": -1}})
    code = workspace.sync(workspace.folder / "drop").code
    workspace.configure()
    return code


def done(workspace: Workspace) -> int:
    return workspace.sync(workspace.drop(phoned("0155"), "next")).code


def quiet(workspace: Workspace) -> int:
    return workspace.sync(workspace.folder / "drop").code


def in_part(workspace: Workspace) -> int:
    tables = with_cell(district(), "enrollments", seat(), beginDate="soon")
    return workspace.sync(workspace.drop(tables, "next")).code


def seat() -> str:
    """The enrollment of a student."""
    first = district().enrollments.filter(pl.col("role") == "student")["sourcedId"]
    return str(first.sort().first())


def applied(workspace: Workspace) -> int:
    path = workspace.plan(workspace.drop(phoned("0155"), "next")).document["plan"]
    return workspace.run("apply", path["path"]).code


def approved(workspace: Workspace) -> int:
    assert held(workspace) == 4
    report = workspace.run("runs", "--json").document["runs"][0]
    path = workspace.state / "runs" / report["run"] / "plan.rsplan"
    return workspace.run("apply", path, "--approve", report["digest"]).code


VAIN: Mapping[str, tuple[Night, int]] = {
    "nothing ran": (no_night, -1),
    "held": (held, 4),
    "refused": (refused, 3),
    "failed": (failed, 5),
    "interrupted": (interrupted, 7),
    "locked": (locked, 6),
    "planned": (planned, 0),
    "dry": (dry, 0),
    "checked": (checked, 0),
    "died": (died, -1),
    "misconfigured": (misconfigured, 2),
}
GOOD: Mapping[str, tuple[Night, int]] = {
    "done": (done, 0),
    "nothing to do": (quiet, 0),
    "in part": (in_part, 1),
    "applied": (applied, 0),
    "approved": (approved, 0),
}


@pytest.mark.parametrize("ever", [True, False])
@pytest.mark.parametrize("case", VAIN)
def test_a_night_in_vain_does_not_silence_the_alarm(
    late: Workspace, case: str, *, ever: bool, proof: Callable[[str, str], Line]
) -> None:
    night, code = VAIN[case]
    if not ever:
        path = late.state / "targets" / f"{TARGET}.sqlite"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM good_drops")
            connection.execute("DELETE FROM runs")
    found = night(late)
    row = proof("R21", "nights in vain after, or without, a good one")
    row.times = 1
    row.all_of("alarms", asked(late) == ALARM, 1)
    assert found == code


@pytest.mark.parametrize("case", GOOD)
def test_a_night_that_came_to_its_end_silences_the_alarm(
    late: Workspace, case: str, proof: Callable[[str, str], Line]
) -> None:
    assert asked(late) == ALARM
    night, code = GOOD[case]
    found = night(late)
    row = proof("R21", "nights that came to their end, with 0 or 1")
    row.times = 1
    row.zero("alarms", asked(late) != 0)
    assert found == code


AGES = {25.9: 0, 0.0: 0, 26.1: ALARM, 300.0: ALARM, -0.01: 0, -1.0: ALARM, -99.0: ALARM}
"""Hours since the last good night by the clock, and what comes of them: below zero the
clock was set back."""


def test_the_alarm_goes_by_the_clock_and_by_no_clock_that_was_set_back(
    late: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    proof: Callable[[str, str], Line],
) -> None:
    put_back(late, -30)
    good = late.run("status", "--json").document["targets"][0]["good"]
    ended = datetime.fromisoformat(good["finished"])
    right = 0
    for hours, code in AGES.items():
        clock = ended + hours * HOUR
        monkeypatch.setattr(status, "now", lambda clock=clock: clock)
        right += asked(late) == code
    row = proof("R21", "clocks, also set back")
    row.times = len(AGES)
    row.all_of("right", right, len(AGES))


def test_one_silent_target_among_several_raises_the_alarm(
    late: Workspace, proof: Callable[[str, str], Line]
) -> None:
    tables = {one: target_table(late.sandbox.url) for one in (TARGET, "other", "new")}
    late.write_config({"state_dir": "state", "targets": tables})
    ended = late.run("run", late.folder / "drop", "--target", "other")
    assert ended.code in {0, 4}, ended.err
    put_back(late, -30)
    known = {
        (): ALARM,
        (TARGET,): 0,
        ("new",): ALARM,
        (TARGET, "new"): ALARM,
        (TARGET, TARGET): 0,
    }
    right = sum(
        asked(late, *(part for name in names for part in ("--target", name))) == code
        for names, code in known.items()
    )
    said = late.run("status", "--max-age", LIMIT, "--json")
    row = proof("R21", "several targets")
    row.times = len(known)
    row.all_of("right", right, len(known))
    assert "new has had no good run yet" in said.line
    assert TARGET not in said.line


def test_what_is_asked_wrongly_is_no_good_answer(
    late: Workspace, proof: Callable[[str, str], Line]
) -> None:
    wrong = (
        ("status", "--max-age", "soon"),
        ("status", "--max-age", "-1h"),
        ("status", "--target", "nobody", "--max-age", LIMIT),
        ("status", "--max-age"),
    )
    codes = [late.run(*one).code for one in wrong]
    row = proof("R21", "wrong questions")
    row.times = len(codes)
    row.all_of("refused", codes.count(2), len(wrong))
    assert late.run("status").code == 0, "without a limit it only tells"

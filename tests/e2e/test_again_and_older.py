"""A drop that came before, one that is older, and one that is not complete yet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.support.before import Before
from tests.support.districts import district, with_cell
from tests.support.ended import Ended
from tests.support.workspace import TARGET, Workspace, total

KEY = "stu-000002"


def phoned(number: int) -> Tables:
    """A district that differs from others of its kind in one phone number."""
    return with_cell(district(), "students", KEY, phone=f"+1-617-555-{number:04d}")


def modified(when: str) -> Tables:
    """A district whose courses were modified then."""
    tables = phoned(len(when))
    cells = pl.lit(when).alias("dateLastModified")
    return replace(tables, courses=tables.courses.with_columns(cells))


def codes(ended: Ended) -> dict[str, int]:
    found: dict[str, int] = ended.document["findings"]
    return {code: n for code, n in found.items() if code.startswith("RS4")}


@pytest.fixture(scope="module")
def second(
    before: Before, served: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Before:
    """After the good drop of the second of September."""
    made = before.again(tmp_path_factory.mktemp("second"), served)
    assert made.sync(made.drop(phoned(1), "roster-2026-09-02")).code == 0
    return Before.of(made)


@pytest.fixture
def nights(second: Before, tmp_path: Path, sandbox: Sandbox) -> Workspace:
    """A workspace whose last good drop is of the second of September."""
    return second.again(tmp_path, sandbox)


def test_an_older_drop_is_refused_and_sends_nothing(nights: Workspace) -> None:
    before = nights.sandbox.dump()
    ended = nights.sync(nights.drop(phoned(2), "roster-2026-09-01"))
    assert ended.code == 3
    assert codes(ended) == {"RS405": 1}
    assert "--again" in ended.line
    assert nights.sandbox.dump() == before


def test_an_older_drop_has_no_plan_either_and_its_report_says_why(
    nights: Workspace,
) -> None:
    ended = nights.plan(nights.drop(phoned(2), "roster-2026-09-01"))
    assert ended.code == 3
    assert ended.document["outcome"] == "refused"
    assert nights.report(ended.document["run"])["findings"]["RS405"] == 1


@pytest.mark.parametrize("command", ["plan", "run"])
def test_again_lets_an_older_drop_through_and_the_report_says_so(
    nights: Workspace, command: str
) -> None:
    path = nights.drop(phoned(2), "roster-2026-09-01")
    ended = nights.run(command, path, "--target", TARGET, "--json", "--again")
    assert ended.code == 0
    report = nights.report(ended.document["run"])
    assert total(report, "operations", "planned") == 1
    assert report["findings"]["RS405"] == 1
    assert any("--again" in note for note in report["notes"])


def test_what_again_let_through_is_the_last_good_drop_from_then_on(
    nights: Workspace,
) -> None:
    older = nights.drop(phoned(2), "roster-2026-08-01")
    assert nights.sync(older, "--again").code == 0
    assert nights.sync(nights.drop(phoned(3), "roster-2026-08-02")).code == 0


def test_again_without_need_is_said_too(nights: Workspace) -> None:
    ended = nights.sync(nights.drop(phoned(2), "roster-2026-09-03"), "--again")
    assert ended.code == 0
    assert codes(ended) == {}
    assert any("would have been refused" in note for note in ended.document["notes"])


def test_a_refused_or_held_drop_is_not_what_the_next_is_older_than(
    nights: Workspace,
) -> None:
    broken = nights.drop(phoned(2), "roster-2026-09-09")
    (broken / "students.csv").write_bytes(b"\0")
    assert nights.sync(broken).code == 3
    assert nights.sync(nights.drop(phoned(3), "roster-2026-09-03")).code == 0


def test_a_plan_that_is_applied_makes_its_drop_the_last_good_one(
    nights: Workspace,
) -> None:
    planned = nights.plan(nights.drop(modified("2026-09-05T00:00:00Z"), "2026-09-05"))
    assert nights.run("apply", planned.document["plan"]["path"]).code == 0
    assert nights.sync(nights.drop(phoned(9), "2026-09-04")).code == 3
    later = modified("2026-09-04T23:00:00.000Z")
    assert codes(nights.sync(nights.drop(later, "2026-09-06"))) == {"RS408": 1}


def test_the_last_drop_again_runs_as_usual_with_a_note(nights: Workspace) -> None:
    ended = nights.sync(nights.folder / "roster-2026-09-02")
    assert ended.code == 0
    assert codes(ended) == {"RS406": 1}


def test_a_drop_from_before_the_last_good_one_is_a_warning(nights: Workspace) -> None:
    ended = nights.sync(nights.folder / "drop")
    assert ended.code == 0
    assert codes(ended) == {"RS407": 1}


def test_the_memory_of_one_source_says_nothing_of_another(nights: Workspace) -> None:
    old = nights.drop(phoned(2), "roster-2026-09-01")
    assert codes(nights.sync(old, "--source", "other")) == {}


def test_check_has_no_memory(nights: Workspace) -> None:
    old = nights.drop(phoned(2), "roster-2026-09-01")
    assert nights.run("check", old).code == 0


def test_a_drop_without_its_sentinel_is_not_read(synced: Workspace) -> None:
    synced.configure(complete="*.done")
    ended = synced.sync(synced.folder / "drop")
    assert ended.code == 3
    assert ended.document["findings"] == {"RS409": 1}
    assert ended.document["entities"] == {}
    assert "*.done" in ended.line
    assert "upload is over" in ended.line


def test_the_sentinel_is_no_unknown_file(synced: Workspace) -> None:
    synced.configure(complete="*.done")
    drop = synced.drop(phoned(2), "next")
    (drop / "upload.DONE").touch()
    (drop / "notes.txt").touch()
    report = synced.sync(drop).document
    assert report["findings"] == {"RS002": 1}
    assert total(report, "operations", "done") == 1


def test_what_cannot_be_a_drop_says_so_with_a_sentinel_too(synced: Workspace) -> None:
    synced.configure(complete="*.done")
    assert synced.run("run", synced.folder / "nowhere", "--target", TARGET).code == 2
    cut = synced.folder / "cut.zip"
    cut.write_bytes(b"PK\x03\x04")
    ended = synced.sync(cut)
    assert ended.code == 3
    assert "RS409" not in ended.document["findings"]


def test_a_plan_wants_the_sentinel_too(synced: Workspace) -> None:
    synced.configure(complete="ready.txt")
    assert synced.plan(synced.folder / "drop").code == 3
    (synced.folder / "drop" / "ready.txt").touch()
    assert synced.plan(synced.folder / "drop").code == 0

"""What the last good drop had and this one lacks, and what that must not do."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.support.before import Before
from tests.support.districts import district
from tests.support.remote import active, lost
from tests.support.vendors import SAMPLES, held
from tests.support.workspace import Workspace


def without(path: Path, column: str) -> None:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    kept = [name for name in rows[0] if name != column]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, kept, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def good(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Before:
    """After a night of the sample."""
    made = Workspace(tmp_path_factory.mktemp("good"), served)
    made.configure(mapping="clever")
    drop = made.folder / "drop"
    shutil.copytree(SAMPLES / "clever", drop)
    with (drop / "sections.csv").open(newline="", encoding="utf-8-sig") as stream:
        sections = list(csv.DictReader(stream))
    classes = {
        row["Section_id"]: (row["Course_number"], row["School_id"]) for row in sections
    }
    served.reset()
    served.load(held({school for _, school in classes.values()}, classes))
    made.sync(drop)
    return Before.of(made)


@pytest.fixture
def clever(good: Before, tmp_path: Path, sandbox: Sandbox) -> Workspace:
    return good.again(tmp_path, sandbox)


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("sections.csv", "Teacher_2_id"),
        ("staff.csv", "Title"),
        ("teachers.csv", "Username"),
    ],
)
def test_a_column_that_decides_and_vanished_refuses_the_drop(
    clever: Workspace, file: str, column: str
) -> None:
    before = clever.sandbox.dump()
    without(clever.folder / "drop" / file, column)
    ended = clever.sync(clever.folder / "drop")
    assert ended.code == 3, ended.err
    assert "RS411" in ended.document["findings"]
    assert clever.sandbox.dump() == before
    again = clever.sync(clever.folder / "drop", "--dry-run", "--again")
    assert again.code != 3, again.err


@pytest.mark.parametrize("file", ["enrollments.csv", "sections.csv", "staff.csv"])
def test_a_file_that_is_one_of_several_and_vanished_is_told(
    clever: Workspace, file: str
) -> None:
    before = clever.sandbox.dump()
    (clever.folder / "drop" / file).unlink()
    ended = clever.sync(clever.folder / "drop")
    assert ended.code == 1, ended.err
    assert "RS402" in ended.document["findings"]
    assert lost(before, clever.sandbox.dump()) == {}


def test_a_plain_column_may_go_and_its_field_is_left_alone(synced: Workspace) -> None:
    before = active(synced.sandbox.dump())
    tables: Tables = district()
    drop = synced.drop(tables, "next")
    without(drop / "students.csv", "email")
    ended = synced.sync(drop)
    assert ended.code == 0, ended.err
    assert active(synced.sandbox.dump()) == before


def test_require_wants_all_files_of_an_entity(clever: Workspace) -> None:
    clever.configure(mapping="clever", require=["enrollments"])
    (clever.folder / "drop" / "enrollments.csv").unlink()
    ended = clever.sync(clever.folder / "drop")
    assert ended.code == 3, ended.err
    assert "RS401" in ended.document["findings"]

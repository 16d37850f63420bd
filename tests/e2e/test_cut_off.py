"""A file that lost its end since the last good drop ends nobody for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.support.before import Before
from tests.support.districts import district, without_students
from tests.support.remote import lost
from tests.support.workspace import Workspace, total

MANY = 60
FILES = ("students", "users", "agents", "enrollments")


@pytest.fixture(scope="module")
def good(served: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Before:
    """After a good night of a district in which a few rows are no great share."""
    tables = district(MANY)
    served.reset()
    made = Workspace(tmp_path_factory.mktemp("good"), served)
    made.configure(removal={"users": "inactive"})
    made.fill(tables)
    assert made.sync(made.drop(tables)).code == 0
    return Before.of(made)


@pytest.fixture
def night(good: Before, tmp_path: Path, sandbox: Sandbox) -> Workspace:
    """The second night."""
    return good.again(tmp_path, sandbox)


def without_last(tables: Tables, name: str, count: int) -> Tables:
    """The district whose file lacks its last rows."""
    return replace(tables, **{name: getattr(tables, name).head(-count)})


@pytest.mark.parametrize("name", FILES)
def test_a_file_without_its_last_rows_ends_nobody_the_first_night(
    night: Workspace, name: str
) -> None:
    before = night.sandbox.dump()
    path = night.drop(without_last(district(MANY), name, 2), "cut")
    ended = night.sync(path)
    assert ended.code == 1
    assert "RS413" in ended.document["findings"]
    assert f"the last rows of {name}.csv" in ended.line
    assert lost(before, night.sandbox.dump()) == {}


def test_what_is_still_missing_the_next_night_has_left(night: Workspace) -> None:
    path = night.drop(without_last(district(MANY), "enrollments", 3), "cut")
    assert night.sync(path).code == 1
    ended = night.sync(path)
    assert ended.code == 0, ended.err
    assert total(ended.document, "operations", "done") == 3


def test_a_file_without_most_of_its_rows_is_held_until_somebody_approves(
    night: Workspace,
) -> None:
    before = night.sandbox.dump()
    few = replace(district(MANY), enrollments=district(MANY).enrollments.head(30))
    for _ in range(2):  # what is held is no base of the next one
        ended = night.sync(night.drop(few, "cut"))
        assert ended.code == 4, ended.err
        assert "shrink" in ended.err
    assert night.sandbox.dump() == before


def test_what_may_have_been_cut_off_is_no_base_of_the_next_night(
    night: Workspace,
) -> None:
    tables = district(MANY)
    share = tables.enrollments.height // 6
    cut = without_last(tables, "enrollments", share)
    assert night.sync(night.drop(cut, "cut")).code == 1
    fewer = without_last(tables, "enrollments", 2 * share)
    ended = night.sync(night.drop(fewer, "fewer"))
    (shrink,) = [
        one
        for one in ended.document["guards"]
        if (one["name"], one["entity"]) == ("shrink", "enrollments")
    ]
    assert shrink["of"] == tables.enrollments.height


def test_a_single_last_row_has_left(night: Workspace) -> None:
    path = night.drop(without_last(district(MANY), "enrollments", 1), "fewer")
    ended = night.sync(path)
    assert (ended.code, total(ended.document, "operations", "done")) == (0, 1)


def test_people_whom_no_file_names_any_more_have_left(night: Workspace) -> None:
    tables = district(MANY)
    last = tables.students["sourcedId"].to_list()[-2:]
    ended = night.sync(night.drop(without_students(tables, *last), "left"))
    assert ended.code == 0, ended.err
    assert "RS413" not in ended.document["findings"]
    assert set(last) <= lost_people(night)


def lost_people(night: Workspace) -> set[str]:
    """Everybody who is not active any more."""
    return {
        one["sourcedId"]
        for one in night.sandbox.dump()["users"]
        if one["status"] != "active"
    }


def test_a_file_that_ends_within_a_line_is_refused_where_none_did_before(
    night: Workspace,
) -> None:
    path = night.drop(district(MANY), "torn")
    file = path / "agents.csv"
    text = file.read_bytes()
    file.write_bytes(text[:-1])
    before = night.sandbox.dump()
    ended = night.sync(path)
    assert ended.code == 3
    assert "agents.csv" in ended.line
    assert night.sandbox.dump() == before
    again = night.sync(path, "--again")
    assert again.code == 0, again.err
    assert "RS412" in again.document["findings"]


def test_a_source_whose_files_never_end_with_a_line_end_is_believed(
    workspace: Workspace,
) -> None:
    tables = district(MANY)
    workspace.fill(tables)
    path = workspace.drop(tables)
    for file in path.iterdir():
        file.write_bytes(file.read_bytes().rstrip(b"\r\n"))
    assert workspace.sync(path).code == 0
    assert workspace.sync(path).code == 0

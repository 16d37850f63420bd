"""One drop into five systems at once: the sample configuration on one sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.samples import (
    openedx_document,
    sandbox_document,
    schoology_document,
    with_course_keys,
)
from tests.support.districts import district
from tests.support.workspace import Workspace

SAMPLES = Path(__file__).parents[2] / "samples"
STUDENTS = 30
KINDS = ("timeback", "edubridge", "schoology", "openedx", "oneroster")


@pytest.fixture
def five(workspace: Workspace) -> Workspace:
    """The sample configuration with a drop, and its schools in the sandbox."""
    for name in ("five-systems.toml", "course-keys.toml"):
        text = (SAMPLES / name).read_text("utf-8")
        here = text.replace("http://127.0.0.1:8765", workspace.sandbox.url)
        path = workspace.folder / name
        path.write_text(here.replace('"../state"', '"state"'), "utf-8")
    tables = district(STUDENTS)
    workspace.drop(tables)
    for document in (
        sandbox_document(tables, people=False),
        schoology_document(tables),
        openedx_document(with_course_keys(tables)),
    ):
        workspace.sandbox.load(document)
    return workspace


def targets(*names: str) -> list[str]:
    return [word for name in names for word in ("--target", name)]


def test_one_drop_goes_into_several_systems_and_the_worst_code_wins(
    five: Workspace,
) -> None:
    call = ["run", "drop", "--config", "five-systems.toml", "--json"]
    ended = five.run(*call, *targets("timeback", "edubridge", "schoology", "openedx"))
    runs = ended.document["runs"]
    codes = {one["kind"]: one["exit_code"] for one in runs}
    assert codes == {"timeback": 0, "edubridge": 0, "schoology": 0, "openedx": 1}
    assert (ended.code, ended.document["exit_code"]) == (1, 1)
    assert all(one["balanced"] and one["converged"] for one in runs)
    # One reading for each mapping, whatever the number of targets.
    assert ended.err.count("read and validate") == 2

    again = five.run(*call, *targets("timeback", "edubridge", "schoology", "openedx"))
    planned = [
        entity["operations"]["planned"]
        for one in again.document["runs"]
        for entity in one["entities"].values()
        if "operations" in entity
    ]
    assert set(planned) == {0}


@pytest.mark.long
def test_a_failing_system_does_not_keep_the_others_from_theirs(five: Workspace) -> None:
    five.environment["SCHOOLOGY_CONSUMER_SECRET"] = five.environment[
        "OPENEDX_CLIENT_ID"
    ]
    call = ["run", "drop", "--config", "five-systems.toml", "--json"]
    ended = five.run(*call, *targets("schoology", "timeback"))
    codes = {one["kind"]: one["exit_code"] for one in ended.document["runs"]}
    assert codes == {"schoology": 5, "timeback": 0}
    assert ended.code == 5


def test_each_system_of_the_sample_configuration_answers(five: Workspace) -> None:
    call = ["ping", "--config", "five-systems.toml", "--json"]
    ended = five.run(*call, *targets(*KINDS))
    assert ended.code == 0, ended.err
    assert [one["kind"] for one in ended.document["targets"]] == list(KINDS)


def test_what_a_system_does_not_hold_is_counted_and_said(five: Workspace) -> None:
    call = ["plan", "drop", "--config", "five-systems.toml", "--json"]
    ended = five.run(*call, *targets("schoology"))
    entities = ended.document["entities"]
    aside = {
        name: one["diff"]["unsupported"]
        for name, one in entities.items()
        if "diff" in one
    }
    assert aside["students"] == entities["students"]["rows"]["accepted"] > 0
    assert aside["agents"] == entities["agents"]["rows"]["accepted"] > 0
    assert aside["enrollments"] == 0
    assert ended.document["balanced"]
    plain = five.run(
        "plan", "drop", "--config", "five-systems.toml", "--target", "schoology"
    )
    assert f"{STUDENTS} rows of students are not supported" in plain.out

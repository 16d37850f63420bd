from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sync.errors import ExitCode
from sync.flow.context import Story
from sync.flow.ending import advice, exit_code
from sync.model.finding import Finding, Findings, Severity

DIFF = ("unchanged", "create", "update", "reactivate", "remove", "proposed", "frozen")
DONE, PARTIAL, FAILED = ExitCode.DONE, ExitCode.PARTIAL, ExitCode.TARGET_FAILED


def story(
    *sections: tuple[str, str], severity: str | None = None, **facts: Any
) -> Story:
    """A story in which each of these counts is one, of the second entity."""
    counted: dict[str, dict[str, int]] = {}
    for section, name in sections:
        counted.setdefault(section, {})[name] = 1
    entities = {"students": {"diff": {"create": 5}}, "users": counted}
    found = (
        Findings.none()
        if severity is None
        else Findings.of([Finding("RS101", Severity(severity), "because")])
    )
    return Story(findings=found, entities=entities, **facts)


@pytest.mark.parametrize(
    ("told", "code", "previewed"),
    [
        (story(), DONE, DONE),
        (story(severity="rejected"), PARTIAL, PARTIAL),
        (story(severity="warning"), DONE, DONE),
        (story(severity="note"), DONE, DONE),
        (story(("diff", "blocked")), PARTIAL, PARTIAL),
        (story(("diff", "proposed")), PARTIAL, PARTIAL),
        (story(("diff", "frozen")), PARTIAL, PARTIAL),
        (story(("diff", "unsupported")), DONE, DONE),
        (story(("diff", "deferred")), DONE, DONE),
        (story(("diff", "remove")), DONE, DONE),
        (story(("remote", "kept")), DONE, DONE),
        (story(("remote", "out_of_scope")), DONE, DONE),
        (story(("operations", "done")), DONE, DONE),
        (story(("operations", "failed")), PARTIAL, DONE),
        (story(("operations", "skipped")), PARTIAL, DONE),
        (story(("operations", "blocked")), PARTIAL, DONE),
        (story(("operations", "in_doubt")), FAILED, FAILED),
        (story(converged=True), DONE, DONE),
        (story(converged=None), DONE, DONE),
        (story(converged=False), PARTIAL, DONE),
        (story(missing_files=("users",)), PARTIAL, PARTIAL),
        (story(incomplete=True), FAILED, FAILED),
        (story(severity="rejected", incomplete=True), FAILED, FAILED),
        (story(("operations", "in_doubt"), ("operations", "failed")), FAILED, FAILED),
    ],
)
def test_the_code_of_a_run_that_came_to_its_end(
    told: Story, code: ExitCode, previewed: ExitCode
) -> None:
    assert exit_code(told, preview=False) is code
    assert exit_code(told, preview=True) is previewed


@pytest.mark.parametrize(
    ("told", "code", "words"),
    [
        (story(("rows", "rejected")), PARTIAL, "1 rows rejected"),
        (story(("diff", "blocked")), PARTIAL, "blocked or frozen"),
        (story(("operations", "skipped")), PARTIAL, "1 changes skipped"),
        (story(converged=False), PARTIAL, "did not read back"),
        (story(missing_files=("users",)), PARTIAL, "users.csv of the last good drop"),
        (story(incomplete=True), FAILED, "proven complete"),
    ],
)
def test_what_went_short_is_said_with_the_place_of_the_report(
    told: Story, code: ExitCode, words: str
) -> None:
    found = advice(code, told, Path("state/runs/r"))
    assert found is not None
    assert found.exit_code is code
    assert words in found.line()
    assert "report.html" in found.line()


def test_where_all_is_done_there_is_nothing_to_say() -> None:
    assert advice(DONE, story(), Path("r")) is None

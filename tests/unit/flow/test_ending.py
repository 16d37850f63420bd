from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest

from sync.diff import DiffInput, FieldRules, diff
from sync.errors import ExitCode
from sync.flow.context import Context, Story
from sync.flow.ending import _ledger, advice, exit_code
from sync.model.entities import Entity
from sync.model.finding import Finding, Findings, Severity
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.plan.operations import operations
from sync.plan.removal import RemovalInput, with_fates
from sync.plan.succession import Naming, succession
from sync.report import OUTCOME_SCHEMA
from sync.verify import DIFFERS_SCHEMA

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
        (story(("rows", "rejected")), PARTIAL, "1 row rejected;"),
        (story(("diff", "blocked")), PARTIAL, "blocked or frozen"),
        (story(("operations", "skipped")), PARTIAL, "1 change skipped;"),
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


AGENTS, ENROLLMENTS, USERS = Entity.AGENTS, Entity.ENROLLMENTS, Entity.USERS
RULES = FieldRules(("status",))
OURS = {
    "key": "k",
    "source": "sis",
    "created": True,
    "missed": 0,
    "ended": False,
}


def record(status: str | None) -> pl.DataFrame:
    """The one record, or nothing."""
    rows = [] if status is None else [{"_key": "k", "status": status}]
    return pl.DataFrame(rows, {"_key": pl.String, "status": pl.String})


def planned(
    entity: Entity, said: str | None, known: LedgerView, held: str = "active"
) -> Story:
    """A night on which the target shows a record of ours with this status, and the
    drop says that of it, or nothing."""
    shown = record(held).with_columns(_remote_id=pl.lit("r"))
    none = pl.DataFrame(schema={"entity": pl.String(), "_key": pl.String()})
    wanted, there, rules = {entity: record(said)}, {entity: shown}, {entity: RULES}
    joined = diff(DiffInput(wanted, there, none, rules, known))[entity]
    nobody = pl.Series(dtype=pl.String)
    removal = RemovalInput(
        entity, "tobedeleted", "ledger", (), 1, "sis", nobody, None, None
    )
    fated = {entity: with_fates(joined, removal)}
    ending = {entity: {"status": "tobedeleted"}}
    found = operations(
        fated,
        rules,
        ending,
        lambda whole: pl.Series([0] * whole.height, dtype=pl.UInt8),
    )
    naming = Naming("sis", frozenset({entity}), vanishes=frozenset({AGENTS}))
    return Story(operations=found, succession=succession(fated, found, known, naming))


def called_done(
    told: Story, *, shown: bool, sent: str = "tobedeleted", read: str = "active"
) -> Story:
    """What the target said of it, and whether it shows the record all the same."""
    done = [
        {"operation": one, "state": "done", "status": 200}
        for one in told.operations["id"]
    ]
    told.outcomes = pl.DataFrame(done, OUTCOME_SCHEMA)
    told.unlike = told.operations.filter(pl.lit(shown)).select(
        "id",
        "entity",
        "key",
        field=pl.lit("status"),
        sent=pl.lit(sent),
        read=pl.lit(read),
    )
    assert told.unlike.schema == DIFFERS_SCHEMA
    return told


def after(told: Story, known: LedgerView) -> LedgerView:
    """The ledger for the next night."""
    state = SimpleNamespace(ledger=lambda: known)
    run = SimpleNamespace(story=told, state=state, ledger=lambda: known)
    following = _ledger(cast("Context", run), moves=True)
    assert following is not None
    return following


@pytest.mark.parametrize(
    ("entity", "again"), [(ENROLLMENTS, True), (AGENTS, True), (USERS, False)]
)
def test_a_return_without_effect_is_planned_again(entity: Entity, again: bool) -> None:
    row = OURS | {"entity": entity.value, "ended": True}
    known = LedgerView(pl.DataFrame([row], LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame())
    told = planned(entity, "active", known, held="tobedeleted")
    assert told.operations["verb"].to_list() == ["reactivate"]
    called_done(told, shown=True, sent="active", read="tobedeleted")
    next_night = planned(entity, "active", after(told, known), held="tobedeleted")
    assert next_night.operations["verb"].to_list() == ["reactivate"] * again


@pytest.mark.parametrize("said", [None, "tobedeleted"], ids=["absent", "by its row"])
@pytest.mark.parametrize(
    ("entity", "shown", "again"),
    [
        (ENROLLMENTS, True, True),
        (AGENTS, True, True),
        (ENROLLMENTS, False, False),
        (AGENTS, False, False),
        (USERS, True, False),
    ],
)
def test_an_end_without_effect_is_planned_again(
    entity: Entity, said: str | None, shown: bool, again: bool
) -> None:
    """But for people: that somebody is ended, many a system never shows."""
    row = OURS | {"entity": entity.value}
    known = LedgerView(pl.DataFrame([row], LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame())
    told = called_done(planned(entity, said, known), shown=shown)
    assert told.operations["ends"].to_list() == [True]
    following = after(told, known)
    # What is in force, but was not shown to be, is not there the next night either.
    if shown:
        next_night = planned(entity, said, following).operations
        assert next_night["ends"].to_list() == [True] * again
    assert (following.records.filter(~pl.col("ended")).height == 1) is again

"""S21: nobody is taken for another, and whoever has a new id is asked about.

Ten thousand people in households that are easily confused go through the difference to
operations, which are then carried out on a copy of what the target holds. What came of
it is judged by the truth, which neither side tells. And the same people go through the
whole program, to a sandbox whose records are looked at before and after.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.diff import DiffInput, FieldRules, Renames, diff, with_proposals
from sync.model.entities import Entity
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.model.operation import walk
from sync.plan.operations import operations
from sync.plan.removal import RemovalInput, with_fates
from sync.samples import Tables
from tests.faults.lookalikes import WITHOUT_BIRTH_DATES, World, world
from tests.faults.proofs import Line
from tests.support.districts import district
from tests.support.workspace import Workspace, total

PEOPLE = 10_000
AT_THE_SANDBOX = 400
FIELDS = (
    *("status", "givenName", "familyName", "birthDate", "email", "username"),
    *("identifier", "primaryOrgSourcedId"),
)
Proof = Callable[[str, str], Line]
Records = dict[str, dict[str, Any]]


def side(rows: Mapping[str, Mapping[str, Any]]) -> pl.DataFrame:
    told = [{"_key": key, **cells} for key, cells in rows.items()]
    schema = dict.fromkeys(("_key", *FIELDS), pl.String())
    return pl.DataFrame(told, schema=schema).with_columns(
        enabledUser=pl.lit("true"), _remote_id="_key"
    )


def compared(made: World) -> tuple[Renames, pl.DataFrame]:
    """The differences with their proposals, and the operations that come of them."""
    known = [
        {"entity": "students", "key": key, "remote_id": key, "source": ""}
        | {"created": False, "missed": 0, "ended": False}
        for key, record in made.remote.items()
        if record["status"] == "active"
    ]
    ledger = LedgerView(
        pl.DataFrame(known, schema=LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame()
    )
    rules = {Entity.STUDENTS: FieldRules(FIELDS)}
    nobody = pl.DataFrame(schema={"entity": pl.String(), "_key": pl.String()})
    drop, remote = side(made.drop), side(made.remote)
    joined = diff(
        DiffInput(
            {Entity.STUDENTS: drop}, {Entity.STUDENTS: remote}, nobody, rules, ledger
        )
    )
    found = with_proposals({Entity.STUDENTS: joined[Entity.STUDENTS]})
    fated = with_fates(
        found.joined[Entity.STUDENTS],
        RemovalInput(
            entity=Entity.STUDENTS,
            policy="inactive",
            scope="ledger",
            orgs=(),
            grace=1,
            source="",
            frozen_people=pl.Series(dtype=pl.String),
            rejected=None,
            blind=None,
        ),
    )
    ends = {Entity.STUDENTS: {"status": "inactive"}}
    whole = operations({Entity.STUDENTS: fated}, rules, ends, lambda f: f["wave"])
    return found, whole


def carried_out(remote: Mapping[str, Mapping[str, Any]], plan: pl.DataFrame) -> Records:
    """What the target holds when the operations are done."""
    held = {key: dict(record) for key, record in remote.items()}
    for one in walk(plan):
        after = dict(one.after or {})
        held[one.remote_id or one.key] = {name: after.get(name) for name in FIELDS}
    return held


def is_of(record: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether a record still says who it was: of his names and his day, one."""
    return any(
        str(record[name]).strip().lower() == str(before[name]).strip().lower()
        for name in ("givenName", "birthDate")
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_of_ten_thousand_lookalikes_none_is_taken_for_another(
    proof: Proof, rounds: int, seed: int
) -> None:
    made = world(PEOPLE // 2 * rounds, seed)
    found, plan = compared(made)
    after = carried_out(made.remote, plan)
    listed = dict(found.proposals.filter("clear").select("old", "new").rows())
    row = proof("S21", "twins, siblings, namesakes, ids used again")
    row.times = made.people
    others = [
        key
        for key, record in made.remote.items()
        if key not in made.reused and not is_of(after[key], record)
    ]
    row.zero("merged below the exact key", len(others))
    in_force = Counter(
        made.record_of.get(key) or made.row_of[key]
        for key, record in after.items()
        if record["status"] == "active" and key not in made.reused
    )
    row.zero("made twice", sum(1 for count in in_force.values() if count > 1))
    here = set(made.row_of.values())
    gone = [
        key
        for key, who in made.record_of.items()
        if made.remote[key]["status"] == "active"
        and after[key]["status"] != "active"
        and who in here
    ]
    row.zero("ended though they are there", len(gone))
    right = sum(1 for old, new in made.changed.items() if listed.get(old) == new)
    row.all_of("true proposals listed", right, len(made.changed))
    codes = found.findings.by_code()
    row.all_of("ids used again named", codes.get("RS502", 0), len(made.reused))


def tables(rows: Mapping[str, Mapping[str, Any]]) -> Tables:
    """A district of one school with these students and nobody else."""
    base = district()
    first = base.students.row(0, named=True)
    whole = [
        first
        | {name: value or "" for name, value in cells.items()}
        | {
            "sourcedId": key,
            "username": cells["username"] or f"u-{key}",
            "primaryOrgSourcedId": first["primaryOrgSourcedId"],
        }
        for key, cells in rows.items()
    ]
    return replace(
        base,
        students=pl.DataFrame(whole, schema=base.students.schema),
        users=base.users.clear(),
        agents=base.agents.clear(),
        enrollments=base.enrollments.clear(),
    )


def records(workspace: Workspace) -> Records:
    return {one["sourcedId"]: one for one in workspace.sandbox.dump()["users"]}


def test_through_the_whole_program_nobody_is_taken_for_another(
    proof: Proof, rounds: int, workspace: Workspace
) -> None:
    made = world(AT_THE_SANDBOX * rounds, 3, WITHOUT_BIRTH_DATES)
    workspace.configure(
        entities=["students"],
        guards={"floor": 1_000_000, "first_run": "pass"},
        same_username="warn",
    )
    workspace.fill(tables(made.remote), people=True)
    before = records(workspace)
    assert before.keys() == made.remote.keys()
    night = workspace.sync(workspace.drop(tables(made.drop), "tonight"))
    assert night.document["balanced"] is True, night.err
    assert total(night.document, "operations", "done") > 0
    after = records(workspace)
    with renames_of(workspace, night.document["run"]).open(encoding="utf-8") as file:
        listed = {one["old"]: one["new"] for one in csv.DictReader(file)}
    row = proof("S21", "the same through the whole program, at the sandbox")
    row.times = made.people
    mine = before.keys() - made.reused
    wrong = [key for key in mine if before[key] != after.get(key)]
    row.zero("records of others changed", len(wrong))
    row.zero("made twice", len(after.keys() & {*made.changed.values()}))
    right = sum(1 for old, new in made.changed.items() if listed.get(old) == new)
    row.all_of("true proposals listed", right, len(made.changed))
    named = night.document["findings"].get("RS502", 0)
    row.all_of("ids used again named", named, len(made.reused))


def renames_of(workspace: Workspace, run: str) -> Path:
    return workspace.state / "runs" / run / "renames.csv"

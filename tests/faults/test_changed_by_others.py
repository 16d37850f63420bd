"""Others change records between the preview and its being carried out.

Each such record is found, left as they made it and named with the field; all the rest
of the plan is carried out.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.contract import edubridge, openedx, timeback
from tests.contract.bench import Bench
from tests.contract.harness import Harness
from tests.faults.benches import FIVE, QUICK, bench_for
from tests.faults.proofs import Line
from tests.support.districts import district
from tests.support.ended import Ended

Proof = Callable[[str, str], Line]
RECORDS, STUDENTS = 10_000, 4_925
PLANNED, SHARE = 2_000, 100
PHONE = "+1-617-555-0142"
THEIRS = "+1-617-555-0177"
GUARDS: dict[str, Any] = {
    "first_run": "pass",
    "by": [],
    **{one: {"percent": 100} for one in ("removals", "updates", "creates", "shrink")},
}


def planned(bench: Bench, drop: Path) -> str:
    """Where the plan for a drop is."""
    ended = bench.workspace.plan(drop)
    assert ended.code == 0, ended.err
    return str(ended.document["plan"]["path"])


def skipped(bench: Bench, ended: Ended) -> dict[str, str]:
    """By key, what the account of a run says of whatever it skipped."""
    run = ended.document["run"]
    path = bench.workspace.state / "runs" / run / "operations.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        one["key"].lstrip("'"): " ".join(map(str, one.values()))
        for one in rows
        if one["state"] == "skipped"
    }


def with_phone(tables: Tables, keys: Sequence[str], phone: str) -> Tables:
    """These students with another number."""
    mine = pl.col("sourcedId").is_in(list(keys))
    new = pl.when(mine).then(pl.lit(phone)).otherwise("phone").alias("phone")
    return replace(tables, students=tables.students.with_columns(new))


def test_one_in_a_hundred_of_ten_thousand_records_is_changed_by_others(
    proof: Proof, tmp_path: Path, served: Sandbox
) -> None:
    row = proof("R7", "1 % of 10,000 records changed after the plan, timeback")
    tables = district(STUDENTS)
    harness = replace(timeback.EDUBRIDGE, before=edubridge.people)
    bench = bench_for(harness, tables, tmp_path, served)
    bench.configure(limits=QUICK, guards=GUARDS, entities=["students", "users"])
    keys = tables.students["sourcedId"].sort().to_list()[:PLANNED]
    path = planned(bench, bench.drop(with_phone(tables, keys, PHONE), "other"))
    records = {one["sourcedId"]: one for one in served.dump()["users"]}
    chosen = keys[:: PLANNED // SHARE]
    served.load({"users": [{**records[one], "phone": THEIRS} for one in chosen]})
    ended = bench.workspace.run("apply", path, "--json")
    after = {one["sourcedId"]: one["phone"] for one in served.dump()["users"]}
    told = skipped(bench, ended)
    row.times = len(records)
    row.least("records", len(records), RECORDS)
    row.all_of("found", len(told.keys() & set(chosen)), len(chosen))
    row.zero("taken for changed that were not", len(told.keys() - set(chosen)))
    row.zero("overwritten", sum(after[one] != THEIRS for one in chosen))
    named = sum("phone" in told.get(one, "") for one in chosen)
    row.all_of("named with the field", named, len(chosen))
    done = sum(after[one] == PHONE for one in keys)
    row.all_of("of the rest carried out", done, len(keys) - len(chosen))
    row.zero("not told by 1", ended.code != 1)


@dataclass(frozen=True, slots=True)
class Others:
    """What others do to a record that a plan is about to end, and how it is seen."""

    work: Callable[..., None]
    state: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    """By the key of a student, the record in question."""
    field: str


def _another_end(world: Any, person: str) -> None:
    for one in world.store.all("enrollments", '"user" = ?', person):
        world.store.put("enrollments", [{**one, "endDate": "2089-01-01"}])


def _ended(world: Any, person: str) -> None:
    for one in world.store.all("enrollments", '"user" = ?', person):
        world.store.put("enrollments", [{**one, "status": "tobedeleted"}])


def _seats(dump: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        one["user"]["sourcedId"]: (one["status"], one["endDate"])
        for one in dump["enrollments"]
    }


def _another_role(world: Any, person: str) -> None:
    world.store.run(
        "UPDATE schoology_enrollments SET admin = 1 WHERE uid IN"
        " (SELECT id FROM schoology_records WHERE kind = 'users' AND code = ?)",
        person,
    )


def _members(dump: Mapping[str, Any]) -> Mapping[str, Any]:
    part = dump["schoology"]
    people = {str(one["uid"]): one["school_uid"] for one in part["users"]}
    return {
        people[str(one["uid"])]: (one["status"], one["admin"])
        for one in part["enrollments"]
    }


def _another_mode(world: Any, person: str) -> None:
    world.store.run(
        "UPDATE openedx_enrollments SET mode = 'honor' WHERE username = ?", person
    )


def _learners(dump: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        one["username"]: (one["is_active"], one["mode"])
        for one in dump["openedx"]["enrollments"]
    }


WORK: Mapping[str, Others] = {
    # It keeps nothing of an enrollment but who, where and as what.
    "edubridge": Others(_ended, _seats, "status"),
    "oneroster-1.2": Others(_another_end, _seats, "endDate"),
    "schoology": Others(_another_role, _members, "role"),
    "openedx": Others(_another_mode, _learners, "mode"),
}
SMALL, LEAVING, CHANGED = 24, 12, 4


def one_seat_each() -> Tables:
    """A district in which each student has one enrollment, and nobody else any."""
    tables = district(SMALL)
    rows = tables.enrollments.filter(role="student").sort("sourcedId")
    pupils = rows.unique("userSourcedId", keep="first", maintain_order=True)
    return replace(tables, enrollments=pupils)


def student_names(harness: Harness, tables: Tables) -> dict[str, str]:
    """By the key of a student, how the system calls him."""
    rows = openedx.reachable(tables).students
    if harness.name != "openedx":
        return {key: key for key in rows["sourcedId"]}
    people = {
        one["email"].lower(): one["username"]
        for one in openedx.before(tables)["openedx"]["users"]
    }
    pairs = rows.select("sourcedId", "email").iter_rows()
    return {key: people[email.lower()] for key, email in pairs}


@pytest.mark.parametrize(
    "harness", [pytest.param(one, id=one.name) for one in FIVE if one.name in WORK]
)
def test_what_others_changed_is_not_ended(
    harness: Harness, proof: Proof, tmp_path: Path, served: Sandbox
) -> None:
    row = proof("R7", f"changed after the plan, {harness.name}")
    others, tables = WORK[harness.name], one_seat_each()
    bench = bench_for(harness, tables, tmp_path, served)
    bench.configure(limits=QUICK, guards=GUARDS)
    bench.good(tmp_path / "drop", tables)
    rows = tables.enrollments
    going = rows.head(LEAVING)
    fewer = replace(tables, enrollments=rows.join(going, on="sourcedId", how="anti"))
    path = planned(bench, bench.drop(fewer, "fewer"))
    names = student_names(harness, tables)
    people = [names[one] for one in going["userSourcedId"]]
    chosen = people[:CHANGED]
    for one in chosen:
        served._do(partial(others.work, person=one))
    then = others.state(served.dump())
    ended = bench.workspace.run("apply", path, "--json")
    now = others.state(served.dump())
    told = skipped(bench, ended)
    row.times = len(chosen)
    row.all_of("found", len(told), len(chosen))
    row.zero("overwritten", sum(now.get(one) != then[one] for one in chosen))
    named = sum(others.field in one for one in told.values())
    row.all_of("named with the field", named, len(chosen))
    rest = [one for one in people if one not in chosen]
    ends = sum(now.get(one) != then[one] for one in rest)
    row.all_of("of the rest carried out", ends, len(rest))
    row.zero("not told by 1", ended.code != 1)

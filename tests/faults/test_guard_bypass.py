"""S12: whatever is tried, nothing is sent that a guard holds.

The night after a good one, half of the students are missing. The plan is held, and
every way around that is tried: other approvals, options, environment, configuration,
and the files of the state folder. The sandbox's log says what was sent.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sync.samples import Tables
from sync.sandbox import Sandbox
from tests.faults.offices import PERSON, office, phoned, planned, written
from tests.faults.proofs import Line
from tests.support.districts import district, without_students
from tests.support.ended import Ended
from tests.support.workspace import TARGET, Workspace, total

LEAVERS = (PERSON, "stu-000003", "stu-000004", "stu-000005")
OTHERS = ("stu-000001", "stu-000006", "stu-000007", "stu-000008")


@dataclass(frozen=True, slots=True)
class Held:
    """A workspace with a plan that is held."""

    workspace: Workspace
    plan: Path
    digest: str
    drop: Path

    @property
    def run(self) -> str:
        """The run that made the plan."""
        return self.plan.parent.name

    def apply(self, *approval: object) -> Ended:
        """Try to carry the plan out."""
        return self.workspace.run("apply", self.plan, *approval, "--json")

    def night(self, *options: object) -> Ended:
        """Try to carry the drop out."""
        return self.workspace.sync(self.drop, *options)


def hold(workspace: Workspace, tables: Tables, name: str) -> Held:
    """The plan of a drop that a guard holds."""
    drop = workspace.drop(tables, name)
    ended = workspace.plan(drop)
    assert ended.code == 4, ended.err
    path = Path(ended.document["plan"]["path"])
    return Held(workspace, path, ended.document["digest"], drop)


@pytest.fixture
def held(tmp_path: Path, sandbox: Sandbox) -> Held:
    """Half of the students are missing."""
    workspace = office(tmp_path / "office", sandbox)
    found = hold(workspace, without_students(district(), *LEAVERS), "next")
    sandbox.clear_requests()
    return found


def without_approval(held: Held) -> list[Ended]:
    return [held.apply(), held.apply(), held.night(), held.night()]


def too_short(held: Held) -> list[Ended]:
    return [held.apply("--approve", held.digest[:n]) for n in (0, 1, 4, 7)]


def almost_right(held: Held) -> list[Ended]:
    digest = held.digest
    other = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    wrong = (other, digest + "0", digest[1:], "*" * 8, " " * 12, "%", held.run)
    return [held.apply("--approve", one) for one in wrong]


def of_another_plan(held: Held) -> list[Ended]:
    """As many leave, but others."""
    other = hold(held.workspace, without_students(district(), *OTHERS), "others")
    return [
        held.apply("--approve", other.digest),
        other.apply("--approve", held.digest),
    ]


def of_a_plan_that_is_not_held(held: Held) -> list[Ended]:
    ended = held.workspace.plan(held.workspace.drop(phoned("0155"), "phone"))
    assert ended.code == 0
    return [held.apply("--approve", ended.document["digest"])]


def by_its_other_names(held: Held) -> list[Ended]:
    head = json.loads(held.workspace.run("show", held.plan, "--json").out)
    return [held.apply("--approve", head["id"]), held.apply("--approve", held.run)]


def with_options(held: Held) -> list[Ended]:
    return [
        held.night("--yes"),
        held.night("--again", "--yes", "--quiet"),
        held.night("--approve", held.digest),
        held.night("--force"),
        held.night("--no-guards"),
        held.apply("--yes"),
        held.apply("--force"),
        held.apply("--guards", "off"),
    ]


def with_an_environment(held: Held) -> list[Ended]:
    names = ("APPROVE", "GUARDS", "FORCE", "YES", "SKIP_GUARDS", "NO_GUARDS", "DEBUG")
    held.workspace.environment |= {
        **{f"ROSTER_SYNC_{name}": "1" for name in names},
        **{f"SYNC_{name}": "off" for name in names},
        **{f"ROSTER_SYNC_TARGETS_DISTRICT_{name}": held.digest for name in names},
        "APPROVE": held.digest,
        "ROSTER_SYNC_APPLY_APPROVE": held.digest,
        "ROSTER_SYNC_RUN_YES": "1",
        "CI": "true",
    }
    return [held.apply(), held.night()]


def resumed(held: Held) -> list[Ended]:
    return [
        held.workspace.run("resume"),
        held.workspace.run("resume", held.run),
        held.workspace.run("resume", held.run, "--json", "--yes"),
    ]


def resumed_as_if_it_were_open(held: Held) -> list[Ended]:
    """The held run is made to look like one whose process died while it was sending:
    with the journal of a night that was carried out."""
    journal = next(iter((held.workspace.state / "runs").glob("*/journal.sqlite")))
    shutil.copy(journal, held.plan.with_name(journal.name))
    path = held.workspace.state / "targets" / f"{TARGET}.sqlite"
    statement = "UPDATE runs SET outcome = NULL, finished = NULL, wrote = 1 WHERE run=?"
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, (held.run,)).rowcount == 1
    return [held.workspace.run("resume"), held.workspace.run("resume", held.run)]


def resumed_with_an_approval_of_somebody(held: Held) -> list[Ended]:
    """The same with an approval that was written by hand."""
    who = {"user": "nobody", "host": "here", "at": "now", "digest": held.digest}
    text = json.dumps({"approved": who, "seal": "0" * 64})
    held.plan.with_name("approval.json").write_text(text, "utf-8")
    return resumed_as_if_it_were_open(held)


def put_in_the_place_of_another(held: Held) -> list[Ended]:
    """The kept copy of a plan that is not held becomes the held one."""
    free = planned(held.workspace, "0177")
    away = held.workspace.folder / "free.rsplan"
    shutil.copy(free, away)
    shutil.copy(held.plan, free)
    return [held.workspace.run("apply", away), held.workspace.run("apply", free)]


def with_the_memory_gone(held: Held) -> list[Ended]:
    """Without the ledger nothing is ours, and the first plan is held."""
    (held.workspace.state / "targets" / f"{TARGET}.sqlite").unlink()
    return [held.night(), held.night()]


def with_the_state_gone(held: Held) -> list[Ended]:
    shutil.move(held.workspace.state, held.workspace.folder / "away")
    return [held.night(), held.night("--yes")]


def as_a_loosened_plan(held: Held) -> list[Ended]:
    """The configuration is loosened after the plan was made."""
    held.workspace.configure(guards={"removals": {"percent": 100}, "by": []})
    return [held.apply(), held.apply("--approve", held.digest)]


Way = Callable[[Held], Sequence[Ended]]
WAYS: tuple[Way, ...] = (
    *(without_approval, too_short, almost_right),
    *(of_another_plan, of_a_plan_that_is_not_held, by_its_other_names),
    *(with_options, with_an_environment, as_a_loosened_plan),
    *(resumed, resumed_as_if_it_were_open, resumed_with_an_approval_of_somebody),
    *(put_in_the_place_of_another, with_the_memory_gone, with_the_state_gone),
)
NOTHING_TO_DO = (
    *(resumed, resumed_as_if_it_were_open, resumed_with_an_approval_of_somebody),
    *(with_the_memory_gone, with_the_state_gone),
)
"""Ways that may find nothing to do, which is no refusal and sends nothing either."""


@pytest.mark.parametrize("way", WAYS)
def test_no_way_around_a_guard_sends_anything(
    held: Held, way: Way, proof: Callable[[str, str], Line]
) -> None:
    before = held.workspace.sandbox.dump()
    ended = way(held)
    codes = [one.code for one in ended]
    row = proof("S12", "ways around a guard that holds")
    row.times = len(codes)
    right = {2, 4} if way not in NOTHING_TO_DO else {0, 2, 4, 7}
    row.all_of("refused", sum(one in right for one in codes), len(codes))
    row.zero("changes sent", len(written(held.workspace.sandbox)))
    row.zero("changes made", held.workspace.sandbox.dump() != before)


def without_a_guardian(tables: Tables) -> Tables:
    """The district without one guardian and his links, whom the target keeps."""
    away = pl.col("agentSourcedId") == tables.agents["agentSourcedId"].first()
    gone = tables.agents.filter(away)["agentSourcedId"].implode()
    return replace(
        tables,
        agents=tables.agents.filter(~away),
        users=tables.users.filter(~pl.col("sourcedId").is_in(gone)),
    )


BESIDE = ("after.json", "ledger.parquet", "untouched.parquet", "kept.seal")


@pytest.mark.parametrize("names", [*((one,) for one in BESIDE), BESIDE[:3], BESIDE])
def test_what_lies_beside_a_plan_is_not_believed_from_another_run(
    held: Held, names: tuple[str, ...], proof: Callable[[str, str], Line]
) -> None:
    drop = held.workspace.drop(without_a_guardian(district()), "other")
    other = Path(held.workspace.plan(drop).document["plan"]["path"])
    free = planned(held.workspace, "0177")
    for name in names:
        before = free.with_name(name).read_bytes()
        shutil.copy(other.with_name(name), free.with_name(name))
        assert free.with_name(name).read_bytes() != before
    ended = held.workspace.run("apply", free, "--json")
    row = proof("S12", "files of another run beside a plan")
    row.times = 1
    row.all_of("refused", ended.code == 2, 1)
    row.zero("changes sent", len(written(held.workspace.sandbox)))


@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_beside_a_plan_is_not_believed_with_a_byte_changed(
    held: Held, name: str, proof: Callable[[str, str], Line], rounds: int
) -> None:
    path = planned(held.workspace, "0177").with_name(name)
    content = path.read_bytes()
    codes = []
    places = [len(content) * n // (10 * rounds) for n in range(10 * rounds)]
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1
        path.write_bytes(bytes(changed))
        codes.append(held.workspace.run("apply", path.with_name("plan.rsplan")).code)
    row = proof("S12", "bytes changed in what lies beside a plan")
    row.times = len(codes)
    row.all_of("refused", codes.count(2), len(places))
    row.zero("changes sent", len(written(held.workspace.sandbox)))


REFUSED: tuple[Mapping[str, Any], ...] = (
    *({"removals": {"percent": n}} for n in (-1, 101, 1000, 1e9, float("inf"))),
    *({"removals": {"count": n}} for n in (-1, "off", 1e300)),
    *({"removals": one} for one in (False, "off", 100, {}, {"percent": "100"})),
    *({name: "off"} for name in ("creates", "updates", "cleared", "shrink")),
    *({"by_percent": n} for n in (-1, 1000)),
    *({"floor": n} for n in (-1, 0.5, "none")),
    *({"first_run": one} for one in ("never", "off", False)),
    *({name: False} for name in ("enabled", "off", "guards", "removal", "hold")),
    {"by": ["nothing"]},
)
LOOSE: dict[str, Any] = {
    **{
        name: {"percent": 100, "count": 10**9}
        for name in ("removals", "creates", "updates", "cleared", "shrink", "rejected")
    },
    "by": [],
    "by_percent": 100,
    "first_run": "pass",
}
"""The loosest that is accepted."""


def test_a_configuration_that_would_switch_guards_off_is_refused(
    held: Held, proof: Callable[[str, str], Line]
) -> None:
    codes = []
    for guards in (*REFUSED, None):
        if guards is None:  # a whole table that says no
            path = held.workspace.configure()
            text = path.read_text("utf-8")
            path.write_text(f"{text}\nguards = false\n", "utf-8")
        else:
            held.workspace.configure(guards=guards)
        codes.append(held.night().code)
    row = proof("S12", "configurations that would switch guards off")
    row.times = len(codes)
    row.all_of("refused", codes.count(2), len(REFUSED) + 1)
    row.zero("requests", len(held.workspace.sandbox.requests()))


@pytest.mark.parametrize("floor", [0, 1, 20, 10**9])
@pytest.mark.parametrize("entity", ["students", "users", "agents", "enrollments"])
def test_the_loosest_configuration_holds_a_file_that_came_empty(
    tmp_path: Path,
    sandbox: Sandbox,
    floor: int,
    entity: str,
    proof: Callable[[str, str], Line],
) -> None:
    removal = {"users": "inactive"}
    guards = {**LOOSE, "floor": floor}
    workspace = office(tmp_path / "office", sandbox, guards=guards, removal=removal)
    tables = district()
    empty = replace(tables, **{entity: getattr(tables, entity).clear()})
    ended = workspace.sync(workspace.drop(empty, "empty"))
    row = proof("S12", "empty files under the loosest configuration")
    row.times = 1
    row.all_of("held or refused", ended.code in {3, 4}, 1)
    row.zero("changes sent", len(written(sandbox)))


def test_a_record_that_changed_since_the_approval_is_not_touched(
    held: Held, proof: Callable[[str, str], Line]
) -> None:
    sandbox = held.workspace.sandbox
    dump = sandbox.dump()
    for one in dump["users"]:
        if one["sourcedId"] == PERSON:
            one["givenName"] = "Somebody"
    sandbox.load(dump)
    ended = held.apply("--approve", held.digest)
    (person,) = (one for one in sandbox.dump()["users"] if one["sourcedId"] == PERSON)
    row = proof("S12", "approved after a record had changed")
    row.times = 1
    row.zero("ended all the same", person["status"] != "active")
    row.least("skipped", total(ended.document, "operations", "skipped"), 1)
    assert ended.code == 1, ended.err


def without_seats(tables: Tables, count: int) -> Tables:
    """The district without so many enrollments of students."""
    rows = tables.enrollments
    leaving = rows.filter(role="student").sort("sourcedId").head(count)
    return replace(tables, enrollments=rows.join(leaving, on="sourcedId", how="anti"))


def test_an_approval_of_51_removals_does_not_let_52_through(
    tmp_path: Path, sandbox: Sandbox, proof: Callable[[str, str], Line]
) -> None:
    workspace = Workspace(tmp_path, sandbox)
    workspace.configure(guards={"removals": {"percent": 100, "count": 50}, "by": []})
    tables = district(40)
    workspace.fill(tables)
    assert workspace.sync(workspace.drop(tables)).code == 0
    sandbox.clear_requests()
    fewer = hold(workspace, without_seats(tables, 51), "51")
    more = hold(workspace, without_seats(tables, 52), "52")
    ended = [more.apply("--approve", fewer.digest[:n]) for n in (8, 12, 64)]
    row = proof("S12", "an approval of 51 removals for 52")
    row.times = len(ended)
    row.all_of("held", sum(one.code == 4 for one in ended), 3)
    row.zero("changes sent", len(written(sandbox)))
    done = fewer.apply("--approve", fewer.digest)
    assert total(done.document, "operations", "done") == 51, done.err
    row = proof("S12", "an approval used twice, or after another one")
    sandbox.clear_requests()
    ended = [one.apply("--approve", one.digest) for one in (fewer, more, fewer, more)]
    row.times = len(ended)
    row.all_of("refused", sum(one.code == 2 for one in ended), 4)
    row.zero("changes sent", len(written(sandbox)))

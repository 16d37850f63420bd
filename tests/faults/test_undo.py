"""R15: what a run did can be taken back, through the same preview, guards and journal.

Random plans are applied, taken back and applied again, on every kind: the remote
roster is then what it was, field by field of the store itself. What others changed
meanwhile is left and listed; to take an undo back gives the first state; the next night
is held until somebody approves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sync.sandbox import Sandbox
from tests.contract.harness import Harness
from tests.contract.kinds import KINDS
from tests.faults.proofs import Line
from tests.faults.undoing import Name, Office, keys_of, meddled, not_as_before, plain
from tests.support.workspace import total

ROUNDS, CHAIN = 8, 4
"""Undos of each kind, so many of which follow one another at one sandbox."""
REMOVALS: tuple[dict[str, Any], ...] = (
    {},
    {"removal": {"enrollments": "tobedeleted", "users": "tobedeleted"}},
    {"removal": {"enrollments": "delete", "users": "inactive"}},
)
"""The policies of removal by turns; one that a kind has not, it gets the first for."""
FIVE = [one for one in KINDS if not one.sibling]
EVERY = [pytest.param(one, id=one.name) for one in KINDS if one.name != "schoology-xml"]


def policies(harness: Harness, number: int) -> dict[str, Any]:
    """What the configuration says of removals in this round."""
    chosen = REMOVALS[number % len(REMOVALS)]
    if harness.name == "schoology" and number % len(REMOVALS) == 1:
        return REMOVALS[2]
    people = harness.name.startswith(("timeback", "oneroster"))
    seats = chosen.get("removal", {}).get("enrollments")
    if people or not chosen:
        return chosen
    if harness.name == "openedx" and seats == "delete":
        return {}
    return {"removal": {"enrollments": seats}}


@dataclass(slots=True)
class Sum:
    """What many undos came to."""

    undos: int = 0
    operations: int = 0
    unlike: list[Name] = field(default_factory=list)
    unlike_again: list[Name] = field(default_factory=list)
    facts: int = 0
    unbalanced: int = 0
    unconverged: int = 0
    nights: int = 0
    held: int = 0
    left: int = 0


@pytest.mark.parametrize("harness", EVERY)
def test_a_random_plan_is_taken_back_field_by_field(
    harness: Harness,
    tmp_path: Path,
    served: Sandbox,
    proof: Callable[[str, str], Line],
    rounds: int,
) -> None:
    found = Sum()
    for number in range(ROUNDS * rounds // CHAIN):
        changes = policies(harness, number)
        office = Office.of(harness, tmp_path / str(number), served, number, **changes)
        office.night("first")
        for place in range(CHAIN):
            tried = found.undos
            _there_and_back(office, f"drop{place}", found, again=place == number == 1)
            if place == 0 and found.undos > tried:
                _held_next(office, f"drop{place}", found)
    row = proof("R15", f"random plans taken back, {harness.name}")
    row.times = found.undos
    row.zero("records that are not as they were", len(found.unlike))
    row.zero("in force and was not, or the reverse", found.facts)
    row.total("left, each with its reason", found.left, found.operations // 20 + 1)
    row.zero("not as they were after the undo of an undo", len(found.unlike_again))
    row.zero("unbalanced", found.unbalanced)
    row.zero("not converged", found.unconverged)
    row.all_of("next nights held", found.held, of=found.nights)
    row.least("operations", found.operations, found.undos)
    assert not found.unlike, found.unlike
    assert not found.unlike_again, found.unlike_again


def _there_and_back(office: Office, name: str, found: Sum, *, again: bool) -> None:
    """One night, and its undo; now and then also the undo of that, taken back too."""
    before, held = office.records(), office.bench.held()
    night = office.night(name)
    if not total(night.document, "operations", "done"):
        return
    run, after = night.document["run"], office.records()
    planned, undone = office.undone(run)
    listed = office.listed(undone)
    left = {key for key, why in listed.items() if why.startswith("frozen")}
    now = office.records()
    other = [one for one in not_as_before(before, now) if not _is_left(one, left, now)]
    found.unlike += other
    surplus, missing = office.bench.held() - held, held - office.bench.held()
    found.facts += max(0, surplus.total() + missing.total() - len(left))
    if again and not left:
        _, back = office.undone(undone.document["run"])
        found.unlike_again += not_as_before(after, office.records())
        office.undone(back.document["run"])
        found.unlike += not_as_before(before, office.records())
    found.left += len(left)
    found.undos += 1
    found.operations += total(undone.document, "operations", "done")
    reports = (planned.document, undone.document)
    found.unbalanced += sum(not one["balanced"] for one in reports)
    found.unconverged += undone.document["converged"] is False


def _held_next(office: Office, name: str, found: Sum) -> None:
    """The next night, after an undo: held, as far as it would change anything."""
    planned = office.workspace.plan(office.workspace.folder / name).document
    by = {one["name"] for one in planned["guards"] if one["tripped"]}
    found.nights += 1
    found.held += "undone" in by or not total(planned, "operations", "planned")


def _is_left(name: Name, left: set[str], now: Any) -> bool:
    """Whether a record is one that the undo named as left."""
    return bool(keys_of(name, now.get(name, {})) & left)


@pytest.mark.parametrize("harness", FIVE, ids=[one.name for one in FIVE])
def test_what_others_changed_since_is_left_and_listed(
    harness: Harness,
    tmp_path: Path,
    served: Sandbox,
    proof: Callable[[str, str], Line],
    rounds: int,
) -> None:
    changed, overwritten, unsaid, undos = 0, 0, 0, 0
    for number in range(2 * rounds):
        office = Office.of(harness, tmp_path / str(number), served, number)
        office.night("first")
        second = office.night("second").document
        if not total(second, "operations", "done"):
            continue
        run, dump = second["run"], served.dump()
        theirs = meddled(harness, dump, office.chance, office.done(run))
        served.load(dump)
        before = plain(harness, served.dump())
        _, undone = office.undone(run)
        now, listed = plain(harness, served.dump()), office.listed(undone)
        changed += len(theirs)
        overwritten += sum(now.get(one) != before[one] for one in theirs)
        unsaid += sum(not keys & listed.keys() for keys in theirs.values())
        undos += 1
    row = proof("R15", f"records changed by others before an undo, {harness.name}")
    row.times = changed
    row.zero("overwritten", overwritten)
    row.zero("left and not listed", unsaid)
    row.least("changed by others", changed, undos)

"""Laws that hold for whole districts, whatever they are: random nights over sockets."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sync.samples import messy_night, next_night
from sync.sandbox import Sandbox
from tests.support.districts import district
from tests.support.remote import doubles
from tests.support.workspace import TARGET, Workspace, total

NIGHTS = settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # a smaller district says no more
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SEEDS = st.integers(min_value=1, max_value=10_000)
SIZES = st.integers(min_value=1, max_value=14)
ROUTES = st.sampled_from(["edubridge", "oneroster"])
NO_GUARDS = {
    **{
        name: {"percent": 100, "count": 100_000}
        for name in ("removals", "creates", "updates", "cleared", "shrink")
    },
    "rejected": {"percent": 100},
    "by": [],
    "first_run": "pass",
    "floor": 0,
}
WRITES = {"PUT", "POST", "DELETE"}


@contextmanager
def office(sandbox: Sandbox, route: str, students: int, seed: int) -> Iterator[Any]:
    """A workspace of its own and the nights of one random district."""
    first = district(students, seed)
    second = next_night(first, seed, change=0.3)
    sandbox.reset()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), sandbox)
        workspace.configure(enrollments=route, guards=NO_GUARDS)
        workspace.fill(first)
        yield workspace, first, second


def sent(sandbox: Sandbox) -> Counter[str]:
    """The writes that the sandbox logged: method, path and body of each."""
    return Counter(
        f"{one['method']} {one['path']} {one['body']}"
        for one in sandbox.requests()
        if one["service"] != "token" and one["method"] in WRITES
    )


def previewed(workspace: Workspace, plan: Path) -> Counter[str]:
    """The same of what ``show --requests`` prints."""
    shown = workspace.run("show", plan, "--requests", "--json").document
    numbers = [one["n"] for one in shown["requests"]]
    assert numbers == list(range(1, len(numbers) + 1))
    phases = [one["phase"] for one in shown["requests"]]
    assert phases == sorted(phases)
    return Counter(
        f"{one['method']} {one['path']} {one['body']}" for one in shown["requests"]
    )


@NIGHTS
@given(students=SIZES, seed=SEEDS, route=ROUTES)
def test_what_is_sent_is_exactly_what_was_previewed(
    sandbox: Sandbox, students: int, seed: int, route: str
) -> None:
    with office(sandbox, route, students, seed) as (workspace, first, second):
        for name, tables in (("first", first), ("second", second)):
            plan = workspace.folder / f"{name}.rsplan"
            drop = workspace.drop(tables, name)
            assert workspace.plan(drop, "--out", plan).code == 0
            wanted = previewed(workspace, plan)
            sandbox.clear_requests()
            applied = workspace.run("apply", plan, "--json")
            assert applied.code == 0, applied.err
            assert sent(sandbox) == wanted


@NIGHTS
@given(students=SIZES, seed=SEEDS, route=ROUTES)
def test_every_report_balances_and_a_second_run_has_nothing_to_do(
    sandbox: Sandbox, students: int, seed: int, route: str
) -> None:
    with office(sandbox, route, students, seed) as (workspace, first, second):
        for name, tables in (("first", first), ("second", second)):
            drop = workspace.drop(tables, name)
            done = workspace.sync(drop).document
            assert (done["exit_code"], done["balanced"], done["converged"]) == (
                0,
                True,
                True,
            )
            again = workspace.sync(drop).document
            assert again["balanced"]
            assert total(again, "operations", "planned") == 0
        assert doubles(sandbox.dump()) == []
        assert sandbox.dump()["races"] == []


@pytest.mark.long
@NIGHTS
@given(students=SIZES, seed=SEEDS)
def test_two_plans_of_the_same_night_have_one_digest(
    sandbox: Sandbox, students: int, seed: int
) -> None:
    with office(sandbox, "edubridge", students, seed) as (workspace, first, _):
        drop = workspace.drop(first)
        plans = [workspace.plan(drop).document for _ in range(2)]
        assert plans[0]["digest"] == plans[1]["digest"]
        assert plans[0]["plan"]["id"] != plans[1]["plan"]["id"]


@pytest.mark.long
@NIGHTS
@given(students=st.integers(min_value=8, max_value=14), seed=SEEDS, route=ROUTES)
def test_a_messy_night_balances_and_its_rejected_rows_remove_nothing(
    sandbox: Sandbox, students: int, seed: int, route: str
) -> None:
    with office(sandbox, route, students, seed) as (workspace, first, _):
        assert workspace.sync(workspace.drop(first, "first")).code == 0
        messy = workspace.folder / "messy"
        messy.mkdir()
        for name, content in messy_night(first, seed).items():
            (messy / name).write_bytes(content)
        ended = workspace.sync(messy)
        if ended.code == 3:  # a tiny district in which a mistake breaks a whole file
            pytest.fail(ended.err)
        report = ended.document
        assert report["balanced"]
        assert total(report, "remote", "remove") == 0, report["entities"]
        assert workspace.run("runs", "--target", TARGET, "--json").code == 0

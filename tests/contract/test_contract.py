"""What every kind does alike: read all, make, change, end, revive, and say so."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl

from sync.samples import Tables
from tests.contract.bench import Bench
from tests.contract.harness import Can, facts
from tests.contract.over import briefly, over
from tests.support.districts import slim
from tests.support.workspace import TARGET, total

LEAVING = 2


def without_some(tables: Tables) -> Tables:
    """The drop of the night on which two students left a course each."""
    rows = tables.enrollments
    leaving = rows.filter(role="student").head(LEAVING)
    return replace(tables, enrollments=rows.join(leaving, on="sourcedId", how="anti"))


def with_an_aide(tables: Tables) -> Tables:
    """The drop with a row whose role no system but the district's own knows."""
    rows = tables.enrollments
    aide = rows.filter(role="teacher").head(1)
    changed = aide.with_columns(role=pl.lit("aide"), sourcedId=pl.lit("enr-aide"))
    return replace(tables, enrollments=pl.concat([rows, changed]))


@over()
def test_the_first_night_makes_what_the_drop_says(bench: Bench) -> None:
    ended = bench.good(bench.workspace.folder / "drop", slim())
    done = total(ended.document, "operations", "done")
    assert done == total(ended.document, "operations", "planned") > 0


@over()
def test_the_second_night_has_zero_operations(synced: Bench) -> None:
    synced.quiet(synced.workspace.folder / "drop", slim())


@briefly()
def test_what_left_the_drop_is_ended_and_comes_back_when_it_returns(
    synced: Bench,
) -> None:
    fewer = without_some(slim())
    ended = synced.good(synced.drop(fewer, "fewer"), fewer)
    assert ended.document["entities"]["enrollments"]["remote"]["remove"] == LEAVING
    synced.quiet(synced.workspace.folder / "fewer", fewer)
    back = synced.good(synced.workspace.folder / "drop", slim())
    diff = back.document["entities"]["enrollments"]["diff"]
    assert diff["create"] + diff["reactivate"] == LEAVING
    synced.quiet(synced.workspace.folder / "drop", slim())


@briefly(Can.UPDATE)
def test_what_changed_in_the_drop_is_changed_and_nothing_else(synced: Bench) -> None:
    change = synced.harness.changed
    assert change is not None
    other = change(slim())
    ended = synced.good(synced.drop(other, "other"), other)
    assert total(ended.document, "diff", "update") == 1
    assert total(ended.document, "operations", "planned") == 1


@over()
def test_what_is_sent_is_what_the_preview_shows_in_its_order(bench: Bench) -> None:
    planned = bench.workspace.plan(bench.workspace.folder / "drop")
    assert planned.code == 0, planned.err
    path = planned.document["plan"]["path"]
    assert bench.sent() == []
    shown = bench.shown(path)
    applied = bench.workspace.run("apply", path, "--json")
    assert applied.code == 0, applied.err
    assert Counter(bench.sent()) == Counter(one for _, one in shown)
    phases = {one: phase for phase, one in shown}
    arrived = [phases[one] for one in bench.sent()]
    assert arrived == sorted(arrived)
    bench.holds(slim())


@briefly()
def test_the_preview_of_ends_is_what_is_sent(synced: Bench) -> None:
    planned = synced.workspace.plan(synced.drop(without_some(slim()), "fewer"))
    path = planned.document["plan"]["path"]
    applied = synced.workspace.run("apply", path)
    assert applied.code == 0, applied.err
    assert Counter(synced.sent()) == Counter(one for _, one in synced.shown(path))
    synced.holds(without_some(slim()))


@briefly()
def test_a_list_of_many_pages_is_read_whole_however_many_records_it_gives(
    synced: Bench,
) -> None:
    synced.set(synced.harness.small_pages)
    synced.quiet(synced.workspace.folder / "drop", slim())
    reads = [
        one["path"]
        for one in synced.workspace.sandbox.requests()
        if one["path"].partition("?")[0].rstrip("/").endswith(synced.harness.lists)
    ]
    assert len(reads) > len({one.partition("?")[0] for one in reads})


@briefly()
def test_fetch_writes_all_that_is_in_force(synced: Bench) -> None:
    synced.set(synced.harness.small_pages)
    out: Path = synced.workspace.folder / "fetched"
    ended = synced.workspace.run("fetch", "--target", TARGET, "--out", out)
    assert ended.code == 0, ended.err
    known = facts(synced.harness.held(synced.workspace.sandbox.dump()))
    assert synced.harness.fetched(out) == known.total()


@briefly()
def test_ping_says_that_all_is_well_and_changes_nothing(synced: Bench) -> None:
    before = synced.workspace.sandbox.dump()
    ended = synced.workspace.run("ping", "--target", TARGET, "--json")
    assert ended.code == 0, ended.err
    assert synced.sent() == []
    assert synced.workspace.sandbox.dump() == before


@briefly()
def test_rows_without_a_place_there_are_counted_and_told_never_dropped(
    synced: Bench,
) -> None:
    tables = with_an_aide(slim())
    expected = synced.harness.unsupported(tables)
    ended = synced.good(synced.drop(tables, "aide"), tables)
    entities = ended.document["entities"]
    told = {
        name: one["diff"]["unsupported"]
        for name, one in entities.items()
        if "diff" in one
    }
    assert {name: n for name, n in told.items() if n} == dict(expected)
    plan = synced.workspace.run(
        "plan", synced.workspace.folder / "aide", "--target", TARGET
    )
    for name, count in expected.items():
        said = rf"{count} rows of {name} are not supported"
        assert re.search(said, " ".join(plan.out.split())), plan.out

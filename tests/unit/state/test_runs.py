from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sync.errors import LocalError, UsageError
from sync.model.entities import Entity
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.state import (
    RUNS_SCHEMA,
    GoodDrop,
    RunEnd,
    RunRecord,
    StateFolder,
    TargetState,
)
from sync.state.database import connect

NOW = datetime(2026, 11, 21, 11, 45, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
DROP = GoodDrop("night.zip", "ab" * 32, newest="2026-11-20T22:00:00Z")
LATER = NOW + HOUR


@pytest.fixture(name="state")
def _state(tmp_path: Path) -> Iterator[TargetState]:
    with TargetState.open(StateFolder(tmp_path), "district") as state:
        yield state


def end(good: GoodDrop | None = None, **facts: Any) -> RunEnd:
    return RunEnd(
        **{"outcome": "done", "exit_code": 0, "finished": LATER, **facts}, good=good
    )


def one_record(key: str = "s-1") -> LedgerView:
    row = dict.fromkeys(LEDGER_SCHEMA) | {"entity": "students", "key": key, "missed": 2}
    return LedgerView(pl.DataFrame([row], LEDGER_SCHEMA), PAIRS_SCHEMA.to_frame())


def finished_run(state: TargetState, run: str, good: GoodDrop) -> None:
    state.begin_run(RunRecord(run, NOW, source=good.source))
    state.end_run(run, end(good))


def test_a_new_target_knows_nothing(state: TargetState) -> None:
    assert state.runs().schema == RUNS_SCHEMA
    assert state.runs().is_empty()
    assert state.open_runs() == []
    assert state.last_run() is None
    assert state.find_run("r") is None
    assert state.last_good() is None
    assert state.last_good_of_any() is None
    assert state.bulk_rows() == {}
    assert state.applied_by("p") is None
    assert not state.written_since(datetime.min.replace(tzinfo=UTC))
    assert state.ledger().records.is_empty()
    assert state.ledger().records.schema == LEDGER_SCHEMA
    assert state.ledger().pairs.schema == PAIRS_SCHEMA


def test_a_run_is_open_until_it_has_ended(state: TargetState) -> None:
    record = RunRecord("r-1", NOW, drop_name="a.zip", drop_sha256="00", mode="bulk")
    state.begin_run(record)
    assert state.open_runs() == [record]
    state.end_run("r-1", end(outcome="interrupted", exit_code=7))
    assert state.open_runs() == []
    ended = replace(record, finished=LATER, outcome="interrupted", exit_code=7)
    assert state.last_run() == state.find_run("r-1") == ended


def test_what_becomes_known_of_a_run_is_added(state: TargetState) -> None:
    state.begin_run(RunRecord("r-1", NOW, source="sis"))
    state.begin_run(RunRecord("r-2", NOW))
    state.record("r-1", plan_id="p-1", digest="d-1", wrote=True)
    known = replace(
        RunRecord("r-1", NOW, source="sis"), plan_id="p-1", digest="d-1", wrote=True
    )
    assert state.find_run("r-1") == known
    assert state.find_run("r-2") == RunRecord("r-2", NOW)


def test_every_field_of_a_run_comes_back(state: TargetState) -> None:
    full = RunRecord(
        *("r-1", NOW, "p", "d", "a.zip", "00", "delta", "sis", True, True),
        *(LATER, "partial", 1, "r-0"),
    )
    assert None not in [getattr(full, each.name) for each in fields(full)]
    state.begin_run(full)
    assert state.last_run() == full
    row = state.runs().row(0, named=True)
    assert row == {"target": "district"} | {
        each.name: getattr(full, each.name) for each in fields(full)
    }


def test_runs_are_listed_newest_first_in_the_order_of_their_begin(
    state: TargetState,
) -> None:
    # The clock of the second run was set back: the order of beginning counts.
    for run, started in (("r-1", NOW), ("r-2", NOW - HOUR), ("r-3", NOW)):
        state.begin_run(RunRecord(run, started))
    assert state.runs()["run"].to_list() == ["r-3", "r-2", "r-1"]
    assert [each.run for each in state.open_runs()] == ["r-1", "r-2", "r-3"]
    last = state.last_run()
    assert last is not None
    assert last.run == "r-3"


def test_times_come_back_in_utc(state: TargetState) -> None:
    zone = timezone(-6 * HOUR)
    state.begin_run(RunRecord("r-1", NOW.astimezone(zone)))
    assert state.runs()["started"].to_list() == [NOW]


def test_a_run_that_nobody_began_is_a_defect(state: TargetState) -> None:
    with pytest.raises(LocalError, match="has no run r-9"):
        state.record("r-9", wrote=True)
    with pytest.raises(LocalError, match="has no run r-9"):
        state.end_run("r-9", end(DROP, ledger=one_record()))
    assert state.last_good() is None
    assert state.ledger().records.is_empty()


def test_a_run_begins_once(state: TargetState) -> None:
    state.begin_run(RunRecord("r-1", NOW))
    with pytest.raises(LocalError, match="SQLITE_CONSTRAINT"):
        state.begin_run(RunRecord("r-1", LATER))


def test_a_good_drop_is_remembered_with_its_run(state: TargetState) -> None:
    good = replace(DROP, rows={Entity.STUDENTS: 5, Entity.USERS: 0})
    finished_run(state, "r-1", good)
    assert state.last_good() == replace(good, run="r-1", finished=LATER)
    assert state.runs()["good"].to_list() == [True]


def test_a_run_that_was_not_good_leaves_the_last_good_one(state: TargetState) -> None:
    finished_run(state, "r-1", DROP)
    state.begin_run(RunRecord("r-2", NOW))
    state.end_run("r-2", end(outcome="held", exit_code=4))
    found = state.last_good()
    assert found is not None
    assert found.run == "r-1"
    assert state.runs()["good"].to_list() == [False, True]


def test_good_drops_are_told_apart_by_source(state: TargetState) -> None:
    for run, source in (("r-1", None), ("r-2", "sis"), ("r-3", "hr"), ("r-4", "sis")):
        finished_run(state, run, replace(DROP, source=source))
    asked: list[str | None] = [None, "sis", "hr", "nobody"]
    found = [state.last_good(source) for source in asked]
    assert [each and each.run for each in found] == ["r-1", "r-4", "r-3", None]
    last = state.last_good_of_any()
    assert last is not None
    assert last.run == "r-4"


def test_the_base_of_shrink_is_the_last_bulk_file_of_each_entity(
    state: TargetState,
) -> None:
    counts: list[dict[Entity, int]] = [
        {Entity.STUDENTS: 10, Entity.USERS: 20},
        {Entity.STUDENTS: 11},
        {},
    ]
    for number, rows in enumerate(counts):
        finished_run(state, f"r-{number}", replace(DROP, rows=rows))
    finished_run(state, "hr", replace(DROP, source="hr", rows={Entity.USERS: 3}))
    assert state.bulk_rows() == {Entity.STUDENTS: 11, Entity.USERS: 20}
    assert state.bulk_rows("hr") == {Entity.USERS: 3}


def test_a_plan_is_applied_once(state: TargetState) -> None:
    state.begin_run(RunRecord("r-1", NOW))
    state.mark_applied("p-1", "r-1")
    assert state.applied_by("p-1") == RunRecord("r-1", NOW)
    assert state.applied_by("p-2") is None
    with pytest.raises(UsageError, match="p-1 was applied already"):
        state.mark_applied("p-1", "r-2")
    state.mark_applied("p-2", "r-2")


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (("interrupted*",), "r-0"),
        (("interrupted*", "preview", "held", "refused"), "r-0"),
        (("interrupted*", "interrupted*"), "r-1"),
        (("interrupted*", "interrupted"), "r-0"),
        (("interrupted*", "done*"), None),
        (("interrupted*", "target_failed*"), None),
        (("interrupted*", "done good"), None),
        (("done good", "interrupted*"), "r-1"),
        (("interrupted",), None),
        ((), None),
    ],
)
def test_the_run_to_go_on_with_is_what_was_stopped_in_its_writing(
    state: TargetState, outcomes: tuple[str, ...], expected: str | None
) -> None:
    for number, said in enumerate(outcomes):
        run = f"r-{number}"
        state.begin_run(RunRecord(run, NOW, wrote="*" in said))
        good = DROP if "good" in said else None
        state.end_run(run, end(good, outcome=said.strip("*").split()[0]))
    found = state.stopped()
    assert (found and found.run) == expected


@pytest.mark.parametrize(
    ("wrote", "finished", "since", "expected"),
    [
        (True, LATER, LATER - HOUR / 2, True),
        (True, LATER, LATER, False),
        (True, LATER, LATER + HOUR, False),
        (True, None, LATER + HOUR, True),
        (False, LATER, NOW, False),
        (False, None, NOW, False),
    ],
)
def test_a_plan_is_outdated_when_a_later_run_has_written(
    state: TargetState,
    wrote: bool,
    finished: datetime | None,
    since: datetime,
    expected: bool,
) -> None:
    state.begin_run(RunRecord("r-1", NOW))
    if wrote:
        state.record("r-1", wrote=True)
    if finished:
        state.end_run("r-1", end(finished=finished))
    assert state.written_since(since) is expected


def test_everything_is_there_after_closing(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    with TargetState.open(folder, "district") as state:
        finished_run(state, "r-1", DROP)
        state.save_ledger(one_record())
        state.mark_applied("p-1", "r-1")
    with TargetState.open(folder, "district") as again:
        assert again.runs()["run"].to_list() == ["r-1"]
        assert again.applied_by("p-1") is not None
        assert_frame_equal(again.ledger().records, one_record().records)
    with TargetState.open(folder, "other") as other:
        assert other.runs().is_empty()


def test_the_ledger_changes_with_the_end_of_its_run_or_not_at_all(
    tmp_path: Path,
) -> None:
    class Failing(sqlite3.Connection):
        def executemany(self, sql: str, values: Any, /) -> sqlite3.Cursor:
            if sql.startswith("DELETE FROM pairs"):
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorcode = sqlite3.SQLITE_IOERR
                raise error
            return super().executemany(sql, values)

    def failing(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, factory=Failing)

    folder = StateFolder(tmp_path)
    with TargetState.open(folder, "district") as state:
        state.save_ledger(one_record("before"))
    with TargetState.open(folder, "district", connect=failing) as state:
        state.begin_run(RunRecord("r-1", NOW))
        with pytest.raises(LocalError, match="the disk is full or failed"):
            state.end_run("r-1", end(DROP, ledger=one_record("after")))
    with TargetState.open(folder, "district") as state:
        assert [each.run for each in state.open_runs()] == ["r-1"]
        assert state.last_good() is None
        assert state.ledger().records["key"].to_list() == ["before"]


def test_a_ledger_that_names_a_record_twice_is_refused(state: TargetState) -> None:
    state.save_ledger(one_record("before"))
    twice = pl.concat([one_record().records, one_record().records])
    with pytest.raises(LocalError, match="SQLITE_CONSTRAINT"):
        state.save_ledger(LedgerView(twice, PAIRS_SCHEMA.to_frame()))
    assert state.ledger().records["key"].to_list() == ["before"]


def test_a_command_that_makes_the_state_at_the_same_moment_loses_nothing(
    tmp_path: Path,
) -> None:
    folder = StateFolder(tmp_path)
    quicker: list[TargetState] = []

    def slow(path: Path) -> sqlite3.Connection:
        if not quicker:
            quicker.append(TargetState.open(folder, "district"))
            quicker[0].begin_run(RunRecord("r-1", NOW))
        return connect(path)

    with TargetState.open(folder, "district", connect=slow) as state:
        quicker[0].begin_run(RunRecord("r-2", NOW))
        assert state.runs()["run"].to_list() == ["r-2", "r-1"]
    quicker[0].close()
    assert [each.name for each in folder.targets.iterdir()] == ["district.sqlite"]


def test_a_damaged_state_is_refused(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    TargetState.open(folder, "district").close()
    (folder.targets / "district.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(LocalError, match=r"district\.sqlite is damaged"):
        TargetState.open(folder, "district")


def test_a_state_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    TargetState.open(folder, "district").close()
    connection = connect(folder.targets / "district.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UsageError, match="newer"):
        TargetState.open(folder, "district")


@pytest.mark.parametrize("version", [1, 2])
def test_a_state_of_an_older_program_is_brought_up_to_date(
    tmp_path: Path, version: int
) -> None:
    folder = StateFolder(tmp_path)
    with TargetState.open(folder, "district") as state:
        state.begin_run(RunRecord("first", NOW))
        state.save_ledger(one_record("kept"))
    connection = connect(folder.targets / "district.sqlite")
    connection.execute("ALTER TABLE runs DROP COLUMN undoes")
    if version == 1:
        connection.execute("ALTER TABLE ledger DROP COLUMN person")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    (tmp_path / "version").write_text(f"{version}\n", "ascii")
    for _ in range(2):
        with TargetState.open(StateFolder(tmp_path), "district") as state:
            assert state.ledger().records["key"].to_list() == ["kept"]
            assert [one.undoes for one in state.open_runs()] == [None]
            assert state.runs()["undoes"].to_list() == [None]
    assert (tmp_path / "version").read_text("ascii") == "3\n"


Wrote = tuple[str, str | None, str | None]
"""A run that wrote: its name, what it takes back, how it ended."""
X, U = ("x", None, "done"), ("u", "x", "done")
V, W = ("v", "u", "done"), ("w", "v", "done")
Y, UY = ("y", None, "done"), ("uy", "y", "done")
UNDOINGS: dict[str, tuple[Sequence[Wrote], tuple[str, str] | None]] = {
    "nothing was written yet": ([], None),
    "a night": ([X], None),
    "the undo of a night": ([X, U], ("x", "u")),
    "an undo that failed": ([X, ("u", "x", "target_failed")], ("x", "u")),
    "an undo that is open": ([X, ("u", "x", None)], ("x", "u")),
    "a night after it": ([X, U, Y], None),
    "a night after it that was stopped": ([X, U, ("y", None, "interrupted")], None),
    "the undo of the undo": ([X, U, V], None),
    "and of that": ([X, U, V, W], ("v", "w")),
    "and of that again": ([X, U, V, W, ("z", "w", "done")], None),
    "the undo of a run that is forgotten": ([("u", "gone", "done")], ("gone", "u")),
    "two undone": ([X, Y, UY, U], ("x", "u")),
    "the later of two brought back": ([X, Y, UY, U, V], ("y", "uy")),
    "the earlier of two brought back": ([X, Y, UY, U, ("v", "uy", "done")], ("x", "u")),
    "an undo in two parts, one brought back": (
        [X, ("u1", "x", "interrupted"), U, V],
        ("x", "u1"),
    ),
    **{
        f"the undo of the undo {end}": ([X, U, ("v", "u", end)], ("x", "u"))
        for end in ("target_failed", "interrupted", "partial", None)
    },
}


@pytest.mark.parametrize(("wrote", "stands"), UNDOINGS.values(), ids=UNDOINGS)
def test_a_run_stands_taken_back_until_it_was_restored_or_a_drop_was_carried_out(
    tmp_path: Path, wrote: Sequence[Wrote], stands: tuple[str, str] | None
) -> None:
    with TargetState.open(StateFolder(tmp_path), "district") as state:
        for run, undoes, outcome in wrote:
            state.begin_run(RunRecord(run, NOW, undoes=undoes))
            state.record(run, wrote=True)
            if outcome is not None:
                state.end_run(run, RunEnd(outcome, 0, NOW))
        for run, undoes in (("preview", "u"), ("look", None)):
            state.begin_run(RunRecord(run, NOW, undoes=undoes))
            state.end_run(run, RunEnd("preview", 0, NOW))
        found = state.undone()
    assert (found and (found.run, found.by)) == stands


def test_a_target_named_outside_of_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        TargetState.open(StateFolder(tmp_path), "../../x")


KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
import polars as pl
from sync.model.ledger import LEDGER_SCHEMA, PAIRS_SCHEMA, LedgerView
from sync.state import StateFolder, TargetState

class Killed(sqlite3.Connection):
    def execute(self, sql, *values):
        at(sql)
        return super().execute(sql, *values)

    def executemany(self, sql, values):
        at(sql)
        return super().executemany(sql, values)

def at(sql):
    if sql.startswith(sys.argv[2]):
        for path in Path(sys.argv[1]).rglob("district.sqlite*"):
            print(oct(path.stat().st_mode), path.name, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

def connect(path):
    connection = sqlite3.connect(path, isolation_level=None, factory=Killed)
    connection.execute("PRAGMA cache_size = 5")
    return connection

keys = [f"k-{number}" for number in range(20000)]
records = pl.DataFrame({"entity": "users", "key": keys}).select(
    pl.col(name) if name in ("entity", "key") else pl.lit(None, dtype).alias(name)
    for name, dtype in LEDGER_SCHEMA.items()
)
with TargetState.open(StateFolder(Path(sys.argv[1])), "district", connect=connect) as s:
    s.save_ledger(LedgerView(records, PAIRS_SCHEMA.to_frame()))
"""


@pytest.mark.parametrize("moment", ["DELETE FROM pairs", "COMMIT"])
def test_a_kill_while_the_ledger_is_replaced_leaves_the_old_one(
    tmp_path: Path, moment: str
) -> None:
    folder = StateFolder(tmp_path)
    with TargetState.open(folder, "district") as state:
        state.save_ledger(one_record("before"))
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", KILLED, str(tmp_path), moment],
        capture_output=True,
        text=True,
        check=False,
        umask=0,
    )
    assert done.returncode == -signal.SIGKILL
    assert sorted(done.stdout.splitlines()) == [
        "0o100600 district.sqlite",
        "0o100600 district.sqlite-journal",
    ]
    with TargetState.open(folder, "district") as state:
        assert state.ledger().records["key"].to_list() == ["before"]


Word = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
Maybe = st.none() | Word
Record = st.tuples(
    *(st.sampled_from(list(Entity)).map(str), Word, Maybe, Maybe),
    *(st.none() | st.booleans(), st.none() | st.integers(0, 2**32 - 1)),
    *(st.none() | st.booleans(), Maybe, Maybe),
)
Pair = st.tuples(st.sampled_from(list(Entity)).map(str), Word, Word, Maybe, Maybe)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(Record, max_size=20, unique_by=lambda row: row[:2]),
    st.lists(Pair, max_size=20, unique_by=lambda row: row[:3]),
    st.integers(1, 30),
)
def test_any_ledger_comes_back_sorted_in_any_number_of_pages(
    tmp_path_factory: pytest.TempPathFactory,
    records: list[tuple[Any, ...]],
    pairs: list[tuple[Any, ...]],
    page: int,
) -> None:
    view = LedgerView(
        pl.DataFrame(records, LEDGER_SCHEMA, orient="row"),
        pl.DataFrame(pairs, PAIRS_SCHEMA, orient="row"),
    )
    folder = StateFolder(tmp_path_factory.mktemp("s"))
    with TargetState.open(folder, "district") as state:
        state.save_ledger(one_record("replaced"))
        state.save_ledger(view)
        with patch("sync.state.ledger.PAGE", page):
            found = state.ledger()
    assert_frame_equal(found.records, view.records.sort("entity", "key"))
    assert_frame_equal(found.pairs, view.pairs.sort("entity", "key", "field"))


Few = st.sampled_from(["a", "b", "c"])
Known = st.tuples(
    *(st.sampled_from(["users", "agents"]), Few, st.none() | Few, st.none() | Few),
    *(st.none() | st.booleans(), st.none() | st.integers(0, 2)),
    *(st.none() | st.booleans(), st.none() | Few, st.none() | Few),
)
Ledger = st.lists(Known, max_size=6, unique_by=lambda row: row[:2]).map(
    lambda rows: LedgerView(
        pl.DataFrame(rows, LEDGER_SCHEMA, orient="row"), PAIRS_SCHEMA.to_frame()
    )
)


@settings(max_examples=50, deadline=None)
@given(st.lists(Ledger, min_size=2, max_size=4))
def test_a_ledger_takes_the_place_of_any_other(
    tmp_path_factory: pytest.TempPathFactory, views: list[LedgerView]
) -> None:
    folder = StateFolder(tmp_path_factory.mktemp("s"))
    with TargetState.open(folder, "district") as state:
        for view in views:
            state.save_ledger(view)
            found = state.ledger().records
            assert_frame_equal(found, view.records.sort("entity", "key"))


def test_a_ledger_is_read_again_whoever_has_changed_it(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)

    def held(state: TargetState) -> list[str]:
        return state.ledger().records["key"].to_list()

    with (
        TargetState.open(folder, "district") as ours,
        TargetState.open(folder, "district") as others,
    ):
        assert held(ours) == []
        assert ours.ledger() is ours.ledger()
        others.save_ledger(one_record("s-1"))
        assert held(ours) == ["s-1"]
        ours.save_ledger(one_record("s-2"))
        assert held(ours) == held(others) == ["s-2"]
        ours.begin_run(RunRecord("r-1", NOW))
        ours.end_run("r-1", end(DROP, ledger=one_record("s-3")))
        assert held(ours) == ["s-3"]

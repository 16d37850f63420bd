from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sync.errors import ExitCode, LocalError, UsageError
from sync.model.outcome import Failure, FailureKind, Outcome, State
from sync.state import (
    STATES_SCHEMA,
    DamagedError,
    Journal,
    check_journal,
    read_states,
)
from sync.state.database import Connect, connect

NOW = datetime(2026, 11, 21, 11, 45, tzinfo=UTC)
FAILURE = Failure(FailureKind.REJECT, 422, "invalid", "email is taken")


def operations(count: int) -> pl.DataFrame:
    ids = [f"op-{number:05}" for number in range(count)]
    return pl.DataFrame(
        {"id": ids, "entity": ["users"] * count},
        schema={"id": pl.String, "entity": pl.String},
    )


def made(folder: Path, count: int = 3, *, using: Connect = connect) -> Journal:
    path = folder / "journal.sqlite"
    return Journal.create(path, operations(count), connect=using, clock=lambda: NOW)


def states(journal: Journal) -> dict[str, str]:
    frame = journal.states()
    return dict(zip(frame["id"], frame["state"], strict=True))


def test_commits_wait_for_the_disk_and_go_through_one_connection(
    tmp_path: Path,
) -> None:
    opened: list[sqlite3.Connection] = []

    def watched(path: Path) -> sqlite3.Connection:
        opened.append(connect(path))
        return opened[-1]

    with made(tmp_path, using=watched) as journal:
        anyio.run(journal.sent, ["op-00000"])
        making, writing = opened
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            making.execute("SELECT 1")
        found = [
            writing.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "journal_mode")
        ]
    assert found == [2, "wal"]


def test_every_operation_begins_as_planned(tmp_path: Path) -> None:
    with made(tmp_path, 2) as journal:
        expected = operations(2).with_columns(
            pl.lit("planned").alias("state"), pl.lit(0, pl.UInt32).alias("attempts")
        )
        assert_frame_equal(journal.states().select(expected.columns), expected)
        assert journal.states().schema == STATES_SCHEMA
        assert journal.in_doubt() == []
        assert journal.counts()[State.PLANNED] == 2


def test_a_plan_without_operations_has_a_journal_too(tmp_path: Path) -> None:
    with made(tmp_path, 0) as journal:
        assert journal.states().schema == STATES_SCHEMA
        assert set(journal.counts().values()) == {0}


def test_what_was_sent_is_in_doubt_until_it_is_settled(tmp_path: Path) -> None:
    async def story(journal: Journal) -> None:
        await journal.sent(["op-00001", "op-00000"])
        assert journal.in_doubt() == ["op-00000", "op-00001"]
        await journal.settle([Outcome("op-00000", State.DONE, 201, "r-1")])
        assert journal.in_doubt() == ["op-00001"]

    with made(tmp_path) as journal:
        anyio.run(story, journal)
        counts = {state: count for state, count in journal.counts().items() if count}
    assert counts == {State.PLANNED: 1, State.SENT: 1, State.DONE: 1}


def test_an_outcome_is_kept_with_status_remote_id_and_failure(tmp_path: Path) -> None:
    async def story(journal: Journal) -> None:
        await journal.sent(["op-00000", "op-00001"])
        await journal.settle(
            [
                Outcome("op-00000", State.DONE, 201, "r-1"),
                Outcome("op-00001", State.FAILED, failure=FAILURE),
                Outcome("op-00002", State.SKIPPED),
            ]
        )

    with made(tmp_path) as journal:
        anyio.run(story, journal)
        rows = journal.states().rows()
    why = ("reject", "invalid", "email is taken")
    assert rows == [
        ("op-00000", "users", "done", 1, 201, "r-1", None, None, None, NOW, NOW),
        ("op-00001", "users", "failed", 1, 422, None, *why, NOW, NOW),
        ("op-00002", "users", "skipped", 0, *(None,) * 6, NOW),
    ]


def test_sending_again_counts_and_keeps_the_remote_id(tmp_path: Path) -> None:
    async def story(journal: Journal) -> None:
        await journal.sent(["op-00000"])
        await journal.settle([Outcome("op-00000", State.FAILED, 500, "r-1", FAILURE)])
        await journal.sent(["op-00000"])
        await journal.settle([Outcome("op-00000", State.DONE, 200)])

    with made(tmp_path) as journal:
        anyio.run(story, journal)
        row = journal.states().row(0, named=True)
    assert (row["attempts"], row["remote_id"], row["state"]) == (2, "r-1", "done")
    assert (row["kind"], row["code"], row["message"]) == (None, None, None)


def test_an_operation_that_is_done_is_never_sent_again(tmp_path: Path) -> None:
    async def story(journal: Journal) -> None:
        await journal.sent(["op-00000"])
        await journal.settle([Outcome("op-00000", State.DONE, 200)])
        with pytest.raises(LocalError, match="done already"):
            await journal.sent(["op-00000"])
        await journal.sent(["op-00001"])

    with made(tmp_path) as journal:
        anyio.run(story, journal)
        assert states(journal)["op-00000"] == "done"


@pytest.mark.parametrize(
    "wrong",
    [
        *(("sent", ["nobody"]), ("sent", ["done"]), ("sent", ["op-00001", "nobody"])),
        *(("settle", ["nobody"]), ("settle", ["op-00001", "nobody"])),
    ],
)
def test_an_unknown_operation_is_a_defect_told_to_its_caller_alone(
    tmp_path: Path, wrong: tuple[str, list[str]]
) -> None:
    what, of = wrong

    async def unknown(journal: Journal) -> None:
        ids = ["op-00002" if one == "done" else one for one in of]
        failed = [Outcome(one, State.FAILED) for one in ids]
        with pytest.raises(LocalError, match="lacks an operation"):
            await (journal.sent(ids) if what == "sent" else journal.settle(failed))

    async def story(journal: Journal) -> None:
        await journal.settle([Outcome("op-00002", State.DONE)])
        async with anyio.create_task_group() as group:
            group.start_soon(journal.sent, ["op-00000"])
            group.start_soon(unknown, journal)
            group.start_soon(journal.settle, [Outcome("op-00003", State.FAILED)])
            group.start_soon(journal.sent, ["op-00004"])

    with made(tmp_path, 5) as journal:
        anyio.run(story, journal)
        assert journal.commits == 2
        found = states(journal)
    assert found.pop("op-00001") in {"planned", "sent", "failed"}
    assert list(found.values()) == ["sent", "done", "failed", "sent"]


def test_states_are_those_of_the_engine_and_no_others(tmp_path: Path) -> None:
    change = "UPDATE operations SET state = ?"
    with made(tmp_path) as journal, closing(connect(journal.path)) as connection:
        for state in State:
            connection.execute(change, (state.value,))
        for word in ("", "sending", None):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(change, (word,))


def test_nothing_to_write_is_no_commit(tmp_path: Path) -> None:
    with made(tmp_path) as journal:
        anyio.run(journal.sent, [])
        anyio.run(journal.settle, [])
        assert journal.commits == 0


@pytest.mark.parametrize("backend", ["asyncio"])
def test_calls_at_once_are_committed_together(tmp_path: Path, backend: str) -> None:
    async def story(journal: Journal) -> None:
        async with anyio.create_task_group() as group:
            for each in operations(500)["id"]:
                group.start_soon(journal.sent, [each])

    with made(tmp_path, 500) as journal:
        anyio.run(story, journal, backend=backend)
        assert len(journal.in_doubt()) == 500
        assert 1 <= journal.commits <= 50


def test_a_call_returns_only_when_another_connection_sees_its_rows(
    tmp_path: Path,
) -> None:
    async def one(journal: Journal, each: str) -> None:
        await journal.sent([each])
        assert each in journal.in_doubt()
        await journal.settle([Outcome(each, State.DONE, 200)])
        assert each not in journal.in_doubt()

    async def story(journal: Journal) -> None:
        async with anyio.create_task_group() as group:
            for each in operations(50)["id"]:
                group.start_soon(one, journal, each)

    with made(tmp_path, 50) as journal:
        anyio.run(story, journal)
        assert journal.counts()[State.DONE] == 50


def test_more_calls_than_may_wait_are_all_served(tmp_path: Path) -> None:
    async def story(journal: Journal) -> None:
        async with anyio.create_task_group() as group:
            for each in operations(3000)["id"]:
                group.start_soon(journal.sent, [each])

    with made(tmp_path, 3000) as journal:
        anyio.run(story, journal)
        assert journal.counts()[State.SENT] == 3000


def test_what_a_cancelled_call_left_is_written_all_the_same(
    tmp_path: Path,
) -> None:
    async def story(journal: Journal) -> None:
        async with anyio.create_task_group() as group:
            for each in operations(20)["id"]:
                group.start_soon(journal.sent, [each])
            await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()

    with made(tmp_path, 20) as journal:
        anyio.run(story, journal)
    assert set(read_states(journal.path)["state"]) == {"sent"}


def test_a_call_cancelled_within_its_commit_is_written_and_holds_nobody_up(
    tmp_path: Path,
) -> None:
    entered, gate = threading.Event(), threading.Event()

    class Slow(sqlite3.Connection):
        def executemany(self, sql: str, rows: Any, /) -> sqlite3.Cursor:
            entered.set()
            gate.wait()
            return super().executemany(sql, rows)

    def slow(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, factory=Slow
        )

    async def cancelled(journal: Journal, scope: anyio.CancelScope) -> None:
        with scope:
            await journal.sent(["op-00000"])

    async def story(journal: Journal) -> None:
        scope = anyio.CancelScope()
        async with anyio.create_task_group() as group:
            group.start_soon(cancelled, journal, scope)
            await anyio.to_thread.run_sync(entered.wait)
            group.start_soon(journal.sent, ["op-00001"])
            scope.cancel()
            gate.set()
        assert journal.in_doubt() == ["op-00000", "op-00001"]

    made(tmp_path).close()
    with Journal.open(tmp_path / "journal.sqlite", connect=slow) as journal:
        anyio.run(story, journal)


def test_one_journal_serves_one_event_loop_after_the_other(tmp_path: Path) -> None:
    async def story(journal: Journal) -> None:
        async with anyio.create_task_group() as group:
            for each in operations(10)["id"]:
                group.start_soon(journal.sent, [each])

    with made(tmp_path, 10) as journal:
        for _ in range(3):
            anyio.run(story, journal)
        assert journal.states()["attempts"].to_list() == [3] * 10


def test_a_closed_journal_is_one_file_that_opens_again(tmp_path: Path) -> None:
    with made(tmp_path) as journal:
        anyio.run(journal.sent, ["op-00002"])
    assert [each.name for each in tmp_path.iterdir()] == ["journal.sqlite"]
    with Journal.open(journal.path) as again:
        assert again.in_doubt() == ["op-00002"]
        anyio.run(again.sent, ["op-00002"])
        assert again.states()["attempts"].to_list() == [0, 0, 2]


def test_a_run_begins_only_once(tmp_path: Path) -> None:
    made(tmp_path).close()
    with pytest.raises(LocalError, match="has begun") as caught:
        made(tmp_path)
    assert "resume" in caught.value.line()


def test_two_operations_of_one_id_are_no_plan(tmp_path: Path) -> None:
    twice = pl.concat([operations(1), operations(1)])
    with pytest.raises(LocalError, match="SQLITE_CONSTRAINT"):
        Journal.create(tmp_path / "journal.sqlite", twice)
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="there is no journal"):
        Journal.open(tmp_path / "journal.sqlite")
    assert list(tmp_path.iterdir()) == []


def damage(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset : offset + 200] = b"\xa5" * 200
    path.write_bytes(content)


@pytest.mark.parametrize("offset", [0, 20, 8192 + 100, 3 * 4096 + 5])
def test_a_damaged_journal_is_refused(tmp_path: Path, offset: int) -> None:
    made(tmp_path, 2000).close()
    path = tmp_path / "journal.sqlite"
    damage(path, offset)
    with pytest.raises(LocalError, match=r"is damaged|cannot be used") as caught:
        Journal.open(path)
    assert caught.value.exit_code is ExitCode.LOCAL_FAILED


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_tables(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE operations")
    connection.close()


@pytest.mark.parametrize("harm", [emptied, halved, without_tables])
def test_a_journal_that_is_not_whole_is_known_to_be_damaged_and_left_as_it_is(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    path = made(tmp_path, 2000).path
    Journal.open(path).close()
    check_journal(path)
    harm(path)
    content = path.read_bytes()
    for use in (check_journal, read_states):
        with pytest.raises(DamagedError, match="is damaged"):
            use(path)
    assert path.read_bytes() == content


def test_a_journal_that_is_lost_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="there is no journal") as caught:
        check_journal(tmp_path / "journal.sqlite")
    assert not isinstance(caught.value, DamagedError)


def test_a_journal_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    made(tmp_path).close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(UsageError, match="newer"):
        Journal.open(tmp_path / "journal.sqlite")


def test_a_file_system_on_which_nothing_can_be_written_ahead_is_refused(
    tmp_path: Path,
) -> None:
    made(tmp_path).close()

    def elsewhere(path: Path) -> sqlite3.Connection:
        memory = sqlite3.connect(":memory:", isolation_level=None)
        with connect(path) as original:
            original.backup(memory)
        original.close()
        return memory

    with pytest.raises(LocalError, match="cannot be written ahead") as caught:
        Journal.open(tmp_path / "journal.sqlite", connect=elsewhere)
    assert "local disk" in caught.value.line()


def test_a_journal_that_another_connection_writes_is_in_use(tmp_path: Path) -> None:
    def hasty(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.execute("PRAGMA busy_timeout = 0")
        return connection

    with made(tmp_path, using=hasty) as journal:
        other = connect(journal.path)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LocalError, match="in use by another command"):
            anyio.run(journal.sent, ["op-00000"])
        other.execute("ROLLBACK")
        other.close()


def failing_from(number: int) -> Connect:
    """Connections of which the writes from that one on fail, as on a full disk."""
    written = 0

    class Failing(sqlite3.Connection):
        def executemany(self, sql: str, rows: Any, /) -> sqlite3.Cursor:
            nonlocal written
            written += 1
            if written >= number:
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            return super().executemany(sql, rows)

    def open_one(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, factory=Failing
        )

    return open_one


@pytest.mark.parametrize("number", range(2, 12))
def test_a_write_that_fails_fails_every_waiting_and_every_later_call(
    tmp_path: Path, number: int
) -> None:
    acknowledged: list[str] = []
    refused: list[str] = []
    reasons: set[str] = set()

    async def one(journal: Journal, each: str) -> None:
        try:
            await journal.sent([each])
        except LocalError as error:
            refused.append(each)
            reasons.add(error.message)
        else:
            acknowledged.append(each)

    async def story(journal: Journal) -> None:
        for start in range(0, 40, 4):
            async with anyio.create_task_group() as group:
                for each in operations(40)["id"][start : start + 4]:
                    group.start_soon(one, journal, each)
        with pytest.raises(LocalError):
            await journal.settle([Outcome("op-00000", State.DONE)])

    with made(tmp_path, 40, using=failing_from(number)) as journal:
        anyio.run(story, journal)
    with Journal.open(journal.path) as after:
        assert set(acknowledged) <= set(after.in_doubt())
    assert sorted(acknowledged + refused) == operations(40)["id"].to_list()
    assert refused
    (reason,) = reasons
    assert reason.endswith("the disk is full or failed")


def test_a_disk_that_is_full_when_the_journal_is_made_leaves_nothing(
    tmp_path: Path,
) -> None:
    with pytest.raises(LocalError, match="disk is full"):
        made(tmp_path, using=failing_from(1))
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_may_not_grow_is_a_full_disk(tmp_path: Path) -> None:
    def small(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.execute("PRAGMA max_page_count = 20")
        return connection

    with pytest.raises(LocalError, match="disk is full"):
        made(tmp_path, 50_000, using=small)
    assert list(tmp_path.iterdir()) == []


SENDER = """
import resource, signal, sys
from pathlib import Path
import anyio, polars as pl
from sync.errors import LocalError
from sync.state import Journal

path, limit = Path(sys.argv[1]), int(sys.argv[2])
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
ids = [f"op-{number:05}" for number in range(2000)]

async def one(journal, mine):
    for each in mine:
        await journal.sent([each])
        print(each, flush=True)

async def story():
    frame = pl.DataFrame({"id": ids, "entity": ["users"] * len(ids)})
    with Journal.create(path, frame) as journal:
        async with anyio.create_task_group() as group:
            for start in range(16):
                group.start_soon(one, journal, ids[start::16])

try:
    anyio.run(story)
except LocalError as error:
    print("refused", error.message)
except ExceptionGroup as errors:
    assert all(isinstance(each, LocalError) for each in errors.exceptions), errors
    print("refused", errors.exceptions[0].message)
"""


def sender(path: Path, limit: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", SENDER, str(path), str(limit)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("acknowledged", [1, 10, 100, 400, 1000, 1500])
def test_every_call_that_returned_before_a_kill_is_in_the_journal(
    tmp_path: Path, acknowledged: int
) -> None:
    path = tmp_path / "journal.sqlite"
    with sender(path) as process:
        assert process.stdout
        seen = [process.stdout.readline().strip() for _ in range(acknowledged)]
        process.send_signal(signal.SIGKILL)
        seen += [line.strip() for line in process.stdout if line.endswith("\n")]
    assert process.returncode == -signal.SIGKILL
    assert set(seen) <= set(read_states(path).filter(state="sent")["id"])
    with Journal.open(path) as journal:
        assert set(seen) <= set(journal.in_doubt())
        assert journal.states().height == 2000
        anyio.run(journal.settle, [Outcome(each, State.DONE) for each in seen])
        assert journal.counts()[State.DONE] == len(seen)


@pytest.mark.parametrize("kilobytes", [10, 60, 100, 150, 200, 300])
def test_on_a_full_disk_nothing_is_acknowledged_that_is_not_on_it(
    tmp_path: Path, kilobytes: int
) -> None:
    path = tmp_path / "journal.sqlite"
    with sender(path, kilobytes * 1024) as process:
        assert process.stdout
        lines = process.stdout.read().splitlines()
    assert process.returncode == 0
    acknowledged = {line for line in lines if line.startswith("op-")}
    refusals = [line for line in lines if line.startswith("refused")]
    assert len(refusals) == 1
    assert "the disk is full or failed" in refusals[0]
    if path.exists():
        with Journal.open(path) as journal:
            assert acknowledged <= set(journal.in_doubt())
    else:
        assert not acknowledged


KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
import polars as pl
from sync.state import Journal

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

class Killed(sqlite3.Connection):
    executemany = die

def connect(path):
    factory = Killed if sys.argv[2] == "executemany" else sqlite3.Connection
    return sqlite3.connect(path, isolation_level=None, factory=factory)

if sys.argv[2] != "executemany":
    setattr(os, sys.argv[2], die)
Journal.create(
    Path(sys.argv[1]), pl.DataFrame({"id": ["a"], "entity": ["users"]}), connect=connect
)
"""


@pytest.mark.parametrize("moment", ["fchmod", "executemany", "link", "fsync"])
def test_a_kill_while_the_journal_is_made_leaves_none_or_a_whole_one(
    tmp_path: Path, moment: str
) -> None:
    path = tmp_path / "journal.sqlite"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", KILLED, str(path), moment], check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert path.exists() == (moment == "fsync")
    journal = Journal.open(path) if path.exists() else made(tmp_path, 1)
    with journal:
        assert journal.counts()[State.PLANNED] == 1


STEPS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from([None, *State])), max_size=12
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_the_journal_agrees_with_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory,
    steps: Sequence[tuple[int, State | None]],
) -> None:
    expected = dict.fromkeys(operations(5)["id"], ("planned", 0))

    async def story(journal: Journal) -> None:
        for number, state in steps:
            each = f"op-{number:05}"
            known, attempts = expected[each]
            if state is not None:
                await journal.settle([Outcome(each, state)])
                expected[each] = (state.value, attempts)
            elif known != "done":
                await journal.sent([each])
                expected[each] = ("sent", attempts + 1)

    with made(tmp_path_factory.mktemp("j"), 5) as journal:
        anyio.run(story, journal)
        rows = journal.states().select("id", "state", "attempts").rows()
        doubts = journal.in_doubt()
    assert {each: (state, attempts) for each, state, attempts in rows} == expected
    assert doubts == sorted(e for e, (state, _) in expected.items() if state == "sent")

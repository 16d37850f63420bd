"""A night that is the same as one that found nothing to do: what comes of it is what
the long way comes to, and whatever is not the same is looked at anew."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sync.sandbox import Sandbox
from sync.state import StateFolder, TargetState, load_mirror
from tests.support.before import Before
from tests.support.districts import district, drop, edit
from tests.support.ended import Ended
from tests.support.workspace import TARGET, Workspace


def uneasy() -> Any:
    """A district with a warning, a rejected row and somebody whom the drop lacks."""
    tables = district()
    users = tables.users
    rows = pl.int_range(pl.len())
    phone = pl.when(rows == 1).then(pl.lit("12")).otherwise("phone").alias("phone")
    guardian = users["role"].is_in(["parent", "guardian", "relative"])
    lost = users.filter(guardian)["sourcedId"][-1]
    return replace(
        tables,
        students=tables.students.with_columns(phone),
        users=users.filter(pl.col("sourcedId") != lost),
        agents=tables.agents.filter(pl.col("agentSourcedId") != lost),
        enrollments=tables.enrollments.with_columns(
            pl.when(rows == 2).then(pl.lit("boss")).otherwise("role").alias("role")
        ),
    )


@pytest.fixture(scope="module")
def quiet(
    before: Before, served: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Before:
    """After a night that found nothing to do."""
    made = before.again(tmp_path_factory.mktemp("quiet"), served)
    shutil.rmtree(made.folder / "drop")
    path = made.drop(uneasy())
    for _ in range(2):
        assert made.sync(path).code == 1
    return Before.of(made)


@pytest.fixture
def nights(quiet: Before, tmp_path: Path, sandbox: Sandbox) -> Workspace:
    """A workspace whose last night found nothing to do."""
    return quiet.again(tmp_path / "short", sandbox)


def stages(ended: Ended) -> list[str]:
    return [one["name"] for one in ended.document["stages"]]


def short(ended: Ended) -> bool:
    """Whether the drop was not validated, and nothing planned anew."""
    return not {"validate", "plan"} & set(stages(ended))


def other(made: Workspace) -> Workspace:
    """The same workspace once more, which does not know that nothing is new."""
    folder = made.folder.parent / "long"
    shutil.copytree(made.folder, folder)
    for path in (folder / "state" / "targets").glob("*.same.json"):
        path.unlink()
    return replace(made, folder=folder)


def told(ended: Ended, made: Workspace) -> dict[str, Any]:
    """What a run says, without what every run has of its own."""
    text = json.dumps(ended.document).replace(str(made.folder), "FOLDER")
    found = json.loads(text.replace(ended.document["run"], "RUN"))
    for name in ("started", "finished", "stages", "timeline"):
        found.pop(name, None)
    found["plan"] = {"path": found["plan"]["path"], "held": found["plan"]["held"]}
    assert isinstance(found, dict)
    return found


def sheets(ended: Ended, made: Workspace) -> dict[str, bytes]:
    """The files that a run leaves for people and for the next one."""
    folder = made.state / "runs" / ended.document["run"]
    names = ("findings.csv", "operations.csv", "columns.json")
    return {name: (folder / name).read_bytes() for name in names}


def test_the_same_night_is_not_judged_again_and_tells_the_same(
    nights: Workspace,
) -> None:
    drop = nights.folder / "drop"
    twin = other(nights)
    for _ in range(3):
        fast, slow = nights.sync(drop), twin.sync(twin.folder / "drop")
        assert (short(fast), short(slow)) == (True, False)
        assert (fast.code, slow.code) == (1, 1)
        assert told(fast, nights) == told(slow, twin)
        assert sheets(fast, nights) == sheets(slow, twin)
        assert books(nights) == books(twin)
        for path in (twin.state / "targets").glob("*.same.json"):
            path.unlink()


def books(made: Workspace) -> list[Any]:
    """The ledger, after the mirror was looked at."""
    folder = StateFolder(made.state)
    mirror = load_mirror(folder, TARGET)
    assert mirror is not None
    assert mirror.totals
    with TargetState.open(folder, TARGET) as state:
        assert state.open_runs() == []
        ledger = state.ledger()
        drops = state.last_good()
    assert drops is not None
    return [*ledger.records.rows(), *ledger.pairs.rows(), drops.name, drops.rows]


def test_how_often_a_record_was_missed_goes_on_being_counted(
    nights: Workspace,
) -> None:
    def missed() -> list[int]:
        with TargetState.open(StateFolder(nights.state), TARGET) as state:
            records = state.ledger().records
        return records.filter(pl.col("missed") > 0)["missed"].to_list()

    first = missed()
    assert first
    for more in (1, 2):
        assert short(nights.sync(nights.folder / "drop"))
        assert missed() == [one + more for one in first]


def test_the_drop_may_come_under_another_name_and_untouched_but_for_its_times(
    nights: Workspace,
) -> None:
    again = nights.folder / "drop-2026-09-07"
    shutil.copytree(nights.folder / "drop", again, copy_function=shutil.copyfile)
    ended = nights.sync(again)
    assert short(ended)
    assert ended.document["drop"]["name"] == again.name


def test_a_preview_is_not_judged_again_either(nights: Workspace) -> None:
    ended = nights.plan(nights.folder / "drop")
    assert short(ended)
    assert ended.document["plan"]["held"] is False


def cell(made: Workspace) -> None:
    file = made.folder / "drop" / "students.csv"
    edit(file, "true", "false")


def more(made: Workspace) -> None:
    (made.folder / "drop" / "grades.csv").write_text("a,b\n1,2\n", "utf-8")


def end(made: Workspace) -> None:
    file = made.folder / "drop" / "orgs.csv"
    file.write_bytes(file.read_bytes() + b"\n")


def remote(made: Workspace) -> None:
    (user, *_) = made.sandbox.dump()["users"]
    made.sandbox.load({"users": [user | {"givenName": "Somebody"}]})


def configured(made: Workspace) -> None:
    made.configure(fields={"protect": ["users.email"]})


def guarded(made: Workspace) -> None:
    made.configure(guards={"floor": 3})


def elsewhere(made: Workspace) -> None:
    with TargetState.open(StateFolder(made.state), TARGET) as state:
        ledger = state.ledger()
        state.save_ledger(replace(ledger, records=ledger.records[1:]))


def forged(made: Workspace) -> None:
    (path,) = (made.state / "runs").glob("*/same.json")
    path.write_bytes(path.read_bytes().replace(b'"day', b'"Day'))


def pruned(made: Workspace) -> None:
    (path,) = (made.state / "runs").glob("*/same.json")
    shutil.rmtree(path.parent)


def changed_plan(made: Workspace) -> None:
    (path,) = (made.state / "runs").glob("*/same.json")
    (path.parent / "untouched.parquet").write_bytes(b"")


OTHERWISE: list[Callable[[Workspace], None]] = [
    *(cell, more, end, remote, configured, guarded, elsewhere),
    *(forged, pruned, changed_plan),
]


@pytest.mark.parametrize("change", OTHERWISE, ids=lambda one: one.__name__)
def test_what_is_not_the_same_is_judged_anew(
    nights: Workspace, change: Callable[[Workspace], None]
) -> None:
    change(nights)
    twin = other(nights)
    fast = nights.plan(nights.folder / "drop")
    slow = twin.plan(twin.folder / "drop")
    assert not short(fast)
    assert fast.code == slow.code
    assert told(fast, nights) == told(slow, twin)


def test_another_source_has_a_memory_of_its_own(nights: Workspace) -> None:
    path = nights.folder / "drop"
    assert not short(nights.sync(path, "--source", "other"))
    assert not short(nights.sync(path, "--source", "other"))
    ended = nights.sync(path, "--source", "other")
    assert re.search("RS406", str(ended.document["findings"]))


def test_a_night_with_something_to_do_is_nothing_to_rely_on(
    nights: Workspace,
) -> None:
    new = drop(district(), nights.folder / "new")
    assert nights.sync(new).document["converged"] is True
    assert [short(nights.sync(new)) for _ in range(3)] == [False, True, True]
    assert not short(nights.sync(nights.folder / "drop"))


def test_an_older_name_is_refused_though_its_bytes_are_known(
    nights: Workspace,
) -> None:
    for name, code in (("r-2026-09-07", 1), ("r-2026-09-06", 3)):
        path = nights.folder / name
        shutil.copytree(nights.folder / "drop", path)
        ended = nights.sync(path)
        assert ended.code == code
    again = nights.sync(nights.folder / "r-2026-09-06", "--again")
    assert again.code == 1


def test_nothing_is_made_where_there_is_no_drop(nights: Workspace) -> None:
    ended = nights.run("run", nights.folder / "none", "--target", TARGET)
    assert ended.code == 2


def test_the_mirror_of_a_short_night_is_that_of_the_long_one(
    nights: Workspace,
) -> None:
    twin = other(nights)
    nights.sync(nights.folder / "drop")
    twin.sync(twin.folder / "drop")
    mirrors = [load_mirror(StateFolder(one.state), TARGET) for one in (nights, twin)]
    ours, theirs = (one.frames for one in mirrors if one is not None)
    assert ours.keys() == theirs.keys()
    for entity, frame in ours.items():
        assert_frame_equal(frame, theirs[entity])

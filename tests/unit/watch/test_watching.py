from __future__ import annotations

import errno
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sync.errors import ExitCode, LocalError
from sync.watch import moving
from sync.watch.moving import choose
from tests.support.watching import DiedError, Yard, dying_at


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power is lost here: nothing need be on the disk."""
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture(name="yard")
def _yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


def answering(**codes: ExitCode) -> Any:
    """A target that ends each content so."""
    return lambda _target, content: codes.get(content, ExitCode.DONE)


@pytest.mark.parametrize(
    ("code", "shelf"),
    [
        (ExitCode.DONE, "done"),
        (ExitCode.PARTIAL, "done"),
        (ExitCode.REFUSED, "rejected"),
        (ExitCode.HELD, "held"),
    ],
)
def test_a_drop_is_filed_by_how_its_run_ended_with_its_report_beside_it(
    yard: Yard, code: ExitCode, shelf: str
) -> None:
    yard.lay(night="one")
    yard.world.judge = answering(one=code)
    assert yard.once() is code
    assert yard.tree() == [f"{shelf}/night.report.html", f"{shelf}/night/students.csv"]
    assert yard.text(f"{shelf}/night.report.html") == "report of run-1"
    assert yard.claims() == []


def test_several_loose_files_are_one_drop(yard: Yard) -> None:
    yard.lay(students_csv="one", users_csv="two")
    assert yard.once() is ExitCode.DONE
    assert yard.world.good() == {("a", "one|two"): 1}
    assert yard.tree() == [
        *("done/files.report.html", "done/files/students.csv", "done/files/users.csv")
    ]


def test_one_loose_file_keeps_its_name(yard: Yard) -> None:
    yard.lay(roster_csv="one")
    assert yard.once() is ExitCode.DONE
    assert yard.tree() == ["done/roster.csv", "done/roster.csv.report.html"]


def test_names_are_never_overwritten(yard: Yard) -> None:
    for content in ("one", "two", "three"):
        yard.lay(night=content)
        assert yard.once() is ExitCode.DONE
    names = ("night", "night-2", "night-3")
    found = [yard.text(f"done/{name}/students.csv") for name in names]
    assert found == ["one", "two", "three"]
    reports = [yard.text(f"done/{name}.report.html") for name in names]
    assert reports == [f"report of run-{number}" for number in (1, 2, 3)]


def test_the_same_bytes_delivered_again_are_another_drop(yard: Yard) -> None:
    for _ in range(2):
        yard.lay(night="same")
        assert yard.once() is ExitCode.DONE
    assert yard.world.good() == {("a", "same"): 2}


def test_drops_that_wait_are_run_in_the_order_in_which_they_were_made(
    yard: Yard,
) -> None:
    yard.lay(alpha="third", beta="first", gamma="second")
    for moment, name in enumerate(("beta", "gamma", "alpha")):
        os.utime(yard.folder / name / "students.csv", ns=(moment, moment))
    assert yard.once() is ExitCode.DONE
    contents = [one.content for one in yard.world.runs.values()]
    assert contents == ["first", "second", "third"]


@pytest.mark.parametrize("code", [ExitCode.TARGET_FAILED, ExitCode.LOCAL_FAILED])
def test_a_drop_whose_target_failed_is_kept_and_run_again_ever_more_seldom(
    yard: Yard, code: ExitCode
) -> None:
    yard.lay(night="one")
    yard.world.judge = answering(one=code)
    watcher = yard.watcher()
    yard.turns(watcher, 20 * 3600)
    # After 5, 10, 20 and 40 minutes, then each hour.
    assert 20 <= len(yard.world.runs) <= 25
    assert yard.tree() == ["working/1/night/students.csv"]
    yard.world.judge = answering()
    yard.turns(watcher, 3700)
    assert yard.world.good() == {("a", "one"): 1}
    assert yard.tree() == ["done/night.report.html", "done/night/students.csv"]


def test_behind_a_lock_it_is_tried_again_at_the_same_pace(yard: Yard) -> None:
    yard.lay(night="one")
    tried = []

    def locked(_target: str, content: str) -> ExitCode:
        tried.append(content)
        return ExitCode.LOCKED

    yard.world.judge = locked
    yard.turns(yard.watcher(), 3600)
    assert 11 <= len(tried) <= 13


def test_no_later_drop_overtakes_one_that_has_not_got_through(yard: Yard) -> None:
    yard.lay(one="one")
    yard.world.judge = answering(one=ExitCode.TARGET_FAILED)
    watcher = yard.watcher()
    yard.turns(watcher, 60)
    yard.lay(two="two")
    yard.turns(watcher, 60)
    assert yard.world.good() == {}
    yard.world.judge = answering()
    yard.turns(watcher, 600)
    good = [one.content for one in yard.world.runs.values() if one.code == 0]
    assert good == ["one", "two"]


def test_a_target_that_fails_does_not_keep_others_waiting(tmp_path: Path) -> None:
    yard = Yard(tmp_path, targets=("a", "b"))

    def b_fails(target: str, _content: str) -> ExitCode:
        return ExitCode.TARGET_FAILED if target == "b" else ExitCode.DONE

    yard.world.judge = b_fails
    watcher = yard.watcher()
    for name in ("one", "two"):
        yard.lay(**{name: name})
        yard.turns(watcher, 60)
    assert yard.world.good() == {("a", "one"): 1, ("a", "two"): 1}
    assert {one.content for one in yard.world.runs.values() if one.target == "b"} == {
        "one"
    }
    yard.world.judge = answering()
    yard.turns(watcher, 3600)
    counted = {(target, drop): 1 for target in "ab" for drop in ("one", "two")}
    assert yard.world.good() == counted
    assert yard.tree() == sorted(
        f"done/{name}{end}"
        for name in ("one", "two")
        for end in (".a.report.html", ".b.report.html", "/students.csv")
    )


def test_of_several_targets_the_worst_end_decides_where_it_is_filed(
    tmp_path: Path,
) -> None:
    yard = Yard(tmp_path, targets=("a", "b", "c"))
    ends = {"a": ExitCode.REFUSED, "b": ExitCode.DONE, "c": ExitCode.HELD}
    yard.world.judge = lambda target, _: ends[target]
    yard.lay(night="one")
    assert yard.once() is ExitCode.HELD
    assert "held/night/students.csv" in yard.tree()


def test_a_configuration_that_a_person_must_mend_ends_the_watch_and_keeps_the_drop(
    yard: Yard,
) -> None:
    yard.lay(night="one")
    yard.world.judge = answering(one=ExitCode.USAGE)
    assert yard.watcher().watch(yard.world.wait) is ExitCode.USAGE
    assert yard.tree() == ["working/1/night/students.csv"]
    yard.world.judge = answering()
    assert yard.once() is ExitCode.DONE


def test_a_drop_that_is_written_to_while_it_is_run_is_run_with_what_came(
    yard: Yard,
) -> None:
    """An upload that stood still for a while: the file moved with its name."""
    yard.lay(night="half")

    def goes_on(drop: Path) -> None:
        with (drop / "students.csv").open("a", encoding="utf-8") as file:
            file.write(" whole")
        yard.world.meanwhile = lambda _: None

    yard.world.meanwhile = goes_on
    watcher = yard.watcher()
    yard.turns(watcher, 120)
    contents = [one.content for one in yard.world.runs.values()]
    assert contents == ["half", "half whole"]
    assert yard.text("done/night/students.csv") == "half whole"


def test_a_drop_of_which_only_the_time_changed_is_not_run_again(yard: Yard) -> None:
    yard.lay(night="one")
    yard.world.meanwhile = lambda drop: os.utime(drop / "students.csv", ns=(7, 7))
    yard.turns(yard.watcher(), 120)
    assert yard.world.good() == {("a", "one"): 1}
    assert "done/night/students.csv" in yard.tree()


def test_what_is_still_written_is_left_to_a_later_call(yard: Yard) -> None:
    yard.lay(night="one")
    watcher = yard.watcher()
    path = yard.folder / "night" / "students.csv"

    def wait(seconds: float) -> None:
        yard.world.wait(seconds)
        with path.open("a", encoding="utf-8") as file:
            file.write("more")

    assert watcher.once(wait) is ExitCode.DONE
    assert yard.world.runs == {}
    assert yard.once() is ExitCode.DONE
    assert len(yard.world.good()) == 1


def test_a_drop_with_a_link_in_it_is_rejected_and_not_read(yard: Yard) -> None:
    secret = yard.root / "secret.csv"
    secret.write_text("secret", "utf-8")
    yard.lay(night="one")
    (yard.folder / "night" / "users.csv").symlink_to(secret)
    assert yard.once() is ExitCode.REFUSED
    assert yard.world.runs == {}
    assert yard.text("rejected/night.report.txt").startswith(
        "night was not run: night/users.csv is a link"
    )
    assert (yard.folder / "rejected" / "night" / "users.csv").is_symlink()


def test_a_folder_of_ours_that_is_a_link_leads_nowhere(yard: Yard) -> None:
    away = yard.root / "away"
    away.mkdir()
    (yard.folder / "working").symlink_to(away)
    yard.lay(night="one")
    assert yard.once() is ExitCode.LOCAL_FAILED
    assert list(away.iterdir()) == []
    assert yard.text("night/students.csv") == "one"


def test_a_drop_that_is_taken_away_is_given_up(yard: Yard) -> None:
    yard.lay(night="one", other="two")
    yard.world.judge = answering(one=ExitCode.TARGET_FAILED)
    watcher = yard.watcher()
    yard.turns(watcher, 60)
    (yard.folder / "working" / "1" / "night").rename(yard.root / "mine")
    yard.turns(watcher, 700)
    assert yard.world.good() == {("a", "two"): 1}
    assert yard.claims() == []
    assert any("taken away" in one for one in yard.world.told)


def test_a_drop_that_vanishes_while_it_is_claimed_is_forgotten(yard: Yard) -> None:
    yard.lay(night="one")
    watcher = yard.watcher()
    digest = watcher.carrier.claim

    def vanishes(claim: Any) -> None:
        (yard.folder / "night").rename(yard.root / "mine")
        digest(claim)

    watcher.carrier.claim = vanishes  # type: ignore[method-assign]
    yard.turns(watcher, 60)
    assert (yard.tree(), yard.claims(), yard.world.runs) == ([], [], {})


def test_a_folder_that_is_unmounted_for_a_while_loses_nothing(yard: Yard) -> None:
    yard.lay(one="one")
    yard.world.judge = answering(one=ExitCode.TARGET_FAILED)
    watcher = yard.watcher()
    yard.turns(watcher, 60)
    away = yard.root / "away"
    for mountpoint in (False, True):
        yard.folder.rename(away)
        if mountpoint:
            yard.folder.mkdir()
        yard.turns(watcher, 3600)
        assert yard.claims() == ["claim-1.json"]
        if mountpoint:
            yard.folder.rmdir()
        away.rename(yard.folder)
    yard.world.judge = answering()
    yard.turns(watcher, 3700)
    assert yard.world.good() == {("a", "one"): 1}
    assert "done/one/students.csv" in yard.tree()
    assert any("is not there" in one for one in yard.world.told)


def test_a_mount_that_answers_with_errors_is_not_empty(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.lay(one="one")
    yard.world.judge = answering(one=ExitCode.TARGET_FAILED)
    watcher = yard.watcher()
    yard.turns(watcher, 60)
    lstat = Path.lstat

    def stale(path: Path) -> os.stat_result:
        if "night" in str(path) or "/1/" in str(path):
            raise OSError(errno.ESTALE, "Stale file handle")
        return lstat(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "lstat", stale)
        yard.turns(watcher, 600)
    assert yard.claims() == ["claim-1.json"]
    yard.world.judge = answering()
    yard.turns(watcher, 3700)
    assert yard.world.good() == {("a", "one"): 1}


@pytest.mark.parametrize("place", ["sync.watch.moving.replaced", "pathlib.Path.rename"])
def test_a_full_disk_keeps_a_drop_from_being_filed_and_not_from_having_been_run(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    yard.lay(night="one")
    watcher = yard.watcher()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fills_up(_: Path) -> None:
        monkeypatch.setattr(place, full)

    yard.world.meanwhile = fills_up
    yard.turns(watcher, 700)
    assert "working/1/night/students.csv" in yard.tree()
    monkeypatch.undo()
    yard.world.meanwhile = lambda _: None
    yard.turns(watcher, 3700)
    assert yard.world.good() == {("a", "one"): 1}
    assert yard.tree() == ["done/night.report.html", "done/night/students.csv"]
    assert any("cannot be filed" in one for one in yard.world.told)


def test_where_the_state_is_full_nothing_is_run_that_could_not_be_known_of(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.lay(night="one")

    def full(*_: object) -> None:
        message = "the disk is full"
        raise LocalError(message)

    with monkeypatch.context() as patch:
        patch.setattr("sync.watch.claims.write_atomic", full)
        yard.turns(yard.watcher(), 60)
    assert (yard.world.runs, yard.tree()) == ({}, ["night/students.csv"])
    assert yard.once() is ExitCode.DONE


def test_without_its_report_a_drop_is_filed_all_the_same(yard: Yard) -> None:
    yard.lay(night="one")
    yard.world.reports = False
    assert yard.once() is ExitCode.DONE
    assert yard.tree() == ["done/night/students.csv"]


def test_a_drop_that_cannot_be_moved_stays_and_others_go_on(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.lay(night="one", other="two")
    rename = Path.rename

    def denied(path: Path, target: Path) -> Path:
        if path.name == "night":
            raise PermissionError(errno.EACCES, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", denied)
    assert yard.once() is ExitCode.LOCAL_FAILED
    assert yard.world.good() == {("a", "two"): 1}
    assert "night/students.csv" in yard.tree()
    assert yard.claims() == []


def test_loose_files_of_which_one_cannot_be_moved_all_stay(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.lay(a_csv="one", b_csv="two")
    rename = Path.rename

    def denied(path: Path, target: Path) -> Path:
        if path.name == "b.csv":
            raise PermissionError(errno.EACCES, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", denied)
    assert yard.once() is ExitCode.LOCAL_FAILED
    assert (yard.tree(), yard.world.runs) == (["a.csv", "b.csv"], {})


def test_sentinels_go_along_and_the_last_drop_takes_what_is_for_all(
    tmp_path: Path,
) -> None:
    yard = Yard(tmp_path, sentinels=("*.done",))
    yard.lay(one="one", two="two", three="three")
    assert yard.once() is ExitCode.DONE
    assert yard.world.runs == {}
    for sign in ("one.done", "all.done"):
        (yard.folder / sign).touch()
    yard.once()
    left = [name for name in yard.tree() if "report" not in name]
    assert left == sorted(
        [f"done/{name}/students.csv" for name in ("one", "two", "three")]
        + ["done/one.done", "done/all.done"]
    )


def test_a_sentinel_keeps_the_name_of_its_drop(tmp_path: Path) -> None:
    yard = Yard(tmp_path, sentinels=("*.done",))
    for content in ("one", "two"):
        yard.lay(night=content)
        (yard.folder / "night.done").touch()
        yard.once()
    assert {"done/night.done", "done/night-2.done"} <= {*yard.tree()}


def test_what_is_in_the_way_of_filing_is_not_overwritten(yard: Yard) -> None:
    yard.lay(night="one")

    def in_the_way(_: Path) -> None:
        (yard.folder / "done" / "night").mkdir(parents=True)
        (yard.folder / "done" / "night" / "mine").touch()

    yard.world.meanwhile = in_the_way
    assert yard.once() is ExitCode.DONE
    assert {"done/night/mine", "done/night-2/students.csv"} <= {*yard.tree()}


def test_a_name_that_is_taken_as_soon_as_it_was_chosen_is_left_to_its_taker(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.lay(roster_csv="one")

    def taken_at_once(*given: Any) -> str:
        place = choose(*given)
        if not (yard.folder / place).exists() and "-2" not in place:
            (yard.folder / place).write_text("mine", "utf-8")
        return place

    monkeypatch.setattr(moving, "choose", taken_at_once)
    yard.turns(yard.watcher(), 700)
    assert yard.text("done/roster.csv") == "mine"
    assert yard.text("done/roster-2.csv") == "one"
    assert yard.world.good() == {("a", "one"): 1}


def test_a_run_that_ended_after_its_process_was_gone_is_not_made_again(
    yard: Yard,
) -> None:
    """Somebody has resumed it, or it ended and nobody wrote it down."""
    yard.lay(night="one")
    yard.world.judge = answering(one=ExitCode.TARGET_FAILED)
    watcher = yard.watcher()
    yard.turns(watcher, 60)
    yard.world.runs["run-1"].code = ExitCode.PARTIAL
    yard.turns(watcher, 400)
    assert list(yard.world.runs) == ["run-1"]
    assert "done/night/students.csv" in yard.tree()


def test_a_signal_between_two_runs_begins_no_other(yard: Yard) -> None:
    yard.lay(one="one", two="two")
    yard.world.meanwhile = lambda _: setattr(yard.world, "signal", True)
    assert yard.watcher().watch(yard.world.wait) is ExitCode.DONE
    assert len(yard.world.runs) == 1
    yard.world.signal, yard.world.meanwhile = False, lambda _: None
    assert yard.once() is ExitCode.DONE
    assert set(yard.world.good().values()) == {1}


def test_a_signal_in_a_run_that_was_stopped_by_it_ends_with_7(yard: Yard) -> None:
    yard.lay(one="one")
    yard.world.judge = answering(one=ExitCode.INTERRUPTED)
    yard.world.meanwhile = lambda _: setattr(yard.world, "signal", True)
    assert yard.watcher().watch(yard.world.wait) is ExitCode.INTERRUPTED


def test_what_lies_in_working_without_a_claim_is_named_and_left(yard: Yard) -> None:
    stranger = yard.folder / "working" / "1" / "night"
    stranger.mkdir(parents=True)
    (stranger / "a.csv").touch()
    (yard.folder / "working" / "2").mkdir()
    yard.lay(mine="one")
    watcher = yard.watcher()
    watcher.name_strangers()
    assert [one for one in yard.world.told if "belongs to no claim" in one] != []
    assert not (yard.folder / "working" / "2").exists()
    assert watcher.once(yard.world.wait) is ExitCode.DONE
    assert "working/1/night/a.csv" in yard.tree()


DROPS = {"one": "one", "roster_csv": "two", "three": "three"}


def laid(root: Path) -> Yard:
    yard = Yard(root, targets=("a", "b"), sentinels=("*.done",))
    yard.lay(**DROPS)
    for sign in ("roster.done", "all.done"):
        (yard.folder / sign).touch()
    ends = {"two": ExitCode.REFUSED, "three": ExitCode.HELD}
    yard.world.judge = lambda _, content: ends.get(content, ExitCode.DONE)
    return yard


def whole(yard: Yard) -> None:
    """Each drop had its run for each target, once, and all is filed."""
    assert yard.world.good() == Counter(
        {(target, content): 1 for target in "ab" for content in DROPS.values()}
    )
    names = ("done/one", "rejected/roster.csv", "held/three")
    reports = {f"{name}.{t}.report.html" for name in names for t in "ab"}
    drops = {"done/one/students.csv", "rejected/roster.csv", "held/three/students.csv"}
    signs = {one for one in yard.tree() if one.endswith(".done")}
    assert {*yard.tree()} == reports | drops | signs
    assert len(signs) == 2
    assert yard.claims() == []


def test_wherever_a_process_dies_the_next_one_finishes_and_runs_nothing_twice(
    tmp_path: Path,
) -> None:
    number, died = 0, True
    while died:
        number += 1
        yard = laid(tmp_path / str(number))
        with dying_at(number, yard.world):
            died = False
            try:
                yard.once()
            except DiedError:
                died = True
        yard.once()
        whole(yard)
    assert number > 80, number


def test_wherever_it_dies_and_dies_again_nothing_is_lost(tmp_path: Path) -> None:
    yard = laid(tmp_path)
    for number in range(1, 200, 3):
        with dying_at(number % 40 + 1, yard.world):
            try:
                yard.once()
            except DiedError:
                continue
            break
    yard.once()
    whole(yard)

from __future__ import annotations

import json
import os
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sync.errors import ExitCode, UsageError
from sync.model.operation import OPERATION_SCHEMA
from sync.model.plan import Guard, Plan
from sync.plan import approved, read_plan, write_plan
from sync.plan.file import schema
from sync.state import StateFolder

NOON = datetime(2026, 9, 15, 12, tzinfo=UTC)
GUARD = Guard("removals", "students", None, 3, 10, "5 %", True, "too many", ("a", "b"))
OPERATIONS = pl.DataFrame(
    [
        {
            "id": "students:zoë",
            "entity": "students",
            "verb": "create",
            "key": "zoë",
            "after": '{"givenName":"Zoë"}',
            "fields": [],
            "needs": [],
            "phase": 4,
            "wave": 0,
            "ends": False,
        }
    ],
    schema=OPERATION_SCHEMA,
).with_columns(request=pl.lit('{"method":"PUT"}'))


def plan(**facts: Any) -> Plan:
    own: dict[str, Any] = {
        "id": "0123",
        "run": "run-1",
        "target": "district",
        "kind": "timeback",
        "program": "roster-sync 0",
        "fingerprint": "f",
        "inputs": {"drop": "d", "today": "2026-09-15"},
        "created": NOON,
        "valid_until": NOON.replace(day=16),
        "guards": (GUARD,),
        "operations": OPERATIONS,
        "account": {"students": {"rows": {"read": 1}}},
        "digest": "abcdef0123456789",
    }
    return Plan(**(own | facts))


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "state")


@pytest.fixture
def written(tmp_path: Path, folder: StateFolder) -> Path:
    path = tmp_path / "night.rsplan"
    write_plan(plan(), path, folder)
    return path


def test_a_plan_comes_back_as_it_was_written(
    written: Path, folder: StateFolder
) -> None:
    found, given = read_plan(written, folder), plan()
    assert_frame_equal(found.operations, given.operations)
    for name in Plan.__slots__:
        if name != "operations":
            assert getattr(found, name) == getattr(given, name)
    assert found.held


def test_a_plan_file_is_private_and_written_the_same_way_always(
    written: Path, folder: StateFolder, tmp_path: Path
) -> None:
    write_plan(plan(), tmp_path / "again.rsplan", folder)
    assert (tmp_path / "again.rsplan").read_bytes() == written.read_bytes()
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


@pytest.mark.parametrize("flip", [0x01, 0xFF])
def test_a_plan_of_which_a_byte_was_changed_is_refused(
    written: Path, folder: StateFolder, flip: int
) -> None:
    whole = written.read_bytes()
    for place in range(0, len(whole), 7):  # the fault suite tries every one
        changed = bytearray(whole)
        changed[place] ^= flip
        written.write_bytes(changed)
        with pytest.raises(UsageError) as told:
            read_plan(written, folder)
        assert told.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    "change",
    [
        lambda whole: whole[:0],
        lambda whole: whole[:2],
        lambda whole: whole[:-1],
        lambda whole: whole[1:],
        lambda whole: whole + b"\n",
        lambda whole: b"x" + whole,
        lambda whole: whole + whole,
    ],
)
def test_a_plan_that_was_cut_or_extended_is_refused(
    written: Path, folder: StateFolder, change: Any
) -> None:
    written.write_bytes(change(written.read_bytes()))
    with pytest.raises(UsageError):
        read_plan(written, folder)


def test_a_plan_of_another_state_folder_is_refused(
    written: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="state folder"):
        read_plan(written, StateFolder(tmp_path / "elsewhere"))


def test_a_member_more_is_refused(written: Path, folder: StateFolder) -> None:
    with zipfile.ZipFile(written, "a") as archive:
        seal = archive.comment
        archive.writestr("more.txt", "x")
        archive.comment = seal
    with pytest.raises(UsageError):
        read_plan(written, folder)


@pytest.mark.parametrize("what", ["missing", "folder"])
def test_what_cannot_be_read_is_named(
    tmp_path: Path, folder: StateFolder, what: str
) -> None:
    path = tmp_path if what == "folder" else tmp_path / "none.rsplan"
    with pytest.raises(UsageError, match="cannot be read"):
        read_plan(path, folder)


def test_a_pipe_or_a_device_is_no_plan_and_is_not_waited_for(
    tmp_path: Path, folder: StateFolder
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(UsageError, match="not a regular file"):
            read_plan(path, folder)


def test_a_file_that_is_larger_than_any_plan_is_not_read(
    written: Path, folder: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.plan.file.LARGEST", written.stat().st_size - 1)
    with pytest.raises(UsageError, match="too large"):
        read_plan(written, folder)


def test_the_schema_names_what_stands_in_the_file(written: Path) -> None:
    with zipfile.ZipFile(written) as archive:
        head = json.loads(archive.read("plan.json"))
    described = schema()
    assert sorted(head) == sorted(described["required"])
    assert sorted(head["guards"][0]) == sorted(
        described["properties"]["guards"]["items"]["properties"]
    )


@pytest.mark.parametrize(
    ("prefix", "lets"),
    [
        ("abcdef01", True),
        ("ABCDEF01", True),
        ("abcdef0123456789", True),
        ("abcdef0", False),
        ("", False),
        ("bcdef012", False),
        ("abcdef01234567890", False),
    ],
)
def test_eight_characters_of_the_digest_approve(prefix: str, lets: bool) -> None:
    assert approved(plan(), prefix) is lets

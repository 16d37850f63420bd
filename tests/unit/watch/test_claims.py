from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from sync.errors import LocalError
from sync.watch.claims import Claim, Claims, Ran, next_number

ODD = os.fsdecode(b"n\xe9 \xff.csv")
"""A name that is no text."""


def claim(number: int = 1, name: str = "night") -> Claim:
    return Claim(
        *(number, name, "folder", (name,), ("night.done",), "d1"),
        stamp=((f"{name}/a.csv", 3, 10**20), (f"{name}/{ODD}", 4, 5)),
        runs={"a": Ran("run-1", 0), "b": Ran("run-2")},
        filed="done/night-2",
    )


def test_a_claim_comes_back_as_it_was(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    written = [claim(11), claim(2, ODD)]
    for one in written:
        claims.write(one)
    assert claims.all() == written[::-1]
    claims.remove(written[0])
    assert claims.all() == written[1:]


def test_a_claim_is_private(tmp_path: Path) -> None:
    Claims(tmp_path).write(claim())
    (path,) = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"format": 2}', b"\xff", b'{"format": 1, "runs": 3}'],
)
def test_a_damaged_claim_is_told_with_its_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "claim-1.json").write_bytes(content)
    with pytest.raises(LocalError, match=r"claim-1\.json is damaged"):
        Claims(tmp_path).all()


def test_a_claim_with_a_field_too_few_is_damaged(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    claims.write(claim())
    path = tmp_path / "claim-1.json"
    for name in json.loads(path.read_bytes()):
        found = json.loads(path.read_bytes())
        if name in {"taken", "refused", "filed"}:
            continue
        del found[name]
        (tmp_path / "claim-2.json").write_text(json.dumps(found), "utf-8")
        with pytest.raises(LocalError, match="claim-2"):
            claims.all()


@pytest.mark.parametrize(
    ("known", "there", "number"),
    [([], [], 1), ([4], [], 5), ([], ["1", "2"], 3), ([1, 3], ["4"], 5)],
)
def test_a_number_is_behind_all_claims_and_has_no_room_yet(
    tmp_path: Path, known: list[int], there: list[str], number: int
) -> None:
    for name in there:
        (tmp_path / "working" / name).mkdir(parents=True)
    assert next_number([claim(one) for one in known], tmp_path) == number


@pytest.mark.parametrize(
    ("code", "final"), [(None, False), (0, True), (1, True), (3, True), (4, True)]
)
def test_with_these_ends_a_drop_has_had_its_run(code: int | None, final: bool) -> None:
    assert Ran("run-1", code).final is final
    assert not any(Ran("run-1", one).final for one in (2, 5, 6, 7, 8))

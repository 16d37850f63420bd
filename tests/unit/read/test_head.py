"""Large files that no header can be read of are refused before they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.model.roster import Wanted
from sync.read import head, read_drop

MARK = b"sourcedId,status\n"


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "LARGE", 1000)
    monkeypatch.setattr(head, "HEAD", 500)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a" * 2000, "RS040"),
        (b'"' + b"a,b\n" * 500, "RS037"),
        (b'"a\nb,' + b"c" * 2000, "RS037"),
    ],
)
def test_a_large_file_without_a_header_is_refused_by_its_beginning(
    tmp_path: Path, content: bytes, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "students.csv").write_bytes(content)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("it was read"))
    _, findings = read_drop(tmp_path, Wanted(["students.csv"]))
    assert findings.frame.select("code", "file", "line").rows() == [
        (code, "students.csv", 1)
    ]


@pytest.mark.parametrize(
    "content",
    [
        MARK + b"s1,active\n" * 200,
        MARK.replace(b"\n", b"\r") + b"s1,active\r" * 200,
        b"\xff\xfe" + (MARK + b"s1,active\n" * 200).decode().encode("utf-16-le"),
        b"sourcedId,status\n" + b"s\xe9,active\n" * 200,
    ],
)
def test_a_large_file_is_read_as_a_small_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "students.csv"
    path.write_bytes(content)
    drop, findings = read_drop(tmp_path, Wanted(["students.csv"]))
    assert drop.tables["students.csv"].rows == 200
    assert not findings.refuses


def test_what_the_beginning_cannot_tell_is_told_by_the_whole(tmp_path: Path) -> None:
    (tmp_path / "students.csv").write_bytes(b"\n" * 600 + MARK + b"s1,active\n" * 99)
    drop, findings = read_drop(tmp_path, Wanted(["students.csv"]))
    assert drop.tables["students.csv"].rows == 99
    assert not findings.refuses

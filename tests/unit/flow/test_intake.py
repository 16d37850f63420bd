from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sync.errors import UsageError
from sync.flow.intake import How, Rejection, take_in
from sync.model.entities import Entity

TODAY = date(2026, 9, 15)
HEADER = (
    "sourcedId,status,username,enabledUser,givenName,familyName,"
    "primaryOrgSourcedId,grades\n"
)


@pytest.mark.parametrize(
    ("limit", "rejected", "read", "over"),
    [
        (Rejection(), 5, 100, False),
        (Rejection(), 6, 100, True),
        (Rejection(), 1, 20, False),
        (Rejection(), 2, 20, True),
        (Rejection(), 19, 19, False),
        (Rejection(floor=0), 19, 19, True),
        (Rejection(floor=0), 0, 0, False),
        (Rejection(percent=100), 100, 100, False),
        (Rejection(percent=0), 0, 100, False),
        (Rejection(percent=0), 1, 100, True),
        (Rejection(percent=50, count=3), 3, 100, False),
        (Rejection(percent=50, count=3), 4, 100, True),
        (Rejection(percent=50, count=90), 60, 100, True),
        (Rejection(count=0, floor=20), 5, 19, False),
    ],
)
def test_over_the_limit_means_more_than_it(
    limit: Rejection, rejected: int, read: int, over: bool
) -> None:
    assert limit.exceeded(rejected, read) is over


def students(folder: Path, good: int, bad: int) -> Path:
    rows = [
        f"s{n},active,u{n},true,Ada,Byron,o1,{'5' if n < good else 'fifth'}\n"
        for n in range(good + bad)
    ]
    (folder / "students.csv").write_text(HEADER + "".join(rows))
    return folder


@pytest.mark.parametrize(
    ("good", "bad", "how", "codes"),
    [
        (19, 1, How(), []),
        (18, 2, How(), ["RS403"]),
        (10, 9, How(), []),
        (18, 2, How(rejection=Rejection(percent=10)), []),
        (18, 2, How(rejection=Rejection(percent=90, count=1)), ["RS403"]),
        (3, 0, How(require=[Entity.STUDENTS]), []),
        (3, 0, How(require=[Entity.STUDENTS, Entity.USERS]), ["RS401"]),
        (18, 2, How(require=[Entity.USERS]), ["RS401", "RS403"]),
    ],
)
def test_a_drop_is_refused_for_what_is_missing_or_too_wrong(
    tmp_path: Path, good: int, bad: int, how: How, codes: list[str]
) -> None:
    found = take_in(students(tmp_path, good, bad), how, TODAY)
    refused = found.findings.frame.filter(severity="refused")
    assert sorted(refused["code"]) == codes
    assert found.refused is bool(codes)
    assert found.rejected is bool(bad)


@pytest.mark.parametrize(
    ("content", "how"),
    [
        pytest.param("sourcedId,status\ns1,active\n", {}, id="columns missing"),
        pytest.param(HEADER + 's1,active,"u1\n', {}, id="a quote that never closes"),
        pytest.param(HEADER + "s1,act\x00ive,u,true,A,B,o,5\n", {}, id="a NUL"),
    ],
)
def test_a_file_that_cannot_be_read_refuses_the_drop_with_its_findings(
    tmp_path: Path, content: str, how: dict[str, Any]
) -> None:
    (tmp_path / "students.csv").write_text(content)
    found = take_in(tmp_path, How(**how), TODAY)
    assert found.refused
    assert found.roster is None
    assert set(found.findings.frame["file"].drop_nulls()) == {"students.csv"}


def test_a_path_where_nothing_is_ends_with_2(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        take_in(tmp_path / "nothing", How(), TODAY)

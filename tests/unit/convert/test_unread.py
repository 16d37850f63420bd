"""What stands in a drop and in no roster is counted: nothing is lost silently."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from sync.convert import LeftOut, unread, write
from sync.convert.unread import NOBODY
from sync.flow import How, take_in
from tests.unit.convert.conftest import Office


def lost(path: Path, *unused: str) -> list[tuple[str, str | None, int]]:
    mapped = take_in(path, How(), date(2026, 9, 1)).mapped
    assert mapped is not None
    found: list[LeftOut] = unread(mapped, set(unused))
    assert {one.why for one in found} <= {NOBODY}
    return [(one.entity, one.column, one.count) for one in found]


def test_cells_of_columns_that_nothing_uses_are_counted(office: Office) -> None:
    pupils = [
        office.student(Homeroom="A", Locker="", dateLastModified="2026-08-31"),
        office.student("s2", Homeroom=" ", Locker=""),
    ]
    assert lost(office.drop({"students": pupils})) == [("students", "Homeroom", 1)]


@pytest.mark.parametrize("layout", ["oneroster-1.1", "oneroster-1.2"])
def test_what_oneroster_knows_and_nothing_reads_is_counted(
    office: Office, layout: str
) -> None:
    made = office.made(layout, students=[office.student(birthDate="2014-05-14")])
    folder = office.folder / "package"
    write(made.package, folder, zipped=False)
    for name, column in (("users", "userIds"), ("demographics", "sex")):
        path = folder / f"{name}.csv"
        frame = pl.read_csv(path, infer_schema=False)
        frame.with_columns(pl.lit("x").alias(column)).write_csv(path)
    found = lost(folder, "userids", "sex", "sms")
    assert sorted(found) == [("demographics", "sex", 1), ("users", "userIds", 1)]


def test_from_when_somebody_has_a_role_is_counted(office: Office) -> None:
    made = office.made("oneroster-1.2", students=[office.student()])
    folder = office.folder / "package"
    write(made.package, folder, zipped=False)
    path = folder / "roles.csv"
    roles = pl.read_csv(path, infer_schema=False)
    roles.with_columns(pl.lit("2026-08-17").alias("beginDate")).write_csv(path)
    assert lost(folder) == [("roles", "beginDate", 1)]


def test_a_drop_of_which_everything_is_read_loses_nothing(office: Office) -> None:
    tables = {"students": [office.student()], "users": [office.user()]}
    assert lost(office.drop(tables)) == []

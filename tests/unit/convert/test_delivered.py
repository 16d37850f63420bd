"""Cells that count as not delivered are never written as emptied."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from sync.convert import Package, as_delivered, convert, write
from sync.flow import How, take_in
from tests.unit.convert.conftest import MOMENT, Office


@pytest.mark.parametrize("layout", ["oneroster-1.1", "oneroster-1.2"])
def test_a_malformed_cell_is_written_as_it_was_delivered(
    office: Office, layout: str
) -> None:
    pupils = [
        office.student(email="no mail", phone="call home"),
        office.student("s2", email="", phone="505-555-0153"),
    ]
    made = office.made(
        layout, students=pupils, users=[office.user(email="x@y.example")]
    )
    row = made.row("users", "s1")
    assert (row["email"], row["phone"]) == ("no mail", "call home")
    assert "email" not in made.row("users", "s2")
    assert made.row("users", "u1")["email"] == "x@y.example"


def test_so_do_the_four_files(office: Office) -> None:
    made = office.made("four-files", students=[office.student(email="no mail")])
    assert made.row("students", "s1")["email"] == "no mail"


def taken_in(path: Path, layout: str) -> Package:
    """What a drop becomes in another layout."""
    intake = take_in(path, How(), date(2026, 9, 1))
    assert intake.roster is not None
    assert intake.mapped is not None
    return convert(as_delivered(intake.roster, intake.mapped), layout, MOMENT)


def without_types(office: Office, layout: str) -> Path:
    """A package in which nobody says what a teacher is to a student."""
    made = office.made(
        layout,
        students=[office.student(birthDate="2014-05-14")],
        users=[office.user(role="teacher")],
        agents=[office.link(relationshipType="mother")],
    )
    folder = office.folder / "package"
    write(made.package, folder, zipped=False)
    path = folder / "users.csv"
    users = pl.read_csv(path, infer_schema=False)
    users.drop("metadata.rosterSync.relationshipTypes").write_csv(path)
    return folder


@pytest.mark.parametrize("layout", ["oneroster-1.1", "oneroster-1.2"])
def test_a_relationship_that_nobody_said_stays_unsaid_in_oneroster(
    office: Office, layout: str
) -> None:
    package = taken_in(without_types(office, layout), layout)
    users = next(one.frame for one in package.files if one.name == "users.csv")
    assert users.filter(sourcedId="s1")["agentSourcedIds"].to_list() == ["u1"]
    assert "metadata.rosterSync.relationshipTypes" not in users.columns
    assert not any("relationshipType" in note for note in package.notes)


def test_a_relationship_that_nobody_said_is_told_in_the_four_files(
    office: Office,
) -> None:
    package = taken_in(without_types(office, "oneroster-1.2"), "four-files")
    agents = next(one.frame for one in package.files if one.name == "agents.csv")
    assert agents["relationshipType"].to_list() == ["guardian"]
    assert any("relationshipType of 1 row" in note for note in package.notes)


def test_a_column_that_is_delivered_in_no_row_is_no_column(office: Office) -> None:
    package = taken_in(without_types(office, "oneroster-1.2"), "four-files")
    frames = {one.name: one.frame for one in package.files}
    assert frames["students.csv"]["birthDate"].to_list() == ["2014-05-14"]
    assert "birthDate" not in frames["users.csv"].columns
